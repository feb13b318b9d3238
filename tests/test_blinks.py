"""Closed eyes and hands are found in simulated sweeps, and nothing is where there is neither."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from olat.model.condition import Tracking
from olat.model.image import Frames, RadianceImage
from olat.model.motion import DoubtfulInterval, ReferenceFrame, SweepMotion, TrackingFlow
from olat.model.session import Camera, Frame
from olat.model.shapes import Radiance
from olat.sensor.develop import radiance_from_mosaic
from olat.stages.measure_motion import MeasureMotion
from olat.stages.track import Track
from olat.synthetic.capture import drive_of, view_of
from olat.synthetic.head import EYES
from olat.synthetic.render import radiance_under
from olat.synthetic.stage import SyntheticStage

pytestmark = pytest.mark.slow

DEMO = SyntheticStage(size=384, lights=60, near_lights=False, blink_at=90)
"""The demo, whose eyes stay open but for the frames that a test says."""
FRAMES = (2, 5, 16, 27, 38, 49, 60, 71)
CAMERA = Camera("A")


@cache
def faced(stage: SyntheticStage, frame: int, *, is_shut: bool) -> Radiance:
    """Return what the camera faces in a tracking frame."""
    pose = stage.pose(frame)
    pose = replace(pose, eyes_open=0.0 if is_shut else pose.eyes_open)
    return radiance_under(view_of(stage, pose), stage.rig, drive_of(stage, frame))


def taken(stage: SyntheticStage, frame: int, *, is_shut: bool, has_hand: bool) -> RadianceImage:
    """Photograph the head in a tracking frame, with the noise of the sensor."""
    seen = faced(stage, frame, is_shut=is_shut)
    if has_hand:
        y, x = np.mgrid[: stage.size, : stage.size] / stage.size
        hand = ((x - 0.62) / 0.14) ** 2 + ((y - 0.55) / 0.10) ** 2 < 1.0
        fingers = 0.5 + 0.5 * np.sign(np.sin(2.0 * np.pi * 16.0 * (x + 0.3 * y)))
        skin = np.array([0.9, 0.55, 0.42]) * (0.12 + 0.25 * fingers[..., np.newaxis])
        seen = np.where(hand[..., np.newaxis], skin, seen).astype(np.float32)
    mosaic = stage.sensor.expose(seen, np.random.default_rng([stage.seed, 9, frame]))
    radiance, flags = radiance_from_mosaic(mosaic, white_patch=stage.white_patch)
    return RadianceImage(radiance, flags)


def measured(
    stage: SyntheticStage = DEMO, *, shut: tuple[int, ...] = (), hand: tuple[int, ...] = ()
) -> SweepMotion:
    """Track the full-on frames of a sweep and measure them."""
    shots = {index: Frame("A", index, Tracking(), Path(f"{index}.dng")) for index in FRAMES}
    assert all(isinstance(stage.conditions[index], Tracking) for index in FRAMES)
    photographs = {
        index: taken(stage, index, is_shut=index in shut, has_hand=index in hand)
        for index in FRAMES
    }
    radiance = Frames(shots, lambda frame: photographs[frame.index])
    reference = ReferenceFrame(stage.reference, "middle")

    def flow(frame: Frame) -> TrackingFlow:
        return Track().run(radiance, frame, reference)

    flows = Frames(shots, flow)
    return MeasureMotion().run(flows, radiance, reference, None, CAMERA)


def places_of_eyes(stage: SyntheticStage) -> list[tuple[float, float]]:
    """Return column and row of both eyes in the reference [px]."""
    pose = stage.pose(stage.reference)
    ends = [np.array(eye.center)[:, None] + [[0.0], [0.0], [0.015]] for eye in EYES]
    return [tuple(stage.camera.project(pose.to_world(end))[:, 0].tolist()) for end in ends]


def holds(doubt: DoubtfulInterval, place: tuple[float, float]) -> bool:
    top, left, bottom, right = doubt.box
    return left <= place[0] < right and top <= place[1] < bottom


def test_a_blink_in_one_tracking_frame_is_found_in_both_eyes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    motion = measured(shut=(49,))
    print(f"\nblink at 49: {motion.doubts}")
    assert motion.used == FRAMES
    assert {(doubt.first, doubt.last) for doubt in motion.doubts} == {(39, 59)}
    for eye in places_of_eyes(DEMO):
        (doubt,) = (doubt for doubt in motion.doubts if holds(doubt, eye))
        top, left, bottom, right = doubt.box
        assert 10 <= bottom - top <= 40
        assert 15 <= right - left <= 50
    assert len(motion.doubts) == 2
    (note,) = caplog.messages
    assert note.startswith("In frames 39 to 59 2 parts of the picture (")
    assert "a blink or a hand" in note


def test_eyes_that_stay_shut_over_two_tracking_frames_are_one_interval() -> None:
    motion = measured(shut=(49, 60))
    print(f"\nblink at 49 and 60: {motion.doubts}")
    for eye in places_of_eyes(DEMO):
        spans = [(doubt.first, doubt.last) for doubt in motion.doubts if holds(doubt, eye)]
        assert spans == [(39, 70)]


def test_a_reference_with_shut_eyes_is_told(caplog: pytest.LogCaptureFixture) -> None:
    motion = measured(shut=(38,))
    print(f"\nreference shut: {motion.doubts}")
    for eye in places_of_eyes(DEMO):
        assert any(holds(doubt, eye) for doubt in motion.doubts)
    assert {(doubt.first, doubt.last) for doubt in motion.doubts} == {(None, None)}
    (note,) = caplog.messages
    assert "look whether its eyes are open" in note


def test_a_hand_before_the_face_is_found() -> None:
    motion = measured(hand=(27,))
    print(f"\nhand at 27: {motion.doubts}")
    assert motion.used == FRAMES
    center = (0.62 * DEMO.size, 0.55 * DEMO.size)
    largest = max(motion.doubts, key=lambda doubt: doubt.share)
    assert (largest.first, largest.last) == (17, 37)
    assert holds(largest, center)
    assert largest.share > 0.02


@pytest.mark.parametrize(
    "changes",
    [{}, {"sway_px": 4.0}, {"size": 256, "seed": 1}, {"size": 256, "white_patch": 0.2}],
    ids=lambda changes: ", ".join(f"{name} {value}" for name, value in changes.items()) or "demo",
)
def test_nothing_is_told_of_a_clean_sweep(
    caplog: pytest.LogCaptureFixture, changes: dict[str, float]
) -> None:
    stage = SyntheticStage.model_validate(DEMO.model_dump() | changes)
    motion = measured(stage)
    assert motion.used == FRAMES
    assert motion.doubts == ()
    assert caplog.messages == []
