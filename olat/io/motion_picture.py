"""Motion over a sweep as a picture: how far, how surely, and what is doubtful when."""

from __future__ import annotations

import math
from dataclasses import dataclass

from olat.io.contact_sheet import DisplayPicture
from olat.io.frame_expression import format_frames
from olat.io.picture_frame import fitted_words, headed, key_words
from olat.io.plot_axes import Axes, Scale
from olat.io.rig_canvas import ACCENT, ALARM, FAINT, INK, PANEL, Box, Canvas, Color, Point
from olat.model.motion import SweepMotion
from olat.model.words import counted

WIDTH = 1800
"""Of the picture [px]."""
MOVED: Color = (110, 190, 255)
"""Of motion and agreement."""
DOUBT: Color = (214, 140, 255)
"""Of doubtful intervals."""
_HEAD, _FOOT, _GAP = 96, 48, 16
_MOTION, _AGREEMENT, _ROW = 460, 300, 52
_LEFT, _RIGHT = 76.0, 20.0
"""Room that axes leave at their sides: marks below them stand under their frames [px]."""
_MOST_ROWS = 8
"""Of refused and doubtful frames; there may be more of them than can be told."""
_WORDS = 17
_LEAST_PX = 0.5
"""Top of the axis of motion at least [px]."""


@dataclass(frozen=True)
class _Row:
    """What is told below the plots: frames with a cross, or an interval, and words."""

    words: str
    crosses: tuple[int, ...] = ()
    bar: tuple[float, float] | None = None
    """Infinite where it goes on beyond the tracking frames."""


def picture_of_sweep_motion(motion: SweepMotion) -> DisplayPicture:
    """Draw what the tracking frames tell of a sweep.

    Parameters
    ----------
    motion
        With one tracking frame at least.

    Raises
    ------
    ValueError
        If there is no tracking frame.
    """
    if not motion.frames:
        raise ValueError("there is no tracking frame; there is nothing to draw")
    rows = _rows(motion)
    height = _HEAD + _MOTION + _AGREEMENT + _ROW * len(rows) + (_GAP if rows else 0) + _FOOT
    canvas = Canvas(WIDTH, height)
    headed(canvas, "Motion over the sweep", _told(motion))
    first, last = motion.frames[0].frame, motion.frames[-1].frame
    margin = max(1.0, 0.02 * (last - first))
    when = Scale(first - margin, last + margin, "frame")
    _draw_motion(canvas, motion, when)
    _draw_agreement(canvas, motion, when)
    top = float(_HEAD + _MOTION + _AGREEMENT)
    for place, row in enumerate(rows):
        _draw_row(canvas, row, when, top + _ROW * place)
    _draw_legend(canvas, motion)
    return canvas.picture


def _told(motion: SweepMotion) -> str:
    """Say what the sweep amounts to."""
    used = [each for each in motion.frames if each.is_used]
    parts = [f"{counted(len(motion.frames), 'tracking frame')}, {len(used)} used"]
    parts.append(f"moves up to {max((each.largest_px for each in used), default=0.0):.3g} px")
    if motion.frequency:
        period = f"period {1.0 / motion.frequency:.0f} frames"
        parts.append(f"{period}, if it is no alias of faster motion")
    if motion.residual_px is not None:
        most = "about" if motion.frequency else "up to"
        left = f"of which 'sway' leaves {most} {motion.residual_px:.2g} px in between"
        parts.append(f"tracked every {motion.interval:g} frames, {left}")
    return "   \N{MIDDLE DOT}   ".join(parts)


def _rows(motion: SweepMotion) -> list[_Row]:
    """Return what is told below the plots, and that there is more if there is."""
    by_reason: dict[str, list[int]] = {}
    for each in motion.frames:
        if each.refusal:
            by_reason.setdefault(each.refusal, []).append(each.frame)
    rows = [
        _Row(f"{format_frames(frames)} not used: {reason}", tuple(frames))
        for reason, frames in by_reason.items()
    ]
    for doubt in motion.doubts:
        top, left, bottom, right = doubt.box
        start = "start" if doubt.first is None else doubt.first
        end = "end" if doubt.last is None else doubt.last
        words = (
            f"{start}-{end} doubtful: {doubt.share:.1%} of the subject, columns {left}"
            f" to {right - 1}, rows {top} to {bottom - 1}"
        )
        first = -math.inf if doubt.first is None else doubt.first
        rows.append(_Row(words, bar=(first, math.inf if doubt.last is None else doubt.last)))
    if len(rows) > _MOST_ROWS:
        rest = len(rows) - _MOST_ROWS + 1
        rows = [*rows[: _MOST_ROWS - 1], _Row(f"and {rest} more in sweep_motion.json")]
    return rows


def _draw_motion(canvas: Canvas, motion: SweepMotion, when: Scale) -> None:
    used = [each for each in motion.frames if each.is_used]
    most = max((each.largest_px for each in used), default=0.0)
    axes = Axes(
        canvas,
        (0, _HEAD, WIDTH, _HEAD + _MOTION),
        "Motion from the reference [px]",
        x=when,
        y=Scale(0.0, max(1.15 * most, _LEAST_PX), ""),
    )
    _draw_reference(canvas, axes, motion)
    for each in motion.frames:
        if not each.is_used:
            _cross(canvas, axes.at(each.frame, 0.0))
            continue
        middle = axes.at(each.frame, each.median_px)
        canvas.line([middle, axes.at(each.frame, each.largest_px)], MOVED, 2)
        canvas.disc(middle, 5.0, MOVED)
        if each.is_sudden:
            canvas.disc(middle, 11.0, ACCENT, 2)


def _draw_agreement(canvas: Canvas, motion: SweepMotion, when: Scale) -> None:
    top = _HEAD + _MOTION
    axes = Axes(
        canvas,
        (0, top, WIDTH, top + _AGREEMENT),
        "Share of the subject that agrees",
        x=when,
        y=Scale(0.0, 1.05, ""),
    )
    _draw_reference(canvas, axes, motion)
    places = [axes.at(each.frame, each.agreement) for each in motion.frames]
    canvas.line(places, FAINT)
    for each, place in zip(motion.frames, places, strict=True):
        if each.is_used:
            canvas.disc(place, 5.0, MOVED)
        else:
            _cross(canvas, place)


def _draw_reference(canvas: Canvas, axes: Axes, motion: SweepMotion) -> None:
    _, top, _, bottom = axes.box
    x = axes.at(motion.reference, 0.0)[0]
    canvas.line([(x, top), (x, bottom)], ACCENT, 2)


def _draw_row(canvas: Canvas, row: _Row, when: Scale, top: float) -> None:
    """Draw crosses or a bar under their frames, and the words above them."""
    box: Box = (_LEFT, top, WIDTH - _RIGHT, top + _ROW - 4.0)
    canvas.box(box, PANEL)
    room = box[2] - box[0]

    def at(frame: float) -> float:
        return box[0] + min(max(when.share(frame), 0.0), 1.0) * room

    y = top + _ROW - 16.0
    ends = row.bar or (row.crosses[:1] * 2 if row.crosses else None)
    start = box[0] + 8.0 if ends is None else at(ends[0])
    for frame in row.crosses:
        _cross(canvas, (at(frame), y))
    if row.bar is not None:
        canvas.box((at(row.bar[0]), y - 5.0, max(at(row.bar[1]), start + 3.0), y + 5.0), DOUBT)
    width = min(canvas.size_of(row.words, _WORDS)[0], room - 16.0)
    left = min(max(start - 6.0, box[0] + 8.0), box[2] - 8.0 - width)
    fitted_words(canvas, row.words, (left, top + 7.0), size=_WORDS, width=room - 16.0, color=INK)


def _cross(canvas: Canvas, center: Point, color: Color = ALARM) -> None:
    x, y = center
    for sign in (-1.0, 1.0):
        canvas.line([(x - 6.0, y - 6.0 * sign), (x + 6.0, y + 6.0 * sign)], color, 2)


def _draw_legend(canvas: Canvas, motion: SweepMotion) -> None:
    """Say what signs mean."""
    y, x = canvas.picture.shape[0] - _FOOT / 2.0, 2.0 * _GAP
    canvas.line([(x, y - 11.0), (x, y + 9.0)], MOVED, 2)
    canvas.disc((x, y + 4.0), 5.0, MOVED)
    x = key_words(canvas, "median, and what 99 % of the subject moves less than", (x, y))
    canvas.line([(x, y - 10.0), (x, y + 10.0)], ACCENT, 2)
    x = key_words(canvas, f"reference, frame {motion.reference}", (x, y))
    _cross(canvas, (x, y))
    x = key_words(canvas, "not used", (x, y))
    canvas.disc((x, y), 10.0, ACCENT, 2)
    x = key_words(canvas, "sudden", (x, y))
    canvas.box((x - 10.0, y - 5.0, x + 10.0, y + 5.0), DOUBT)
    key_words(canvas, "a part may not be what the reference shows", (x, y))
