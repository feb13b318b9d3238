"""Cameras in the world of the stage."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.spatial.transform import Rotation

from olat.geometry.camera import in_camera, projected
from olat.geometry.placement import in_reference_frame, meeting_point, place_of
from olat.model.calibration import LensCalibration
from tests.support.lenses import lens_of


def looking_at(center, target, roll=0.0, **options) -> LensCalibration:
    """Return an upright camera in the stage's world that looks at a point."""
    center, target = np.asarray(center, float), np.asarray(target, float)
    forward = (target - center) / np.linalg.norm(target - center)
    right = np.cross(forward, [0.0, 1.0, 0.0])
    right /= np.linalg.norm(right)
    rows = np.stack([right, np.cross(forward, right), forward])
    rotation = Rotation.from_rotvec([0.0, 0.0, roll]).as_matrix() @ rows
    return lens_of("barrel", rotation=rotation, translation=-rotation @ center, **options)


def stage():
    return {
        "front": looking_at([0.0, 0.0, 1.5], [0.0, 0.0, 0.0]),
        "left": looking_at([-1.2, 0.3, 0.9], [0.0, 0.0, 0.0]),
        "right": looking_at([1.1, -0.2, 1.0], [0.0, 0.0, 0.0], roll=0.4),
    }


def in_other_world(lenses, rng, unit):
    """Return the cameras as another program might tell them: turned, moved and in another unit."""
    turn, shift = Rotation.random(random_state=rng).as_matrix(), rng.normal(size=3)
    moved = {}
    for name, lens in lenses.items():
        rotation = lens.rotation @ turn.T
        center = turn @ place_of(lens) / unit + shift
        moved[name] = LensCalibration(
            lens.matrix, lens.distortion, 480, 640, rotation, -rotation @ center
        )
    return moved


@pytest.mark.parametrize("distance", [None, 1.5])
def test_any_world_is_turned_into_that_of_the_stage(rng, distance):
    truth = stage()
    found = in_reference_frame(
        in_other_world(truth, rng, 0.001), "front", distance=distance, scale=0.001
    )
    for name, lens in found.items():
        assert_allclose(lens.rotation, truth[name].rotation, rtol=0, atol=1e-9)
        assert_allclose(lens.translation, truth[name].translation, rtol=0, atol=1e-9)
    assert_allclose(place_of(found["front"]), [0.0, 0.0, 1.5], rtol=0, atol=1e-9)


def test_what_cameras_see_does_not_depend_on_the_world(rng):
    truth = stage()
    other = in_other_world(truth, rng, 1.0)
    found = in_reference_frame(other, "right", distance=0.7)
    # The point between the cameras of one world is that between them in the other.
    for lenses in (truth, other, found):
        middle = np.mean([place_of(lens) for lens in lenses.values()], axis=0)
        seen = lenses["left"].axes @ (middle - place_of(lenses["left"]))
        assert_allclose(
            seen,
            truth["left"].axes
            @ (
                np.mean([place_of(lens) for lens in truth.values()], axis=0)
                - place_of(truth["left"])
            ),
            rtol=0,
            atol=1e-9,
        )


def test_the_reference_looks_along_minus_z_with_x_to_the_right(rng):
    found = in_reference_frame(in_other_world(stage(), rng, 1.0), "left")
    point = np.array([[0.1, 0.2, 0.0]])
    x, y = projected(in_camera(point, found["left"]), found["left"])[0]
    assert x > 318.0
    assert y < 243.0  # +y is up, and rows count downward


def test_axes_meet_in_the_subject():
    assert_allclose(meeting_point(stage()), [0.0, 0.0, 0.0], rtol=0, atol=1e-12)
    aside = {
        "a": looking_at([0.0, 0.0, 1.0], [0.0, 0.0, 0.0]),
        "b": looking_at([1.0, 0.1, 0.0], [0.0, 0.1, 0.0]),
    }
    # Two axes that pass each other at 0.1: the middle between them.
    assert_allclose(meeting_point(aside), [0.0, 0.05, 0.0], rtol=0, atol=1e-12)


def test_one_camera_needs_a_distance():
    lone = {"front": stage()["front"]}
    with pytest.raises(ValueError, match=r"1 cameras whose axes differ by 0\.0 degrees"):
        in_reference_frame(lone, "front")
    found = in_reference_frame(lone, "front", distance=2.0)
    assert_allclose(found["front"].translation, [0.0, 0.0, 2.0], rtol=0, atol=1e-12)


def test_what_cannot_be_placed_is_refused():
    with pytest.raises(ValueError, match="no camera 'back'; there are front, left, right"):
        in_reference_frame(stage(), "back")
    with pytest.raises(ValueError, match="a camera has no pose"):
        in_reference_frame({"a": lens_of("none")}, "a", distance=1.0)
    with pytest.raises(ValueError, match=r"the scale is 0\.0; a positive length"):
        in_reference_frame(stage(), "front", scale=0.0)
    away = {name: looking_at(place_of(lens), 2 * place_of(lens)) for name, lens in stage().items()}
    with pytest.raises(ValueError, match=r"the subject lies .* before camera 'front'"):
        in_reference_frame(away, "front")
