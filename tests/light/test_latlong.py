"""Latitude-longitude pictures: orientation and energy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from olat.light.latlong import (
    directions_of_pixels,
    pixel_of_direction,
    resized,
    solid_angles_of_pixels,
    turned,
)

X, Y, Z = np.eye(3)


def row_and_column(direction, height=64, width=128):
    row, column = pixel_of_direction(np.asarray(direction, np.float64)[None], height, width)
    return int(row[0]), int(column[0])


def test_the_center_of_the_picture_looks_at_plus_z():
    near = directions_of_pixels(64, 128)[31:33, 63:65].mean(axis=(0, 1))
    assert_allclose(near / np.linalg.norm(near), Z, rtol=0, atol=1e-12)


def test_a_quarter_of_the_width_looks_at_plus_x():
    near = directions_of_pixels(64, 128)[31:33, 31:33].mean(axis=(0, 1))
    assert_allclose(near / np.linalg.norm(near), X, rtol=0, atol=1e-12)


def test_the_top_row_looks_up():
    assert (directions_of_pixels(64, 128)[0, :, 1] > 0.999).all()


def test_pixel_centers_are_half_a_pixel_from_the_edge():
    theta = np.arccos(directions_of_pixels(64, 128)[:, 0, 1])
    assert_allclose(theta, np.pi * (np.arange(64) + 0.5) / 64, rtol=0, atol=1e-12)


@pytest.mark.parametrize("size", [(1, 2), (7, 13), (64, 128), (256, 512)])
def test_every_pixel_is_found_by_its_direction(size):
    height, width = size
    row, column = pixel_of_direction(directions_of_pixels(*size).reshape(-1, 3), *size)
    assert_array_equal(row * width + column, np.arange(height * width))


def test_the_back_lies_on_the_seam():
    assert row_and_column([1e-9, 0, -1]) == (32, 0)
    assert row_and_column([-1e-9, 0, -1]) == (32, 127)


def test_the_poles_are_inside_the_picture():
    assert row_and_column(Y)[0] == 0
    assert row_and_column(-Y)[0] == 63


def test_the_length_of_a_direction_does_not_matter():
    assert row_and_column([3, 1, 2]) == row_and_column([0.3, 0.1, 0.2])


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (256, 512), (2048, 4096)])
def test_pixels_fill_the_sphere(size):
    assert solid_angles_of_pixels(*size).sum() == pytest.approx(4 * np.pi, abs=1e-12)


def test_a_pixel_on_the_equator_of_a_fine_map_is_nearly_square():
    side = np.pi / 512
    assert solid_angles_of_pixels(512, 1024)[256, 0] == pytest.approx(side**2, rel=1e-4)


def test_turning_by_a_right_angle_brings_plus_z_to_plus_x():
    assert_allclose(turned(Z[None], 90.0)[0], X, rtol=0, atol=1e-12)
    assert_allclose(turned(Y[None], 90.0)[0], Y, rtol=0, atol=1e-12)


@settings(max_examples=25)
@given(
    old=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    new=st.tuples(st.integers(1, 40), st.integers(1, 40)),
)
def test_resizing_keeps_the_energy_of_every_channel(old, new):
    radiance = np.random.default_rng(old).random((*old, 3)).astype(np.float32)
    before = np.einsum("hwc,hw->c", radiance, solid_angles_of_pixels(*old))
    after = np.einsum("hwc,hw->c", resized(radiance, *new), solid_angles_of_pixels(*new))
    assert_allclose(after, before, rtol=1e-10)


def test_resizing_to_the_same_grid_changes_nothing(rng):
    radiance = rng.random((6, 12, 3)).astype(np.float32)
    assert_allclose(resized(radiance, 6, 12), radiance, rtol=1e-12)


def test_a_finer_grid_repeats_pixels(rng):
    radiance = rng.random((4, 8, 3)).astype(np.float32)
    repeated = radiance.repeat(3, axis=0).repeat(2, axis=1)
    assert_allclose(resized(radiance, 12, 16), repeated, rtol=1e-12)


def test_resizing_keeps_a_light_where_it_is():
    radiance = np.zeros((64, 128, 3), np.float32)
    radiance[row_and_column([1, 2, 3])] = 1.0
    small = resized(radiance, 16, 32)[..., 0]
    assert np.unravel_index(small.argmax(), small.shape) == row_and_column([1, 2, 3], 16, 32)
