"""Flow between two pictures by the optical flow engine of an NVIDIA GPU, on the engine's grid."""

from __future__ import annotations

import weakref
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int16, UInt8

from olat.model.shapes import Array, Flow
from olat.motion import nvidia_structs as nv
from olat.motion.nvidia_driver import NvidiaError, freed
from olat.motion.nvidia_session import Ability, Buffer, Session

FRACTION = 32
"""Vectors are S10.5: the last five bits are the fraction [1/px]."""

BEST_GRID = 2
"""A vector for each pixel is grainy where there is no texture, and takes thrice the time [px]."""


@dataclass(frozen=True, slots=True)
class GridFlow:
    """Flow as the engine gives it: one vector for a square of pixels."""

    flow: Float32[Array, "rows columns 2"]
    """In pixels of the picture, whatever the grid [px]."""
    cost: UInt8[Array, "rows columns"]
    """How badly the engine matched, larger is worse; on a scale of its own."""
    grid: int
    """Side of the square; the last ones may reach beyond the picture [px]."""


class Engine:
    """An engine for pairs of one size, for one thread at a time.

    Parameters
    ----------
    shape
        Height and width of the pictures [px].
    hinted
        Whether every pair comes with a start flow.
    grid
        Side of the squares that share a vector; none for `BEST_GRID` where it is on offer, or
        else the smallest that is [px].

    Raises
    ------
    NvidiaError
        If there is none, or if it takes no pictures of this size, no start flow, or has no such
        grid.

    Notes
    -----
    Assumes a driver that knows version 2.0 of the interface. Takes the level of best quality.
    Nothing of one pair is used for the next: the frames of a sweep are no film. `close` gives
    everything back, and so does the loss of the last reference.

    References
    ----------
    .. [1] NVIDIA, NVOFA Programming Guide, Optical Flow SDK 2.0.
    """

    def __init__(
        self, shape: tuple[int, int], *, hinted: bool = False, grid: int | None = None
    ) -> None:
        self.shape = shape
        with ExitStack() as closing:
            self._session = session = Session(closing)
            self.ability = session.ability
            _check_size(self.ability, shape)
            self.grid, self._hint_grid = _chosen_grids(self.ability, grid, hinted=hinted)
            session.start(_params(shape, self.grid, self._hint_grid))
            self._input = session.buffer(shape, nv.USAGE_INPUT, nv.FORMAT_GRAY8)
            self._reference = session.buffer(shape, nv.USAGE_INPUT, nv.FORMAT_GRAY8)
            cells = _cells(shape, self.grid)
            self._output = session.buffer(cells, nv.USAGE_OUTPUT, nv.FORMAT_SHORT2)
            self._cost = session.buffer(cells, nv.USAGE_COST, nv.FORMAT_UINT8)
            self._hint: Buffer | None = None
            if hinted:
                cells = _cells(shape, self._hint_grid)
                self._hint = session.buffer(cells, nv.USAGE_HINT, nv.FORMAT_SHORT2)
            # The thread that closes may be one that never held the device.
            closing.callback(freed, session.cuda.make_current)
            self._finalizer = weakref.finalize(self, closing.pop_all().close)

    def close(self) -> None:
        """Give back buffers, engine and device."""
        self._finalizer()

    def solve(
        self,
        reference: UInt8[Array, "h w"],
        moving: UInt8[Array, "h w"],
        hint: Flow | None = None,
    ) -> GridFlow:
        """Find where every square of the reference lies in the moving picture.

        Parameters
        ----------
        reference, moving
            8-bit pictures of equal exposure.
        hint
            Where to start; there if and only if the engine is a hinted one [px].

        Raises
        ------
        NvidiaError
            If the engine answers with an error.
        ValueError
            If the engine was made for other pictures.
        """
        self._check(reference, moving, hint)
        cuda = self._session.cuda
        cuda.make_current()
        for buffer, picture in ((self._input, reference), (self._reference, moving)):
            cuda.upload(np.ascontiguousarray(picture), buffer.pointer, buffer.pitch)
        source = nv.ExecuteInput(
            input=self._input.handle, reference=self._reference.handle, disable_temporal_hints=1
        )
        if self._hint is not None and hint is not None:
            vectors = encoded(hint, grid=self._hint_grid)
            cuda.upload(vectors, self._hint.pointer, self._hint.pitch)
            source.hints = self._hint.handle
        result = nv.ExecuteOutput(output=self._output.handle, cost=self._cost.handle)
        self._session.run(source, result)
        vectors = np.empty((*_cells(self.shape, self.grid), 2), np.int16)
        cuda.download(vectors, self._output.pointer, self._output.pitch)
        cost = np.empty(vectors.shape[:2], np.uint8)
        cuda.download(cost, self._cost.pointer, self._cost.pitch)
        return GridFlow(decoded(vectors), cost, self.grid)

    def _check(
        self, reference: UInt8[Array, "h w"], moving: UInt8[Array, "h w"], hint: Flow | None
    ) -> None:
        shapes = {each.shape[:2] for each in (reference, moving, hint) if each is not None}
        if shapes != {self.shape}:
            found = ", ".join(f"{width} x {height}" for height, width in sorted(shapes))
            raise ValueError(
                f"nvidia: the pictures are {found} px; this engine takes "
                f"{self.shape[1]} x {self.shape[0]} px. Make one for their size."
            )
        if (hint is None) != (self._hint is None):
            found, needed = ("no", "one") if hint is None else ("a", "none")
            raise ValueError(f"nvidia: there is {found} start flow; this engine takes {needed}.")


def encoded(hint: Flow, *, grid: int) -> Int16[Array, "rows columns 2"]:
    """Return a start flow as the engine reads it: the mean of every square, in S10.5.

    Parameters
    ----------
    hint
        On the grid of the picture [px].
    grid
        Side of the square [px].
    """
    height, width = hint.shape[:2]
    rows, columns = _cells((height, width), grid)
    below, beside = rows * grid - height, columns * grid - width
    padded = np.pad(hint, ((0, below), (0, beside), (0, 0)), mode="edge")
    means = padded.reshape(rows, grid, columns, grid, 2).mean(axis=(1, 3), dtype=np.float64)
    limits = np.iinfo(np.int16)
    fixed = np.rint(means * FRACTION).clip(limits.min, limits.max)
    return np.asarray(fixed, np.int16)


def decoded(vectors: Int16[Array, "rows columns 2"]) -> Float32[Array, "rows columns 2"]:
    """Return S10.5 vectors as numbers: a sign, ten bits of pixels, five of their fraction [px]."""
    return vectors.astype(np.float32) / np.float32(FRACTION)


def _cells(shape: tuple[int, int], grid: int) -> tuple[int, int]:
    """Return rows and columns of a grid that covers a picture."""
    return -(-shape[0] // grid), -(-shape[1] // grid)


def _check_size(ability: Ability, shape: tuple[int, int]) -> None:
    limits = zip(ability.smallest, shape, ability.largest, strict=True)
    if not all(least <= side <= greatest for least, side, greatest in limits):
        least, found, greatest = (
            f"{width} x {height}" for height, width in (ability.smallest, shape, ability.largest)
        )
        raise NvidiaError(
            f"the pictures are {found} px; {ability.device} takes {least} to {greatest} px"
        )


def _chosen_grids(ability: Ability, grid: int | None, *, hinted: bool) -> tuple[int, int]:
    """Return the grids of flow and start flow; refuse what the engine does not offer."""
    if not ability.grids:
        raise NvidiaError(f"{ability.device} offers no grid of 1, 2 or 4 px")
    best = BEST_GRID if BEST_GRID in ability.grids else ability.grids[0]
    chosen = best if grid is None else grid
    if chosen not in ability.grids:
        offered = ", ".join(map(str, ability.grids))
        raise NvidiaError(f"{ability.device} offers grids of {offered} px; {chosen} px was asked")
    if not hinted:
        return chosen, 0
    # The library wants start flows no denser than its output.
    fitting = [each for each in ability.hint_grids if each >= chosen]
    if not fitting:
        raise NvidiaError(f"{ability.device} takes no start flow")
    return chosen, fitting[0]


def _params(shape: tuple[int, int], grid: int, hint_grid: int) -> nv.InitParams:
    return nv.InitParams(
        width=shape[1],
        height=shape[0],
        out_grid=grid,
        hint_grid=hint_grid,
        mode=nv.MODE_FLOW,
        performance=nv.PERFORMANCE_SLOW,
        enable_hints=int(hint_grid > 0),
        enable_cost=1,
    )
