"""A color chart as a picture: each patch as measured beside what it should be."""

from __future__ import annotations

import numpy as np

from olat.io.contact_sheet import DisplayPicture
from olat.io.picture_frame import PictureFrame, fitted_words, headed, key_words
from olat.io.rig_canvas import ALARM, Canvas, Color, Point
from olat.model.evidence import ChartEvidence
from olat.sensor.color_matrix import LUMINANCE
from olat.sensor.encoding import display_from_linear

COLUMNS, ROWS = 6, 4
FOUND: Color = (90, 200, 250)
_CELL = 190
"""Side of the cell of a patch [px]."""
_SIDE = 860
"""Width of the photograph [px]."""
_HEAD, _FOOT, _GAP = 96, 48, 16
_INNER = 0.31
"""Half the side of the two fields in a cell [share of the cell]."""
_FRAME = 5.0
"""From the border of a cell to the frame of the worst patch [px]."""
_BRIGHT = 0.25
"""Luminance from which on words are written in black [1]."""
BLACK: Color = (0, 0, 0)
WHITE: Color = (255, 255, 255)


def picture_of_chart(chart: ChartEvidence) -> DisplayPicture:
    """Draw a chart: straightened with its differences, and where it was found."""
    width, height = COLUMNS * _CELL, ROWS * _CELL
    canvas = Canvas(width + _SIDE + 3 * _GAP, _HEAD + height + _GAP + _FOOT)
    worst = int(np.argmax(chart.delta_e))
    headed(canvas, "Color chart after the matrix", _told(chart, worst))
    box = (_GAP, _HEAD, _GAP + width, _HEAD + height)
    frame = PictureFrame(canvas, box, display_from_linear(chart.straight))
    for patch in range(len(chart.names)):
        row, column = divmod(patch, COLUMNS)
        corner = frame.box[0] + column * _CELL, frame.box[1] + row * _CELL
        _draw_patch(canvas, chart, patch, corner, is_worst=patch == worst)
    left = box[2] + _GAP
    photo = PictureFrame(
        canvas, (left, _HEAD, left + _SIDE, _HEAD + height), display_from_linear(chart.frame)
    )
    for outline in chart.patches:
        canvas.line(photo.all_at(outline[[0, 1, 2, 3, 0]]), FOUND, 1)
    _draw_legend(canvas)
    return canvas.picture


def _told(chart: ChartEvidence, worst: int) -> str:
    return (
        f"CIEDE2000: {chart.delta_e.mean():.2f} on average, {chart.delta_e[worst]:.2f} at worst "
        f"({chart.names[worst]})"
    )


def _draw_patch(
    canvas: Canvas, chart: ChartEvidence, patch: int, corner: Point, *, is_worst: bool
) -> None:
    """Draw what was measured, left, and what it should be, right, over the photographed patch."""
    x, y = corner[0] + _CELL / 2.0, corner[1] + _CELL / 2.0
    half = _INNER * _CELL
    measured, reference = display_from_linear(
        np.array([[chart.measured[patch], chart.reference[patch]]], np.float32)
    )[0].tolist()
    canvas.box((x - half, y - half, x, y + half), tuple(measured))
    canvas.box((x, y - half, x + half, y + half), tuple(reference))
    if is_worst:
        _draw_square(canvas, (x, y), _CELL / 2.0 - _FRAME, ALARM, 4)
    luminance = float(chart.reference[patch] @ LUMINANCE)
    ink = BLACK if luminance > _BRIGHT else WHITE
    number = f"{chart.delta_e[patch]:.1f}"
    canvas.words(number, (x, y + 0.55 * half), size=30, color=ink, weight=640, anchor=(0.5, 0.5))
    fitted_words(
        canvas,
        chart.names[patch],
        (x, y - 0.78 * half),
        size=17,
        width=1.9 * half,
        color=ink,
        anchor=(0.5, 0.5),
    )


def _draw_legend(canvas: Canvas) -> None:
    """Say what fields and outlines mean."""
    y, x = canvas.picture.shape[0] - _FOOT / 2.0, 2.0 * _GAP
    canvas.box((x - 9, y - 9, x, y + 9), (150, 150, 150))
    canvas.box((x, y - 9, x + 9, y + 9), (105, 105, 105))
    x = key_words(canvas, "left half: measured, right half: as it should be", (x, y))
    _draw_square(canvas, (x, y), 9.0, ALARM, 3)
    x = key_words(canvas, "the worst", (x, y))
    _draw_square(canvas, (x, y), 9.0, FOUND, 1)
    key_words(canvas, "what was read of each patch; around it the photograph itself", (x, y))


def _draw_square(canvas: Canvas, middle: Point, half: float, color: Color, width: int) -> None:
    x, y = middle
    left, top, right, bottom = x - half, y - half, x + half, y + half
    corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
    canvas.line(corners, color, width)
