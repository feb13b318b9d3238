"""One light told by all others."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from olat.light.arrangements import fibonacci_sphere
from olat.motion.refinement_prediction import (
    predicted,
    prediction_residual,
    prediction_weights,
)


def lambert(lights, pixels, rng, *, is_attached=True):
    """Return readings of a matte surface of random normals and albedo."""
    normals = rng.standard_normal((pixels, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    facing = fibonacci_sphere(lights) @ normals.T
    readings = np.maximum(facing, 0.0) if is_attached else facing
    return (readings * rng.uniform(0.2, 1.0, pixels)).astype(np.float32)


def test_readings_of_rank_three_are_told_exactly(rng):
    readings = lambert(20, 4000, rng, is_attached=False)
    weights = prediction_weights(readings, damping=1e-9)
    assert_allclose(predicted(readings, weights), readings, rtol=0, atol=1e-3)
    assert prediction_residual(readings, weights) < 1e-3


def test_no_light_tells_itself(rng):
    readings = lambert(20, 4000, rng)
    weights = prediction_weights(readings)
    assert_array_equal(np.diag(weights), 0.0)


def test_weights_are_those_of_least_squares_on_all_others(rng):
    readings = lambert(12, 3000, rng)
    weights = prediction_weights(readings, damping=1e-12)
    others = np.delete(readings, 4, axis=0).astype(np.float64)
    expected, *_ = np.linalg.lstsq(others.T, readings[4].astype(np.float64), rcond=None)
    assert_allclose(np.delete(weights[4], 4), expected, rtol=0, atol=1e-3)


def test_more_lights_tell_each_other_better(rng):
    few, many = (lambert(count, 4000, rng) for count in (20, 120))
    assert prediction_residual(many, prediction_weights(many)) < 0.5 * prediction_residual(
        few, prediction_weights(few)
    )


def test_a_single_light_is_refused(rng):
    with pytest.raises(ValueError, match="1 light; two or more"):
        prediction_weights(lambert(1, 100, rng))


def test_darkness_is_refused():
    with pytest.raises(ValueError, match="nothing is lit"):
        prediction_weights(np.zeros((5, 100), np.float32))
