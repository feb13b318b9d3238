"""A color chart with 24 patches, and a chessboard, as cards."""

from __future__ import annotations

import numpy as np

from olat.sensor.chart_reference import REFERENCES
from olat.synthetic.card import Card, Places, Reflectances
from olat.synthetic.scene import Pose

COLUMNS, ROWS = 6, 4
"""Patches."""
PATCH, GAP, BORDER = 0.039, 0.007, 0.020
"""Width of a patch, of the black between patches and of that around them [m]."""
BLACK = 0.015
"""Reflectance of the black between patches."""
CHART_POSE = Pose(angles=(-0.09, 0.12, 0.026), shift=(0.001, -0.002, 0.0))
"""Not quite facing the camera, turned by 1.5 degree."""

CORNERS = (9, 6)
"""Inner corners of the chessboard: columns, rows."""
SQUARE = 0.022
"""Width of its squares [m]."""
BOARD_WHITE, BOARD_BLACK = 0.85, 0.04
"""Reflectance of its squares."""
BOARD_POSES = (
    Pose((0.02, -0.03, 0.02), (0.0, 0.0, 0.0)),
    Pose((0.52, 0.05, 0.05), (0.02, 0.04, 0.0)),
    Pose((-0.50, 0.10, -0.06), (-0.02, -0.05, 0.02)),
    Pose((0.08, 0.60, 0.10), (-0.04, 0.03, 0.0)),
    Pose((-0.06, -0.58, -0.08), (0.04, -0.03, 0.0)),
    Pose((0.38, 0.40, 0.20), (0.04, 0.06, -0.04)),
    Pose((-0.40, 0.42, -0.18), (-0.05, 0.05, -0.03)),
    Pose((0.42, -0.38, -0.22), (-0.04, -0.06, -0.03)),
    Pose((-0.36, -0.44, 0.15), (0.05, -0.05, -0.05)),
    Pose((0.10, 0.12, 1.50), (-0.06, 0.01, 0.0)),
    Pose((-0.15, 0.10, -1.48), (0.065, -0.01, 0.03)),
    Pose((0.30, -0.20, 0.75), (0.0, 0.0, -0.08)),
    Pose((-0.25, -0.30, -0.72), (0.01, 0.01, -0.06)),
    Pose((0.60, -0.25, 0.30), (0.02, -0.02, 0.12)),
    Pose((-0.20, 0.65, 0.10), (-0.03, -0.02, 0.10)),
)
"""Where the chessboard is held, view by view."""


def chart() -> Card:
    """Make a ColorChecker as sold today, dark skin at the top left, white below."""
    colors = np.vstack([REFERENCES[0].rgb, np.full((1, 3), BLACK), np.zeros((1, 3))])
    step, half = PATCH + GAP, _half_size()

    def paint(places: Places) -> Reflectances:
        right, down = places[0] + half[0], half[1] - places[1]
        column, row = np.floor(right / step), np.floor(down / step)
        is_patch = (right - column * step < PATCH) & (down - row * step < PATCH)
        is_patch &= (column >= 0) & (column < COLUMNS) & (row >= 0) & (row < ROWS)
        beyond = np.maximum(np.abs(places[0]) - half[0], np.abs(places[1]) - half[1])
        patch = np.where(is_patch, row * COLUMNS + column, np.where(beyond < BORDER, 24, 25))
        painted: Reflectances = colors.T.astype(np.float32)[:, patch.astype(int)]
        return painted

    return Card(CHART_POSE, paint)


def patch_middles() -> Places:
    """Return where the middles of the patches are on the chart, row by row [m]."""
    rows, columns = np.divmod(np.arange(ROWS * COLUMNS), COLUMNS)
    half = _half_size()
    at = (PATCH + GAP) * np.stack([columns, -rows]) + PATCH / 2.0 * np.array([[1.0], [-1.0]])
    middles: Places = at + np.array([[-half[0]], [half[1]]])
    return middles


def chart_corners() -> Places:
    """Return the outer corners of the patches: top left, top right, bottom right, bottom left."""
    right, up = _half_size()
    return np.array([[-right, right, right, -right], [up, up, -up, -up]])


def board(view: int) -> Card:
    """Hold the chessboard as in one of its views; a square that is black is at its top left."""
    columns, rows = CORNERS[0] + 1, CORNERS[1] + 1

    def paint(places: Places) -> Reflectances:
        column = np.floor(places[0] / SQUARE + columns / 2.0)
        row = np.floor(rows / 2.0 - places[1] / SQUARE)
        is_board = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
        is_paper = (np.abs(column - columns / 2.0 + 0.5) <= columns / 2.0 + 0.5) & (
            np.abs(row - rows / 2.0 + 0.5) <= rows / 2.0 + 0.5
        )
        is_black = is_board & ((column + row) % 2 == 0)
        gray = np.where(is_black, BOARD_BLACK, np.where(is_paper, BOARD_WHITE, 0.0))
        return np.repeat(gray[None].astype(np.float32), 3, axis=0)

    return Card(BOARD_POSES[view], paint)


def board_corners() -> Places:
    """Return the inner corners of the chessboard, row by row from the top left [m]."""
    columns, rows = CORNERS
    row, column = np.divmod(np.arange(columns * rows), columns)
    return SQUARE * np.stack([column - (columns - 1) / 2.0, (rows - 1) / 2.0 - row])


def _half_size() -> tuple[float, float]:
    """Return half the width and height of all patches together [m]."""
    width, height = (count * PATCH + (count - 1) * GAP for count in (COLUMNS, ROWS))
    return width / 2.0, height / 2.0
