"""Compiled loop of `olat.motion.warp`: what a cubic resampling does to noise."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

_Array = np.ndarray[Any, Any]

_A = np.float32(-0.75)
"""OpenCV's cubic."""


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
