"""Smooth motion as few numbers."""

from __future__ import annotations

import numpy as np
import pytest

from olat.motion.low_rank_basis import GridBasis, PlaneBasis, bend, time_basis

SHAPE = (50, 70)


def test_the_reference_does_not_move_whatever_the_numbers_are(rng) -> None:
    times = np.array([2.0, 3.0, 5.0, 9.0, 12.0, 20.0, 31.0])
    basis = time_basis(times, 9.0, every=6.0)
    moved = basis @ rng.standard_normal((basis.shape[1], 4))
    np.testing.assert_allclose(moved[3], 0.0, rtol=0, atol=1e-12)
    assert np.abs(moved[[0, -1]]).min() > 1e-3


@pytest.mark.parametrize("power", [1, 2, 3])
def test_a_cubic_course_in_time_is_met_exactly(power) -> None:
    times = np.arange(40.0)
    basis = time_basis(times, 20.0, every=8.0)
    course = (times / 40.0) ** power - 0.5**power
    numbers, *_ = np.linalg.lstsq(basis, course, rcond=None)
    np.testing.assert_allclose(basis @ numbers, course, rtol=0, atol=1e-10)


def test_two_frames_and_one_moment_have_a_basis_too() -> None:
    assert np.isfinite(time_basis(np.array([4.0, 5.0]), 4.0, every=8.0)).all()


def test_straight_numbers_have_no_bend() -> None:
    line = 3.0 - 0.5 * np.arange(9)
    np.testing.assert_allclose(bend(9) @ line, 0.0, rtol=0, atol=1e-12)
    assert line[::-1] ** 2 @ bend(9) @ line**2 > 0.1


def test_the_grid_repeats_affine_motion_exactly(rng) -> None:
    planes, grid = PlaneBasis(SHAPE), GridBasis(SHAPE, 16.0)
    numbers = rng.standard_normal((3, 5))
    x, y = rng.uniform(0.0, 69.0, 200), rng.uniform(0.0, 49.0, 200)
    bent = grid.from_planes(planes, numbers)
    np.testing.assert_allclose(grid.at(x, y) @ bent, planes.at(x, y) @ numbers, rtol=0, atol=1e-10)
    np.testing.assert_allclose(grid.penalty @ bent, 0.0, rtol=0, atol=1e-9)


def test_the_numbers_of_a_grid_share_each_place(rng) -> None:
    grid = GridBasis(SHAPE, 16.0)
    values = grid.at(rng.uniform(-0.5, 69.5, 50), rng.uniform(-0.5, 49.5, 50))
    assert values.shape == (50, grid.count)
    np.testing.assert_allclose(values.sum(axis=1), 1.0, rtol=0, atol=1e-12)


def test_a_twist_has_bending_energy() -> None:
    grid = GridBasis(SHAPE, 16.0)
    down, across = (span + 3 for span in grid.spans)
    twist = np.outer(np.arange(down), np.arange(across)).ravel().astype(float)
    # Two times one for each of the squares between control points.
    assert twist @ (grid.penalty @ twist) == pytest.approx(2.0 * (down - 1) * (across - 1))


def test_the_middle_of_the_picture_is_the_origin_of_affine_motion() -> None:
    values = PlaneBasis(SHAPE).at(np.array([34.5, 69.5]), np.array([24.5, 24.5])).toarray()
    np.testing.assert_allclose(values, [[1.0, 0.0, 0.0], [1.0, 1.0, 0.0]], rtol=0, atol=1e-12)
