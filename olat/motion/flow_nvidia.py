"""NVIDIA Optical Flow: motion by the engine that sits on NVIDIA's GPUs since Turing."""

from __future__ import annotations

import logging
import threading
from functools import cache

import cv2
import numpy as np
from jaxtyping import Float32, Shaped

from olat.model.shapes import Array, Flow, Plane
from olat.motion.agreement import agreement
from olat.motion.flow import FlowMethod
from olat.motion.flow_dis import dis
from olat.motion.nvidia_driver import NvidiaError
from olat.motion.nvidia_engine import Engine, GridFlow
from olat.motion.nvidia_probe import trouble
from olat.motion.preparation import Codes

SIDE_STEP = 128
"""Pictures are filled up to multiples of this: making an engine for each size takes long [px]."""

_log = logging.getLogger(__name__)
_asking = threading.Lock()


class NvidiaFlow:
    """Flow by one engine, which is kept for the next pair of like size (see `FlowMethod`).

    Parameters
    ----------
    grid
        Side of the squares of pixels that share a vector; none for 2, or what the GPU offers [px].

    Raises
    ------
    NvidiaError
        If there is no engine, or if it refuses the pictures.

    Notes
    -----
    Assumes 8-bit pictures of equal exposure. Vectors come in steps of 1/32 px, one for a square
    of 2 px, of 4 on older GPUs; between the middles of squares they are read linearly.
    The engine's cost has no documented scale and so no part in the confidence, which is the
    agreement of both directions alone. Threads take turns.

    References
    ----------
    .. [1] NVIDIA, NVOFA Programming Guide, Optical Flow SDK 2.0.
    """

    def __init__(self, grid: int | None = None) -> None:
        self._grid = grid
        self._lock = threading.Lock()
        self._engine: Engine | None = None
        self._purpose: tuple[tuple[int, ...], bool] | None = None

    def __call__(
        self, reference: Codes, moving: Codes, hint: Flow | None = None
    ) -> tuple[Flow, Plane]:
        """Solve both directions."""
        first, second = filled(reference), filled(moving)
        start = None if hint is None else filled(hint)
        with self._lock:
            try:
                engine = self._engine_for(first, is_hinted=hint is not None)
                there = engine.solve(first, second, start)
                back = engine.solve(second, first, None if start is None else -start)
            except NvidiaError:
                # Whatever state it is in: the next pair gets a fresh one.
                self._close()
                raise
        shape = (reference.shape[0], reference.shape[1])
        forward = per_pixel(there, shape)
        return forward, agreement(forward, per_pixel(back, shape))

    def close(self) -> None:
        """Give the engine and its memory back; a further call makes another."""
        with self._lock:
            self._close()

    def _engine_for(self, picture: Codes, *, is_hinted: bool) -> Engine:
        """Return the engine for pairs like this one."""
        purpose = (picture.shape, is_hinted)
        if self._engine is None or self._purpose != purpose:
            self._close()
            self._engine = Engine(
                (picture.shape[0], picture.shape[1]), hinted=is_hinted, grid=self._grid
            )
            self._purpose = purpose
        return self._engine

    def _close(self) -> None:
        if self._engine is not None:
            self._engine.close()
        self._engine = None


def nvidia_or_dis() -> FlowMethod:
    """Return NVIDIA's flow where it works; dense inverse search, with a warning, where not.

    Notes
    -----
    Another process tries it first, once, on a known shift: a driver that misunderstands us could
    end this one. Where the engine refuses a pair later, that pair is left to dense inverse search
    too, with a warning.
    """
    with _asking:
        reason = _trouble()
    if reason:
        _log.warning("NVIDIA Optical Flow: %s; dense inverse search is used instead", reason)
        return dis
    return _nvidia


@cache
def _trouble() -> str:
    return trouble()


@cache
def _shared() -> NvidiaFlow:
    """Return the one that this process has."""
    return NvidiaFlow()


def _nvidia(reference: Codes, moving: Codes, hint: Flow | None = None) -> tuple[Flow, Plane]:
    """Solve on the GPU, or say why not and solve on the processor."""
    try:
        return _shared()(reference, moving, hint)
    except NvidiaError as fault:
        _log.warning("NVIDIA Optical Flow: %s; dense inverse search takes this pair", fault)
        return dis(reference, moving, hint)


def filled(
    picture: Shaped[Array, "h w *channels"],
) -> Shaped[Array, "tall wide *channels"]:
    """Repeat the last row and column until both sides are multiples of `SIDE_STEP`."""
    missing = [(0, -side % SIDE_STEP) for side in picture.shape[:2]]
    return np.pad(picture, [*missing, *[(0, 0)] * (picture.ndim - 2)], mode="edge")


def per_pixel(found: GridFlow, shape: tuple[int, int]) -> Float32[Array, "h w 2"]:
    """Read vectors of squares at every pixel, linearly between their middles; values stay.

    Parameters
    ----------
    found
        Vectors as the engine gives them.
    shape
        Height and width of the picture, which the squares may overhang [px].
    """
    rows, columns = found.flow.shape[:2]
    size = (columns * found.grid, rows * found.grid)
    full = cv2.resize(found.flow, size, interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(full[: shape[0], : shape[1]])
