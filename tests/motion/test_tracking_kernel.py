"""Curves in time where tracking frames are unsure of some pixels."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.model.motion import TrackingFlow
from olat.motion import tracking_kernel
from olat.motion.time_curve import knot_weights, place_between, subset_weights, window
from olat.motion.tracking import flow_at

KNOTS = range(0, 169, 21)
REFERENCE = 84


def twin(time, flows, confidences, knots, reference):
    """Interpolate one pixel as the kernel does, by the integral that its mix of curves stands for.

    The part of a curve is the share of thresholds between 0 and 1 at which its knots are those
    whose trust is above.
    """
    table = subset_weights(time, knots, interpolation="sway").astype(float)
    place = place_between(time, knots)
    start, end = int(np.floor(place)), int(np.ceil(place))
    certain = confidences.copy()
    if reference in knots:
        certain[knots.index(reference)] = np.delete(certain, knots.index(reference)).max()
    sides = np.where(
        np.arange(len(knots)) <= start, certain[: start + 1].max(), certain[end:].max()
    )
    if start == end:
        sides[start] = min(certain[: start + 1].max(), certain[end:].max())
    ratio = np.divide(certain, sides, out=np.ones_like(certain), where=sides > 0)
    trust = np.clip((ratio - 0.25) / 0.5, 0.0, 1.0)
    thresholds = (np.arange(20000) + 0.5) / 20000
    subsets = (trust > thresholds[:, None]) @ (1 << np.arange(len(knots)))
    flow = table[subsets].mean(axis=0) @ flows
    straight = flows[start] + (place - start) * (flows[end] - flows[start])
    tau, one, other = place - start, confidences[start], confidences[end]
    error = 0.3 * np.linalg.norm(flow - straight) / (1.0 + 0.01 * np.linalg.norm(flow))
    sure = (1 - tau) * one + tau * other - tau * (1 - tau) * (one - other) ** 2
    return flow, sure / (1.0 + error**2)


@pytest.mark.parametrize("time", [0, 5, 50, 63, 84, 90, 160, 168])
def test_the_kernel_does_what_its_twin_does(time, rng):
    shape = (3, 7)
    flows = {
        knot: TrackingFlow(
            rng.normal(0.0, 3.0, (*shape, 2)).astype(np.float32),
            rng.choice([0.0, 0.2, 0.4, 0.55, 0.9, 1.0], shape).astype(np.float32),
            (6, 14),
        )
        for knot in KNOTS
        if knot != REFERENCE
    }
    motion = flow_at(time, flows, REFERENCE)
    near = window(time, KNOTS)
    for at in itertools.product(range(shape[0]), range(shape[1])):
        known = [
            (flows[k].flow[at], flows[k].confidence[at]) if k != REFERENCE else ((0, 0), 1)
            for k in near
        ]
        values, sure = (np.array(part, float) for part in zip(*known, strict=True))
        flow, confidence = twin(time, values, sure, near, REFERENCE)
        assert_allclose(motion.flow[at], flow, rtol=0, atol=5e-3)
        assert_allclose(motion.confidence[at], confidence, rtol=0, atol=5e-3)


def row_of(confidences, flow=None, reference=None):
    """Return flows over a row of pixels at one confidence each."""
    confidences = np.asarray(confidences, np.float32)[None]
    flow = np.zeros((*confidences.shape, 2), np.float32) if flow is None else flow
    return TrackingFlow(np.asarray(flow, np.float32), confidences, (2, 2 * confidences.shape[1]))


@pytest.mark.parametrize("bad", [k for k in KNOTS[1:-1] if k != REFERENCE])
@pytest.mark.parametrize("time", [25, 63, 100, 146])
def test_a_flow_that_is_not_sure_neither_rings_nor_leaves_a_seam(bad, time):
    """It is 9 px off; from pixel to pixel its confidence falls from 1 to 0."""
    sure = np.linspace(1.0, 0.0, 1001)
    flows = {
        knot: row_of(
            sure if knot == bad else np.ones(1001), np.full((1, 1001, 2), 9.0 * (knot == bad))
        )
        for knot in KNOTS
        if knot != REFERENCE
    }
    flow = flow_at(time, flows, REFERENCE).flow[0, :, 0]
    near = window(time, KNOTS)
    weights = knot_weights(time, near, interpolation="sway")
    assert_allclose(flow[0], 9.0 * weights[near.index(bad)] if bad in near else 0.0, atol=1e-5)
    assert_allclose(flow[-1], 0.0, rtol=0, atol=1e-5)
    assert np.abs(np.diff(flow)).max() < 9.0 / 400  # no step between neighbors


def test_pixels_that_no_tracking_frame_is_sure_of_move_as_the_others_do():
    """Beside the subject all flows are unsure alike, and continue the subject's."""
    flows = {
        knot: row_of([1.0, 0.0], np.full((1, 2, 2), 0.1 * (knot - REFERENCE)))
        for knot in KNOTS
        if knot != REFERENCE
    }
    for time in range(169):
        flow = flow_at(time, flows, REFERENCE).flow
        assert_allclose(flow[0, 1], flow[0, 0], rtol=0, atol=1e-5)


def test_a_pixel_that_is_hidden_around_a_moment_moves_on_a_curve_through_the_rest():
    path = {knot: np.sin(knot / 30.0) for knot in KNOTS}
    flows = {
        knot: row_of(
            [0.05 if knot == 63 else 1.0],
            np.full((1, 1, 2), 50.0 if knot == 63 else path[knot] - path[REFERENCE]),
        )
        for knot in KNOTS
        if knot != REFERENCE
    }
    motion = flow_at(66, flows, REFERENCE)
    assert_allclose(motion.flow, np.sin(66 / 30.0) - path[REFERENCE], rtol=0, atol=0.05)
    assert motion.confidence.max() < 0.2


def test_bad_flows_cost_less_than_where_a_pixel_is_taken_through_fewer_knots_or_all(rng):
    """The curves through the sure knots, against falling back to Catmull-Rom and to a line."""
    count, errors = 3000, {"through all": [], "fall back": [], "through the sure": []}
    phase = rng.uniform(0.0, 2.0 * np.pi, count)
    position = lambda time: 2.0 * np.sin(2.0 * np.pi * time / 60.0 + phase)  # noqa: E731
    knots = range(0, 89, 11)
    flows, sure, values = {}, {}, {}
    for knot in knots:
        bad = (rng.random(count) < 0.08) & (knot != 44)
        sure[knot] = np.where(bad, rng.uniform(0.0, 0.35, count), 1.0)
        values[knot] = position(knot) - position(44) + bad * rng.normal(0.0, 6.0, count)
        if knot != 44:
            both = np.stack([values[knot], np.zeros(count)], axis=-1)[None]
            flows[knot] = row_of(sure[knot], both)
    for time in range(89):
        near = window(time, knots)
        curves = [
            sum(
                w * values[k]
                for w, k in zip(knot_weights(time, near, interpolation=kind), near, strict=True)
            )
            for kind in ("spline", "catmull_rom", "linear")
        ]
        middle = knots.index(near[0]) + int(place_between(time, near))
        four = [k for k in knots[max(0, middle - 1) : middle + 3] if k in near]
        six_sure, four_sure = (
            np.min([sure[k] for k in part], axis=0) > 0.5 for part in (near, four)
        )
        fallen = np.where(six_sure, curves[0], np.where(four_sure, curves[1], curves[2]))
        truth = position(time) - position(44)
        found = flow_at(time, flows, 44, interpolation="spline").flow[0, :, 0]
        for name, flow in zip(errors, (curves[0], fallen, found), strict=True):
            errors[name].append(np.square(flow - truth))
    rms = {name: float(np.sqrt(np.mean(squares))) for name, squares in errors.items()}
    print("8 % of flows 6 px off, rms error [px]:", {k: round(v, 3) for k, v in rms.items()})
    assert rms["through the sure"] < 0.5 * min(rms["fall back"], rms["through all"])


def test_thresholds_are_those_of_the_documentation():
    assert (tracking_kernel.LEAST_TRUST, tracking_kernel.FULL_TRUST) == (0.25, 0.75)
    assert np.isclose(tracking_kernel.BEND_SHARE, 0.3)
