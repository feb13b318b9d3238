"""Where a frame's motion comes from, and what is said where nothing is known."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.model.condition import ColorGradient, Olat, Tracking
from olat.model.image import Frames
from olat.model.motion import SweepMotion, SweepRegistration, TrackedFrame, TrackingFlow
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


def test_motion_that_was_found_for_a_frame_itself_goes_before_what_tracking_tells() -> None:
    def three(frame: Frame) -> TrackingFlow:
        return TrackingFlow(np.full((4, 6, 2), 3.0, np.float32), drifting(frame).confidence, SHAPE)

    told = Frames(tracking(33).shots, three)
    flows, motion = tracking(0, 40, 80), sweep(0, 40, 80)
    found = InterpolateMotion().run(olat_at(33), flows, motion, gradient_flow=told)
    assert found.source == "gradients"
    assert (found.flow == 3.0).all()
    assert InterpolateMotion().run(olat_at(34), flows, motion, told).source == "tracking"
    registration = SweepRegistration(
        33,
        (33, 34),
        np.full((2, 4, 6, 2), 2.0, np.float32),
        np.ones((2, 4, 6), np.float32),
        SHAPE,
    )
    found = InterpolateMotion().run(olat_at(34), None, None, registration=registration)
    assert found.source == "registration"
    assert (found.flow == 2.0).all()


def registered(*frames: int) -> SweepRegistration:
    """Return a registration of a drift of 0.1 px a frame."""
    flows = np.zeros((len(frames), 4, 6, 2), np.float32)
    flows += 0.1 * (np.array(frames, np.float32) - REFERENCE)[:, None, None, None]
    return SweepRegistration(40, frames, flows, np.ones((len(frames), 4, 6), np.float32), SHAPE)


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


def test_exposures_of_a_bracket_are_corrected_like_their_neighbors() -> None:
    flows, motion = tracking(0, 20, 40, 60), sweep(0, 20, 40, 60)
    rest = registered(30, 38)  # -1 px and -0.2 px
    found = InterpolateMotion().run(olat_at(34), flows, motion, correction=rest)
    assert_allclose(found.flow, -0.6 - 0.6, rtol=0, atol=1e-5)


def test_a_gradient_that_nothing_completes_moves_as_tracking_tells() -> None:
    def wrong(frame: Frame) -> TrackingFlow:
        return TrackingFlow(np.full((4, 6, 2), 9.0, np.float32), drifting(frame).confidence, SHAPE)

    lone = Frame("A", 5, ColorGradient(), Path("5.dng"))
    flows, motion = tracking(20, 40, 60), sweep(20, 40, 60)
    found = InterpolateMotion().run(lone, flows, motion, Frames({5: lone}, wrong))
    assert found.source == "tracking"
    assert not found.is_covered
    other = Frame("A", 6, ColorGradient(complement=True), Path("6.dng"))
    pair = Frames({5: lone, 6: other}, wrong)
    assert InterpolateMotion().run(lone, flows, motion, pair).source == "gradients"


def test_frames_beyond_a_reference_at_the_end_are_at_rest_and_not_covered() -> None:
    motion = InterpolateMotion().run(olat_at(50), tracking(20, 40), sweep(20, 40))
    assert motion.shape == SHAPE
    assert motion.source == "tracking"
    assert not motion.flow.any()
    assert not motion.is_covered


def test_refused_tracking_frames_are_counted(caplog: pytest.LogCaptureFixture) -> None:
    InterpolateMotion().run(olat_at(10), tracking(0, 20, 40), sweep(40, refused=(0, 20)))
    assert "There are 3 tracking frames, 2 of them refused, and two are needed" in caplog.text
