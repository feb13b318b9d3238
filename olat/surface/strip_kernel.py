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

BLOCK = 64
"""Pixels solved at a time: 331 lights of them fit in 85 kB."""
UNUSABLE = np.float32(-1e30)
"""Stands for the reading of a light that a pixel must not use."""
SUMS_IN_ANY_ORDER = {"reassoc", "contract", "nsz"}
"""What LLVM needs to sum in vectors; infinities stay what they are."""

_FINITE = np.float32(65520.0)  # decoded infinities and NaN lie above it
_EXPONENT_BIAS = np.float32(2.0**112)
_THIRD = np.float32(1.0 / 3.0)


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


@njit(nogil=True, cache=True)
def gather(
    strip: Numbers, flags: Numbers, refused: int, readings: Numbers, causes: Numbers
) -> None:
    """Write the channel mean of each usable reading; OR the flags that refused the others."""
    lights, count = flags.shape
    row = np.empty(count, np.float32)
    causes[:] = 0
    for light in range(lights):
        planes = strip[light]
        _mean_of_channels(planes[0], planes[1], planes[2], row)
        for pixel in range(count):
            flagged = flags[light, pixel] & refused
            causes[pixel] |= flagged
            readings[pixel, light] = row[pixel] if flagged == 0 else UNUSABLE


@njit(nogil=True, cache=True)
def _mean_of_channels(red: Numbers, green: Numbers, blue: Numbers, row: Numbers) -> None:
    for pixel in range(row.size):
        r, g, b = decoded(red[pixel]), decoded(green[pixel]), decoded(blue[pixel])
        finite = abs(r) < _FINITE and abs(g) < _FINITE and abs(b) < _FINITE
        row[pixel] = (r + g + b) * _THIRD if finite else UNUSABLE


@njit(nogil=True, cache=True)
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


@njit(nogil=True, cache=True)
def weighted_channels(strip: Numbers, weights: Numbers, sums: Numbers) -> None:
    """Sum every channel of every pixel over the lights with weights in (pixel, light) order."""
    lights, _, count = strip.shape
    row = np.empty(count, np.float32)
    sums[:] = 0.0
    for light in range(lights):
        for pixel in range(count):
            row[pixel] = weights[pixel, light]
        for channel in range(3):
            _add_weighted(strip[light, channel], row, sums[channel])


@njit(nogil=True, cache=True)
def _add_weighted(stored: Numbers, weights: Numbers, sums: Numbers) -> None:
    for pixel in range(sums.size):
        weight = weights[pixel]
        # A reading that is not a number has weight zero, and would still spoil the sum.
        sums[pixel] += weight * decoded(stored[pixel]) if weight != 0.0 else np.float32(0.0)
