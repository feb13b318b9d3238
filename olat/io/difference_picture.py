"""Two pictures beside what differs between them, with the scale of the difference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np

from olat.io.contact_sheet import DisplayPicture
from olat.io.plot_axes import round_step
from olat.io.rig_canvas import FAINT, INK, RULE, Canvas
from olat.model.shapes import Mask

_SIDE = 512
"""About the longer side of a panel: small pictures are enlarged by whole numbers [px]."""
_LARGEST = 768
_LEAST_WIDTH = 320
"""Of the room for words [px]."""
_GAP, _HEAD, _BAR, _FOOT = 24, 58, 14, 34
_TITLE, _LABEL = 18, 14
_LEFT_OUT = (70, 74, 84)
"""Color of pixels that do not count."""
_COLD, _HOT = (64, 156, 255), (255, 112, 67)
"""Below and above zero."""


@dataclass(frozen=True)
class PicturePanel:
    """A picture with a title."""

    title: str
    picture: DisplayPicture
    subtitle: str = ""


@dataclass(frozen=True)
class NumberPanel:
    """Numbers with a title and a scale."""

    title: str
    values: np.ndarray[Any, Any]
    """``h w``; what is not a number does not count."""
    kind: Literal["signed", "size", "level"] = "size"
    """About zero, from zero, or from the least to the most."""
    unit: str = ""
    ends: tuple[float, float] | None = None
    """Of the scale; by default what 99 % of the numbers lie within, made round."""
    subtitle: str = ""


def picture_of_difference(
    panels: Sequence[PicturePanel | NumberPanel], *, columns: int
) -> DisplayPicture:
    """Lay panels of one size out in rows; numbers stand above the colors that mean them.

    Notes
    -----
    What lies beyond the ends of a scale has the color of the end; the largest is told beside it.
    """
    height, width, factor = _size(panels[0])
    wide = max(width, _LEAST_WIDTH)
    rows = [panels[start : start + columns] for start in range(0, len(panels), columns)]
    feet = [_BAR + _FOOT if any(isinstance(p, NumberPanel) for p in row) else 0 for row in rows]
    canvas = Canvas(columns * (wide + _GAP) + _GAP, len(rows) * (_HEAD + height + _GAP) + sum(feet))
    top = _GAP // 2
    for row, foot in zip(rows, feet, strict=True):
        for column, panel in enumerate(row):
            left = _GAP + column * (wide + _GAP)
            _draw_words(canvas, panel, (left, top), wide)
            picture = panel.picture if isinstance(panel, PicturePanel) else _colored(panel)
            method = cv2.INTER_AREA if factor < 1.0 else cv2.INTER_NEAREST
            canvas.picture[top + _HEAD : top + _HEAD + height, left : left + width] = cv2.resize(
                picture, (width, height), interpolation=method
            )
            if isinstance(panel, NumberPanel):
                _draw_bar(canvas, panel, (left, top + _HEAD + height + 8), wide)
        top += _HEAD + height + foot + _GAP
    return canvas.picture


def left_out(picture: DisplayPicture, used: Mask) -> DisplayPicture:
    """Return a picture whose other pixels are darker, for they do not count."""
    return np.where(used[..., np.newaxis], picture, picture // 3).astype(np.uint8)


def _size(panel: PicturePanel | NumberPanel) -> tuple[int, int, float]:
    """Return height and width at which panels are drawn [px], and how much larger that is."""
    body = panel.picture if isinstance(panel, PicturePanel) else panel.values
    longer = max(body.shape[:2])
    # By whole numbers, so that every pixel is as large as its neighbor.
    factor = float(max(_SIDE // longer, 1)) if longer <= _LARGEST else _LARGEST / longer
    height, width = (max(round(side * factor), 1) for side in body.shape[:2])
    return height, width, factor


def _draw_words(
    canvas: Canvas, panel: PicturePanel | NumberPanel, place: tuple[int, int], width: int
) -> None:
    """Write title and subtitle of a panel above it."""
    subtitle = panel.subtitle
    if isinstance(panel, NumberPanel) and panel.kind != "level":
        known = np.abs(panel.values[np.isfinite(panel.values)])
        unit = f" {panel.unit}" if panel.unit else ""
        most = f"largest {known.max():.3g}{unit}" if known.size else "nothing counts"
        subtitle = f"{subtitle}; {most}" if subtitle else most
    left, top = place
    title = _fitting(canvas, panel.title, width)
    canvas.words(title, (left, top + 6.0), size=_TITLE, color=INK)
    canvas.words(subtitle, (left, top + 32.0), size=_LABEL, color=FAINT)


def _ends(panel: NumberPanel) -> tuple[float, float]:
    """Return the numbers at both ends of the scale."""
    if panel.ends is not None:
        return panel.ends
    known = panel.values[np.isfinite(panel.values)]
    if panel.kind == "level":
        low, high = np.percentile(known, [1.0, 99.0]) if known.size else (0.0, 1.0)
        return float(low), float(high) if high > low else float(low) + 1.0
    most = float(np.abs(known).max()) if known.size else 0.0
    reach = min(round_step(float(np.percentile(np.abs(known), 99.0))), most) if most else 1.0
    return (-reach if panel.kind == "signed" else 0.0), reach


def _colored(panel: NumberPanel) -> DisplayPicture:
    """Return numbers as colors."""
    low, high = _ends(panel)
    level = (np.nan_to_num(panel.values) - low) / (high - low)
    colors = _colors(np.clip(level, 0.0, 1.0), panel.kind)
    is_known = np.isfinite(panel.values)[..., np.newaxis]
    return np.asarray(np.where(is_known, colors, _LEFT_OUT), np.uint8)


def _colors(level: np.ndarray[Any, Any], kind: str) -> DisplayPicture:
    """Return the colors of levels from 0 to 1."""
    if kind != "signed":
        table = cv2.COLORMAP_INFERNO if kind == "size" else cv2.COLORMAP_VIRIDIS
        codes = np.rint(level * 255).astype(np.uint8)
        return np.asarray(cv2.applyColorMap(codes, table)[..., ::-1])
    about = 2.0 * level[..., np.newaxis] - 1.0
    # White in the middle would outshine what is far off: no difference is black.
    hue = np.where(about < 0.0, _COLD, _HOT)
    return np.asarray(np.rint(np.abs(about) * hue), np.uint8)


def _draw_bar(canvas: Canvas, panel: NumberPanel, place: tuple[int, int], width: int) -> None:
    """Draw the scale of a panel below it, and say how far its numbers go."""
    left, top = place
    low, high = _ends(panel)
    canvas.picture[top : top + _BAR, left : left + width] = _colors(
        np.linspace(0.0, 1.0, width)[np.newaxis], panel.kind
    )
    canvas.line([(left, top + _BAR), (left + width, top + _BAR)], RULE)
    unit = f" {panel.unit}" if panel.unit else ""
    marks = ((low, 0.0), ((low + high) / 2.0, 0.5), (high, 1.0))
    for value, share in marks:
        sign = "+" if panel.kind == "signed" and value > 0 else ""
        words, at = f"{sign}{value:.3g}{unit}", (left + share * width, top + _BAR + 6.0)
        canvas.words(words, at, size=_LABEL, color=FAINT, anchor=(share, 0.0))


def _fitting(canvas: Canvas, words: str, width: int) -> str:
    """Shorten words from their left until they fit."""
    shown = words
    while len(shown) > 8 and canvas.size_of(shown, _TITLE)[0] > width:
        shown = "..." + shown[4:] if shown.startswith("...") else "..." + shown[3:]
    return shown
