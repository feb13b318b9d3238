"""Where the patches of a ColorChecker lie between its four corners."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from jaxtyping import Float, Float32, Float64

from olat.model.shapes import Array, Radiance
from olat.sensor.chart_reference import COLUMNS, PATCHES, ROWS

Corners = Float64[Array, "4 2"]
"""Outer corners of dark skin, bluish green, black and white, in this order [px]."""
Points = Float[Array, "point 2"]
Ahead = Float32[Array, "rows columns 3"]
"""The chart as seen from straight ahead."""

SQUARE: Final = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
"""Corners of the unit square, in the order of `Corners`."""
FILL: Final = 0.88
"""Side of a patch over the distance to the next one; 0.83 to 0.92 on the sizes of the chart."""

_CELL = 32
"""Side of the cell of a patch where a chart is looked at from straight ahead [px]."""
_SURE = 10
"""Patches of 24 that must be seen clearly for their middles to move the corners."""


def through(corners: Corners, points: Points) -> Float32[Array, "point 2"]:
    """Return where points of the unit square lie in the picture [px]."""
    view = cv2.getPerspectiveTransform(SQUARE, corners.astype(np.float32))
    return np.asarray(cv2.perspectiveTransform(points[np.newaxis].astype(np.float32), view)[0])


def places(corners: Corners, around: Points) -> Float32[Array, "24 point 2"]:
    """Return where points around the middle of each patch lie.

    Parameters
    ----------
    corners
        Of the chart.
    around
        From the middle of a patch, along the chart's rows and down [distance between patches].
    """
    grid = (_middles()[:, np.newaxis] + around) / (COLUMNS - 1 + FILL, ROWS - 1 + FILL)
    return through(corners, grid.reshape(-1, 2)).reshape(len(PATCHES), -1, 2)


def refined(radiance: Radiance, corners: Corners) -> Corners:
    """Move the corners to where the middles of the patches ask for them.

    Each patch is told from the black around it in a view from straight ahead; a perspective
    through their middles, without those that do not agree, gives the corners. They stay where
    fewer than 10 patches stand out from the black.
    """
    view = _view(corners, _CELL)
    straight = straightened(radiance, corners, cell=_CELL)
    found = [_middle_of_patch(straight, *divmod(k, COLUMNS)) for k in range(len(PATCHES))]
    sure = [k for k, middle in enumerate(found) if middle is not None]
    if len(sure) < _SURE:
        return corners
    middles = np.array([found[k] for k in sure], np.float32)
    back = cv2.perspectiveTransform(middles[np.newaxis], np.linalg.inv(view))[0]
    fit, kept = cv2.findHomography(
        _middles()[sure].astype(np.float32), back, cv2.RANSAC, _reach(corners)
    )
    if fit is None or int(kept.sum()) < _SURE:
        return corners
    outer = SQUARE * (COLUMNS - 1 + FILL, ROWS - 1 + FILL)
    return np.asarray(cv2.perspectiveTransform(outer[np.newaxis].astype(np.float64), fit)[0])


def straightened(radiance: Radiance, corners: Corners, *, cell: int) -> Ahead:
    """Return the chart as seen from straight ahead, each patch in the middle of a square cell.

    Parameters
    ----------
    radiance, corners
        The picture, and where the chart is in it.
    cell
        Side of the cells [px].
    """
    side = (COLUMNS * cell, ROWS * cell)
    known = np.nan_to_num(radiance)
    seen = cv2.warpPerspective(known, _view(corners, cell), side, flags=cv2.INTER_LINEAR)
    return np.asarray(seen, np.float32)


def _view(corners: Corners, cell: int) -> Float64[Array, "3 3"]:
    """Return the perspective that takes the picture to a view of the chart from straight ahead."""
    # Pixel (0, 0) of the view has its middle half a pixel inside of the first cell.
    outer = SQUARE * (COLUMNS, ROWS) - 0.5
    seen = through(corners, (outer + FILL / 2) / (COLUMNS - 1 + FILL, ROWS - 1 + FILL))
    ahead = (SQUARE * (COLUMNS * cell, ROWS * cell) - 0.5).astype(np.float32)
    return np.asarray(cv2.getPerspectiveTransform(seen, ahead))


def _middles() -> Float64[Array, "24 2"]:
    """Return the middle of each patch from the chart's first corner [distance of patches]."""
    y, x = np.divmod(np.arange(len(PATCHES)), COLUMNS)
    return np.stack([x, y], axis=-1) + FILL / 2


def _reach(corners: Corners) -> float:
    """Return by how much a patch may be off the others: a thirtieth of their distance [px]."""
    return max(0.5, float(np.linalg.norm(corners[1] - corners[0])) / COLUMNS / 30)


def _middle_of_patch(straight: Radiance, row: int, column: int) -> Float64[Array, "2"] | None:
    """Return the middle of what stands out from the black in a cell, if a whole patch does."""
    top, left = row * _CELL, column * _CELL
    cell = straight[top : top + _CELL, left : left + _CELL]
    third = _CELL // 3
    patch = np.median(cell[third:-third, third:-third], axis=(0, 1))
    rim = np.concatenate([cell[0], cell[-1], cell[:, 0], cell[:, -1]])
    black = np.percentile(rim, 20, axis=0)
    step = patch - black
    level = (cell - black) @ step / max(float(step @ step), 1e-12)
    count, labels, _, middles = cv2.connectedComponentsWithStats((level > 0.5).astype(np.uint8))
    if count < 2 or labels[_CELL // 2, _CELL // 2] == 0:
        return None
    own = int(labels[_CELL // 2, _CELL // 2])
    inside = labels == own
    touches = inside[0].any() or inside[-1].any() or inside[:, 0].any() or inside[:, -1].any()
    if touches or not 0.5 <= inside.mean() <= 0.95:
        return None
    return np.asarray(middles[own] + (left, top))
