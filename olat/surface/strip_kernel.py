"""Loops that read a strip of the reflectance field, shared by the solves.

A block of pixels is decoded once from ``(light, channel, pixel)`` into ``(pixel, light)`` order,
where every sum over the lights of a pixel runs in vector registers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numba import njit, types
from numba.extending import overload

Numbers: TypeAlias = np.ndarray[Any, Any]

BLOCK = 256
"""Pixels solved at a time: 331 lights of them fit in 340 kB, a share of any L2 cache."""
UNUSABLE = np.float32(-1e30)
"""Stands for the reading of a light that a pixel must not use."""

# A division that may raise keeps a loop scalar, and so do sums in a fixed order and maxima that
# must pass NaN on. There is none: `gather` replaces it.
compiled = njit(nogil=True, cache=True, error_model="numpy")
compiled_sums = njit(
    nogil=True, cache=True, error_model="numpy", fastmath={"reassoc", "contract", "nsz", "nnan"}
)

_FINITE = np.float32(65520.0)  # decoded infinities and NaN lie above it
_EXPONENT_BIAS = np.float32(2.0**112)
_THIRD, _ZERO = np.float32(1.0 / 3.0), np.float32(0.0)


def _half_from_bits(stored: Any) -> Any:
    """Return the half with these bits; infinities and NaN come out as 65536 and more."""
    word = (np.int32(stored) & np.int32(0x7FFF)) << np.int32(13)
    word |= (np.int32(stored) & np.int32(0x8000)) << np.int32(16)
    return np.int32(word).view(np.float32) * _EXPONENT_BIAS


def decoded(stored: Any) -> Any:
    """Return a stored number, a float32 or the bits of a half, as float32; for kernels only."""
    raise NotImplementedError


def _as_is(stored: Any) -> Any:
    return stored


@overload(decoded, strict=False)
def _decoded(stored: types.Type) -> Callable[[Any], Any]:
    return _half_from_bits if isinstance(stored, types.Integer) else _as_is


@compiled
def gather(
    strip: Numbers, flags: Numbers, refused: int, start: int, readings: Numbers, causes: Numbers
) -> None:
    """Write the channel mean of each usable reading of a block, which begins at pixel `start`.

    The flags that refused the others are OR-ed into `causes`. Rows are cut from the whole strip,
    because only then does numba know that they are contiguous.
    """
    stop = start + len(readings)
    row = np.empty(len(readings), np.float32)
    causes[start:stop] = 0
    for light in range(len(strip)):
        _mean_of_channels(
            strip[light, 0, start:stop],
            strip[light, 1, start:stop],
            strip[light, 2, start:stop],
            flags[light, start:stop],
            np.uint8(refused),
            row,
            causes[start:stop],
        )
        for i in range(row.size):
            readings[i, light] = row[i]


@compiled
def _mean_of_channels(
    red: Numbers,
    green: Numbers,
    blue: Numbers,
    flags: Numbers,
    refused: np.uint8,
    row: Numbers,
    causes: Numbers,
) -> None:
    for i in range(row.size):
        r, g, b = decoded(red[i]), decoded(green[i]), decoded(blue[i])
        flagged = flags[i] & refused
        finite = abs(r) < _FINITE and abs(g) < _FINITE and abs(b) < _FINITE
        row[i] = (r + g + b) * _THIRD if finite and flagged == 0 else UNUSABLE
        causes[i] |= flagged


@compiled
def three_brightest(reading: Numbers) -> tuple[np.float32, np.float32, np.float32]:
    """Return the three largest readings of a pixel, largest first."""
    first = second = third = UNUSABLE
    for value in reading:
        if value > third:
            third = value
            if third > second:
                second, third = third, second
            if second > first:
                first, second = second, first
    return first, second, third


@compiled
def weighted_channels(strip: Numbers, weights: Numbers, start: int, sums: Numbers) -> None:
    """Sum every channel of a block over the lights, with weights in (pixel, light) order."""
    count = len(weights)
    stop = start + count
    row = np.empty(count, np.float32)
    sums[:, start:stop] = 0.0
    for light in range(len(strip)):
        for i in range(count):
            row[i] = weights[i, light]
        for channel in range(3):
            _add_weighted(strip[light, channel, start:stop], row, sums[channel, start:stop])


@compiled
def _add_weighted(stored: Numbers, weights: Numbers, sums: Numbers) -> None:
    for pixel in range(sums.size):
        value = decoded(stored[pixel])
        # A reading that is not a number has weight zero, and would still spoil the sum.
        sums[pixel] += weights[pixel] * (value if abs(value) < _FINITE else _ZERO)
