"""Where the pixels of a straightened picture lie in the photograph."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from olat.geometry.undistortion import undistorted_mask, undistorted_positions
from olat.model.calibration import LensCalibration
from tests.support.lenses import LENSES, MATRIX, lens_of


@pytest.mark.parametrize("name", LENSES)
def test_the_undistorted_grid_is_opencvs(name):
    grid = undistorted_positions(lens_of(name), height=480, width=640)
    x, y = cv2.initUndistortRectifyMap(
        MATRIX, np.array(LENSES[name] or (0.0,) * 4), None, MATRIX, (640, 480), cv2.CV_32FC1
    )
    assert_allclose(grid[..., 0], x, rtol=0, atol=1e-3)  # float32 places
    assert_allclose(grid[..., 1], y, rtol=0, atol=1e-3)


def test_without_distortion_every_pixel_stays():
    grid = undistorted_positions(lens_of("none"), height=480, width=640)
    rows, columns = np.indices((480, 640))
    assert_allclose(grid, np.stack([columns, rows], axis=-1), rtol=0, atol=1e-4)


def test_the_grid_of_half_the_size_is_the_same_lens():
    whole = undistorted_positions(lens_of("barrel"), height=480, width=640)
    half = undistorted_positions(lens_of("barrel"), height=240, width=320)
    # Pixel x of the half lies between 2 x and 2 x + 1.
    middle = (whole[0::2, 0::2] + whole[1::2, 1::2] + whole[0::2, 1::2] + whole[1::2, 0::2]) / 4
    assert_allclose(half, (middle - 0.5) / 2.0, rtol=0, atol=2e-3)


def test_the_grid_has_no_place_beyond_the_turning_radius():
    short = np.array([[200.0, 0.0, 319.5], [0.0, 200.0, 239.5], [0.0, 0.0, 1.0]])
    lens = LensCalibration(short, np.array([-0.28, 0.0, 0.0, 0.0]), 480, 640)
    grid = undistorted_positions(lens, height=480, width=640)
    known = np.isfinite(grid[..., 0])
    assert known[240, 320]
    assert not known[0, 0]
    # No part of the photograph is shown twice: along the middle row x rises.
    row = grid[240][known[240]][:, 0]
    assert (np.diff(row) > 0).all()


def test_asking_again_gives_the_same_grid_and_nobody_may_write_to_it():
    first = undistorted_positions(lens_of("barrel"), height=480, width=640)
    again = undistorted_positions(lens_of("barrel"), height=480, width=640)
    assert_array_equal(first, again)
    with pytest.raises(ValueError, match="read-only"):
        again[0, 0] = 0.0
    other = undistorted_positions(lens_of("pincushion"), height=480, width=640)
    assert not np.array_equal(first, other)


def test_a_mask_is_straightened_like_the_photograph():
    # A square around the principal point, drawn on the photograph through the lens.
    lens = lens_of("barrel")
    grid = undistorted_positions(lens, height=480, width=640)
    rows, columns = np.indices((480, 640))
    square = (abs(columns - 318) < 200) & (abs(rows - 243) < 200)
    seen = np.zeros((480, 640), bool)
    nearest = np.rint(grid[square]).astype(int)
    seen[nearest[:, 1], nearest[:, 0]] = True
    assert np.count_nonzero(seen) < 0.95 * np.count_nonzero(square)  # barrel: drawn in
    straight = undistorted_mask(seen, lens)
    assert_array_equal(straight[square], True)
    assert np.count_nonzero(straight & ~square) < 2 * 1600  # less than a pixel around


def test_a_mask_of_half_the_size_fits():
    mask = np.ones((240, 320), bool)
    assert_array_equal(undistorted_mask(mask, lens_of("barrel")), True)


def test_what_the_photograph_does_not_show_is_not_in_the_mask():
    mask = np.ones((480, 640), bool)
    straight = undistorted_mask(mask, lens_of("pincushion"))
    assert straight[240, 320]
    assert not straight[0, 0]


def test_a_mask_without_distortion_stays(rng):
    mask = rng.random((480, 640)) > 0.5
    assert_array_equal(undistorted_mask(mask, lens_of("none")), mask)
