"""A canvas for diagrams: smooth discs, lines and words, and room for labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import cv2
import numpy as np
from jaxtyping import Int32

from olat.io.contact_sheet import DisplayPicture
from olat.model.shapes import Array

Color: TypeAlias = tuple[int, int, int]
Point: TypeAlias = tuple[float, float]
Box: TypeAlias = tuple[float, float, float, float]
"""Left, top, right, bottom [px]."""

GROUND: Color = (22, 24, 29)
PANEL: Color = (31, 34, 41)
RULE: Color = (62, 67, 78)
FAINT: Color = (124, 131, 145)
INK: Color = (222, 226, 233)
ACCENT: Color = (255, 183, 77)
ALARM: Color = (255, 107, 107)
GAP: Color = (66, 38, 44)

_SHIFT = 4
"""Fractional bits of places: OpenCV's way to draw between pixels."""
_REGULAR, BOLD = 420, 640
_CAPITALS = 0.7
"""Height of capitals and digits as a part of the size of a font."""

_ROUNDING = 1e-6
"""What sums of places may be off [px]."""
_FARTHEST = 1e5
"""Places farther off are drawn there: OpenCV counts in whole numbers [px]."""
_HALO = 2
"""Width of the dark around words that stand on something [px]."""


class Canvas:
    """A picture that is drawn on; places are x, y from the top left [px].

    What lies at no place, one of whose numbers is not finite, is not drawn.
    """

    def __init__(self, width: int, height: int) -> None:
        self.picture: DisplayPicture = np.full((height, width, 3), GROUND, np.uint8)
        self._font = cv2.FontFace("sans")

    def box(self, box: Box, color: Color) -> None:
        """Fill a rectangle."""
        left, top, right, bottom = (round(edge) for edge in box)
        self.picture[top:bottom, left:right] = color

    def line(self, points: Sequence[Point], color: Color, width: int = 1) -> None:
        """Draw a line from point to point, with gaps where a point has no place."""
        places = np.array(points, np.float64).reshape(-1, 2)
        gaps = np.flatnonzero(~np.isfinite(places).all(axis=1))
        for run in np.split(places, gaps):
            known = _fixed(run[np.isfinite(run).all(axis=1)])
            if len(known):
                cv2.polylines(self.picture, [known], False, color, width, cv2.LINE_AA, _SHIFT)

    def shape(self, points: Sequence[Point], color: Color) -> None:
        """Fill the convex shape between points."""
        if np.isfinite(points).all():
            places = _fixed(np.array(points, np.float64))
            cv2.fillConvexPoly(self.picture, places, color, cv2.LINE_AA, _SHIFT)

    def disc(self, center: Point, radius: float, color: Color, width: int = cv2.FILLED) -> None:
        """Draw a disc, or a ring of some width."""
        if not np.isfinite([*center, radius]).all():
            return
        x, y = _fixed(np.array(center, np.float64)).tolist()
        reach = max(1, round(min(radius, _FARTHEST) * 2**_SHIFT))
        cv2.circle(self.picture, (x, y), reach, color, width, cv2.LINE_AA, _SHIFT)

    def size_of(self, words: str, size: int, weight: int = _REGULAR) -> tuple[int, int]:
        """Return width and height of words [px]."""
        height, width = self.picture.shape[:2]
        box = cv2.getTextSize((width, height), words, (0, 0), self._font, size, weight)
        return box[2], box[3]

    def words(
        self,
        words: str,
        place: Point,
        *,
        size: int,
        color: Color = INK,
        weight: int = _REGULAR,
        anchor: Point = (0.0, 0.0),
        halo: Color | None = None,
    ) -> Box:
        """Write a line; ``anchor`` is the part of its width and height that lies at the place.

        Parameters
        ----------
        halo
            Color of a rim around each letter, where words stand on something; none by default.

        Returns
        -------
        box
            Where the words stand.
        """
        width, height = self.size_of(words, size, weight)[0], _CAPITALS * size
        left, top = place[0] - anchor[0] * width, place[1] - anchor[1] * height
        x, y = round(left), round(top + height)
        if halo is not None:
            steps = range(-_HALO, _HALO + 1)
            for at in ((x + right, y + down) for right in steps for down in steps):
                cv2.putText(self.picture, words, at, halo, self._font, size, weight)
        cv2.putText(self.picture, words, (x, y), color, self._font, size, weight)
        return left, top, left + width, top + height


def _fixed(places: Array) -> Int32[Array, "..."]:
    """Return places in the whole numbers that OpenCV draws at."""
    near = np.clip(places, -_FARTHEST, _FARTHEST)
    fixed: Int32[Array, "..."] = np.rint(near * 2**_SHIFT).astype(np.int32)
    return fixed


def around(center: Point, radius: float) -> Box:
    """Return the square around a disc."""
    x, y = center
    return x - radius, y - radius, x + radius, y + radius


class Labels:
    """Numbers beside discs, each where there is room for it, or nowhere.

    ``air`` is what stays empty around a number [px]; two that stand side by side read as one
    unless it is about half a digit. ``halo`` is that of `Canvas.words`.
    """

    def __init__(
        self,
        canvas: Canvas,
        bounds: Box,
        *,
        size: int,
        air: float = 3.0,
        halo: Color | None = None,
    ) -> None:
        self._canvas, self._bounds, self._size, self._air = canvas, bounds, size, air
        self._halo = halo
        self._taken = np.empty((0, 4))

    def keep_free(self, box: Box) -> None:
        """Keep labels off a place."""
        self.keep_all_free([box])

    def keep_all_free(self, boxes: Sequence[Box]) -> None:
        """Keep labels off places, those of them that are known."""
        places = np.array(boxes, np.float64).reshape(-1, 4)
        known = places[np.isfinite(places).all(axis=1)]
        self._taken = np.vstack([self._taken, known])

    def add(self, words: str, center: Point, radius: float, color: Color) -> bool:
        """Write words beside a disc; return whether there was room."""
        width = self._canvas.size_of(words, self._size)[0]
        half, height = width / 2.0, _CAPITALS * self._size
        x, y = center
        gap = radius + self._air
        for middle_x, middle_y in (
            (x, y + gap + height / 2.0),
            (x, y - gap - height / 2.0),
            (x + gap + half, y),
            (x - gap - half, y),
        ):
            box = (middle_x - half, middle_y - height / 2, middle_x + half, middle_y + height / 2)
            if self._has_room(box):
                self.keep_free((box[0] - self._air, box[1], box[2] + self._air, box[3]))
                self._canvas.words(
                    words,
                    (middle_x, middle_y),
                    size=self._size,
                    color=color,
                    anchor=(0.5, 0.5),
                    halo=self._halo,
                )
                return True
        return False

    def _has_room(self, box: Box) -> bool:
        """Tell whether a box lies inside the bounds and on nothing else."""
        left, top, right, bottom = self._bounds
        # Neither does a box that is nowhere.
        if not (box[0] >= left and box[1] >= top and box[2] <= right and box[3] <= bottom):
            return False
        taken, air = self._taken, self._air - _ROUNDING
        apart = (
            (taken[:, 2] <= box[0] - air)
            | (taken[:, 0] >= box[2] + air)
            | (taken[:, 3] <= box[1] - air)
            | (taken[:, 1] >= box[3] + air)
        )
        return bool(apart.all())
