"""Keys' cubic with a = -1/2, which leaves ramps and parabolas where they are; OpenCV's does not.

Its a = -3/4 moves what it reads by up to a twentieth of a pixel (Keys 1981, sec. III).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

_Array = np.ndarray[Any, Any]

# A division that may raise would keep a loop scalar.
compiled = njit(nogil=True, cache=True, error_model="numpy")


@compiled
def keys_weights(t: Any) -> tuple[Any, Any, Any, Any]:
    """Return the weights of the pixels before and behind a place, two and two; they sum to 1."""
    half, two, three, five = np.float32(0.5), np.float32(2.0), np.float32(3.0), np.float32(5.0)
    one = np.float32(1.0)
    first = half * t * ((two - t) * t - one)
    second = half * ((three * t - five) * t * t + two)
    fourth = half * t * t * (t - one)
    return first, second, one - first - second - fourth, fourth


@compiled
def keys_taps(place: Any, size: Any, pixels: _Array) -> tuple[Any, Any, Any, Any]:
    """Fill in the four pixels that tell what is at a place, and return their weights.

    The edge goes on beyond the border; what is no number is read at the first pixel.
    """
    within = min(place, np.float32(size - 1)) if place > np.float32(0.0) else np.float32(0.0)
    before = int(np.floor(within))
    for k in range(4):
        pixels[k] = min(max(before - 1 + k, 0), size - 1)
    return keys_weights(np.float32(within - before))


@compiled
def read_plane(plane: _Array, x: _Array, y: _Array) -> _Array:
    """Return what a plane has at places between its pixels, in a row of places."""
    height, width = plane.shape
    columns, rows = np.empty(4, np.int64), np.empty(4, np.int64)
    out = np.empty(len(x), np.float32)
    for place in range(len(x)):
        across = keys_taps(x[place], width, columns)
        down = keys_taps(y[place], height, rows)
        value = np.float32(0.0)
        for k in range(4):
            line = plane[rows[k]]
            value += down[k] * (
                across[0] * line[columns[0]]
                + across[1] * line[columns[1]]
                + across[2] * line[columns[2]]
                + across[3] * line[columns[3]]
            )
        out[place] = value
    return out
