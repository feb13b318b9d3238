"""What the operator is told of the motion over a sweep."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

from olat.io.frame_expression import format_frames
from olat.model.motion import SweepMotion
from olat.model.words import counted

if TYPE_CHECKING:
    from olat.motion.frequency import Rhythm

logger = logging.getLogger(__name__)

TOLERATED_PX = 0.25
"""Error of the interpolation from which on the interval is too long [px]."""
MUCH_OUTSIDE = 0.03
"""Share of the subject outside of a frame from which on it is told."""


def note_sweep(motion: SweepMotion, rhythm: Rhythm | None) -> None:
    """Warn of all that was found, by frame."""
    for words in (
        *_refused(motion),
        *_outside(motion),
        *_gaps(motion),
        *_sudden(motion),
        *_too_slow(rhythm),
        *_doubtful(motion),
    ):
        logger.warning("%s", words)


def unusable(motion: SweepMotion, camera: str, least: float) -> str:
    """Say why the work stops, and what to do."""
    told = "; ".join(
        f"{each.frame} ({each.refusal or f'{each.agreement:.0%} agree'})"
        for each in motion.frames
        if each.frame != motion.reference
    )
    return (
        f"measure_motion: camera {camera!r}: over the tracking frames {motion.share:.0%} of the "
        f"subject agrees with reference {motion.reference}; at least {least:.0%} is needed "
        f"(least_share). Frames: {told}. Take another reference (choose_reference.frame), skip "
        "frames that show something else under [[override]], or lower measure_motion.least_share "
        "to go on with what there is."
    )


def _refused(motion: SweepMotion) -> list[str]:
    by_reason: dict[str, list[int]] = {}
    for each in motion.frames:
        if each.refusal:
            by_reason.setdefault(each.refusal, []).append(each.frame)
    return [
        f"{_frames('Tracking frame', frames)} not used: {reason}. Motion there is interpolated "
        "from the tracking frames around."
        for reason, frames in by_reason.items()
    ]


def _outside(motion: SweepMotion) -> list[str]:
    gone = [each for each in motion.frames if each.is_used and each.outside > MUCH_OUTSIDE]
    if not gone:
        return []
    most = max(each.outside for each in gone)
    frames = format_frames(each.frame for each in gone)
    return [
        f"In tracking frame {frames} up to {most:.0%} of the subject lies outside of the picture: "
        "pixels there are flagged OUT_OF_FRAME in the frames around."
    ]


def _gaps(motion: SweepMotion) -> list[str]:
    """Name gaps in which a tracking frame is missing or not used."""
    from olat.motion.unsure import GAP

    return [
        f"From frame {each.first} to {each.last} no tracking frame is used, where they are "
        f"{motion.interval:g} frames apart elsewhere: interpolation may leave "
        f"{each.error_px:.2g} px there, and the confidence of frames {each.first + 1} to "
        f"{each.last - 1} is lower."
        for each in motion.unsure
        if each.last - each.first > GAP * motion.interval
    ]


def _sudden(motion: SweepMotion) -> list[str]:
    frames = [each.frame for each in motion.frames if each.is_sudden]
    if not frames:
        return []
    return [
        f"The subject twitched near tracking frame {format_frames(frames)}, much faster than it "
        "moves elsewhere: frames from the tracking frame before to the one after may be off, and "
        "their confidence is lower."
    ]


def _too_slow(rhythm: Rhythm | None) -> list[str]:
    from olat.motion.forecast import CURVE

    if rhythm is None or rhythm.residual_px is None or rhythm.residual_px <= TOLERATED_PX:
        return []
    period = f" with a period of {1.0 / rhythm.frequency:.0f} frames" if rhythm.frequency else ""
    most = "about" if rhythm.frequency else "up to"
    words = (
        f"The subject moves{period} too fast for tracking frames {rhythm.interval:g} frames apart: "
        f"the curve {CURVE!r} leaves {most} {rhythm.residual_px:.2g} px between them. "
    )
    every = rhythm.interval_for(TOLERATED_PX)
    if every is not None and every > 1:
        words += (
            f"One every {counted(every, 'frame')} throughout would leave {TOLERATED_PX:g} px or "
            "less. "
        )
    # Which pipeline runs is not known here, and what is noted stands for all that share this.
    return [words + "refine_motion, in the pipeline refined, seeks the rest in the sweep itself."]


def _doubtful(motion: SweepMotion) -> list[str]:
    spans: dict[tuple[int | None, int | None], list[float]] = {}
    for doubt in motion.doubts:
        spans.setdefault((doubt.first, doubt.last), []).append(doubt.share)
    return [_doubt(span, shares) for span, shares in spans.items()]


def _doubt(span: tuple[int | None, int | None], shares: list[float]) -> str:
    what = f"{counted(len(shares), 'part')} of the picture ({sum(shares):.1%} of the subject)"
    match span:
        case None, None:
            return (
                f"In most tracking frames {what} is not what the reference shows: look whether its "
                "eyes are open, and else take another one (choose_reference.frame)."
            )
        case None, last:
            when = f"From the beginning to frame {last}"
        case first, None:
            when = f"From frame {first} to the end"
        case first, last:
            when = f"In frames {first} to {last}"
    return (
        f"{when} {what} may not be what the reference shows: a blink or a hand. sweep_motion.json "
        "tells where."
    )


def _frames(noun: str, frames: Iterable[int]) -> str:
    numbers = list(frames)
    told = format_frames(numbers)
    return f"{noun} {told} is" if len(numbers) == 1 else f"{noun}s {told} are"
