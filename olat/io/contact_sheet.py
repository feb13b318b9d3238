"""Labelled pictures side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import cv2
import numpy as np
from jaxtyping import UInt8

from olat.model.shapes import Array

DisplayPicture: TypeAlias = UInt8[Array, "h w 3"]
"""sRGB in 8 bits."""

_PANEL = (256, 1024)
"""Bounds of the longer side of a panel [px]."""


def labelled(text: str, picture: DisplayPicture) -> DisplayPicture:
    """Write a line above a picture."""
    bar = np.full((24, picture.shape[1], 3), 32, np.uint8)
    cv2.putText(bar, text, (6, 17), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (230, 230, 230), 1, cv2.LINE_AA)
    return np.vstack([bar, picture])


def panel_sized(picture: DisplayPicture) -> DisplayPicture:
    """Shrink what is too large for a contact picture; enlarge what is too small for a label."""
    longer = max(picture.shape[:2])
    return _scaled(picture, float(np.clip(longer, *_PANEL)) / longer)


def contact_sheet(
    rows: Sequence[Sequence[tuple[str, DisplayPicture]]], *, width: int
) -> DisplayPicture:
    """Lay out rows of labelled pictures of one shape, each row as wide as the sheet.

    Parameters
    ----------
    rows
        Label and picture of every panel; rows may differ in length.
    width
        Of the sheet [px].
    """
    strips = []
    for row in rows:
        edges = np.linspace(0, width, len(row) + 1).astype(int)
        panels = [
            labelled(text, _fitted(picture, right - left, width / len(row)))
            for (text, picture), left, right in zip(row, edges, edges[1:], strict=False)
        ]
        strips.append(np.hstack(panels))
    return np.vstack(strips)


def _fitted(picture: DisplayPicture, width: int, nominal: float) -> DisplayPicture:
    """Scale a picture to a width; panels of a row get one height, whatever the rounding."""
    height = round(picture.shape[0] * nominal / picture.shape[1])
    is_smaller = width < picture.shape[1]
    method = cv2.INTER_AREA if is_smaller else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, (width, height), interpolation=method))


def _scaled(picture: DisplayPicture, factor: float) -> DisplayPicture:
    if factor == 1:
        return picture
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_NEAREST
    return np.asarray(cv2.resize(picture, None, fx=factor, fy=factor, interpolation=method))
