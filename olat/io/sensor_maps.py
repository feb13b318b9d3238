"""The maps of a sensor: flat field with contours, dark level with defects."""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Bool, Float32

from olat.io.contact_sheet import DisplayPicture
from olat.io.picture_frame import PictureFrame, fitted_words
from olat.io.plot_axes import round_step
from olat.io.rig_canvas import ACCENT, ALARM, GROUND, INK, Box, Canvas, Color, Point
from olat.model.shapes import Array, Plane
from olat.model.words import counted

Planes = Float32[Array, "h w plane"]

CONTOUR: Color = ACCENT
_LONGEST = 900
"""Longer side of a map: sites are averaged, so that colors and single sites do not show [px]."""
_TITLE, _LABEL = 20, 17
_CONTOURS = 6
"""At most, below the middle."""
_APART = 60.0
"""Between the numbers of two contours [px]."""
_LEAST_RANGE = 0.002
"""From black to white of a flat, so that rounding is not shown [1]."""
_SMOOTH = 0.015
"""Over which contours are drawn [share of the longer side]."""
_MANY = 2000
"""Defects from which on they are drawn as spots."""
_SHARES = (0.2, 99.8)
"""Of a flat below and above which all is black or white, such as dust [%]."""
_SPREADS = 4.0
"""Robust spreads of the dark level from black to white."""


def draw_flat(canvas: Canvas, box: Box, flat: Planes) -> None:
    """Draw the response to even light, and where it is how many percent of the middle."""
    shown = _averaged(flat)
    known = np.isfinite(shown)
    if not known.any():
        _framed(canvas, box, "Flat: no number anywhere", _gray(shown, 0.0, 1.0))
        return
    low, high = (float(end) for end in np.percentile(shown[known], _SHARES))
    title = (
        f"Flat: {_SHARES[1] - _SHARES[0]:.3g} % of the sites within {100 * low:.1f} to "
        f"{100 * high:.1f} % of the middle, black to white; least {100 * shown[known].min():.1f} %"
    )
    gray = _gray(shown, low, max(high, low + _LEAST_RANGE))
    frame = _framed(canvas, box, title, gray)
    shown = np.where(known, shown, np.float32(np.median(shown[known])))
    left, top, right, bottom = (round(edge) for edge in frame.box)
    large = cv2.resize(shown, (right - left, bottom - top), interpolation=cv2.INTER_LINEAR)
    # Contours of noise are no contours.
    sigma = _SMOOTH * max(large.shape)
    smooth = cv2.GaussianBlur(large, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    part = canvas.picture[top:bottom, left:right]
    contours = {level: _contour(smooth, level) for level in _levels(smooth)}
    for edge in contours.values():
        part[edge] = CONTOUR
    taken: list[Point] = []
    for level, edge in contours.items():
        x, y = _upper_right(edge)
        if all(abs(x - other) + abs(y - above) > _APART for other, above in taken):
            _write(canvas, (left + x, top + y), f"{100 * level:g} %")
            taken.append((x, y))


def draw_dark(canvas: Canvas, box: Box, dark: Planes, defects: Bool[Array, "h w plane"]) -> None:
    """Draw what is read without light, and every defect."""
    shown = _averaged(dark)
    known = shown[np.isfinite(shown)]
    middle = float(np.median(known)) if known.size else 0.0
    spread = max(1.4826 * float(np.median(np.abs(known - middle))), 1e-6) if known.size else 1.0
    low, high = middle - _SPREADS * spread, middle + _SPREADS * spread
    count = int(np.count_nonzero(defects.any(axis=2)))
    told = "no defects" if count == 0 else counted(count, "defect")
    title = f"Dark: {low:.1f} to {high:.1f} DN, black to white; {told}"
    frame = _framed(canvas, box, title, _gray(shown, low, high))
    scale = shown.shape[1] / defects.shape[1]
    rows, columns = np.nonzero(defects.any(axis=2))
    sites = (np.column_stack([columns, rows]) + 0.5) * scale - 0.5
    # Of so many that rings run together, one a pixel is enough.
    if count >= _MANY:
        sites = np.unique(np.rint(sites), axis=0)
    for place in frame.all_at(sites):
        canvas.disc(place, 4.0, ALARM, 1 if count < _MANY else cv2.FILLED)


def _averaged(planes: Planes) -> Plane:
    """Return the mean over planes, colors and neighbors, no larger than a map is."""
    mean = planes.mean(axis=2, dtype=np.float32)
    height, width = mean.shape
    # The four sites of a color filter together, at least.
    shrink = max(2.0, max(height, width) / _LONGEST) if planes.shape[2] == 1 else 1.0
    shrink = max(shrink, max(height, width) / _LONGEST)
    size = max(round(width / shrink), 1), max(round(height / shrink), 1)
    return np.asarray(cv2.resize(mean, size, interpolation=cv2.INTER_AREA), np.float32)


def _gray(shown: Plane, low: float, high: float) -> DisplayPicture:
    level = np.clip((np.nan_to_num(shown, nan=low) - low) / (high - low), 0.0, 1.0)
    gray = np.rint(30.0 + 190.0 * level).astype(np.uint8)
    return np.repeat(gray[..., np.newaxis], 3, axis=2)


def _framed(canvas: Canvas, box: Box, title: str, picture: DisplayPicture) -> PictureFrame:
    left, top, right, bottom = box
    fitted_words(canvas, title, (left, top + 8.0), size=_TITLE, width=right - left, color=INK)
    return PictureFrame(canvas, (left, top + 36.0, right, bottom), picture)


def _levels(smooth: Plane) -> list[float]:
    """Return round levels between the least and the most of a map."""
    low, high = float(smooth.min()), float(smooth.max())
    step = max(round_step((high - low) / _CONTOURS), 0.001)
    first = int(np.ceil(low / step + 1e-6))
    return [round(step * k, 6) for k in range(first, int(np.floor(high / step - 1e-6)) + 1)]


def _contour(smooth: Plane, level: float) -> Bool[Array, "h w"]:
    """Return the pixels at which a map passes a level."""
    above = (smooth >= level).astype(np.uint8)
    return np.asarray(cv2.morphologyEx(above, cv2.MORPH_GRADIENT, np.ones((2, 2), np.uint8)) > 0)


def _upper_right(edge: Bool[Array, "h w"]) -> Point:
    """Return where a contour comes nearest to the diagonal to the upper right."""
    rows, columns = np.nonzero(edge)
    height, width = edge.shape
    up, right = (height / 2.0 - rows) / height, (columns - width / 2.0) / width
    # Not in the very corner, where words would be cut.
    best = int(np.argmax(np.minimum(up, 0.42) + np.minimum(right, 0.42) - 2.0 * np.abs(up - right)))
    return float(columns[best]), float(rows[best])


def _write(canvas: Canvas, place: Point, words: str) -> None:
    """Write words on a ground of their own."""
    x, y = place
    half = canvas.size_of(words, _LABEL)[0] / 2.0 + 4.0
    canvas.box((x - half, y - 0.6 * _LABEL, x + half, y + 0.6 * _LABEL), GROUND)
    canvas.words(words, place, size=_LABEL, color=CONTOUR, anchor=(0.5, 0.5))
