"""Compiled loop of `olat.sensor.mixed_noise`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

_Array = np.ndarray[Any, Any]


@njit(nogil=True, cache=True)
def filtered(halves: _Array, weights: _Array, out: _Array) -> None:
    """Sum the 5 x 5 sites around each pixel, with weights of its place in the pattern.

    `halves` holds the even and the odd columns of sites with a margin of two, so that the inner
    loop runs over neighbors; `weights` is row of the pattern, column, channel, 5, 5.
    """
    height, width, channels = out.shape
    sums = np.empty((width + 1) // 2, np.float32)
    for y in range(height):
        for first in range(2):
            count = (width - first + 1) // 2
            for channel in range(channels):
                sums[:] = 0
                for tap in range(25):
                    j, i = tap // 5, tap % 5
                    weight = weights[y & 1, first, channel, j, i]
                    if weight != 0:
                        line = halves[(first + i) & 1, y + j]
                        start = (first + i) // 2
                        for n in range(count):
                            sums[n] += weight * line[start + n]
                for n in range(count):
                    out[y, 2 * n + first, channel] = sums[n]
