"""Where the camera is."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.geometry.camera import rays
from olat.model.calibration import LensCalibration
from olat.surface.view import mirrored, view_directions, view_directions_of_lens
from tests.support.texture import pixel_centers


def test_an_orthographic_camera_is_in_front_of_every_pixel():
    view = view_directions(3, 5, None)
    assert_allclose(view, np.broadcast_to([0.0, 0.0, 1.0], (3, 5, 3)), rtol=0, atol=0)


def test_the_camera_stands_to_the_left_of_what_the_right_edge_shows():
    view = view_directions(101, 201, 60.0)
    assert view[50, -1, 0] < 0 < view[50, 0, 0]
    assert view[-1, 100, 1] > 0 > view[0, 100, 1]
    assert_allclose(view[50, 100], [0.0, 0.0, 1.0], rtol=0, atol=1e-6)


def test_the_field_of_view_spans_the_outer_edges_of_the_row():
    view = view_directions(1, 2000, 40.0)[0].astype(float)
    angle = np.degrees(np.arctan2(view[0, 0], view[0, 2]) - np.arctan2(view[-1, 0], view[-1, 2]))
    assert_allclose(angle, 40.0, rtol=0, atol=0.05)


@pytest.mark.parametrize("degrees", [0.0, -5.0, 180.0])
def test_an_impossible_field_of_view_is_refused(degrees):
    with pytest.raises(ValueError, match="Leave it out for an orthographic camera"):
        view_directions(2, 2, degrees)


def test_a_mirror_swaps_the_sides_of_the_normal():
    normal = np.array([[[np.sin(0.3), 0.0, np.cos(0.3)]]], np.float32)
    reflected = mirrored(normal, view_directions(1, 1, None))
    assert_allclose(reflected[0, 0], [np.sin(0.6), 0.0, np.cos(0.6)], rtol=0, atol=1e-6)


def lens_of_field_of_view(degrees, height, width, **pose):
    focal = width / 2.0 / np.tan(np.radians(degrees) / 2.0)
    middle = [(width - 1) / 2.0, (height - 1) / 2.0]
    matrix = np.array([[focal, 0.0, middle[0]], [0.0, focal, middle[1]], [0.0, 0.0, 1.0]])
    return LensCalibration(matrix, np.zeros(5), height, width, **pose)


def test_a_lens_in_the_middle_is_a_field_of_view():
    lens = lens_of_field_of_view(40.0, 60, 80)
    assert_allclose(
        view_directions_of_lens(lens, height=60, width=80),
        view_directions(60, 80, 40.0),
        rtol=0,
        atol=1e-6,
    )


def test_half_the_picture_looks_between_the_pixels_of_the_whole():
    lens = lens_of_field_of_view(40.0, 60, 80)
    half = view_directions_of_lens(lens, height=30, width=40)
    whole = view_directions_of_lens(lens, height=60, width=80).reshape(30, 2, 40, 2, 3)
    assert_allclose(half, whole.mean(axis=(1, 3)), rtol=0, atol=1e-4)


def test_the_view_is_the_world_direction_back_along_the_ray():
    # A camera on +x that looks along -x: its x is -z of the world.
    rotation = np.array([[0.0, 0.0, -1.0], [0.0, -1.0, 0.0], [-1.0, 0.0, 0.0]])
    lens = lens_of_field_of_view(40.0, 6, 8, rotation=rotation, translation=np.zeros(3))
    view = view_directions_of_lens(lens, height=6, width=8)
    assert_allclose(view.mean(axis=(0, 1)), [view.mean(axis=(0, 1))[0], 0, 0], rtol=0, atol=1e-6)
    assert (view[..., 0] > 0.9).all()
    # What is seen on the right lies toward -z, and looks back toward +z.
    assert view[3, -1, 2] > 0 > view[3, 0, 2]
    seen = rays(pixel_centers(6, 8).reshape(-1, 2), lens) @ rotation
    assert_allclose(view.reshape(-1, 3), -seen, rtol=0, atol=1e-6)


def test_a_picture_of_another_shape_is_refused():
    with pytest.raises(ValueError, match="needed is the same aspect ratio"):
        view_directions_of_lens(lens_of_field_of_view(40.0, 60, 80), height=60, width=60)
