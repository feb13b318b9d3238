"""A rig as a picture: three views, a map, and what its signs mean."""

from __future__ import annotations

import numpy as np

from olat.io.contact_sheet import DisplayPicture
from olat.io.rig_canvas import ACCENT, ALARM, BOLD, FAINT, GAP, Canvas
from olat.io.rig_map import draw_map
from olat.io.rig_marks import LightMarks, marks_of
from olat.io.rig_views import VIEWS, draw_view
from olat.light.rig_summary import RigSummary, summary_of
from olat.model.rig import LightRig
from olat.model.words import counted

WIDTH = 2400
"""Of the picture [px]."""
_MARGIN, _GAP = 40, 20
_HEAD, _VIEW, _LEGEND = 136, 780, 96
_MAP = (WIDTH - 2 * _MARGIN - 108) // 2 + 100
_LEGEND_PX = 19
_CAPITALS_PX = 31
"""Height of the title's capitals, on whose line its words stand [px]."""
_LABELS = (13, 20)
"""Smallest and largest size of the numbers [px]."""


def picture_of_rig(rig: LightRig, *, source: str = "") -> DisplayPicture:
    """Draw where the lights of a rig are and how bright.

    Parameters
    ----------
    rig
        Lights that are located.
    source
        Where they come from, in words, for the title.

    Raises
    ------
    ValueError
        If its lights are not located.
    """
    summary = summary_of(rig)
    warned = min(len(summary.warnings), 3) * 30
    head = _HEAD + warned
    canvas = Canvas(WIDTH, head + _VIEW + _GAP + _MAP + _LEGEND)
    _write_head(canvas, rig, summary, source)
    side = (WIDTH - 2 * _MARGIN - 2 * _GAP) / 3.0
    places = rig.directions
    if rig.positions is not None:
        places = rig.positions / np.linalg.norm(rig.positions, axis=1).max()
    spread = np.sqrt(len(rig))
    label = round(np.clip(_LABELS[0] + 25.0 / spread, *_LABELS))
    usual = float(np.clip(min(100.0 / spread, 1.4 * np.degrees(summary.spacing[1])), 4.5, 11.0))
    small = marks_of(rig, usual_px=usual, label_px=label)
    for index, view in enumerate(VIEWS):
        left = _MARGIN + index * (side + _GAP)
        draw_view(canvas, (left, head, left + side, head + _VIEW), view, places, small)
    large = marks_of(rig, usual_px=1.25 * usual, label_px=label + 2)
    top = head + _VIEW + _GAP
    box = (_MARGIN, top, WIDTH - _MARGIN, top + _MAP)
    draw_map(canvas, box, rig.directions, large, reach=summary.reach)
    _draw_legend(canvas, top + _MAP, rig, large, summary.reach)
    return canvas.picture


def _write_head(canvas: Canvas, rig: LightRig, summary: RigSummary, source: str) -> None:
    """Write the name of the rig, what it amounts to, and what is wrong with it."""
    lights = counted(summary.count, "light")
    end = canvas.words(rig.name, (_MARGIN, 34), size=44, weight=BOLD)[2]
    end = canvas.words(lights, (end + 24, 34), size=44, color=ACCENT, weight=BOLD)[2]
    canvas.words(source, (end + 24, 34 + _CAPITALS_PX), size=24, color=FAINT, anchor=(0.0, 1.0))
    parts = [
        summary.distance_words(),
        summary.spacing_words(),
        summary.coverage_words(),
        f"widest gap {summary.gap_words()}",
        f"intensity {summary.intensity_words()}",
    ]
    canvas.words("   \N{MIDDLE DOT}   ".join(parts), (_MARGIN, 92), size=24, color=FAINT)
    for index, warning in enumerate(summary.warnings[:3]):
        canvas.words(warning, (_MARGIN, 128 + 30 * index), size=22, color=ALARM)


def _draw_legend(
    canvas: Canvas, top: float, rig: LightRig, marks: LightMarks, reach: float
) -> None:
    """Say what sizes, colors, rings, crosses and shades mean."""
    y, x = top + _LEGEND / 2.0, float(_MARGIN + 8)
    level = rig.intensities.mean(axis=1)
    order = np.argsort(level, kind="stable").tolist()
    middle, brightest = order[len(order) // 2], order[-1]
    is_even = level.min() == level.max()
    for light in [middle] if is_even else [order[0], middle, brightest]:
        x = _legend(canvas, _sign(canvas, x, y, marks, light), y, f"{level[light]:.3g}") - 26
    x = _legend(canvas, x, y, "area: intensity, color: tint")
    x = _sign(canvas, x, y, marks, middle, is_behind=True)
    x = _legend(canvas, x, y, "ring: on the far side of the view")
    if any(marks.are_dark):
        x = _sign(canvas, x, y, marks, marks.are_dark.index(True))
        x = _legend(canvas, x, y, "cross: gives no light in some color")
    near = f"{np.degrees(reach):.0f}\N{DEGREE SIGN}"
    canvas.box((x, y - 10, x + 26, y + 10), GAP)
    x = _legend(canvas, x + 36, y, f"more than {near} from any light: dark when relit")
    _legend(canvas, x, y, "numbers count from 0, in the order of the rig")


def _sign(
    canvas: Canvas, x: float, y: float, marks: LightMarks, light: int, *, is_behind: bool = False
) -> float:
    """Draw a light as an example; return where its words begin."""
    radius = float(marks.radii[light])
    marks.draw(canvas, light, (x + radius, y), is_behind=is_behind)
    return x + 2.0 * radius + 10.0


def _legend(canvas: Canvas, x: float, y: float, words: str) -> float:
    """Write a part of the legend; return where the next one begins."""
    return canvas.words(words, (x, y), size=_LEGEND_PX, color=FAINT, anchor=(0, 0.5))[2] + 44
