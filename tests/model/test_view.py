"""Rays of cameras, beside the views that shading uses and the projection of lenses."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from olat.model.calibration import LensCalibration
from olat.model.view import ViewGeometry
from olat.surface.view import view_directions, view_directions_of_lens


def lens(*, has_pose: bool = True) -> LensCalibration:
    angle = np.radians(25.0)
    c, s = np.cos(angle), np.sin(angle)
    turn = np.diag([1.0, -1.0, -1.0]) @ np.array([[c, 0, -s], [0, 1, 0], [s, 0, c]])
    return LensCalibration(
        matrix=np.array([[90.0, 0, 21.0], [0, 92.0, 14.0], [0, 0, 1]]),
        distortion=np.zeros(5),
        height=30,
        width=40,
        rotation=turn if has_pose else None,
        translation=np.array([0.02, -0.01, 1.3]) if has_pose else None,
    )


@pytest.mark.parametrize("field_of_view_deg", [None, 11.5, 60.0])
def test_the_reference_sees_along_the_directions_that_shading_uses(field_of_view_deg):
    geometry = ViewGeometry.of_reference(30, 40, field_of_view_deg)
    assert_allclose(geometry.toward(), view_directions(30, 40, field_of_view_deg), atol=1e-6)


@pytest.mark.parametrize("has_pose", [True, False])
def test_a_lens_sees_along_the_directions_that_shading_uses(has_pose):
    geometry = ViewGeometry.of_lens(lens(has_pose=has_pose), 30, 40)
    told = view_directions_of_lens(lens(has_pose=has_pose), height=30, width=40)
    assert_allclose(geometry.toward(), told, atol=1e-6)
    assert geometry.is_metric == has_pose


def test_places_of_a_lens_are_imaged_where_they_were_seen(rng):
    calibrated = lens()
    geometry = ViewGeometry.of_lens(calibrated, 30, 40)
    depth = rng.uniform(1.0, 2.0, (30, 40)).astype(np.float32)
    seen = geometry.places(depth).astype(float) @ calibrated.rotation.T + calibrated.translation
    assert_allclose(seen[..., 2], depth, atol=1e-6)
    pixels = seen @ calibrated.matrix.T
    pixels = pixels[..., :2] / pixels[..., 2:]
    rows, columns = np.indices((30, 40))
    assert_allclose(pixels, np.stack([columns, rows], axis=-1), atol=1e-4)
    assert_allclose(geometry.origin_depth, 1.3)


@pytest.mark.parametrize(
    "geometry",
    [
        ViewGeometry.of_reference(30, 40),
        ViewGeometry.of_reference(30, 40, 20.0, 1.5),
        ViewGeometry.of_lens(lens(), 30, 40),
    ],
    ids=["orthographic", "perspective", "lens"],
)
def test_offsets_in_the_picture_are_columns_rows_and_depth(geometry, rng):
    depth = geometry.origin_depth * rng.uniform(0.9, 1.1, geometry.shape).astype(np.float32)
    start = geometry.center if geometry.is_perspective else geometry.center + geometry.corner
    found = geometry.in_picture(geometry.places(depth).astype(float) - start)
    scale = found[..., 2:] if geometry.is_perspective else 1.0
    rows, columns = np.indices(geometry.shape)
    assert_allclose(found[..., :2] / scale, np.stack([columns, rows], axis=-1), atol=2e-4)
    assert_allclose(found[..., 2], depth, rtol=1e-5)


@pytest.mark.parametrize("field_of_view_deg", [None, 20.0])
def test_a_half_size_picture_has_its_pixels_between_those_of_the_whole(field_of_view_deg):
    whole = ViewGeometry.of_reference(30, 40, field_of_view_deg)
    half = whole.at(15, 20)
    depth = np.full((30, 40), whole.origin_depth, np.float32)
    mean = whole.places(depth).reshape(15, 2, 20, 2, 3).mean(axis=(1, 3))
    assert_allclose(half.places(depth[:15, :20]), mean, atol=1e-4)
    assert_allclose(half.footprint, 2.0 * whole.footprint)


def test_without_a_distance_a_pixel_is_one_wide_at_the_origin():
    for geometry in (
        ViewGeometry.of_reference(30, 40),
        ViewGeometry.of_reference(30, 40, 20.0),
        ViewGeometry.of_lens(lens(has_pose=False), 30, 40),
    ):
        assert not geometry.is_metric
        assert_allclose(geometry.footprint, 1.0)
        origin = geometry.in_picture(-geometry.center)
        assert_allclose(origin[2], geometry.origin_depth)


def test_with_a_distance_the_center_is_so_far_from_the_origin():
    geometry = ViewGeometry.of_lens(lens(has_pose=False), 30, 40, 1.7)
    assert geometry.is_metric
    assert_allclose(geometry.center, [0.0, 0.0, 1.7])


def test_places_of_unknown_depth_are_zero():
    geometry = ViewGeometry.of_reference(2, 3, 20.0, 1.0)
    depth = np.array([[0.0, 1.0, 0.0]] * 2, np.float32)
    assert_array_equal(geometry.places(depth)[:, ::2], 0.0)
    with pytest.raises(ValueError, match="Make the view for its size"):
        geometry.places(depth.T)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ((180.0, None), "between 0 and 180 were needed"),
        ((20.0, 0.0), "more than 0 m was needed"),
        ((20.0, float("nan")), "more than 0 m was needed"),
    ],
)
def test_cameras_that_cannot_be_are_refused(given, words):
    with pytest.raises(ValueError, match=words):
        ViewGeometry.of_reference(30, 40, *given)


def test_a_lens_that_looks_away_from_the_origin_is_refused():
    pose = lens()
    away = LensCalibration(
        pose.matrix, pose.distortion, 30, 40, pose.rotation, np.array([0.0, 0.0, -1.3])
    )
    with pytest.raises(ValueError, match=r"origin is 1\.3 behind it"):
        ViewGeometry.of_lens(away, 30, 40)


@pytest.mark.parametrize("field_of_view_deg", [None, 20.0])
def test_halving_an_odd_picture_joins_pixels_two_by_two(field_of_view_deg):
    whole = ViewGeometry.of_reference(5, 7, field_of_view_deg)
    half = whole.halved()
    assert half.shape == (3, 4)
    depth = np.full((5, 7), whole.origin_depth, np.float32)
    mean = whole.places(depth)[:4, :6].reshape(2, 2, 3, 2, 3).mean(axis=(1, 3))
    joined = half.places(np.full((3, 4), whole.origin_depth, np.float32))[:2, :3]
    assert_allclose(joined, mean, atol=1e-5)
