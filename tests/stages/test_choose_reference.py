"""The reference is the middle tracking frame, another sound one, or the one that is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from olat.errors import SessionError, SolveError
from olat.model.condition import Tracking
from olat.model.image import Frames, RadianceImage
from olat.model.session import Camera, Frame
from olat.stages.choose_reference import ChooseReference, outward
from tests.support.texture import Texture, pixel_centers

CAMERA = Camera("A")
FRAMES = (3, 10, 20, 30, 41)


def full_on(spoiled: dict[int, float] | None = None) -> Frames[RadianceImage]:
    """Return textured frames; of some another gain, or, where it is negative, that much blur."""
    texture = Texture.random(np.random.default_rng(4)).at(pixel_centers(96, 128))
    shots = {index: Frame("A", index, Tracking(), Path(f"{index}.exr")) for index in FRAMES}

    def load(frame: Frame) -> RadianceImage:
        gain = (spoiled or {}).get(frame.index, 1.0)
        noise = 0.002 * np.random.default_rng(frame.index).standard_normal(texture.shape)
        seen = texture * gain if gain >= 0.0 else cv2.GaussianBlur(texture, (0, 0), -gain)
        return RadianceImage(np.asarray(seen + noise, np.float32), np.zeros((96, 128), np.uint8))

    return Frames(shots, load)


def test_frames_are_looked_at_from_the_middle_outward() -> None:
    assert list(outward(FRAMES)) == [20, 10, 30, 3, 41]
    assert list(outward((1, 2, 3, 4))) == [3, 2, 4, 1]
    assert list(outward((7,))) == [7]
    assert not list(outward(()))


def test_the_middle_is_taken_without_a_word(caplog: pytest.LogCaptureFixture) -> None:
    found = ChooseReference().run(full_on(), CAMERA)
    assert (found.frame, found.reason) == (20, "middle")
    assert [look.frame for look in found.looks] == [10, 20, 30]
    assert caplog.messages == []


@pytest.mark.parametrize(("gain", "words"), [(0.0, "black"), (-2.0, "much blurrier than others")])
def test_a_bad_middle_frame_is_passed_over_and_named(
    caplog: pytest.LogCaptureFixture, gain: float, words: str
) -> None:
    found = ChooseReference().run(full_on({20: gain}), CAMERA)
    assert (found.frame, found.reason) == (10, f"frame 20 is {words}")
    assert caplog.messages == [
        f"Tracking frame 20 is {words}: it is not the reference; frame 10 is."
    ]


def test_the_sharpest_is_taken_wherever_it_is() -> None:
    blurred = dict.fromkeys((3, 10, 20, 30), -1.0)
    found = ChooseReference(choice="sharpest").run(full_on(blurred), CAMERA)
    assert (found.frame, found.reason) == (41, "sharpest")
    assert len(found.looks) == len(FRAMES)


def test_the_user_may_name_a_frame_by_parameter_or_in_the_session(
    caplog: pytest.LogCaptureFixture,
) -> None:
    told = Camera("A", reference=30)
    assert ChooseReference().run(full_on(), told).frame == 30
    found = ChooseReference(frame=3).run(full_on(), told)
    assert (found.frame, found.reason) == (3, "told")
    assert caplog.messages == []
    assert ChooseReference(frame=3).run(full_on({3: 0.0}), told).frame == 3
    assert caplog.messages == ["Tracking frame 3 is black, but it is the reference, as was told."]


def test_a_frame_that_is_no_tracking_frame_is_refused() -> None:
    words = r"frame 11 is not a tracking frame of camera 'A'; 5 tracking frames: 3,10-30x10,41\."
    with pytest.raises(SessionError, match=words):
        ChooseReference(frame=11).run(full_on(), CAMERA)


def test_frames_that_are_all_saturated_are_used_with_a_word(
    caplog: pytest.LogCaptureFixture,
) -> None:
    frames = full_on()
    full = Frames(
        frames.shots,
        lambda frame: replace(frames[frame.index], flags=np.full((96, 128), 1, np.uint8)),
    )
    assert ChooseReference().run(full, CAMERA).frame == 20
    assert caplog.messages == [
        "Tracking frame 20, the reference, is saturated, and no other shows more: expose tracking "
        "frames for the skin."
    ]


def test_frames_that_show_nothing_end_the_work() -> None:
    with pytest.raises(SolveError, match=r"camera 'A': no tracking frame shows the subject: 3 is"):
        ChooseReference().run(full_on(dict.fromkeys(FRAMES, 0.0)), CAMERA)
