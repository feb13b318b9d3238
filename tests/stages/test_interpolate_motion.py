"""Where a frame's motion comes from, and what is said where nothing is known."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.model.condition import ColorGradient, Olat, Tracking
from olat.model.image import Frames
from olat.model.motion import (
    MotionCorrection,
    SweepMotion,
    SweepRegistration,
    TrackedFrame,
    TrackingFlow,
)
from olat.model.session import Frame
from olat.stages.interpolate_motion import InterpolateMotion

SHAPE = (8, 12)
REFERENCE = 40


def drifting(frame: Frame) -> TrackingFlow:
    """Return the flow of a subject that drifts by 0.1 px a frame, on a grid of half the size."""
    flow = np.full((4, 6, 2), 0.1 * (frame.index - REFERENCE), np.float32)
    return TrackingFlow(flow, np.ones((4, 6), np.float32), SHAPE)


def tracking(*indices: int) -> Frames[TrackingFlow]:
    shots = {index: Frame("A", index, Tracking(), Path(f"{index}.dng")) for index in indices}
    return Frames(shots, drifting)


def sweep(*used: int, refused: tuple[int, ...] = ()) -> SweepMotion:
    frames = [TrackedFrame(index, 1.0, 1.0, 2.0) for index in used]
    frames += [TrackedFrame(index, 0.0, 0.0, 0.0, "black") for index in refused]
    return SweepMotion(REFERENCE, tuple(sorted(frames, key=lambda each: each.frame)))


def olat_at(index: int) -> Frame:
    return Frame("A", index, Olat(0), Path(f"{index}.dng"))


@pytest.mark.parametrize("interpolation", ["sway", "spline", "catmull_rom", "linear"])
def test_a_frame_between_tracking_frames_moves_with_them(interpolation: str) -> None:
    stage = InterpolateMotion.model_validate({"interpolation": interpolation})
    motion = stage.run(olat_at(33), tracking(0, 20, 40, 60, 80), sweep(0, 20, 40, 60, 80))
    assert_allclose(motion.flow, -0.7, rtol=0, atol=1e-5)
    assert motion.shape == SHAPE
    assert motion.source == "tracking"
    assert motion.is_covered


def sine_error(interpolation: str, interval: int, period: float) -> float:
    """Return the rms error of a curve through a true sine of amplitude 1 px, over all phases.

    The moments lie within the middle interval of many.
    """
    stage = InterpolateMotion.model_validate({"interpolation": interpolation})
    knots = tuple(range(0, 9 * interval, interval))
    reference = knots[4]
    errors = []
    for phase in np.arange(8) * np.pi / 4.0:

        def place(moment: float, phase: float = phase) -> float:
            return float(np.sin(2.0 * np.pi * moment / period + phase))

        def swaying(frame: Frame, place=place) -> TrackingFlow:
            flow = np.full((1, 1, 2), place(frame.index) - place(reference), np.float32)
            return TrackingFlow(flow, np.ones((1, 1), np.float32), (2, 2))

        flows = Frames(tracking(*knots).shots, swaying)
        motion = SweepMotion(reference, tuple(TrackedFrame(knot, 1.0, 1.0, 2.0) for knot in knots))
        for index in range(reference, reference + interval):
            found = stage.run(olat_at(index), flows, motion).flow[0, 0, 0]
            errors.append(float(found) - (place(index) - place(reference)))
    return float(np.sqrt(np.mean(np.square(errors))))


@pytest.mark.parametrize(("interval", "tolerance"), [(20, 0.08), (10, 0.04)])
def test_curves_through_points_of_a_sine_err_as_its_derivatives_tell(
    interval: int, tolerance: float
) -> None:
    """By the angle a that the sine goes on in an interval T, rms over phase and moment.

    At the part t of an interval a straight line leaves T^2 t (1 - t) / 2 of the second derivative,
    and Catmull-Rom, whose slopes err by T^2 / 6 of the third, T^3 t (1 - t) (1 - 2 t) / 6 of that.
    Terms of higher order are left out: that is the tolerance.
    """
    angle = 2.0 * np.pi * interval / 480.0
    linear, cubic = angle**2 / np.sqrt(240.0), angle**3 / np.sqrt(15120.0)
    assert_allclose(sine_error("linear", interval, 480.0), linear, rtol=tolerance)
    assert_allclose(sine_error("catmull_rom", interval, 480.0), cubic, rtol=tolerance)


@pytest.mark.slow
@pytest.mark.parametrize("intervals", [2.5, 3.0])
def test_of_a_fast_sine_a_sway_leaves_least_and_a_straight_line_most(intervals: float) -> None:
    curves = ("sway", "spline", "catmull_rom", "linear")
    errors = [sine_error(curve, 20, 20.0 * intervals) for curve in curves]
    told = ", ".join(f"{curve} {error:.3f}" for curve, error in zip(curves, errors, strict=True))
    print(f"sine of 1 px with a period of {intervals:g} intervals: {told} px rms")
    assert (np.array(errors[:-1]) < 0.85 * np.array(errors[1:])).all()


@pytest.mark.parametrize("intervals", [6.0, 12.0, 24.0])
def test_of_a_slow_sine_a_sway_smooths_less_than_flow_errs_by(intervals: float) -> None:
    assert sine_error("sway", 20, 20.0 * intervals) < 0.004


def test_a_refused_tracking_frame_has_no_part() -> None:
    def bad(frame: Frame) -> TrackingFlow:
        known = drifting(frame)
        return TrackingFlow(known.flow + 9.0 * (frame.index == 20), known.confidence, SHAPE)

    shots = tracking(0, 20, 40, 60, 80).shots
    flows = Frames(shots, bad)
    motion = InterpolateMotion().run(olat_at(33), flows, sweep(0, 40, 60, 80, refused=(20,)))
    assert_allclose(motion.flow, -0.7, rtol=0, atol=1e-5)
    assert motion.is_covered


@pytest.mark.parametrize(("index", "nearest"), [(10, 20), (75, 60)])
def test_outside_of_the_used_tracking_frames_the_nearest_counts_and_it_is_said(
    index: int, nearest: int, caplog: pytest.LogCaptureFixture
) -> None:
    flows = tracking(0, 20, 40, 60, 80)
    with caplog.at_level(logging.WARNING):
        motion = InterpolateMotion().run(olat_at(index), flows, sweep(20, 40, 60, refused=(0, 80)))
    assert_allclose(motion.flow, 0.1 * (nearest - REFERENCE), rtol=0, atol=1e-5)
    assert not motion.is_covered
    assert "flagged UNTRACKED" in caplog.text


def test_without_two_tracking_frames_nothing_moves_and_it_is_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        nothing = InterpolateMotion().run(olat_at(10), None, None)
        one = InterpolateMotion().run(olat_at(10), tracking(40), sweep(40))
    for motion in (nothing, one):
        assert motion.shape is None
        assert motion.source == "none"
        assert not motion.flow.any()
    assert "no tracking frames, and two are needed" in caplog.text
    assert "1 tracking frame, and two are needed" in caplog.text


def test_who_has_no_tracking_frames_is_told_of_the_pipeline_that_needs_none(
    caplog: pytest.LogCaptureFixture,
) -> None:
    InterpolateMotion().run(olat_at(10), None, None)
    (note,) = caplog.messages
    assert note.endswith(
        "register_sweep, in the pipeline untracked, finds how a moving one moved from its OLAT "
        "frames."
    )


def test_who_runs_that_pipeline_is_not_sent_to_it(caplog: pytest.LogCaptureFixture) -> None:
    InterpolateMotion().run(olat_at(35), None, None, registration=registered(30, 40))
    gradient = Frame("A", 32, ColorGradient(), Path("g.dng"))
    InterpolateMotion().run(gradient, None, None, registration=registered(30, 40))
    assert "untracked" not in caplog.text


def gradients_at(first: int, *, px: float, bracket: tuple[int, ...] = ()) -> Frames[TrackingFlow]:
    """Return made-up flows of a gradient and, ten frames later, its complement."""
    shots = {
        first: Frame("A", first, ColorGradient(), Path("g.dng"), bracket=bracket),
        first + 10: Frame("A", first + 10, ColorGradient(complement=True), Path("c.dng")),
    }
    flow = np.full((4, 6, 2), px, np.float32)
    return Frames(shots, lambda _: TrackingFlow(flow, np.ones((4, 6), np.float32), SHAPE))


def test_a_gradients_own_motion_goes_before_a_registration_and_that_before_tracking() -> None:
    flows, motion, told = tracking(0, 40, 80), sweep(0, 40, 80), gradients_at(33, px=3.0)
    still = SweepRegistration(
        33, (33, 34), np.full((2, 4, 6, 2), 2.0, np.float32), np.ones((2, 4, 6), np.float32), SHAPE
    )
    gradient = told.shots[33]
    for frame, gradient_flow, registration, source, px in (
        (gradient, told, still, "gradients", 3.0),
        (gradient, None, still, "registration", 2.0),
        (gradient, None, None, "tracking", -0.7),
        (olat_at(33), told, still, "registration", 2.0),
        (olat_at(33), told, None, "tracking", -0.7),
    ):
        found = InterpolateMotion().run(frame, flows, motion, gradient_flow, registration)
        assert found.source == source
        assert_allclose(found.flow, px, rtol=0, atol=1e-5)


def test_exposures_of_a_gradients_bracket_take_the_motion_of_its_first() -> None:
    told = gradients_at(33, px=3.0, bracket=(33, 34, 35))
    last = Frame("A", 35, ColorGradient(), Path("35.dng"), bracket=(33, 34, 35))
    found = InterpolateMotion().run(last, tracking(0, 40, 80), sweep(0, 40, 80), told)
    assert found.source == "gradients"
    assert (found.flow == 3.0).all()


@pytest.mark.parametrize("index", [30, 31, 32])
def test_exposures_of_a_light_move_each_by_its_own_moment(index: int) -> None:
    frame = Frame("A", index, Olat(0), Path("x.dng"), bracket=(30, 31, 32))
    found = InterpolateMotion().run(frame, tracking(0, 20, 40, 60), sweep(0, 20, 40, 60))
    assert_allclose(found.flow, 0.1 * (index - REFERENCE), rtol=0, atol=1e-5)


def registered(*frames: int) -> SweepRegistration:
    """Return a registration of a drift of 0.1 px a frame."""
    flows = np.zeros((len(frames), 4, 6, 2), np.float32)
    flows += 0.1 * (np.array(frames, np.float32) - REFERENCE)[:, None, None, None]
    return SweepRegistration(40, frames, flows, np.ones((len(frames), 4, 6), np.float32), SHAPE)


def corrected(*frames: int) -> MotionCorrection:
    """Return a correction as large as that registration."""
    return MotionCorrection(frames, registered(*frames).flows, SHAPE)


@pytest.mark.parametrize("index", [30, 31, 33, 38])
def test_exposures_of_a_bracket_move_with_the_frames_that_were_registered(index: int) -> None:
    frame = Frame("A", index, Olat(0), Path("x.dng"), bracket=(30, 31, 32))
    motion = InterpolateMotion().run(frame, None, None, registration=registered(30, 33, 38, 40))
    assert_allclose(motion.flow, 0.1 * (index - REFERENCE), rtol=0, atol=1e-5)
    assert motion.is_covered
    assert motion.source == "registration"


def test_frames_beyond_the_registered_ones_are_not_covered(
    caplog: pytest.LogCaptureFixture,
) -> None:
    motion = InterpolateMotion().run(olat_at(20), None, None, registration=registered(30, 40))
    assert_allclose(motion.flow, -1.0, rtol=0, atol=1e-5)
    assert not motion.is_covered
    assert "after the last registered frame" in caplog.text


def test_a_frame_that_is_not_sure_lowers_no_other_ones_confidence() -> None:
    told = registered(30, 33, 38)
    told.confidence[1] = 0.1

    def confidence(index: int) -> float:
        found = InterpolateMotion().run(olat_at(index), None, None, registration=told)
        return float(found.confidence.mean())

    found = {index: round(confidence(index), 6) for index in (30, 31, 33, 35, 38)}
    assert found == {30: 1.0, 31: 0.1, 33: 0.1, 35: 0.1, 38: 1.0}


def test_exposures_of_a_bracket_are_corrected_like_their_neighbors() -> None:
    flows, motion = tracking(0, 20, 40, 60), sweep(0, 20, 40, 60)
    rest = corrected(30, 38)  # -1 px and -0.2 px
    found = InterpolateMotion().run(olat_at(34), flows, motion, correction=rest)
    assert_allclose(found.flow, -0.6 - 0.6, rtol=0, atol=1e-5)


def test_a_gradient_that_nothing_completes_moves_as_tracking_tells() -> None:
    pair = gradients_at(5, px=9.0)
    flows, motion = tracking(20, 40, 60), sweep(20, 40, 60)
    lone = InterpolateMotion().run(pair.shots[5], flows, motion, pair.only([5]))
    assert lone.source == "tracking"
    assert not lone.is_covered
    assert InterpolateMotion().run(pair.shots[5], flows, motion, pair).source == "gradients"


def test_frames_beyond_a_reference_at_the_end_are_at_rest_and_not_covered() -> None:
    motion = InterpolateMotion().run(olat_at(50), tracking(20, 40), sweep(20, 40))
    assert motion.shape == SHAPE
    assert motion.source == "tracking"
    assert not motion.flow.any()
    assert not motion.is_covered


def test_refused_tracking_frames_are_counted(caplog: pytest.LogCaptureFixture) -> None:
    InterpolateMotion().run(olat_at(10), tracking(0, 20, 40), sweep(40, refused=(0, 20)))
    assert "There are 3 tracking frames, 2 of them refused, and two are needed" in caplog.text
