"""What motion is expected between tracking frames."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.motion.refinement_prior import (
    knot_shares,
    mode_numbers,
    motion_prior,
    remaining_covariance,
    smooth_modes,
)

KNOTS = (0, 11, 22, 33, 44)
TRACKED = np.array([True, True, False, True, True])


def covariances(times, memory=15.0):
    shares = knot_shares(times, KNOTS)
    return remaining_covariance(times, KNOTS, shares, TRACKED, memory=memory)


def test_nothing_remains_at_tracking_frames_but_their_scatter():
    remaining, scattered = covariances(KNOTS)
    assert_allclose(np.diag(remaining), 0.0, rtol=0, atol=1e-9)
    assert_allclose(np.diag(scattered), TRACKED.astype(float), rtol=0, atol=1e-9)


def test_most_remains_midway_and_more_of_faster_motion():
    slow, _ = covariances(range(45), memory=30.0)
    fast, _ = covariances(range(45), memory=5.0)
    assert np.diag(fast)[16] > 10.0 * np.diag(slow)[16]
    between = np.diag(fast)[11:23]
    assert between.argmax() in (5, 6)


def test_drawn_motion_has_the_covariance_that_was_asked_for(rng):
    remaining, scattered = covariances(range(45))
    prior = motion_prior(remaining, scattered, np.array([[2.0, 0.5]]), np.array([0.1]))
    draws = np.stack(
        [
            prior.coefficients(rng.standard_normal(prior.size).astype(np.float32))[:, 0, :]
            for _ in range(4000)
        ]
    )
    for axis, spread in enumerate((2.0, 0.5)):
        wanted = spread**2 * remaining + 0.01 * scattered
        found = draws[..., axis].T @ draws[..., axis] / len(draws)
        # 4000 draws tell a variance to sqrt(2 / 4000) = 2.2 %.
        assert_allclose(found, wanted, rtol=0, atol=0.1 * wanted.max())


def test_coefficients_and_their_transpose_are_adjoint(rng):
    prior = motion_prior(*covariances(range(45)), np.full((3, 2), 1.0), np.full(3, 0.1))
    unknowns = rng.standard_normal(prior.size).astype(np.float32)
    motion = rng.standard_normal((45, 3, 2)).astype(np.float32)
    one = np.vdot(prior.coefficients(unknowns), motion)
    other = np.vdot(unknowns, prior.transposed(motion))
    assert one == pytest.approx(other, rel=1e-4)  # float32


def test_the_first_mode_shifts_all_and_others_bend_over_the_subject():
    mask = np.zeros((40, 60), bool)
    mask[10:31, 20:51] = True
    modes = smooth_modes(mask, order=2)
    assert len(modes) == len(mode_numbers(2)) == 6
    assert_allclose(modes[0], 1.0)
    across = modes[mode_numbers(2).index((0, 1))]
    assert_allclose(across[:, 35], 0.0, rtol=0, atol=1e-6)
    assert_allclose(across[:, :21], 1.0, rtol=0, atol=1e-6)
    assert_allclose(across[:, 50:], -1.0, rtol=0, atol=1e-6)


def test_shares_of_tracking_frames_sum_to_one_and_are_whole_at_their_own_moment():
    shares = knot_shares(range(45), KNOTS)
    assert_allclose(shares.sum(axis=1), 1.0, rtol=0, atol=1e-9)
    assert_allclose(shares[list(KNOTS)], np.eye(5), rtol=0, atol=1e-9)
