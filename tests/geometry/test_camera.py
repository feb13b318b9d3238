"""The pinhole camera with distortion."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from olat.geometry.camera import (
    distorted,
    in_camera,
    projected,
    rays,
    turning_radius,
    undistorted,
)
from tests.support.lenses import LENSES, MATRIX, lens_of


def points_in_view(rng, count=200):
    slopes = rng.uniform(-1.0, 1.0, (count, 2)) * [0.62, 0.47]
    depth = rng.uniform(0.5, 3.0, (count, 1))
    return np.hstack([slopes, np.ones((count, 1))]) * depth


@pytest.mark.parametrize("name", LENSES)
def test_points_land_where_opencv_puts_them(rng, name):
    points = points_in_view(rng)
    expected, _ = cv2.projectPoints(
        points, np.zeros(3), np.zeros(3), MATRIX, np.array(LENSES[name] or (0.0,) * 4)
    )
    assert_allclose(projected(points, lens_of(name)), expected[:, 0], rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", LENSES)
def test_pixels_look_where_opencv_says(rng, name):
    pixels = rng.uniform(0.0, 1.0, (200, 2)) * [639.0, 479.0]
    criteria = (cv2.TERM_CRITERIA_COUNT + cv2.TERM_CRITERIA_EPS, 500, 1e-14)
    expected = cv2.undistortPoints(
        pixels, MATRIX, np.array(LENSES[name] or (0.0,) * 4), criteria=criteria
    )[:, 0]
    seen = rays(pixels, lens_of(name))
    assert_allclose(seen[:, :2] / seen[:, 2:], expected, rtol=0, atol=1e-8)
    assert_allclose(np.linalg.norm(seen, axis=1), 1.0, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", LENSES)
def test_what_a_ray_passes_is_seen_at_its_pixel(rng, name):
    pixels = rng.uniform(0.0, 1.0, (200, 2)) * [639.0, 479.0]
    lens = lens_of(name)
    assert_allclose(projected(2.5 * rays(pixels, lens), lens), pixels, rtol=0, atol=1e-7)


def test_a_camera_without_distortion_is_a_pinhole():
    point = np.array([[0.3, -0.2, 2.0]])
    assert_allclose(
        projected(point, lens_of("none")), [[318.0 + 78.0, 243.0 - 52.4]], rtol=0, atol=1e-12
    )


def test_one_coefficient_moves_a_point_along_its_radius():
    slopes = np.array([[0.3, 0.4]])
    assert_allclose(
        distorted(slopes, np.array([-0.2, 0.0, 0.0, 0.0])), slopes * 0.95, rtol=0, atol=1e-15
    )


def test_what_lies_behind_the_camera_is_not_seen():
    assert np.isnan(projected(np.array([[0.1, 0.1, -1.0]]), lens_of("barrel"))).all()


def test_barrel_distortion_turns_back_at_its_closed_form():
    # r (1 + k r^2) is largest where 1 + 3 k r^2 = 0.
    only = np.array([-0.28, 0.0, 0.0, 0.0])
    assert_allclose(turning_radius(only), np.sqrt(1.0 / 0.84), rtol=1e-14, atol=0)
    slopes = np.array([[1.0, 0.0], [1.2, 0.0], [3.0, 0.0]])
    assert_array_equal(np.isnan(distorted(slopes, only)[:, 0]), [False, True, True])


def test_a_quotient_turns_back_at_its_closed_form_or_at_its_pole():
    # r / (1 + k r^2) is largest where k r^2 = 1, and infinite where k r^2 = -1.
    zeros = (0.0,) * 5
    assert_allclose(turning_radius(np.array([*zeros, 0.25, 0.0, 0.0])), 2.0, rtol=1e-14, atol=0)
    assert_allclose(turning_radius(np.array([*zeros, -0.25, 0.0, 0.0])), 2.0, rtol=1e-14, atol=0)


@pytest.mark.parametrize("distortion", [(), (0.12, 0.05, -0.002, 0.001, 0.03), (0.0,) * 12])
def test_what_only_rises_never_turns_back(distortion):
    assert turning_radius(np.array(distortion)) == np.inf


@given(st.integers(0, 2**32 - 1))
def test_the_image_rises_up_to_the_turning_radius_and_falls_beyond(seed):
    rng = np.random.default_rng(seed)
    distortion = rng.normal(0.0, 1.0, 8) * [0.3, 0.2, 0, 0, 0.1, 0.3, 0.2, 0.1]
    radius = turning_radius(distortion)
    r = np.linspace(0.0, min(radius, 4.0) * 1.02, 2000)
    r2 = r * r
    k1, k2, _, _, k3, k4, k5, k6 = distortion
    below = 1.0 + r2 * (k4 + r2 * (k5 + r2 * k6))
    imaged = r * (1.0 + r2 * (k1 + r2 * (k2 + r2 * k3))) / np.where(below > 0.0, below, np.nan)
    rises = np.diff(imaged) > 0.0
    assert rises[r[1:] < radius].all()
    assert np.isinf(radius) or radius > 4.0 or not rises.all()


def test_no_direction_is_seen_beyond_the_image_circle():
    # With k1 = -0.28 nothing is imaged farther out than 2/3 of the turning radius.
    farthest = 2.0 / 3.0 * np.sqrt(1.0 / 0.84)
    slopes = np.array([[farthest * 0.98, 0.0], [farthest * 1.02, 0.0]])
    found = undistorted(slopes, np.array([-0.28, 0.0, 0.0, 0.0]))
    assert_array_equal(np.isnan(found[:, 0]), [False, True])


@given(st.integers(0, 2**32 - 1))
def test_undistorting_undoes_distorting(seed):
    rng = np.random.default_rng(seed)
    distortion = rng.normal(0.0, 1.0, 5) * [0.2, 0.1, 0.002, 0.002, 0.05]
    slopes = rng.uniform(-0.4, 0.4, (50, 2))
    assert_allclose(
        undistorted(distorted(slopes, distortion), distortion), slopes, rtol=0, atol=1e-9
    )


def test_skew_is_kept():
    skewed = MATRIX.copy()
    skewed[0, 1] = 3.0
    points = np.array([[0.1, 0.2, 1.0]])
    assert_allclose(projected(points, lens_of("none", skewed)), [[370.6, 347.8]], rtol=0, atol=1e-9)


def test_world_points_are_turned_and_moved_into_the_camera():
    quarter = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]])
    lens = lens_of("none", rotation=quarter, translation=np.array([0.0, 0.0, 2.0]))
    assert_allclose(in_camera(np.array([[1.0, 2.0, 3.0]]), lens), [[3.0, 2.0, 1.0]], atol=1e-15)


def test_a_camera_that_stands_nowhere_is_refused():
    with pytest.raises(ValueError, match="not known where it stands"):
        in_camera(np.zeros((1, 3)), lens_of("none"))


def test_a_wrong_number_of_coefficients_is_refused():
    with pytest.raises(ValueError, match="3 coefficients; 4, 5, 8 or 12"):
        distorted(np.zeros((1, 2)), np.zeros(3))
