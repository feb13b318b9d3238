"""One joint solve for the motion of all frames."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.motion.refinement_prior import motion_prior
from olat.motion.refinement_step import Evidence, likeliest_motion

FRAMES, MODES, PIXELS = 6, 2, 3000


@pytest.fixture
def evidence(rng):
    """Return pictures of which each is told by the mean of all others."""
    mix = np.eye(FRAMES) - (1.0 - np.eye(FRAMES)) / (FRAMES - 1)
    anchor = np.ones((1, FRAMES)) / FRAMES
    parts = {
        "residual": rng.standard_normal((FRAMES + 1, PIXELS)),
        "mix": np.vstack([mix, anchor]),
        "right": rng.standard_normal((FRAMES, PIXELS)),
        "down": rng.standard_normal((FRAMES, PIXELS)),
        "weights": rng.uniform(0.5, 2.0, (FRAMES + 1, PIXELS)),
        "modes": np.stack([np.ones(PIXELS), np.linspace(-1.0, 1.0, PIXELS)]),
    }
    return Evidence(**{name: part.astype(np.float32) for name, part in parts.items()})


def wide_prior(spread):
    nothing = np.zeros((FRAMES, FRAMES))
    return motion_prior(np.eye(FRAMES), nothing, np.full((MODES, 2), spread), np.zeros(MODES))


def test_change_and_gradient_are_adjoint(evidence, rng):
    motion = rng.standard_normal((FRAMES, MODES, 2)).astype(np.float32)
    rows = rng.standard_normal((FRAMES + 1, PIXELS)).astype(np.float32)
    one, other = np.vdot(evidence.change(motion), rows), np.vdot(motion, evidence.gradient(rows))
    assert one == pytest.approx(other, rel=1e-3)  # float32


def test_the_motion_that_made_the_residuals_is_found(evidence, rng):
    motion = rng.standard_normal((FRAMES, MODES, 2)).astype(np.float32)
    moved = Evidence(
        -evidence.change(motion),
        *(getattr(evidence, name) for name in ("mix", "right", "down", "weights", "modes")),
    )
    still = np.zeros_like(motion)
    found = likeliest_motion(moved, wide_prior(100.0), still)
    assert_allclose(found, motion, rtol=0, atol=0.01)


def test_about_which_motion_pictures_are_looked_at_does_not_matter(evidence, rng):
    """Residuals that are linear in the motion have one answer."""
    at = rng.standard_normal((FRAMES, MODES, 2)).astype(np.float32)
    beside = Evidence(
        evidence.residual + evidence.change(at),
        *(getattr(evidence, name) for name in ("mix", "right", "down", "weights", "modes")),
    )
    prior = wide_prior(1.0)
    one = likeliest_motion(evidence, prior, np.zeros_like(at))
    other = likeliest_motion(beside, prior, at)
    assert_allclose(other, one, rtol=0, atol=1e-3 * np.abs(one).max())


def test_a_prior_without_motion_allows_none(evidence):
    found = likeliest_motion(evidence, wide_prior(0.0), np.zeros((FRAMES, MODES, 2), np.float32))
    assert np.abs(found).max() < 1e-3
