"""A photograph or a map on a canvas, and where its pixels lie there."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from olat.io.contact_sheet import DisplayPicture
from olat.io.rig_canvas import FAINT, INK, Box, Canvas, Color, Point
from olat.model.shapes import Array

_SMALLEST = 11
"""Size of words below which they cannot be read [px]."""
_KEY = 17
"""Size of the words that tell what signs mean [px]."""


class PictureFrame:
    """A part of a canvas that shows a picture as large as fits.

    ``shape`` is height and width of what the picture stands for, of which places are told, where
    they are not its own [px].
    """

    def __init__(
        self,
        canvas: Canvas,
        box: Box,
        picture: DisplayPicture,
        *,
        shape: tuple[int, int] | None = None,
    ) -> None:
        left, top, right, bottom = (round(edge) for edge in box)
        height, width = picture.shape[:2] if shape is None else shape
        self.scale = min((right - left) / width, (bottom - top) / height)
        size = max(round(width * self.scale), 1), max(round(height * self.scale), 1)
        method = cv2.INTER_AREA if self.scale < 1.0 else cv2.INTER_LINEAR
        self._left = left + (right - left - size[0]) // 2
        self._top = top + (bottom - top - size[1]) // 2
        self.box: Box = (self._left, self._top, self._left + size[0], self._top + size[1])
        rows, columns = (
            slice(start, start + length)
            for start, length in zip((self._top, self._left), size[::-1], strict=True)
        )
        canvas.picture[rows, columns] = cv2.resize(picture, size, interpolation=method)

    def at(self, x: float, y: float) -> Point:
        """Return where a place in the picture lies on the canvas; pixel centers at integers."""
        return (
            self._left + (x + 0.5) * self.scale - 0.5,
            self._top + (y + 0.5) * self.scale - 0.5,
        )

    def all_at(self, points: Array) -> list[Point]:
        """Return where places, column and row each, lie on the canvas."""
        return [self.at(x, y) for x, y in np.asarray(points, np.float64).tolist()]


def fitted_words(
    canvas: Canvas, words: str, place: Point, *, size: int, width: float, **style: Any
) -> Box:
    """Write a line, smaller if it is longer than there is room for, and cut if that is not enough.

    Other arguments are those of `Canvas.words`.
    """
    weight = {"weight": style["weight"]} if "weight" in style else {}
    while size > _SMALLEST and canvas.size_of(words, size, **weight)[0] > width:
        size -= 1
    while len(words) > 1 and canvas.size_of(words, size, **weight)[0] > width:
        words = words[:-2] + "\N{HORIZONTAL ELLIPSIS}"
    return canvas.words(words, place, size=size, **style)


def headed(
    canvas: Canvas, title: str, details: str, *, margin: float = 24.0, color: Color = FAINT
) -> None:
    """Write what is shown and what it amounts to along the top, no longer than the picture."""
    room = canvas.picture.shape[1] - 2.0 * margin
    fitted_words(canvas, title, (margin, 22.0), size=30, width=room, color=INK, weight=640)
    fitted_words(canvas, details, (margin, 60.0), size=20, width=room, color=color)


def key_words(canvas: Canvas, words: str, sign: Point) -> float:
    """Write what a sign means beside it; return where the next sign stands."""
    at = (sign[0] + 18.0, sign[1])
    return canvas.words(words, at, size=_KEY, color=FAINT, anchor=(0.0, 0.5))[2] + 36.0
