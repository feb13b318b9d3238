"""Where a frame's motion comes from, and what is said where nothing is known."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.model.condition import Olat, Tracking
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
