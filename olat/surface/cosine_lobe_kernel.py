"""Closed-form lobes, fused into one pass over the pixels.

A block of pixels is spread into rows of one number each, solved in vector registers, and put back.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from olat.model.flags import PixelFlag
from olat.surface.strip_kernel import Numbers, compiled

BLOCK = 256
"""Pixels solved at a time: their rows fit in the first cache."""

_INTEGRAL, _VECTOR, _RATIO = 0, 3 * BLOCK, 6 * BLOCK
"""Where the rows of integral and moment (three each) and of the ratio begin."""
_ROWS = 7

_CLAMPED, _SHADOWED = np.uint8(PixelFlag.CLAMPED), np.uint8(PixelFlag.SHADOWED)
_NOTHING = np.uint8(0)
# Singles: plain numbers would make doubles of all that they meet.
_ZERO, _ONE = np.float32(0.0), np.float32(1.0)


@compiled
def shared(
    moments: tuple[Numbers, Numbers],
    limits: tuple[Any, Any],
    lobes: tuple[Numbers, Numbers, Numbers],
    flags: Numbers,
) -> None:
    """Write axis, ratio and integral of one lobe a pixel: channel c tells its axis c.

    Integral and moment are ``(pixel, 3)``; the limits are the shadow floor and the largest ratio.
    """
    integral, moment = moments
    axis, ratio, lit = lobes
    rows = np.empty(_ROWS * BLOCK, integral.dtype)
    for start in range(0, flags.size, BLOCK):
        stop = min(start + BLOCK, flags.size)
        for i in range(stop - start):
            for channel in range(3):
                rows[_INTEGRAL + channel * BLOCK + i] = integral[start + i, channel]
                rows[_VECTOR + channel * BLOCK + i] = moment[start + i, channel]
        _solve(rows, limits[0], limits[1], flags[start:stop])
        for i in range(stop - start):
            for channel in range(3):
                lit[start + i, channel] = rows[_INTEGRAL + channel * BLOCK + i]
                axis[start + i, channel] = rows[_VECTOR + channel * BLOCK + i]
            ratio[start + i] = rows[_RATIO + i]


@compiled
def by_channel(
    moments: tuple[Numbers, Numbers],
    limits: tuple[Any, Any],
    lobes: tuple[Numbers, Numbers, Numbers],
    flags: Numbers,
) -> None:
    """Write axis, ratio and integral of one lobe a channel.

    Integral and ratio are ``(pixel, 3)``, moment and axis ``(pixel, 3, 3)``; the limits are as in
    `shared`.
    """
    integral, moment = moments
    axis, ratio, lit = lobes
    rows = np.empty(_ROWS * BLOCK, integral.dtype)
    doubts = np.empty(BLOCK, np.uint8)
    flags[:] = _NOTHING
    for start in range(0, flags.size, BLOCK):
        count = min(BLOCK, flags.size - start)
        for channel in range(3):
            for i in range(count):
                for k in range(3):
                    rows[_INTEGRAL + k * BLOCK + i] = integral[start + i, channel]
                    rows[_VECTOR + k * BLOCK + i] = moment[start + i, channel, k]
            _solve(rows, limits[0], limits[1], doubts[:count])
            for i in range(count):
                for k in range(3):
                    axis[start + i, channel, k] = rows[_VECTOR + k * BLOCK + i]
                lit[start + i, channel] = rows[_INTEGRAL + i]
                ratio[start + i, channel] = rows[_RATIO + i]
                flags[start + i] |= doubts[i]


# A function of its own: written into its callers, the loop would not be vectorized.
@compiled
def _solve(rows: Numbers, floor: Any, largest: Any, flags: Numbers) -> None:
    """Turn integrals and moments of a block into integrals of what is lit, axes and ratios."""
    for i in range(flags.size):
        red, green, blue = rows[i], rows[BLOCK + i], rows[2 * BLOCK + i]
        x, y, z = rows[3 * BLOCK + i], rows[4 * BLOCK + i], rows[5 * BLOCK + i]
        # What is infinite or not a number makes this product not 0.
        is_lit = ((x + y + z) + (red + green + blue)) * _ZERO == _ZERO
        is_lit = is_lit & (red > floor) & (green > floor) & (blue > floor)
        x, y, z = x / red, y / green, z / blue
        length = np.sqrt(x * x + y * y + z * z)
        length = length if is_lit else _ZERO
        scale = _ONE / length
        scale = scale if length > _ZERO else _ZERO
        rows[_VECTOR + i] = x * scale if is_lit else _ZERO
        rows[_VECTOR + BLOCK + i] = y * scale if is_lit else _ZERO
        rows[_VECTOR + 2 * BLOCK + i] = z * scale if is_lit else _ZERO
        rows[_RATIO + i] = length if length < largest else largest
        rows[i] = red if is_lit else _ZERO
        rows[BLOCK + i] = green if is_lit else _ZERO
        rows[2 * BLOCK + i] = blue if is_lit else _ZERO
        doubt = _CLAMPED if length > largest else _NOTHING
        flags[i] = doubt if is_lit else _SHADOWED
