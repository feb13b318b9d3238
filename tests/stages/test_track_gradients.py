"""Gradients in the middle of a long interval between tracking frames, against simulated truth."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.testing import assert_array_equal

import olat
from olat.model.condition import (
    Axis,
    AxisGradient,
    ColorGradient,
    Condition,
    Olat,
    Polarized,
    SecondOrder,
    Tracking,
    is_under,
)
from olat.model.flags import PixelFlag
from olat.model.image import Frames, RadianceImage
from olat.model.motion import SweepMotion, TrackedFrame, TrackingFlow
from olat.model.roles import role
from olat.model.session import Frame
from olat.motion.flow import flow_between as direct_flow
from olat.motion.flow import upsampled
from olat.motion.tracking import flow_at
from olat.stages.interpolate_motion import InterpolateMotion
from olat.stages.track_gradients import TrackGradients
from olat.synthetic.capture import behind_polarizer, view_of
from olat.synthetic.render import flow_between, radiance_under
from olat.synthetic.session import write_session
from olat.synthetic.stage import SyntheticStage
from tests.support.gradient_scenes import OPTICS_PX
from tests.support.sessions import CLEAN, without_tracking

SIZE = 224
TRACKING, GRADIENT, COMPLEMENT = (0, 11, 22, 33), 16, 18
REFERENCE = 22
PAIR: Mapping[int, Condition] = {
    GRADIENT: ColorGradient(),
    COMPLEMENT: ColorGradient(complement=True),
}


class Sweep:
    """A head that sways faster than its tracking frames follow."""

    def __init__(self, period: float = 24.0, seen: Mapping[int, Condition] = PAIR) -> None:
        self.stage = SyntheticStage(
            size=SIZE, lights=48, near_lights=False, sway_px=4.0, sway_period=period
        )
        self.view = view_of(self.stage, self.stage.pose(REFERENCE))
        conditions = dict.fromkeys(TRACKING, Tracking()) | dict(seen)
        self.frames = {
            index: Frame("A", index, condition, Path())
            for index, condition in sorted(conditions.items())
        }
        self.shots = {index: self.shot(index) for index in self.frames}

    def shot(self, index: int) -> RadianceImage:
        """Return what the camera develops of a frame."""
        view = view_of(self.stage, self.stage.pose(index))
        view = behind_polarizer(view, self.frames[index].condition)
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


@pytest.mark.slow
@pytest.mark.parametrize("is_binary", [False, True])
@pytest.mark.parametrize("axis", ["x", "y", "z"])
def test_white_gradients_are_followed_with_their_complement(axis: Axis, is_binary: bool) -> None:
    """Direct flow from full-on light follows the shading instead."""
    pair = [AxisGradient(axis, complement, is_binary) for complement in (False, True)]
    sweep = Sweep(seen=dict(zip((GRADIENT, COMPLEMENT), pair, strict=True)))
    for index in (GRADIENT, COMPLEMENT):
        found = run(sweep, index)
        between = flow_at(index, sweep.flows(), REFERENCE)
        photos = (sweep.shots[at].radiance for at in (REFERENCE, index))
        direct, _ = direct_flow(*photos, preset="fine")
        errors = [sweep.error(flow, index) for flow in (found.flow, between.flow, direct)]
        print(
            f"{role(sweep.frames[index].condition)}: error {errors[0]:.3f} px, interpolated "
            f"{errors[1]:.3f} px, direct flow {errors[2]:.3f} px"
        )
        # It shines on a face from behind: little of it is seen, and so little tells the motion.
        is_dim = axis == "z" and index == COMPLEMENT
        assert errors[0] < (0.7 if is_dim else 0.4)
        assert errors[1] > 3.0 * errors[0]
        assert is_dim or errors[2] > 1.3 * errors[0]


CROSSED: Mapping[int, Condition] = {
    12: Polarized(Tracking(), "crossed"),
    14: Polarized(AxisGradient("x"), "crossed"),
    16: Polarized(AxisGradient("x", complement=True), "crossed"),
}


@pytest.mark.slow
def test_polarized_gradients_are_followed_from_full_on_light_behind_the_same_polarizer() -> None:
    sweep = Sweep(seen=CROSSED)
    base = sweep.error(flow_at(12, sweep.flows(), REFERENCE).flow, 12)
    for index in (14, 16):
        found = run(sweep, index)
        between = flow_at(index, sweep.flows(), REFERENCE)
        errors = sweep.error(found.flow, index), sweep.error(between.flow, index)
        print(
            f"{role(CROSSED[index])}, frame {index}: error {errors[0]:.3f} px, interpolated "
            f"{errors[1]:.3f} px, to the full-on frame {base:.3f} px"
        )
        assert errors[0] < base + 0.3
        assert errors[0] < 0.6 * errors[1]


def test_without_full_on_light_behind_their_polarizer_they_take_the_interpolated_motion(
    caplog: pytest.LogCaptureFixture,
) -> None:
    alone = Sweep(seen=CROSSED)
    found = run(alone, 14, radiance=alone.radiance(12))
    assert_array_equal(found.flow, flow_at(14, alone.flows(), REFERENCE).flow)
    assert "no full-on frame behind the same one" in caplog.text
    flows = {index: alone.frames[index] for index in CROSSED}
    told = Frames(flows, lambda _: found)
    given = alone.flows(), motion_of()
    assert InterpolateMotion().run(alone.frames[14], *given, told).source == "gradients"
    for frame, known in ((14, told.only((14, 16))), (12, told)):
        assert InterpolateMotion().run(alone.frames[frame], *given, known).source == "tracking"


def test_second_order_patterns_take_the_interpolated_motion(sweep: Sweep) -> None:
    flow = np.full((SIZE, SIZE, 2), 7.0, np.float32)
    sure = np.ones((SIZE, SIZE), np.float32)
    shots = {index: sweep.frames[index] for index in (GRADIENT, COMPLEMENT)}
    told = Frames(shots, lambda _: TrackingFlow(flow, sure, (SIZE, SIZE)))
    for pattern in (SecondOrder("xx"), Polarized(SecondOrder("xy"), "parallel")):
        frame = Frame("A", 17, pattern, Path())
        found = InterpolateMotion().run(frame, sweep.flows(), motion_of(), told)
        assert found.source == "tracking"
        assert not any(is_under(pattern, kind) for kind in TrackGradients.conditions)
        assert any(is_under(pattern, kind) for kind in InterpolateMotion.conditions)


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
