"""What the tracking frames of a sweep tell together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from olat.model.motion import DoubtfulInterval, SweepMotion, TrackedFrame
from olat.model.shapes import Mask
from olat.motion.cells import small_mask
from olat.motion.departures import are_off, departures
from olat.motion.doubts import doubts
from olat.motion.followed import Followed, on_grid, within_frame
from olat.motion.frequency import Rhythm, rhythm_of
from olat.motion.unsure import unsure_intervals

WELL = 0.8
"""Agreement from which on the flow is believed, whatever its neighbors in time tell."""
OFF = "moved unlike the frames around it, and agrees badly"
PATCH = 8
"""What lies nearer to the edge than this is not followed well [solved px]."""


@dataclass(frozen=True)
class Sweep:
    """Flows of a sweep, summed up, by frame; those of the reference are told by `reference`."""

    reference: int
    found: Mapping[int, Followed]
    refused: Mapping[int, str]
    """Reasons, by frame."""
    subject: Mask
    shape: tuple[int, int]
    """Height and width of the full-size frame [px]."""


def sweep_motion(
    sweep: Sweep, reason: Callable[[int, str], str]
) -> tuple[SweepMotion, Rhythm | None]:
    """Judge a sweep as a whole.

    Parameters
    ----------
    sweep
        With those frames refused that show nothing of use each for itself.
    reason
        Says what is wrong with a frame, or else the words that it is given.

    Returns
    -------
    motion
        Frames whose motion is unlike that of the frames around are refused too, if they do not
        agree well with the reference; with the parts of the picture that are doubtful.
    rhythm
        Of the frames that are used; none if there are fewer than three.

    Notes
    -----
    Assumes that a flow which agrees with the reference nearly all over is right, however sudden:
    then it is the subject that twitched.
    """
    frames = {index: _tracked(index, sweep) for index in sorted([*sweep.found, sweep.reference])}
    _judge_in_time(frames, sweep, reason)
    used = [index for index, each in frames.items() if each.is_used]
    rhythm = None
    if len(used) > 2:
        steady = [index for index in used if not frames[index].is_sudden]
        if len(steady) > 2:
            rhythm = rhythm_of(*_over_time(sweep, steady), knots=used)
        for index, far in zip(used, departures(*_over_time(sweep, used)).tolist(), strict=True):
            if np.isfinite(far):
                frames[index] = replace(frames[index], departure_px=far)
    spacing = np.diff(list(frames))
    interval = float(np.median(spacing)) if spacing.size else 0.0
    motion = SweepMotion(
        sweep.reference,
        tuple(frames.values()),
        doubts=_doubtful(sweep, used),
        frequency=rhythm.frequency if rhythm else None,
        interval=interval,
        residual_px=rhythm.residual_px if rhythm else None,
        unsure=unsure_intervals(frames, interval=interval, model=rhythm.model if rhythm else None),
    )
    return motion, rhythm


def _judge_in_time(
    frames: dict[int, TrackedFrame], sweep: Sweep, reason: Callable[[int, str], str]
) -> None:
    """Refuse frames that are far off their neighbors in time, or say that they are sudden."""
    used = [index for index, each in frames.items() if each.is_used]
    if len(used) < 3:
        return
    off = are_off(*_over_time(sweep, used))
    for index in (index for index, is_off in zip(used, off, strict=True) if is_off):
        is_right = index == sweep.reference or frames[index].agreement >= WELL
        frames[index] = (
            replace(frames[index], is_sudden=True)
            if is_right
            else replace(frames[index], refusal=reason(index, OFF))
        )


def _tracked(index: int, sweep: Sweep) -> TrackedFrame:
    if index == sweep.reference:
        return TrackedFrame(index, 1.0, 0.0, 0.0)
    found = sweep.found[index]
    return TrackedFrame(
        index,
        found.agreement,
        found.median_px,
        found.largest_px,
        refusal=sweep.refused.get(index, ""),
        outside=found.outside,
    )


def _over_time(sweep: Sweep, used: list[int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return moments, motion and trust of the frames that are used; the reference is still."""
    any_cells = next(iter(sweep.found.values())).cells
    still = np.zeros_like(any_cells.motion), np.ones_like(any_cells.trust)
    pairs = [
        still
        if index == sweep.reference
        else (sweep.found[index].cells.motion, sweep.found[index].cells.trust)
        for index in used
    ]
    motions, trusts = (np.stack(parts) for parts in zip(*pairs, strict=True))
    return np.asarray(used, np.float64), motions, trusts


def _doubtful(sweep: Sweep, used: list[int]) -> tuple[DoubtfulInterval, ...]:
    """Find blinks and hands among the frames that are used."""
    others = [sweep.found[index] for index in used if index != sweep.reference]
    if not others:
        return ()
    shape, solved = others[0].trust.shape, others[0].solved
    scale = sweep.shape[1] / shape[1]
    largest = max(each.largest_px for each in others) / scale
    band = int(np.ceil(max(each.against_px for each in others) / scale))
    patch = PATCH * shape[1] / solved[1]
    subject = within_frame(
        small_mask(on_grid(sweep.subject, solved)), int(np.ceil(patch)) + int(np.ceil(largest))
    )
    certain = np.ones(shape, np.float32)
    trusts = np.stack(
        [certain if index == sweep.reference else sweep.found[index].trust for index in used]
    )
    count = max(int(subject.sum()), 1)
    found = []
    for doubt in doubts(trusts, subject, band=max(1, band)):
        top, left, bottom, right = (round(edge * scale) for edge in doubt.box)
        # Frames beyond the first and the last that is used take the motion of that one.
        first = used[doubt.first - 1] + 1 if doubt.first else None
        last = used[doubt.last + 1] - 1 if doubt.last + 1 < len(used) else None
        found.append(DoubtfulInterval(first, last, (top, left, bottom, right), doubt.cells / count))
    return tuple(found)
