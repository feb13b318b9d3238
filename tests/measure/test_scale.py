"""Errors up to brightness, against numpy's own least squares and closed forms."""

from __future__ import annotations

from inspect import unwrap

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from olat.measure.log_error import eigen_log_mse
from olat.measure.scale import align_scale
from olat.measure.shift import shift_invariant_mse
from olat.measure.si_mse import si_l2, si_mse


def pair(rng, shape=(9, 11, 3)):
    return rng.uniform(0.1, 1.0, (2, *shape))


@pytest.mark.parametrize("scale", ["global", "channel"])
@pytest.mark.parametrize("align", ["pred", "gt"])
def test_it_is_the_residual_of_least_squares(rng, scale, align):
    predicted, truth = pair(rng)
    moved, fixed = (predicted, truth) if align == "pred" else (truth, predicted)
    parts = [...] if scale == "global" else [(..., channel) for channel in range(3)]
    solved = [np.linalg.lstsq(moved[p].reshape(-1, 1), fixed[p].reshape(-1)) for p in parts]
    found = si_mse(predicted, truth, scale=scale, align=align)
    assert found.value == pytest.approx(sum(s[1][0] for s in solved) / truth.size, rel=1e-12)
    assert_allclose(found.factors, [s[0][0] for s in solved], rtol=1e-12, atol=0)
    assert found.aligned.startswith("A x " if align == "pred" else "B x ")


@given(factor=st.floats(1e-3, 1e3))
def test_a_brighter_copy_is_equal(factor):
    truth = np.random.default_rng(5).uniform(0.1, 1.0, (6, 7, 3))
    found = si_mse(factor * truth, truth)
    assert found.value < 1e-25
    assert found.factors[0] == pytest.approx(1.0 / factor, rel=1e-12)
    assert eigen_log_mse(factor * truth, truth).value < 1e-24
    assert eigen_log_mse(factor * truth, truth).factors[0] == pytest.approx(1 / factor, rel=1e-9)


@given(factor=st.floats(1e-3, 1e3))
def test_the_brightness_of_the_prediction_does_not_matter(factor):
    predicted, truth = pair(np.random.default_rng(6))
    own = si_mse(predicted, truth)
    assert si_mse(factor * predicted, truth).value == pytest.approx(own.value, rel=1e-9)


def test_a_tinted_copy_is_equal_by_channel_only(rng):
    truth = rng.uniform(0.1, 1.0, (6, 7, 3))
    tinted = truth * [0.5, 1.0, 2.0]
    assert si_mse(tinted, truth, scale="channel").value < 1e-25
    assert si_mse(tinted, truth).value > 1e-2


def test_an_empty_prediction_scores_the_mean_square_of_the_truth(rng):
    _, truth = pair(rng)
    found = si_mse(np.zeros_like(truth), truth)
    assert found.value == pytest.approx(np.mean(truth**2))
    assert found.factors == (0.0,)


def test_a_mask_holds_for_the_factor_too(rng):
    truth = rng.uniform(0.1, 1.0, (6, 7, 3))
    predicted = 2.0 * truth
    predicted[0] = 9.0
    mask = np.ones((6, 7), bool)
    mask[0] = False
    assert si_mse(predicted, truth, mask).value < 1e-25
    assert si_mse(predicted, truth).value > 1e-2


def test_a_lifted_copy_is_equal_up_to_a_constant(rng):
    truth = rng.uniform(0.1, 1.0, (6, 7, 3))
    shift = np.array([0.1, -0.2, 0.3])
    lifted = shift_invariant_mse(truth + shift, truth, scale="channel")
    assert lifted.value < 1e-25
    assert_allclose(lifted.factors, -shift, rtol=1e-9, atol=0)
    # What one constant leaves is the spread of the three.
    one = shift_invariant_mse(truth + shift, truth)
    assert one.value == pytest.approx(np.var(shift), rel=1e-9)


def test_logarithms_are_those_of_the_definition(rng):
    predicted, truth = rng.uniform(0.5, 2.0, (2, 5, 6))
    d = [np.log(p) - np.log(t) for p, t in zip(predicted.flat, truth.flat, strict=True)]
    expected = sum(x * x for x in d) / 30 - (sum(d) / 30) ** 2
    assert eigen_log_mse(predicted, truth).value == pytest.approx(expected, rel=1e-9)


def test_what_has_no_logarithm_is_left_out_and_told(rng):
    predicted, truth = rng.uniform(0.5, 2.0, (2, 5, 6))
    expected = eigen_log_mse(predicted[1:], truth[1:]).value
    predicted[0] = -1.0
    found = eigen_log_mse(predicted, truth)
    assert found.value == pytest.approx(expected, rel=1e-12)
    assert found.used == pytest.approx(0.8)
    with pytest.raises(ValueError, match="no pixel is above zero"):
        eigen_log_mse(-truth, truth)


def test_vectors_are_aligned_in_length(rng):
    truth = rng.normal(size=(9, 3))
    assert si_l2(3.0 * truth, truth).value < 1e-25
    other = rng.normal(size=(9, 3))
    (_, residual, *_) = np.linalg.lstsq(other.reshape(-1, 1), truth.ravel())
    assert si_l2(other, truth).value == pytest.approx(residual[0], rel=1e-12)
    with pytest.raises(ValueError, match="of one shape were needed"):
        unwrap(si_l2)(truth, truth[:4])


@pytest.mark.parametrize("mode", ["global", "channel"])
def test_factors_of_one_view_multiply_all_views(rng, mode):
    truth = rng.uniform(0.1, 1.0, (4, 5, 6, 3))
    tint = np.array([0.5, 1.0, 2.0]) if mode == "channel" else np.array([0.7])
    predicted = truth / tint
    predicted[2:] *= 1.3
    aligned = align_scale(predicted, truth, mode=mode, fit_on=0)
    assert_allclose(aligned.factors, tint, rtol=1e-12, atol=0)
    assert_allclose(aligned.scaled[:2], truth[:2], rtol=1e-12, atol=0)
    # The exposure of the other views stays wrong, and is seen.
    assert_allclose(aligned.scaled[2:], 1.3 * truth[2:], rtol=1e-12, atol=0)
    assert aligned.words.endswith("fitted on view 0")
    all_views = align_scale(predicted, truth, mode=mode)
    assert all(np.array(all_views.factors) < tint)


def test_a_view_that_is_not_there_is_refused(rng):
    predicted, truth = pair(rng)
    with pytest.raises(ValueError, match="fit_on: 1 of 1 views"):
        align_scale(predicted, truth, fit_on=1)
