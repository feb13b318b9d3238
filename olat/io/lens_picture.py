"""A lens as a picture: where boards were seen, by how much they miss, and how it bends lines."""

from __future__ import annotations

import cv2
import numpy as np

from olat.geometry.camera import distorted, to_pixels, to_slopes
from olat.io.contact_sheet import DisplayPicture
from olat.io.picture_frame import PictureFrame, headed, key_words
from olat.io.rig_canvas import ACCENT, ALARM, FAINT, INK, PANEL, RULE, Canvas, Color, Labels
from olat.model.calibration import LensCalibration
from olat.model.evidence import BoardEvidence
from olat.model.shapes import Array

CORNER: Color = (90, 200, 250)
_WIDTH = 1000
"""Of each of the two panels [px]."""
_HEAD, _FOOT, _GAP = 96, 48, 16
_LONG_PX = 24.0
"""How long the arrow of a usual miss is to be at most [px]."""
_BENT = 0.05
"""By how much of the width a line is to be bent at most."""
_LINES = 12
"""Squares of the grid along the width."""
_STEPS = 8
"""Points of a line from crossing to crossing."""
_LABEL = 16


def picture_of_lens(lens: LensCalibration) -> DisplayPicture:
    """Draw the corners that a lens was just measured from, and its distortion.

    Parameters
    ----------
    lens
        With the views as its evidence.
    """
    height = round(_WIDTH * lens.height / lens.width)
    canvas = Canvas(2 * _WIDTH + 3 * _GAP, _HEAD + height + _GAP + _FOOT)
    headed(canvas, "Corners of the board, and distortion of the lens", _told(lens))
    magnified = _magnification(lens)
    bent = _bending(lens)
    for column, panel in enumerate((_corners(lens, magnified), _grid(lens, bent))):
        left = _GAP + column * (_WIDTH + _GAP)
        PictureFrame(canvas, (left, _HEAD, left + _WIDTH, _HEAD + height), panel)
    _draw_legend(canvas, magnified, bent)
    return canvas.picture


def _told(lens: LensCalibration) -> str:
    """Say how well which views fit."""
    rms = {view.frame: _rms(view.misses) for view in lens.evidence if view.misses is not None}
    worst = max(rms, key=lambda frame: rms[frame])
    parts = [
        f"{len(rms)} views: off by {_rms_of_all(lens):.2g} px rms, "
        f"{rms[worst]:.2g} px in frame {worst}, the worst",
    ]
    if left_out := [str(view.frame) for view in lens.evidence if view.misses is None]:
        parts.append(f"left out: frame{'s' * (len(left_out) > 1)} {', '.join(left_out)}")
    if "coverage" in lens.residuals:
        parts.append(f"{lens.residuals['coverage']:.0%} of the frame covered")
    focal = f"focal length {lens.matrix[0, 0]:.1f} px"
    if "focal_sigma_px" in lens.residuals:
        focal += f" \N{PLUS-MINUS SIGN} {lens.residuals['focal_sigma_px']:.2g}"
    return "   \N{MIDDLE DOT}   ".join([*parts, focal])


def _rms(misses: Array) -> float:
    return float(np.sqrt(np.mean(np.sum(misses**2, axis=1))))


def _rms_of_all(lens: LensCalibration) -> float:
    return _rms(np.concatenate([v.misses for v in lens.evidence if v.misses is not None]))


def _corners(lens: LensCalibration, magnified: float) -> DisplayPicture:
    """Draw all corners on the extent of the photographs, with arrows by how much they miss."""
    canvas, frame = _sensor(lens)
    labels = Labels(canvas, frame.box, size=_LABEL)
    for view in lens.evidence:
        canvas.line(frame.all_at(_hull(view.corners)), RULE)
    used = [view.corners for view in lens.evidence if view.misses is not None]
    canvas.line(frame.all_at(_hull(np.concatenate(used))), FAINT, 2)
    # Views that count lie over those that do not.
    for view in sorted(lens.evidence, key=lambda view: view.misses is not None):
        _draw_view(canvas, frame, view, magnified)
    for view in lens.evidence:
        color = ALARM if view.misses is None else INK
        labels.add(str(view.frame), frame.at(*view.corners.mean(axis=0)), 0.0, color)
    return canvas.picture


def _hull(points: Array) -> Array:
    """Return the corners of the convex shape around some places, the first one again at the end."""
    around = cv2.convexHull(points.astype(np.float32))[:, 0]
    return np.concatenate([around, around[:1]])


def _draw_view(canvas: Canvas, frame: PictureFrame, view: BoardEvidence, magnified: float) -> None:
    places = frame.all_at(view.corners)
    if view.misses is not None:
        for (x, y), (across, down) in zip(places, view.misses.tolist(), strict=True):
            stretch = magnified * frame.scale
            canvas.line([(x, y), (x + stretch * across, y + stretch * down)], ACCENT)
    for place in places:
        canvas.disc(place, 2.8, ALARM if view.misses is None else CORNER)


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
    canvas = Canvas(_WIDTH, round(_WIDTH * lens.height / lens.width))
    empty = np.full((lens.height, lens.width, 3), PANEL, np.uint8)
    height, width = canvas.picture.shape[:2]
    return canvas, PictureFrame(canvas, (0, 0, width, height), empty)


def _straight_lines(lens: LensCalibration) -> list[Array]:
    """Return the lines of a grid of squares that fills the frame."""
    side = lens.width / _LINES
    rows = max(round(lens.height / side), 1)
    x = np.linspace(0.0, lens.width - 1.0, _LINES * _STEPS + 1)
    y = np.linspace(0.0, lens.height - 1.0, rows * _STEPS + 1)
    level = [np.column_stack([x, np.full(len(x), at)]) for at in y[::_STEPS]]
    return [*level, *(np.column_stack([np.full(len(y), at), y]) for at in x[::_STEPS])]


def _seen(points: Array, lens: LensCalibration) -> Array:
    """Return where the lens puts what a pinhole camera would see at some places."""
    return to_pixels(distorted(to_slopes(points, lens), lens.distortion), lens)


def _magnification(lens: LensCalibration) -> float:
    """Return by how much arrows are drawn longer than they are."""
    return _round_number(_LONG_PX / max(_rms_of_all(lens) * _WIDTH / lens.width, 1e-9))


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


def _draw_legend(canvas: Canvas, magnified: float, bent: float) -> None:
    """Say what dots, arrows and lines mean, and how much larger they are drawn."""
    y, x = canvas.picture.shape[0] - _FOOT / 2.0, 2.0 * _GAP
    canvas.disc((x, y), 4.0, CORNER)
    x = key_words(canvas, "corner found; number: frame", (x, y))
    canvas.line([(x - 12.0, y), (x + 8.0, y)], ACCENT, 2)
    x = key_words(canvas, f"off by, {magnified:g} times as long", (x, y))
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
