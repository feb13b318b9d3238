"""How far motion found from a sweep can be trusted, place by place and frame by frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from jaxtyping import Float32, Float64, Int64
from scipy.ndimage import gaussian_filter

from olat.model.shapes import Array
from olat.motion.low_rank_descent import Halves, Motion
from olat.motion.low_rank_level import Level
from olat.motion.low_rank_model import LowRank, Readings

Seen: TypeAlias = tuple[Readings, Readings]
"""Readings, and trust in them."""
CellMaps: TypeAlias = Float64[Array, "frame grid_h grid_w"]

DOUBTFUL = 0.5
"""Error of the motion that halves the confidence [px]."""
NEIGHBORHOOD = 1.5
"""Standard deviation over which errors and fits are averaged [cells]."""
MEMORY = 4.0
"""Standard deviation over which errors are averaged [frames]."""
MISFIT = 0.5
"""Part of the usual likeness of a place below which confidence falls [1]."""
SEEN = 0.2
"""Part of a place's usual trust below which a frame is too dark there to disagree [1]."""


@dataclass(frozen=True)
class Cells:
    """A coarse grid that spans the picture."""

    shape: tuple[int, int]
    """Height and width of the picture [px]."""
    counts: tuple[int, int]
    """Cells down and across."""

    @classmethod
    def of(cls, shape: tuple[int, int], *, side: float) -> Cells:
        """Part a picture into cells of about a size [px]."""
        down, across = (max(1, round(length / side)) for length in shape)
        return cls(shape, (down, across))

    @property
    def middles(self) -> tuple[Float64[Array, " cell"], Float64[Array, " cell"]]:
        """Return x and y of the cells' middles, row by row [px]."""
        y, x = (
            (np.arange(count) + 0.5) * length / count - 0.5
            for count, length in zip(self.counts, self.shape, strict=True)
        )
        return np.tile(x, len(y)), np.repeat(y, len(x))

    def index(self, level: Level) -> Int64[Array, " pixel"]:
        """Return the cell that each pixel of a level lies in."""
        x, y = level.places
        (down, across), (height, width) = self.counts, self.shape
        row = np.minimum((y + 0.5) * down / height, down - 1).astype(np.int64)
        column = np.minimum((x + 0.5) * across / width, across - 1).astype(np.int64)
        return row * across + column

    def summed(self, level: Level, readings: Float32[Array, "frame pixel"]) -> CellMaps:
        """Add up what lies in each cell."""
        index, size = self.index(level), self.counts[0] * self.counts[1]
        sums = [np.bincount(index, weights=row, minlength=size) for row in readings]
        return np.stack(sums).reshape(len(readings), *self.counts)


def motion_error(motion: Motion, found: Halves, level: Level, cells: Cells) -> CellMaps:
    """Return half the difference between what both halves of the frames ask for [px].

    Parameters
    ----------
    motion, found
        The motion, and what both halves would change of it.
    level
        Its pixels are the subject; beyond it the error is that of the nearest part.
    cells
        Where the error is wanted.
    """
    places = motion.basis.at(*cells.middles)
    even, odd = (Motion(motion.basis, motion.time, change) for change in found.changes)
    square = ((even.at(places) - odd.at(places)) ** 2).sum(axis=0).reshape(-1, *cells.counts) / 4.0
    covered = cells.summed(level, np.ones((1, len(level.rows)), np.float32))[0]
    averaged = _around(square * covered) / np.maximum(_around(covered[None]), 1e-30)
    in_time = gaussian_filter(averaged, (MEMORY, 0.0, 0.0), mode="nearest")
    return np.asarray(np.sqrt(np.maximum(in_time, 0.0)))


def agreement(level: Level, model: LowRank, seen: Seen, cells: Cells) -> CellMaps:
    r"""Return how well each frame agrees with what the others tell of it; 1 where as usual.

    .. math:: a = \min\left(1, \frac{q}{0.5\, \mathrm{median}_t\, q}\right), \quad
              q = \max\left(0, \frac{\sum w_0\, x\, \hat x}
                  {\sqrt{\sum w_0\, x^2 \sum w_0\, \hat x^2}}\right)

    over the readings x around a place; 1 where the frame is too dark to disagree.
    """
    readings, trust = seen
    told = model.told_by_others(readings)
    both, own, others, given = (
        _around(cells.summed(level, values))
        for values in (
            trust * readings * told,
            trust * readings * readings,
            trust * told * told,
            trust,
        )
    )
    is_seen = given > SEEN * given.max(axis=0, keepdims=True)
    likeness = np.maximum(both, 0.0) / np.sqrt(np.maximum(own * others, 1e-30))
    likeness = np.where(is_seen, likeness, np.nan)
    usual = np.nanmedian(np.where(is_seen.any(axis=0), likeness, 1.0), axis=0)
    ratio = likeness / np.maximum(MISFIT * usual, 1e-12)
    return np.asarray(np.where(is_seen, np.minimum(ratio, 1.0), 1.0))


def confidence(error: CellMaps, agreed: CellMaps) -> Float32[Array, "frame grid_h grid_w"]:
    """Return 1 for exact motion of a frame that agrees, falling to 0 [0 to 1]."""
    return (agreed / (1.0 + (error / DOUBTFUL) ** 2)).astype(np.float32)


def _around(maps: CellMaps) -> CellMaps:
    widths = (0.0, NEIGHBORHOOD, NEIGHBORHOOD)
    return np.asarray(gaussian_filter(maps, widths, mode="constant", truncate=8.0))
