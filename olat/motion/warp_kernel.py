"""Compiled loops of `olat.motion.warp`: what a cubic resampling does to values, noise and flags."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from olat.model.flags import PixelFlag
from olat.motion.cubic_kernel import keys_weights

_Array = np.ndarray[Any, Any]

_OUT_OF_FRAME, _OCCLUDED = np.uint8(PixelFlag.OUT_OF_FRAME), np.uint8(PixelFlag.OCCLUDED)
_NONE = np.uint8(0)
_WHOLE = np.float32(1e-3)
"""How near a place on the rim is to a pixel that it counts as on it, for rounding's sake [px]."""


@njit(nogil=True, cache=True)
def resample(values: _Array, x: _Array, y: _Array, outside: _Array, squared: bool) -> _Array:
    """Sum the pixels under Keys' cubic, with its weights or with their squares; 0 outside."""
    height, width = values.shape[:2]
    out = np.zeros((*x.shape, 3), np.float32)
    for row in range(x.shape[0]):
        for column in range(x.shape[1]):
            if outside[row, column]:
                continue
            left, across = _split(x[row, column], width)
            top, down = _split(y[row, column], height)
            wide, tall = keys_weights(across), keys_weights(down)
            if squared:
                wide, tall = _squares(wide), _squares(tall)
            # On whole pixels the others have no part, be they infinite or beyond the border.
            first, last = (0, 4) if down > 0 else (1, 2)
            for k in range(first, last):
                line = values[top - 1 + k]
                weight = tall[k]
                for channel in range(3):
                    if across > 0:
                        value = (
                            wide[0] * line[left - 1, channel]
                            + wide[1] * line[left, channel]
                            + wide[2] * line[left + 1, channel]
                            + wide[3] * line[left + 2, channel]
                        )
                    else:
                        value = line[left, channel]
                    out[row, column, channel] += weight * value
    return out


@njit(nogil=True, cache=True)
def _split(place: Any, size: Any) -> tuple[int, Any]:
    """Return the pixel before a place, and how far behind it the place is; on the rim it is not."""
    if place < np.float32(1.0) or place > np.float32(size - 2):
        return int(np.rint(place)), np.float32(0.0)
    before = np.floor(place)
    return int(before), np.float32(place - before)


@njit(nogil=True, cache=True)
def _squares(weights: tuple[Any, Any, Any, Any]) -> tuple[Any, Any, Any, Any]:
    first, second, third, fourth = weights
    return first * first, second * second, third * third, fourth * fourth


@njit(nogil=True, cache=True)
def mark_outside(x: _Array, y: _Array, outside: _Array) -> None:
    """Say where the kernel takes a pixel beyond the border, or the place is not a number."""
    height, width = outside.shape
    for row in range(height):
        for column in range(width):
            outside[row, column] = not (
                _is_within(x[row, column], width) and _is_within(y[row, column], height)
            )


@njit(nogil=True, cache=True)
def _is_within(place: Any, size: Any) -> Any:
    """Tell whether a kernel finds its pixels along one axis; on a whole pixel it takes that one."""
    nearest = np.rint(place)
    is_whole = abs(place - nearest) <= _WHOLE
    # What is not a number fails every comparison.
    between = (place >= np.float32(1.0)) & (place <= np.float32(size - 2))
    return between | (is_whole & (nearest >= 0) & (nearest <= np.float32(size - 1)))


@njit(nogil=True, cache=True)
def pull_flags(flags: _Array, around: _Array, x: _Array, y: _Array, out: _Array) -> None:
    """Collect the flags of the pixels under the kernel into `out`, but where that has some.

    `around` has the flags from 1 px before to 2 px after every pixel.
    """
    height, width = flags.shape
    for row in range(height):
        for column in range(width):
            if out[row, column]:
                continue
            left, top = np.floor(x[row, column]), np.floor(y[row, column])
            i, j = max(int(top), 0), max(int(left), 0)
            found = around[i, j]
            if found:
                wide, tall = x[row, column] != left, y[row, column] != top
                out[row, column] = found if wide and tall else _joined(flags, i, j, tall, wide)


@njit(nogil=True, cache=True)
def _joined(flags: _Array, i: int, j: int, tall: bool, wide: bool) -> Any:
    """Return the flags of the pixels under the kernel together."""
    height, width = flags.shape
    found = _NONE
    for row in range(max(i - tall, 0), min(i + 2 * tall + 1, height)):
        for column in range(max(j - wide, 0), min(j + 2 * wide + 1, width)):
            found |= flags[row, column]
    return found


@njit(nogil=True, cache=True)
def mark_hidden(confidence: _Array, floor: Any, flags: _Array, trust: _Array) -> None:
    """Mark what is less sure than the floor; what is out of frame is not trusted at all."""
    for row in range(flags.shape[0]):
        for column in range(flags.shape[1]):
            if not confidence[row, column] >= floor:
                flags[row, column] |= _OCCLUDED
            if flags[row, column] & _OUT_OF_FRAME:
                trust[row, column] = np.float32(0.0)


@njit(nogil=True, cache=True)
def tears(flow: _Array, width_px: Any, height_px: Any) -> _Array:
    """Return the largest change of flow from each pixel to its neighbors, for each px of way.

    A pixel of the flow is `width_px` by `height_px` large.
    """
    height, width = flow.shape[:2]
    steepest = np.zeros((height, width), np.float32)
    for row in range(height):
        for column in range(width):
            for i, j, size in ((row, column + 1, width_px), (row + 1, column, height_px)):
                if i < height and j < width:
                    dx = (flow[i, j, 0] - flow[row, column, 0]) / size
                    dy = (flow[i, j, 1] - flow[row, column, 1]) / size
                    change = np.float32(np.sqrt(dx * dx + dy * dy))
                    steepest[row, column] = max(steepest[row, column], change)
                    steepest[i, j] = max(steepest[i, j], change)
    return steepest
