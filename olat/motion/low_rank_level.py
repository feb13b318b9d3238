"""The pictures of a sweep at one size, read where the subject has moved to."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float32, Float64, Int64
from scipy.sparse import csr_matrix

from olat.model.shapes import Array, Mask
from olat.motion.cubic_kernel import read_plane
from olat.motion.low_rank_basis import GridBasis, PlaneBasis
from olat.motion.low_rank_detail import Planes, detail, reduced
from olat.motion.low_rank_model import LowRank, Readings
from olat.motion.low_rank_step import Slopes

BLOCK = 4
"""Pixels along the side of a block, which moves as one."""
RIM = 2
"""Pixels along the outline that are left out: another background lies behind them."""
ROW = 16384
"""OpenCV's remap takes rows of less than 32767 places."""


@dataclass(frozen=True)
class Level:
    """Detail of all pictures at one size, and the pixels at which they are compared."""

    factor: int
    """Full-size pixels along the side of a pixel."""
    details: Planes
    trusts: Planes
    rows: Int64[Array, " pixel"]
    columns: Int64[Array, " pixel"]
    starts: Int64[Array, " block"]
    """First pixel of each block; pixels are sorted by block."""
    inner: Float32[Array, " pixel"]
    """1 where all neighbors are compared too, so that slopes can be told."""

    @classmethod
    def of(cls, pictures: Planes, mask: Mask, *, factor: int, level: float) -> Level:
        """Prepare pictures at one size.

        Parameters
        ----------
        pictures, mask
            At full size.
        factor
            Reduction along each side.
        level
            Of what is lit well (`lit_level`).

        Raises
        ------
        ValueError
            If the mask leaves nothing to compare.
        """
        details, trusts = detail(reduced(pictures, factor), level)
        part = reduced(mask[None].astype(np.float32), factor)[0]
        kernel = np.ones((2 * RIM + 1, 2 * RIM + 1), np.uint8)
        inside = cv2.erode((part > 0.99).astype(np.uint8), kernel)
        rows, columns = np.nonzero(inside)
        if len(rows) < 16:
            raise ValueError(
                f"registration: {len(rows)} pixels of {inside.shape[1]} x {inside.shape[0]} lie "
                "inside the subject; 16 are needed. Check the mask."
            )
        across = -(-inside.shape[1] // BLOCK)
        blocks = (rows // BLOCK) * across + columns // BLOCK
        order = np.argsort(blocks, kind="stable")
        rows, columns, blocks = rows[order], columns[order], blocks[order]
        starts = np.flatnonzero(np.diff(blocks, prepend=-1))
        inner = cv2.erode(inside, np.ones((3, 3), np.uint8))[rows, columns].astype(np.float32)
        return cls(factor, details, trusts, rows, columns, starts, inner)

    @property
    def places(self) -> tuple[Float64[Array, " pixel"], Float64[Array, " pixel"]]:
        """Return x and y of the pixels in the full-size picture [px]."""
        offset = (self.factor - 1) / 2.0
        return self.columns * self.factor + offset, self.rows * self.factor + offset

    def block_basis(self, basis: PlaneBasis | GridBasis) -> csr_matrix:
        """Return the values of a basis at the middle of each block."""
        size = np.diff(np.append(self.starts, len(self.rows)))
        x, y = (np.add.reduceat(places, self.starts) / size for places in self.places)
        return basis.at(x, y)

    def read(
        self, flow_x: Float64[Array, "frame pixel"], flow_y: Float64[Array, "frame pixel"]
    ) -> tuple[Readings, Readings]:
        """Return detail and trust where the pixels have moved to [full-size px]."""
        shape = (len(self.details), len(self.rows))
        readings, trust = np.empty(shape, np.float32), np.empty(shape, np.float32)
        for frame in range(len(self.details)):
            x = (self.columns + flow_x[frame] / self.factor).astype(np.float32)
            y = (self.rows + flow_y[frame] / self.factor).astype(np.float32)
            readings[frame] = read_plane(self.details[frame], x, y)
            trust[frame] = _between(self.trusts[frame], x, y)
        return readings, trust

    def slopes(self, model: LowRank) -> Slopes:
        """Return the slopes of what the patterns tell of each picture [1/full-size px].

        Those of the pictures themselves hold the edges of shadows, which do not move along.
        """
        height, width = self.details.shape[1:]
        planes = np.zeros((len(model.patterns), height, width), np.float32)
        planes[:, self.rows, self.columns] = model.patterns
        x, y = np.zeros_like(planes), np.zeros_like(planes)
        x[:, :, 1:-1] = planes[:, :, 2:] - planes[:, :, :-2]
        y[:, 1:-1] = planes[:, 2:] - planes[:, :-2]
        scale = self.inner / np.float32(2.0 * self.factor)
        return Slopes(
            model.shares @ (x[:, self.rows, self.columns] * scale),
            model.shares @ (y[:, self.rows, self.columns] * scale),
            self.starts,
        )


def _between(
    plane: Float32[Array, "h w"], x: Float32[Array, " p"], y: Float32[Array, " p"]
) -> Float32[Array, " p"]:
    """Read a plane between pixels linearly."""
    parts = [
        cv2.remap(
            plane,
            x[None, at : at + ROW],
            y[None, at : at + ROW],
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )[0]
        for at in range(0, len(x), ROW)
    ]
    return np.concatenate(parts)
