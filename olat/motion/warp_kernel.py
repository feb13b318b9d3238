"""Compiled loops of `olat.motion.warp`: what a cubic resampling does to noise and to flags."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from olat.model.flags import PixelFlag

_Array = np.ndarray[Any, Any]

_A = np.float32(-0.75)
"""OpenCV's cubic."""
_OUT_OF_FRAME, _OCCLUDED = np.uint8(PixelFlag.OUT_OF_FRAME), np.uint8(PixelFlag.OCCLUDED)
_NONE = np.uint8(0)
_WHOLE = np.float32(1e-3)
"""How near a place on the rim is to a pixel that it counts as on it, for rounding's sake [px]."""


@njit(nogil=True, cache=True)
def _taps(place: Any, size: Any, indices: _Array, weights: _Array) -> int:
    """Fill in the pixels under the kernel along one axis, each once, and their weights."""
    left = int(np.floor(place))
    t = np.float32(place - left)
    s = np.float32(1.0) - t
    ahead = np.float32(1.0) + t
    first = ((_A * ahead - 5 * _A) * ahead + 8 * _A) * ahead - 4 * _A
    second = ((_A + 2) * t - (_A + 3)) * t * t + 1
    third = ((_A + 2) * s - (_A + 3)) * s * s + 1
    fourth = 1 - first - second - third
    count = 0
    for k, weight in enumerate((first, second, third, fourth)):
        index = min(max(left - 1 + k, 0), size - 1)
        # Beyond the border its pixel is taken again: weights add before they are squared.
        if count and indices[count - 1] == index:
            weights[count - 1] += weight
        else:
            indices[count], weights[count] = index, weight
            count += 1
    return count


@njit(nogil=True, cache=True)
def resample_variance(variance: _Array, x: _Array, y: _Array, outside: _Array) -> _Array:
    """Sum the variance of the pixels under the kernel, with its weights squared."""
    height, width, channels = variance.shape
    out = np.zeros_like(variance)
    columns, across = np.empty(4, np.int64), np.empty(4, np.float32)
    rows, down = np.empty(4, np.int64), np.empty(4, np.float32)
    for row in range(height):
        for column in range(width):
            if outside[row, column]:
                continue
            wide = _taps(x[row, column], width, columns, across)
            tall = _taps(y[row, column], height, rows, down)
            for i in range(tall):
                for j in range(wide):
                    weight = (down[i] * across[j]) ** 2
                    if weight == 0:
                        continue  # an infinite variance has no part where its pixel has none
                    for channel in range(channels):
                        out[row, column, channel] += weight * variance[rows[i], columns[j], channel]
    return out


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
