"""Interpolation in time against motions known at every moment."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from olat.model.motion import TrackingFlow
from olat.motion.time_curve import WINDOW
from olat.motion.tracking import flow_at

SHAPE = (6, 8)
INTERPOLATIONS = ("sway", "spline", "catmull_rom", "linear")
KNOTS = (0, 20, 41, 62, 83)


def tracking_flow(dx, dy, confidence=1.0, shape=SHAPE):
    flow = np.empty((3, 4, 2), np.float32)
    flow[...] = dx, dy
    return TrackingFlow(flow, np.full((3, 4), confidence, np.float32), shape)


def moving(position, knots=KNOTS, reference=41):
    """Return the flows of a subject whose place at a time is given."""
    return {
        knot: tracking_flow(*(position(knot) - position(reference)))
        for knot in knots
        if knot != reference
    }


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_steady_motion_is_found_at_every_pixel(interpolation):
    flows = moving(lambda time: np.array([0.05, -0.03]) * time)
    for time in range(84):
        motion = flow_at(time, flows, 41, interpolation=interpolation)
        expected = np.broadcast_to(np.array([0.05, -0.03]) * (time - 41), motion.flow.shape)
        assert_allclose(motion.flow, expected, rtol=0, atol=2e-6)  # float32 of 2 px, summed
        assert_allclose(motion.confidence, 1.0, rtol=0, atol=1e-6)
        assert motion.is_covered


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
@pytest.mark.parametrize("knot", KNOTS)
def test_tracking_frames_keep_their_own_flow(knot, interpolation, rng):
    places = {number: rng.normal(size=2) for number in KNOTS}
    flow = flow_at(knot, moving(places.get), 41, interpolation=interpolation).flow
    expected = np.broadcast_to(places[knot] - places[41], flow.shape)
    assert_allclose(flow, expected, rtol=0, atol=1e-6)


def test_the_reference_does_not_move_even_if_it_is_listed_with_a_flow():
    motion = flow_at(41, {41: tracking_flow(5.0, 5.0, 0.1)}, 41)
    assert not motion.flow.any()
    assert (motion.confidence == 1.0).all()
    assert motion.is_covered


@pytest.mark.parametrize(("time", "nearest"), [(-7, 0), (95, 83)])
def test_outside_of_the_tracking_frames_the_nearest_one_counts_and_is_said_not_to_cover(
    time, nearest
):
    flows = moving(lambda time: np.array([1.0, 2.0]) * time)
    motion = flow_at(time, flows, 41)
    assert_allclose(motion.flow, flows[nearest].flow, rtol=0, atol=0)
    assert not motion.is_covered


@pytest.mark.parametrize(("time", "is_covered"), [(41, True), (42, False)])
def test_a_session_with_only_the_reference_does_not_move(time, is_covered):
    motion = flow_at(time, {}, 41)
    assert motion.shape is None
    assert not motion.flow.any()
    assert (motion.confidence == 1.0).all()
    assert motion.is_covered == is_covered


def test_confidence_lies_between_the_two_nearest_tracking_frames_and_nearer_to_the_less_sure():
    flows = {0: tracking_flow(1, 0, 0.2), 40: tracking_flow(1, 0, 0.6)}
    for time, expected in [(0, 0.2), (10, 0.6 - 0.16), (20, 1.0), (35, 0.7 - 0.03), (40, 0.6)]:
        confidence = flow_at(time, flows, 20, interpolation="linear").confidence
        assert_allclose(confidence, expected, rtol=0, atol=1e-6)


@given(one=st.floats(0, 1), other=st.floats(0, 1), time=st.integers(0, 20))
def test_confidence_is_never_above_the_mean_nor_below_the_worse(one, other, time):
    flows = {0: tracking_flow(0, 0, one), 20: tracking_flow(0, 0, other)}
    confidence = flow_at(time, flows, 99).confidence
    mean = (1 - time / 20) * one + time / 20 * other
    assert (confidence <= mean + 1e-6).all()
    assert (confidence >= min(one, other) - 1e-6).all()


def test_motion_that_bends_fast_between_tracking_frames_is_less_sure():
    knots = range(0, 121, 20)
    for reach, least, most in [(0.5, 0.98, 1.0), (20.0, 0.0, 0.3)]:
        flows = moving(lambda t, reach=reach: reach * np.sin([t * 0.11, 0]), knots, 60)
        confidence = flow_at(50, flows, 60).confidence
        assert least < confidence.min() <= confidence.max() < most
        assert_allclose(flow_at(40, flows, 60).confidence, 1.0, rtol=0, atol=1e-6)


def test_only_the_tracking_frames_that_matter_are_looked_up():
    looked_up = []

    class Lazy(dict):
        def __getitem__(self, knot):
            looked_up.append(knot)
            return super().__getitem__(knot)

    knots = range(0, 401, 20)
    flow_at(70, Lazy(moving(lambda time: np.array([time, 0.0]), knots, 60)), 60)
    # The type checks of the tests look at the first one; the moment does not need it.
    assert set(looked_up) - {0} == {20, 40, 80, 100, 120}
    assert len(set(looked_up) - {0}) < WINDOW


def test_flows_of_frames_of_two_sizes_are_refused():
    flows = {0: tracking_flow(0, 0, shape=(6, 99)), 20: tracking_flow(0, 0)}
    flows[30] = flows[20]
    with pytest.raises(ValueError, match="solved at 4 x 3 px of 8 x 6, 4 x 3 px of 99 x 6; needed"):
        flow_at(15, flows, 10)


def test_where_the_curve_is_expected_to_err_confidence_falls_but_at_the_knots():
    flows = {knot: tracking_flow(0.0, 0.0) for knot in (20, 60)}
    at = {time: flow_at(time, flows, 0, error_px=2.0).confidence[0, 0] for time in (20, 25, 40, 60)}
    assert at[20] == at[60] == 1.0
    assert_allclose(at[40], 1.0 / (1.0 + 2.0**2), rtol=1e-5, atol=0)
    assert_allclose(at[25], 1.0 / (1.0 + (4.0 * 0.125 * 0.875 * 2.0) ** 2), rtol=1e-5, atol=0)
    assert flow_at(40, flows, 0).confidence[0, 0] == 1.0
