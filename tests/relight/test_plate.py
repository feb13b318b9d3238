"""A subject over a background, and what the camera sees behind it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from olat.io.axes_map import axes_map
from olat.light.latlong import directions_of_pixels, rotation_about
from olat.relight.plate import (
    alpha_of_mask,
    background_of_map,
    cut_out,
    fitted_plate,
    map_pixels_per_pixel,
    over,
)
from tests.support.sphere_pictures import colored

COLORED = colored(directions_of_pixels(128, 256))


def seen(height: int, width: int, fov_deg: float) -> np.ndarray:
    """Return the directions of a pinhole's pixels that looks along -z, x right and y up."""
    half = np.tan(np.deg2rad(fov_deg) / 2.0)
    across = (2.0 * np.arange(width) + 1.0 - width) / width * half
    up = -(2.0 * np.arange(height) + 1.0 - height) / width * half
    x, y = np.meshgrid(across, up)
    ways = np.stack([x, y, -np.ones_like(x)], axis=-1)
    return ways / np.linalg.norm(ways, axis=-1, keepdims=True)


@pytest.mark.parametrize(
    ("height", "width", "fov"), [(24, 36, 40.0), (30, 30, 90.0), (9, 31, 110.0)]
)
def test_behind_the_subject_the_camera_sees_the_map_around_minus_z(height, width, fov):
    found = background_of_map(COLORED, height=height, width=width, field_of_view_deg=fov)
    assert_allclose(found, colored(seen(height, width, fov)), rtol=0, atol=5e-3)


def test_the_background_turns_with_the_light():
    turn = rotation_about("y", 90.0)
    assert_allclose(turn @ (1.0, 0.0, 0.0), (0.0, 0.0, -1.0), rtol=0, atol=1e-12)
    found = background_of_map(COLORED, height=15, width=15, field_of_view_deg=30.0, rotation=turn)
    # Behind now stands what was at image right.
    assert_allclose(found[7, 7], [1.0, 0.5, 0.5], rtol=0, atol=5e-3)


def test_the_label_behind_reads_unmirrored():
    """A quarter turn of view is the face -z; its minus stands at the left of its Z."""
    view = background_of_map(axes_map(width=256), height=64, width=64, field_of_view_deg=90.0)
    patch = view[24:37, 18:46]
    ink = patch[..., 0] < 0.8
    columns = np.flatnonzero(ink.any(axis=0))
    heights = [np.ptp(np.flatnonzero(ink[:, column])) for column in columns]
    third = len(heights) // 3
    assert max(heights[: third - 1]) < 0.5 * max(heights[-third:])


def test_a_lamp_of_one_pixel_in_a_fine_map_is_not_lost():
    shown = []
    for column in range(0, 40, 5):
        map_ = np.zeros((1024, 2048, 3), np.float32)
        map_[512, column] = 1e4
        seen_ = background_of_map(map_, height=16, width=16, field_of_view_deg=100.0)
        shown.append(seen_.sum())
    assert min(shown) > 0.8 * max(shown) > 0.0


def test_over_is_exact():
    foreground = np.full((2, 3, 3), 0.4, np.float32)
    alpha = np.array([[0, 0.5, 1], [0, 0.5, 1]], np.float32)
    background = np.full((2, 3, 3), 0.8, np.float32)
    result = over(cut_out(foreground, alpha), alpha, background)
    assert_allclose(result[0, :, 0], [0.8, 0.6, 0.4], rtol=0, atol=1e-6)


def test_what_differs_in_size_is_refused():
    with pytest.raises(ValueError, match="one size is needed"):
        over(np.zeros((2, 2, 3), "f4"), np.zeros((2, 2), "f4"), np.zeros((3, 2, 3), "f4"))


@pytest.mark.parametrize("fov", [0.0, 180.0, -3.0])
def test_a_lens_has_less_than_half_a_turn(fov):
    with pytest.raises(ValueError, match="a field of view of"):
        background_of_map(COLORED, height=4, width=4, field_of_view_deg=fov)


def test_the_edge_of_a_matte_moves_inward_and_never_out():
    mask = np.zeros((64, 64), bool)
    mask[16:48, 16:48] = True
    alpha = alpha_of_mask(mask, feather=0.03)
    assert not alpha[~mask].any()
    assert alpha[32, 32] == pytest.approx(1.0)
    assert 0.0 < alpha[32, 17] < 1.0
    assert_array_equal(alpha_of_mask(mask, feather=0.0), mask.astype(np.float32))


def test_a_plate_of_another_size_fills_the_picture_and_it_is_said(rng):
    plate = rng.random((40, 90, 3)).astype(np.float32)
    same, note = fitted_plate(plate, 40, 90)
    assert note is None
    assert_array_equal(same, plate)
    fitted, note = fitted_plate(plate, 20, 30)
    assert fitted.shape == (20, 30, 3)
    assert note is not None
    assert "90 x 40 px, the picture 30 x 20 px: scaled by 0.5, 15 columns" in note
    # From the middle: 7 of 45 columns are cut off at the left.
    halved = plate.reshape(20, 2, 45, 2, 3).mean(axis=(1, 3))
    assert_allclose(fitted, halved[:, 7:37], rtol=0, atol=1e-5)


def test_a_map_is_told_to_be_too_coarse_for_a_background():
    # In the middle a pixel of a right angle seen in 100 px is 1/50 rad.
    assert map_pixels_per_pixel(512, 100, 90.0) == pytest.approx(512 / (2.0 * np.pi) / 50.0)
