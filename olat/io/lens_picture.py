"""A lens as a picture: where boards were seen, by how much they miss, and how it bends lines."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from olat.geometry.camera import distorted, to_pixels, to_slopes
from olat.io.contact_sheet import DisplayPicture
from olat.io.picture_frame import PictureFrame, headed, key_words
from olat.io.rig_canvas import (
    ACCENT,
    ALARM,
    FAINT,
    GROUND,
    INK,
    PANEL,
    RULE,
    Canvas,
    Color,
    Labels,
    around,
)
from olat.model.calibration import LensCalibration
from olat.model.evidence import BoardEvidence
from olat.model.shapes import Array
from olat.model.words import counted

CORNER: Color = (90, 200, 250)
_WIDTH = 1000
"""Of each of the two panels [px]."""
_HEAD, _FOOT, _GAP = 96, 48, 16
_LONG_PX = 24.0
"""How long the arrow of a usual miss is to be at most [px]."""
_BENT = 0.05
"""By how much of the width a line is to be bent at most."""
_LINES = 12
"""Squares of the grid along the longer side."""
_STEPS = 8
"""Points of a line from crossing to crossing."""
_LABEL = 16
_DOT = 2.8
"""Radius of a corner [px]."""
_TALLEST = 1500
"""Height of the panels, which are narrower where a photograph is taller [px]."""


def picture_of_lens(lens: LensCalibration) -> DisplayPicture:
    """Draw the corners that a lens was just measured from, and its distortion.

    Parameters
    ----------
    lens
        With the views as its evidence.
    """
    height = min(round(_WIDTH * lens.height / lens.width), _TALLEST)
    canvas = Canvas(2 * _WIDTH + 3 * _GAP, _HEAD + height + _GAP + _FOOT)
    magnified = _magnification(lens)
    bent = _bending(lens)
    corners, unnamed = _corners(lens, magnified)
    headed(canvas, "Corners of the board, and distortion of the lens", _told(lens, unnamed))
    for column, panel in enumerate((corners, _grid(lens, bent))):
        left = _GAP + column * (_WIDTH + _GAP)
        PictureFrame(canvas, (left, _HEAD, left + _WIDTH, _HEAD + height), panel)
    is_any_out = any(view.misses is None for view in lens.evidence)
    _draw_legend(canvas, magnified, bent, is_any_out=is_any_out)
    return canvas.picture


def _told(lens: LensCalibration, unnamed: int) -> str:
    """Say how well which views fit, and how many have no number."""
    rms = {view.frame: _rms(view.misses) for view in lens.evidence if view.misses is not None}
    parts = ["no view fits"]
    if rms:
        worst = max(rms, key=lambda frame: rms[frame])
        parts = [
            f"{counted(len(rms), 'view')}: off by {_rms_of_all(lens):.2g} px rms, "
            f"{rms[worst]:.2g} px in frame {worst}, the worst",
        ]
    if unnamed:
        parts.append(f"no room for the numbers of {counted(unnamed, 'view')}")
    if left_out := [str(view.frame) for view in lens.evidence if view.misses is None]:
        parts.append(f"left out: frame{'s' * (len(left_out) > 1)} {', '.join(left_out)}")
    if "coverage" in lens.residuals:
        parts.append(f"{lens.residuals['coverage']:.0%} of the frame covered")
    focal = f"focal length {lens.matrix[0, 0]:.1f} px"
    if "focal_sigma_px" in lens.residuals:
        focal += f" \N{PLUS-MINUS SIGN} {lens.residuals['focal_sigma_px']:.2g}"
    return "   \N{MIDDLE DOT}   ".join([*parts, focal])


def _rms(misses: Array) -> float:
    """Return how long misses are; 0 without any that is a number."""
    known = misses[np.isfinite(misses).all(axis=1)]
    return float(np.sqrt(np.mean(np.sum(known**2, axis=1)))) if len(known) else 0.0


def _rms_of_all(lens: LensCalibration) -> float:
    return _rms(_joined([v.misses for v in lens.evidence if v.misses is not None]))


def _joined(points: Sequence[Array]) -> Array:
    """Return places of all views, of which there may be none."""
    return np.concatenate([np.empty((0, 2)), *points])


def _corners(lens: LensCalibration, magnified: float) -> tuple[DisplayPicture, int]:
    """Draw all corners on the extent of the photographs, with arrows by how much they miss.

    Returns
    -------
    picture
        The panel.
    unnamed
        Views for whose number there is no room.
    """
    canvas, frame = _sensor(lens)
    for view in lens.evidence:
        canvas.line(frame.all_at(_hull(view.corners)), RULE)
    used = [view.corners for view in lens.evidence if view.misses is not None]
    canvas.line(frame.all_at(_hull(_joined(used))), FAINT, 2)
    # Views that count lie over those that do not.
    for view in sorted(lens.evidence, key=lambda view: view.misses is not None):
        _draw_view(canvas, frame, view, magnified)
    return canvas.picture, _number(canvas, frame, lens.evidence)


def _number(canvas: Canvas, frame: PictureFrame, views: Sequence[BoardEvidence]) -> int:
    """Write the frame of each view beside the outline of its board; return how many have no room.

    At the place farthest from the middle of all, where boards lie apart.
    """
    labels = Labels(canvas, frame.box, size=_LABEL, halo=GROUND)
    everywhere = _joined([view.corners for view in views])
    everywhere = everywhere[np.isfinite(everywhere).all(axis=1)]
    labels.keep_all_free([around(place, _DOT) for place in frame.all_at(everywhere)])
    unnamed = 0
    # What was left out is looked for first.
    for view in sorted(views, key=lambda view: view.misses is not None):
        outline = _hull(view.corners)
        away = np.linalg.norm(outline - everywhere.mean(axis=0), axis=1) if len(outline) else []
        places = frame.all_at(outline[np.argsort(away)[::-1]]) if len(outline) else []
        color = ALARM if view.misses is None else INK
        unnamed += not any(labels.add(str(view.frame), at, 2.0 * _DOT, color) for at in places)
    return unnamed


def _hull(points: Array) -> Array:
    """Return the corners of the convex shape around some places, the first one again at the end."""
    points = points[np.isfinite(points).all(axis=1)]
    if not len(points):
        return points
    hull = cv2.convexHull(points.astype(np.float32))[:, 0].astype(np.float64)
    return np.concatenate([hull, hull[:1]])


def _draw_view(canvas: Canvas, frame: PictureFrame, view: BoardEvidence, magnified: float) -> None:
    places = frame.all_at(view.corners)
    if view.misses is not None:
        for (x, y), (across, down) in zip(places, view.misses.tolist(), strict=True):
            stretch = magnified * frame.scale
            canvas.line([(x, y), (x + stretch * across, y + stretch * down)], ACCENT)
    for place in places:
        canvas.disc(place, _DOT, ALARM if view.misses is None else CORNER)


def _grid(lens: LensCalibration, bent: float) -> DisplayPicture:
    """Draw straight lines, and over them what the lens makes of them."""
    canvas, frame = _sensor(lens)
    for line in _straight_lines(lens):
        canvas.line(frame.all_at(line), RULE)
    for line in _straight_lines(lens):
        moved = line + bent * (_seen(line, lens) - line)
        known = moved[np.isfinite(moved).all(axis=1)]
        if len(known) > 1:
            canvas.line(frame.all_at(known), ACCENT, 2)
    middle = frame.at(*lens.matrix[:2, 2])
    for across, down in ((9.0, 0.0), (0.0, 9.0)):
        ends = [(middle[0] + side * across, middle[1] + side * down) for side in (-1.0, 1.0)]
        canvas.line(ends, CORNER, 2)
    return canvas.picture


def _sensor(lens: LensCalibration) -> tuple[Canvas, PictureFrame]:
    """Return an empty panel with the extent of the photographs."""
    scale = min(_WIDTH / lens.width, _TALLEST / lens.height)
    canvas = Canvas(max(round(scale * lens.width), 1), max(round(scale * lens.height), 1))
    height, width = canvas.picture.shape[:2]
    empty = np.full((1, 1, 3), PANEL, np.uint8)
    shape = lens.height, lens.width
    return canvas, PictureFrame(canvas, (0, 0, width, height), empty, shape=shape)


def _straight_lines(lens: LensCalibration) -> list[Array]:
    """Return the lines of a grid of squares that fills the frame."""
    side = max(lens.width, lens.height) / _LINES
    rows, columns = (max(round(length / side), 1) for length in (lens.height, lens.width))
    x = np.linspace(0.0, lens.width - 1.0, columns * _STEPS + 1)
    y = np.linspace(0.0, lens.height - 1.0, rows * _STEPS + 1)
    level = [np.column_stack([x, np.full(len(x), at)]) for at in y[::_STEPS]]
    return [*level, *(np.column_stack([np.full(len(y), at), y]) for at in x[::_STEPS])]


def _seen(points: Array, lens: LensCalibration) -> Array:
    """Return where the lens puts what a pinhole camera would see at some places."""
    return to_pixels(distorted(to_slopes(points, lens), lens.distortion), lens)


def _magnification(lens: LensCalibration) -> float:
    """Return by how much arrows are drawn longer than they are."""
    scale = min(_WIDTH / lens.width, _TALLEST / lens.height)
    usual = _rms_of_all(lens) * scale
    return _round_number(_LONG_PX / usual) if usual > 0.0 else 1.0


def _bending(lens: LensCalibration) -> float:
    """Return by how much lines are drawn more bent than they are."""
    lines = np.concatenate(_straight_lines(lens))
    moved = np.linalg.norm(_seen(lines, lens) - lines, axis=1)
    largest = float(np.nanmax(moved)) if np.isfinite(moved).any() else 0.0
    return _round_number(_BENT * lens.width / max(largest, 1e-3))


def _round_number(most: float) -> float:
    """Return the largest of 1, 2, 5, 10, 20, ... up to a number, and 1 at least."""
    power = 10.0 ** np.floor(np.log10(max(most, 1.0)))
    return float(max(step * power for step in (1, 2, 5) if step * power <= max(most, 1.0)))


def _draw_legend(canvas: Canvas, magnified: float, bent: float, *, is_any_out: bool) -> None:
    """Say what dots, arrows and lines mean, and how much larger they are drawn."""
    y, x = canvas.picture.shape[0] - _FOOT / 2.0, 2.0 * _GAP
    canvas.disc((x, y), 4.0, CORNER)
    x = key_words(canvas, "corner found; number: frame", (x, y))
    canvas.line([(x - 12.0, y), (x + 8.0, y)], ACCENT, 2)
    longer = "" if magnified == 1.0 else f", {magnified:g} times as long"
    x = key_words(canvas, f"off by{longer}", (x, y))
    if is_any_out:
        canvas.disc((x, y), 4.0, ALARM)
        x = key_words(canvas, "view left out", (x, y))
    canvas.line([(x - 8.0, y), (x + 8.0, y)], FAINT, 2)
    key_words(canvas, "covered", (x, y))
    x = 2.0 * _GAP + _WIDTH + _GAP
    canvas.line([(x - 8.0, y), (x + 8.0, y)], FAINT)
    x = key_words(canvas, "straight lines", (x, y))
    canvas.line([(x - 8.0, y), (x + 8.0, y)], ACCENT, 2)
    size = "as the lens bends them" if bent == 1.0 else f"{bent:g} times as bent as by the lens"
    x = key_words(canvas, size, (x, y))
    canvas.line([(x - 9.0, y), (x + 9.0, y)], CORNER, 2)
    canvas.line([(x, y - 9.0), (x, y + 9.0)], CORNER, 2)
    key_words(canvas, "principal point", (x, y))
