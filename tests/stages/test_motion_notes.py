"""What the operator is told of tracking frames that are too far apart, and of doubts."""

from __future__ import annotations

import numpy as np
import pytest

from olat.model.motion import DoubtfulInterval, SweepMotion, TrackedFrame
from olat.motion.frequency import Rhythm, rhythm_of
from olat.stages.motion_notes import note_sweep

STILL = SweepMotion(33, (TrackedFrame(33, 1.0, 0.0, 0.0),))


def swaying(every: int, count: int, *, period: float) -> Rhythm:
    """Return the rhythm of a sway by 2 px."""
    moments = every * np.arange(count, dtype=np.float64)
    moved = 2.0 * np.sin(2.0 * np.pi * moments / period)
    motions = np.stack([moved, 0.5 * moved], axis=-1)[:, np.newaxis]
    return rhythm_of(moments, motions, np.ones((count, 1)))


def told(
    caplog: pytest.LogCaptureFixture, rhythm: Rhythm | None, *doubts: DoubtfulInterval
) -> list[str]:
    note_sweep(SweepMotion(STILL.reference, STILL.frames, doubts), rhythm)
    return caplog.messages


def test_close_tracking_frames_are_not_spoken_of(caplog: pytest.LogCaptureFixture) -> None:
    assert told(caplog, swaying(11, 13, period=60.0)) == []


def test_the_error_and_the_interval_that_would_do_are_named(
    caplog: pytest.LogCaptureFixture,
) -> None:
    rhythm = swaying(16, 10, period=40.0)
    (note,) = told(caplog, rhythm)
    assert rhythm.residual_px is not None
    assert "moves with a period of 40 frames too fast for tracking frames 16 frames apart" in note
    assert f"the curve 'sway' leaves about {rhythm.residual_px:.2g} px between them." in note
    assert f"One every {rhythm.interval_for(0.25)} frames throughout would leave 0.25 px" in note


def test_without_a_period_the_error_is_told_as_a_limit(
    caplog: pytest.LogCaptureFixture,
) -> None:
    rhythm = swaying(11, 5, period=35.0)
    (note,) = told(caplog, rhythm)
    assert "The subject moves too fast" in note
    assert f"leaves up to {rhythm.residual_px:.2g} px between them." in note


def test_the_advice_is_right_whether_the_pipeline_refines_or_not(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The receipt of the same product serves both."""
    (note,) = told(caplog, swaying(16, 10, period=40.0))
    assert note.endswith(
        "refine_motion, in the pipeline refined, seeks the rest in the sweep itself."
    )
    assert "--pipeline" not in note
    assert "alignment" not in note, "refine_motion may have mended it"


@pytest.mark.parametrize(
    ("span", "words"),
    [
        ((11, 29), "In frames 11 to 29 1 part of the picture"),
        ((None, 9), "From the beginning to frame 9 1 part of the picture"),
        ((51, None), "From frame 51 to the end 1 part of the picture"),
        ((None, None), "In most tracking frames 1 part of the picture"),
    ],
)
def test_doubts_are_told_by_the_frames_that_they_may_touch(
    span: tuple[int | None, int | None], words: str, caplog: pytest.LogCaptureFixture
) -> None:
    (note,) = told(caplog, None, DoubtfulInterval(*span, (1, 2, 3, 4), 0.02))
    assert note.startswith(f"{words} (2.0% of the subject)")
