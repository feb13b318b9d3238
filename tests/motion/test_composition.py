"""One motion after another, and two findings of one motion, in closed form."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from olat.motion.composition import composed, mixed
from tests.support.texture import pixel_centers

SHAPE = (40, 50)
SURE = np.ones(SHAPE, np.float32)


def affine(matrix, shift):
    """Return the flow of x -> matrix x + shift about the middle."""
    from_middle = pixel_centers(*SHAPE) - np.array(SHAPE[::-1]) / 2.0
    return (from_middle @ (np.array(matrix) - np.eye(2)).T + shift).astype(np.float32)


def test_affine_motions_compose_like_their_matrices():
    first, second = np.array([[1.02, 0.03], [-0.01, 0.99]]), np.array([[0.98, 0.01], [0.02, 1.01]])
    to_second, to_third = np.array([1.5, -0.7]), np.array([-0.4, 0.9])
    flow, confidence = composed(affine(first, to_second), affine(second, to_third), SURE, SURE)
    expected = affine(second @ first, second @ to_second + to_third)
    inner = (slice(6, -6), slice(6, -6))
    # OpenCV rounds places to 1/32 px; flow changes by 0.03 px in a pixel.
    assert_allclose(flow[inner], expected[inner], rtol=0, atol=1e-3)
    assert_array_equal(confidence[inner], 1.0)


def test_still_frames_change_nothing(rng):
    flow = rng.normal(0.0, 1.0, (*SHAPE, 2)).astype(np.float32)
    sure = rng.random(SHAPE, np.float32)
    none = np.zeros_like(flow)
    for found, trust in (composed(none, flow, SURE, sure), composed(flow, none, sure, SURE)):
        assert_allclose(found, flow, rtol=0, atol=1e-6)
        inner = (slice(5, -5), slice(5, -5))
        assert_allclose(trust[inner], sure[inner], rtol=0, atol=1e-6)


def test_confidence_is_the_product_and_none_beyond_the_border():
    shift = np.zeros((*SHAPE, 2), np.float32)
    shift[..., 0] = 10.0
    half = np.full(SHAPE, 0.5, np.float32)
    _, confidence = composed(shift, shift, half, half)
    assert_allclose(confidence[:, :40], 0.25, rtol=0, atol=1e-6)
    assert_array_equal(confidence[:, 40:], 0.0)


def test_flows_of_two_sizes_are_refused():
    flow = np.zeros((*SHAPE, 2), np.float32)
    with pytest.raises(ValueError, match="50 x 39, 50 x 40 px; all must have one size"):
        composed(flow[:39].copy(), flow, SURE[:39].copy(), SURE)


def flows(x):
    flow = np.zeros((*SHAPE, 2), np.float32)
    flow[..., 0] = x
    return flow


def test_equal_findings_are_kept_and_trusted_like_the_better():
    flow, confidence = mixed(flows(2.0), flows(2.0), SURE, np.float32(0.01) * SURE)
    assert_allclose(flow, flows(2.0), rtol=0, atol=1e-6)
    assert confidence.min() > 0.97


def test_findings_as_sure_as_each_other_meet_halfway():
    flow, confidence = mixed(flows(1.0), flows(1.1), SURE, SURE)
    assert_allclose(flow[..., 0], 1.05, rtol=0, atol=1e-5)
    assert confidence.min() > 0.99


def test_a_guess_that_is_off_all_over_has_no_part():
    sure = np.full(SHAPE, 0.9, np.float32)
    flow, confidence = mixed(flows(1.0), flows(4.0), sure, SURE)
    # Its error is taken for 3 px: (0.11 + 0.01) / 9 of the weight.
    assert_allclose(flow[..., 0], 1.0 + 3.0 * 0.12 / 9.0, rtol=0, atol=0.005)
    assert confidence.max() < 0.9


def test_where_nothing_was_found_the_guess_stays():
    found = flows(1.0)
    found[:, :10, 0] = 30.0
    sure = SURE.copy()
    sure[:, :10] = 0.0
    flow, confidence = mixed(found, flows(1.0), sure, SURE)
    assert_allclose(flow[..., 0], 1.0, rtol=0, atol=0.01)
    assert confidence.min() > 0.9
