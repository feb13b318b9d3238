"""A canvas for diagrams: smooth discs, lines and words, and room for labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import cv2
import numpy as np

from olat.io.contact_sheet import DisplayPicture

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


class Canvas:
    """A picture that is drawn on; places are x, y from the top left [px]."""

    def __init__(self, width: int, height: int) -> None:
        self.picture: DisplayPicture = np.full((height, width, 3), GROUND, np.uint8)
        self._font = cv2.FontFace("sans")

    def box(self, box: Box, color: Color) -> None:
        """Fill a rectangle."""
        left, top, right, bottom = (round(edge) for edge in box)
        self.picture[top:bottom, left:right] = color

    def line(self, points: Sequence[Point], color: Color, width: int = 1) -> None:
        """Draw a line from point to point."""
        places = np.rint(np.array(points) * 2**_SHIFT).astype(np.int32)
        cv2.polylines(self.picture, [places], False, color, width, cv2.LINE_AA, _SHIFT)

    def shape(self, points: Sequence[Point], color: Color) -> None:
        """Fill the convex shape between points."""
        places = np.rint(np.array(points) * 2**_SHIFT).astype(np.int32)
        cv2.fillConvexPoly(self.picture, places, color, cv2.LINE_AA, _SHIFT)

    def disc(self, center: Point, radius: float, color: Color, width: int = cv2.FILLED) -> None:
        """Draw a disc, or a ring of some width."""
        x, y = (round(part * 2**_SHIFT) for part in center)
        reach = max(1, round(radius * 2**_SHIFT))
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
    ) -> Box:
        """Write a line; ``anchor`` is the part of its width and height that lies at the place.

        Returns
        -------
        box
            Where the words stand.
        """
        width, height = self.size_of(words, size, weight)[0], _CAPITALS * size
        left, top = place[0] - anchor[0] * width, place[1] - anchor[1] * height
        at = (round(left), round(top + height))
        cv2.putText(self.picture, words, at, color, self._font, size, weight)
        return left, top, left + width, top + height


def around(center: Point, radius: float) -> Box:
    """Return the square around a disc."""
    x, y = center
    return x - radius, y - radius, x + radius, y + radius


class Labels:
    """Numbers beside discs, each where there is room for it, or nowhere.

    ``air`` is what stays empty around a number [px]; two that stand side by side read as one
    unless it is about half a digit.
    """

    def __init__(self, canvas: Canvas, bounds: Box, *, size: int, air: float = 3.0) -> None:
        self._canvas, self._bounds, self._size, self._air = canvas, bounds, size, air
        self._taken = np.empty((0, 4))

    def keep_free(self, box: Box) -> None:
        """Keep labels off a place."""
        self._taken = np.vstack([self._taken, box])

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
                place = (middle_x, middle_y)
                self._canvas.words(words, place, size=self._size, color=color, anchor=(0.5, 0.5))
                return True
        return False

    def _has_room(self, box: Box) -> bool:
        """Tell whether a box lies inside the bounds and on nothing else."""
        left, top, right, bottom = self._bounds
        if box[0] < left or box[1] < top or box[2] > right or box[3] > bottom:
            return False
        taken, air = self._taken, self._air - _ROUNDING
        apart = (
            (taken[:, 2] <= box[0] - air)
            | (taken[:, 0] >= box[2] + air)
            | (taken[:, 3] <= box[1] - air)
            | (taken[:, 1] >= box[3] + air)
        )
        return bool(apart.all())
