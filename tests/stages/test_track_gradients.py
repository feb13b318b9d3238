"""Gradients in the middle of a long interval between tracking frames, against simulated truth."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.testing import assert_array_equal

import olat
from olat.model.condition import ColorGradient, Olat, Tracking
from olat.model.flags import PixelFlag
from olat.model.image import Frames, RadianceImage
from olat.model.motion import SweepMotion, TrackedFrame, TrackingFlow
from olat.model.session import Frame
from olat.motion.flow import upsampled
from olat.motion.tracking import flow_at
from olat.stages.interpolate_motion import InterpolateMotion
from olat.stages.track_gradients import TrackGradients
from olat.synthetic.capture import view_of
from olat.synthetic.render import flow_between, radiance_under
from olat.synthetic.session import write_session
from olat.synthetic.stage import SyntheticStage
from tests.support.gradient_scenes import OPTICS_PX
from tests.support.sessions import CLEAN, without_tracking

SIZE = 224
TRACKING, GRADIENT, COMPLEMENT = (0, 11, 22, 33), 16, 18
REFERENCE = 22


class Sweep:
    """A head that sways faster than its tracking frames follow."""

    def __init__(self, period: float = 24.0) -> None:
        self.stage = SyntheticStage(
            size=SIZE, lights=48, near_lights=False, sway_px=4.0, sway_period=period
        )
        self.view = view_of(self.stage, self.stage.pose(REFERENCE))
        conditions = dict.fromkeys(TRACKING, Tracking()) | {
            GRADIENT: ColorGradient(),
            COMPLEMENT: ColorGradient(complement=True),
        }
        self.frames = {
            index: Frame("A", index, condition, Path())
            for index, condition in sorted(conditions.items())
        }
        self.shots = {index: self.shot(index) for index in self.frames}

    def shot(self, index: int) -> RadianceImage:
        """Return what the camera develops of a frame."""
        view = view_of(self.stage, self.stage.pose(index))
        drive = self.stage.rig.pattern(self.frames[index].condition)
        radiance = cv2.GaussianBlur(
            radiance_under(view, self.stage.rig, drive) / np.float32(24.0), (0, 0), OPTICS_PX
        )
        return RadianceImage(radiance, np.zeros((SIZE, SIZE), np.uint8))

    def truth(self, index: int):
        """Return the motion from the reference to a frame [px]."""
        return flow_between(self.view, self.stage.pose(index), self.stage.camera)

    def flows(self, tracking=TRACKING) -> Frames[TrackingFlow]:
        """Return what a perfect tracker finds."""
        sure = np.ones((SIZE, SIZE), np.float32)
        found = {index: TrackingFlow(self.truth(index), sure, (SIZE, SIZE)) for index in tracking}
        kept = {index: self.frames[index] for index in tracking}
        return Frames(kept, lambda frame: found[frame.index])

    def radiance(self, *left_out: int) -> Frames[RadianceImage]:
        """Return all photographs but some."""
        kept = {index: frame for index, frame in self.frames.items() if index not in left_out}
        return Frames(kept, lambda frame: self.shots[frame.index])

    def error(self, flow, index: int) -> float:
        """Return the mean end-point error inside the subject [px]."""
        wrong = upsampled(flow, (SIZE, SIZE)) - self.truth(index)
        return float(np.linalg.norm(wrong, axis=2)[self.view.mask].mean())


def motion_of(tracking=TRACKING) -> SweepMotion:
    return SweepMotion(REFERENCE, tuple(TrackedFrame(index, 1.0, 1.0, 2.0) for index in tracking))


@pytest.fixture(scope="module")
def sweep() -> Sweep:
    return Sweep()


def run(sweep: Sweep, index: int, *, radiance=None, tracking=TRACKING) -> TrackingFlow:
    return TrackGradients(flow_preset="fine").run(
        radiance or sweep.radiance(),
        sweep.frames[index],
        sweep.flows(tracking),
        motion_of(tracking),
    )


@pytest.mark.slow
def test_gradients_are_followed_where_tracking_frames_are_far(sweep: Sweep) -> None:
    for index in (GRADIENT, COMPLEMENT):
        found = run(sweep, index)
        between = flow_at(index, sweep.flows(), REFERENCE)
        moved = float(np.linalg.norm(sweep.truth(index)[sweep.view.mask], axis=1).mean())
        errors = sweep.error(found.flow, index), sweep.error(between.flow, index)
        print(
            f"frame {index}, sway of 24 frames: motion {moved:.2f} px, error {errors[0]:.3f} px, "
            f"interpolated between tracking frames {errors[1]:.3f} px"
        )
        assert errors[0] < 0.4
        assert errors[1] > 4.0 * errors[0]


@pytest.mark.slow
def test_where_tracking_frames_follow_the_motion_they_are_made_use_of() -> None:
    slow = Sweep(period=60.0)
    for index in (GRADIENT, COMPLEMENT):
        found = run(slow, index)
        between = flow_at(index, slow.flows(), REFERENCE)
        errors = slow.error(found.flow, index), slow.error(between.flow, index)
        print(
            f"frame {index}, sway of 60 frames: error {errors[0]:.3f} px, interpolated between "
            f"perfect tracking frames {errors[1]:.3f} px"
        )
        assert errors[0] < 0.1
        assert errors[0] < 1.1 * errors[1]


@pytest.mark.slow
def test_one_tracking_frame_is_enough(sweep: Sweep) -> None:
    found = run(sweep, COMPLEMENT, tracking=(REFERENCE,))
    error = sweep.error(found.flow, COMPLEMENT)
    print(f"reference alone: error {error:.3f} px")
    assert error < 0.4
    assert np.median(found.confidence[sweep.view.mask]) > 0.8


@pytest.mark.slow
def test_what_the_sensor_lost_has_no_part(sweep: Sweep) -> None:
    index, mask = COMPLEMENT, sweep.view.mask
    plain = run(sweep, index, tracking=(REFERENCE,))
    shot = sweep.shots[index]
    radiance, flags = shot.radiance.copy(), shot.flags.copy()
    radiance[100:120, 100:120], flags[100:120, 100:120] = 50.0, PixelFlag.SATURATED
    kept = sweep.radiance()
    spoiled = Frames(
        dict(kept.shots),
        lambda frame: RadianceImage(radiance, flags) if frame.index == index else kept[frame.index],
    )
    found = run(sweep, index, radiance=spoiled, tracking=(REFERENCE,))
    difference = np.linalg.norm(found.flow - plain.flow, axis=2)
    difference[80:140, 80:140] = 0.0
    assert difference[mask].mean() < 0.05


def test_without_its_complement_a_gradient_takes_the_interpolated_motion(
    sweep: Sweep, caplog: pytest.LogCaptureFixture
) -> None:
    found = run(sweep, GRADIENT, radiance=sweep.radiance(COMPLEMENT))
    between = flow_at(GRADIENT, sweep.flows(), REFERENCE)
    assert_array_equal(found.flow, between.flow)
    assert_array_equal(found.confidence, between.confidence)
    assert "has no complement" in caplog.text


def test_without_tracking_frames_there_is_no_gradient_flow_and_it_is_said(tmp_path: Path) -> None:
    still = SyntheticStage.model_validate(CLEAN | {"size": 64, "lights": 24, "material": "lambert"})
    write_session(tmp_path / "moving", still)
    session = without_tracking(tmp_path / "moving", tmp_path / "still")
    assert "gradient = " in (session / "session.toml").read_text(encoding="utf-8")
    summary = olat.process(session, pipeline="normals", workers=0)
    assert not summary.failures
    assert not list((session / "olat").rglob("gradient_flow*"))
    assert any("There are no tracking frames" in note for note in summary.notes)
    again = olat.process(session, pipeline="normals", workers=0)
    assert not any(stage["done"] for stage in again.stages.values())


def test_only_frames_under_gradients_take_the_motion_that_was_found_there(sweep: Sweep) -> None:
    moved = np.full((SIZE, SIZE, 2), 7.0, np.float32)
    sure = np.ones((SIZE, SIZE), np.float32)
    found = Frames(
        {index: sweep.frames[index] for index in (GRADIENT, COMPLEMENT)},
        lambda _: TrackingFlow(moved, sure, (SIZE, SIZE)),
    )

    def motion(frame: Frame):
        return InterpolateMotion().run(frame, sweep.flows(), motion_of(), gradient_flow=found)

    for index in (GRADIENT, COMPLEMENT):
        assert motion(sweep.frames[index]).source == "gradients"
        assert_array_equal(motion(sweep.frames[index]).flow, moved)
    between = motion(Frame("A", 20, Olat(0), Path()))
    assert between.source == "tracking"
    assert np.abs(between.flow).max() < 7.0
