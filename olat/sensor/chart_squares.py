"""Finds what may be a ColorChecker: squares that stand in rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import cv2
import numpy as np
from jaxtyping import Float64, UInt8

from olat.model.shapes import Array, Radiance
from olat.sensor.chart_grid import FILL, Corners
from olat.sensor.chart_reference import COLUMNS, ROWS

_WINDOWS = (0.03, 0.08, 0.2)
"""Of the means that a patch is brighter than its surroundings are compared with [width]."""
_AREAS = (2e-4, 0.04)
"""Least and largest share of the picture that a patch covers."""
_SQUARENESS = 0.8
"""Least share of its upright box that a square fills, and the least ratio of its sides."""
_ENOUGH = 8
"""Squares that make a grid."""

Place = tuple[int, int]


@dataclass(frozen=True)
class _Squares:
    """Where squares are."""

    middles: Float64[Array, "square 2"]
    sides: Float64[Array, " square"]

    def near(self, place: Float64[Array, "2"], reach: float) -> int | None:
        """Return the square nearest to a place, if one is within reach."""
        distance = np.linalg.norm(self.middles - place, axis=1)
        best = int(distance.argmin())
        return best if distance[best] < reach else None


def grids_of_squares(radiance: Radiance, *, side: int) -> Iterator[Corners]:
    """Yield the corners of every 6 x 4 patches that grids of squares in a picture may hold.

    Parameters
    ----------
    radiance
        Linear color in any unit.
    side
        Size at which the picture is looked at [px].

    Notes
    -----
    Assumes patches brighter than the black between them, seen in moderate perspective. Dark
    patches need not be seen: a grid with gaps, or one that goes on beyond the chart, gives one
    guess for each way in which the chart may lie in it. Colors decide among the guesses.
    """
    scale = side / max(radiance.shape[:2])
    squares = _squares(balanced(radiance, scale))
    left = set(range(len(squares.sides)))
    while left:
        seed = min(left)
        grid = _grown(squares, seed)
        left -= {seed, *grid.values()}
        if len(grid) >= _ENOUGH:
            for corners in _guesses(squares, grid):
                yield (corners + 0.5) / scale - 0.5


def balanced(radiance: Radiance, scale: float) -> UInt8[Array, "row column 3"]:
    """Return a picture as eyes see it in which no channel is darker than another."""
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = cv2.resize(np.nan_to_num(radiance), None, fx=scale, fy=scale, interpolation=how)
    white = np.maximum(np.percentile(small, 97, axis=(0, 1)), 1e-9)
    codes = 255.0 * np.clip(small / white, 0.0, 1.0) ** (1 / 2.2)
    return np.asarray(cv2.medianBlur(codes.astype(np.uint8), 5))


def _squares(picture: UInt8[Array, "row column 3"]) -> _Squares:
    """Find squares that are brighter than what is around them in some channel."""
    height, width = picture.shape[:2]
    found: list[tuple[float, float, float]] = []
    for share, channel in product(_WINDOWS, range(3)):
        window = 2 * int(share * max(height, width) / 2) + 1
        lit = cv2.adaptiveThreshold(
            np.ascontiguousarray(picture[..., channel]),
            255,
            cv2.ADAPTIVE_THRESH_MEAN_C,
            cv2.THRESH_BINARY,
            window,
            3,
        )
        # Opened, so that what touches by a thread does not hang together.
        lit = cv2.morphologyEx(lit, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        for contour in cv2.findContours(lit, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)[0]:
            area = cv2.contourArea(contour)
            (x, y), sides, _ = cv2.minAreaRect(contour)
            is_full = area > _SQUARENESS * sides[0] * sides[1]
            is_even = min(sides) > _SQUARENESS * max(sides)
            if is_full and is_even and _AREAS[0] < area / (height * width) < _AREAS[1]:
                found.append((x, y, float(np.sqrt(area))))
    return _without_doubles(np.array(found, np.float64).reshape(-1, 3))


def _without_doubles(found: Float64[Array, "found 3"]) -> _Squares:
    """Keep one of the squares that were found at the same place, the largest."""
    kept: list[Float64[Array, "3"]] = []
    for square in found[np.argsort(-found[:, 2], kind="stable")]:
        if all(np.hypot(*(square[:2] - other[:2])) > 0.5 * other[2] for other in kept):
            kept.append(square)
    table = np.array(kept).reshape(-1, 3)
    return _Squares(table[:, :2], table[:, 2])


def _grown(squares: _Squares, seed: int) -> dict[Place, int]:
    """Return the grid around a square: which one stands at which place."""
    basis = _basis(squares, seed)
    if basis is None:
        return {}
    grid, steps, border = {(0, 0): seed}, {(0, 0): basis}, [(0, 0)]
    while border:
        place = border.pop(0)
        middle = squares.middles[grid[place]]
        for axis, sign in product((0, 1), (1, -1)):
            step = steps[place][axis]
            to = (place[0] + sign, place[1]) if axis == 0 else (place[0], place[1] + sign)
            other = squares.near(middle + sign * step, 0.25 * float(np.linalg.norm(step)))
            if to in grid or other is None or other in grid.values():
                continue
            found = sign * (squares.middles[other] - middle)
            # Perspective changes the step from patch to patch.
            across = steps[place][1 - axis]
            steps[to] = (found, across) if axis == 0 else (across, found)
            grid[to] = other
            border.append(to)
    return grid


def _basis(squares: _Squares, seed: int) -> tuple[Float64[Array, "2"], Float64[Array, "2"]] | None:
    """Return the steps from a square to two of its neighbors, about at right angles."""
    away = squares.middles - squares.middles[seed]
    distance = np.linalg.norm(away, axis=1)
    side = squares.sides[seed]
    alike = np.abs(np.log(squares.sides / side)) < 0.3
    close = np.flatnonzero(alike & (distance > 0.9 * side) & (distance < 1.6 * side))
    for first, second in product(close, close):
        turn = away[first, 0] * away[second, 1] - away[first, 1] * away[second, 0]
        if turn > 0.85 * distance[first] * distance[second]:
            return away[first], away[second]
    return None


def _guesses(squares: _Squares, grid: dict[Place, int]) -> Iterator[Corners]:
    """Yield the corners of every 6 x 4 and 4 x 6 places that cover a grid, or lie within it."""
    places = np.array(list(grid), np.float64)
    middles = squares.middles[list(grid.values())]
    reach = 0.1 * float(np.median(squares.sides[list(grid.values())]))
    view, kept = cv2.findHomography(places, middles, cv2.RANSAC, reach)
    if view is None or int(kept.sum()) < _ENOUGH:
        return
    low, high = places.min(axis=0).astype(int), places.max(axis=0).astype(int)
    for size in ((COLUMNS, ROWS), (ROWS, COLUMNS)):
        ends = [sorted((low[k], high[k] - size[k] + 1)) for k in (0, 1)]
        for first in product(*(range(start, end + 1) for start, end in ends)):
            x0, y0 = np.array(first) - FILL / 2
            x1, y1 = np.array(first) + np.array(size) - 1 + FILL / 2
            outer = np.array([[[x0, y0], [x1, y0], [x1, y1], [x0, y1]]])
            yield np.asarray(cv2.perspectiveTransform(outer, view)[0])
