"""A rig on a latitude-longitude map, as environment maps are."""

from __future__ import annotations

import cv2
import numpy as np
from scipy.spatial import KDTree

from olat.io.contact_sheet import DisplayPicture
from olat.io.rig_canvas import (
    ACCENT,
    FAINT,
    GAP,
    INK,
    PANEL,
    RULE,
    Box,
    Canvas,
    Labels,
    Point,
    around,
)
from olat.io.rig_marks import LightMarks
from olat.light.arrangements import angles_of
from olat.light.latlong import directions_of_pixels
from olat.model.shapes import Directions

_TITLE_PX = 22
_TICK_PX = 16
_OVER = 22
"""By which numbers may stand over the sides, where degrees begin a little later [px]."""
_SIDES = {180: "back", 90: "+x image right", 0: "+z camera", -90: "-x image left", -180: "back"}
_CELL = (54, 59, 70)
_POLE = np.deg2rad(89.5)
"""Elevation from which the azimuth means nothing [rad]."""
_CROSS = (17, 30)
"""Where the arms of the cross in the camera's direction begin and end [px]."""
_GRAIN = 2
"""Pixels of the canvas for one of the map of cells."""


def draw_map(
    canvas: Canvas, box: Box, directions: Directions, marks: LightMarks, *, reach: float
) -> None:
    """Draw the lights on the sphere, opened at the back and seen from the subject.

    Parameters
    ----------
    canvas
        What is drawn on.
    box
        The panel; the map inside is twice as wide as high.
    directions
        The lights.
    marks
        What each light looks like.
    reach
        Distance from any light at which a place is shaded as a gap [rad].
    """
    left, top, right, bottom = box
    canvas.box(box, PANEL)
    title = "map: all directions seen from the subject, as in an environment map"
    canvas.words(title, (left + 18, top + 16), size=_TITLE_PX)
    inner = (left + 84, top + 56, right - 24, bottom - 44)
    _paste(canvas, inner, _cells(inner, directions, reach))
    _draw_grid(canvas, inner)
    azimuth, elevation = angles_of(directions)
    azimuth[np.abs(elevation) > _POLE] = 0.0
    points = [_place(inner, a, e) for a, e in zip(azimuth, elevation, strict=True)]
    bounds = (inner[0] - _OVER, inner[1] - 8, inner[2] + _OVER, inner[3] + 8)
    labels = Labels(canvas, bounds, size=marks.label_px)
    for light, point in enumerate(points):
        marks.draw(canvas, light, point)
        labels.keep_free(around(point, marks.radii[light]))
    for light, point in enumerate(points):
        labels.add(str(light), point, marks.radii[light], INK)


def _place(inner: Box, azimuth: float, elevation: float) -> Point:
    """Return where a direction lies: +z in the middle, +x at a quarter of the width."""
    left, top, right, bottom = inner
    u, v = 0.5 - azimuth / (2.0 * np.pi), 0.5 - elevation / np.pi
    return left + u * (right - left), top + v * (bottom - top)


def _cells(inner: Box, directions: Directions, reach: float) -> DisplayPicture:
    """Return a map with the borders between nearest lights, and with gaps shaded."""
    width, height = round(inner[2] - inner[0]) // _GRAIN, round(inner[3] - inner[1]) // _GRAIN
    pixels = directions_of_pixels(height, width)
    chord, nearest = KDTree(directions).query(pixels.reshape(-1, 3))
    cells = nearest.reshape(height, width)
    is_gap = (2.0 * np.arcsin(np.minimum(chord / 2.0, 1.0)) > reach).reshape(height, width)
    border = np.zeros(cells.shape, dtype=bool)
    border[:, 1:] |= cells[:, 1:] != cells[:, :-1]
    border[1:] |= cells[1:] != cells[:-1]
    picture = np.full((height, width, 3), PANEL, np.uint8)
    picture[is_gap] = GAP
    picture[border] = _CELL
    return picture


def _paste(canvas: Canvas, inner: Box, picture: DisplayPicture) -> None:
    """Put a picture into a box, smoothly enlarged."""
    left, top, right, bottom = (round(edge) for edge in inner)
    size = (right - left, bottom - top)
    canvas.picture[top:bottom, left:right] = cv2.resize(
        picture, size, interpolation=cv2.INTER_LINEAR
    )


def _draw_grid(canvas: Canvas, inner: Box) -> None:
    """Draw lines of azimuth and elevation with their degrees, and the camera in the middle."""
    left, top, right, bottom = inner
    for azimuth in range(-180, 181, 30):
        x, _ = _place(inner, np.deg2rad(azimuth), 0.0)
        canvas.line([(x, top), (x, bottom)], RULE)
        words = f"{azimuth}\N{DEGREE SIGN}"
        if azimuth in _SIDES:
            words += f" {_SIDES[azimuth]}"
        anchor = 0.0 if azimuth == 180 else 1.0 if azimuth == -180 else 0.5
        canvas.words(words, (x, bottom + 12), size=_TICK_PX, color=FAINT, anchor=(anchor, 0.0))
    for elevation in range(-90, 91, 30):
        _, y = _place(inner, 0.0, np.deg2rad(elevation))
        canvas.line([(left, y), (right, y)], RULE)
        words = f"{elevation}\N{DEGREE SIGN}"
        canvas.words(words, (left - 24, y), size=_TICK_PX, color=FAINT, anchor=(1.0, 0.5))
    x, y = _place(inner, 0.0, 0.0)
    for right, down in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        arm = [(x + right * part, y + down * part) for part in _CROSS]
        canvas.line(arm, ACCENT, 2)
