"""Motion and trust on a coarse grid, small enough to keep those of a whole sweep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Float64

from olat.model.shapes import Array, Flow, Mask, Plane

MOTION_CELLS = 24
"""Along the long side: fewer than features of a face, more than ways in which a person moves."""
TRUST_CELLS = 384
"""Along the long side: a closed eye fills some of them."""

CellMotion: TypeAlias = Float64[Array, "cell 2"]
SmallPlane: TypeAlias = Float32[Array, "small_h small_w"]
SmallMask: TypeAlias = Bool[Array, "small_h small_w"]
CellTrust: TypeAlias = Float64[Array, " cell"]


@dataclass(frozen=True, slots=True)
class CellFlow:
    """Mean motion of each cell of the subject."""

    motion: CellMotion
    """Weighted by confidence; 0 where there is none [px]."""
    trust: CellTrust
    """Mean confidence [1]."""


def cell_flow(flow: Flow, confidence: Plane, subject: Mask) -> CellFlow:
    """Average a flow over the cells that lie on the subject, at least by a third.

    Parameters
    ----------
    flow, confidence, subject
        On one grid; the subject is that of the reference, so that cells stay the same ones.
    """
    rows, columns = subject.shape
    size = _size(rows, columns, MOTION_CELLS)
    inside = subject.astype(np.float32)
    share = _mean(inside, size)
    weight = _mean(confidence * inside, size)
    moved = np.stack(
        [_mean(flow[..., axis] * confidence * inside, size) for axis in (0, 1)], axis=-1
    )
    kept = share > 1.0 / 3.0
    motion = moved[kept] / np.maximum(weight[kept], 1e-6)[:, np.newaxis]
    return CellFlow(motion, weight[kept] / share[kept])


def small_trust(confidence: Plane) -> SmallPlane:
    """Average a confidence over the cells of a grid on which the whole sweep fits in memory."""
    rows, columns = confidence.shape
    size = _size(rows, columns, TRUST_CELLS)
    return np.asarray(cv2.resize(confidence, size, interpolation=cv2.INTER_AREA), np.float32)


def small_mask(mask: Mask) -> SmallMask:
    """Return the cells of that grid which are inside, by more than half."""
    return np.asarray(small_trust(mask.astype(np.float32)) > 0.5)


def _size(rows: int, columns: int, most: int) -> tuple[int, int]:
    """Return columns and rows of a grid of at most so many cells on its long side."""
    scale = min(1.0, most / max(rows, columns))
    return max(1, round(columns * scale)), max(1, round(rows * scale))


def _mean(plane: Plane, size: tuple[int, int]) -> Float64[Array, "rows columns"]:
    plane = np.asarray(plane, np.float32)
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.float64)
