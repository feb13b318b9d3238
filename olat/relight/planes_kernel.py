"""Loops over mapped half-precision planes.

Every plane is a mapping of its own, so the loops take addresses. Halves are converted by the
processor: LLVM turns the widening into one instruction for a whole vector, and infinities,
subnormals and NaN come out right.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic
from numba.np.numpy_support import carray

Numbers: TypeAlias = np.ndarray[Any, Any]

STRIP = 1 << 15
"""Pixels of a sum that stay in the cache while all lights are added."""
AT_ONCE = 8
"""Lights added in one pass over the strip."""


def _pointer_code(_context: Any, address: Any) -> Any:
    """Turn an address into a pointer."""

    def generate(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.inttoptr(args[0], context.get_value_type(types.voidptr))

    return types.voidptr(address), generate


def _widened_code(_context: Any, half: Any) -> Any:
    """Turn the bits of a half into a float32."""

    def generate(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.fpext(builder.bitcast(args[0], ir.HalfType()), ir.FloatType())

    return types.float32(half), generate


_pointer: Any = intrinsic(_pointer_code)
_widened: Any = intrinsic(_widened_code)


@njit(nogil=True, cache=True)
def weighted_sum(
    addresses: Numbers, weights: Numbers, start: int, stop: int, total: Numbers
) -> None:
    """Write the weighted sum of pixels ``[start, stop)`` of planes, a multiple of 8 in number."""
    buffer = np.empty(min(STRIP, stop - start), np.float32)
    for first in range(start, stop, STRIP):
        last = min(first + STRIP, stop)
        strip = buffer[: last - first]
        strip[:] = 0.0
        for light in range(0, addresses.size, AT_ONCE):
            eight = (
                _part(addresses[light], first, last),
                _part(addresses[light + 1], first, last),
                _part(addresses[light + 2], first, last),
                _part(addresses[light + 3], first, last),
                _part(addresses[light + 4], first, last),
                _part(addresses[light + 5], first, last),
                _part(addresses[light + 6], first, last),
                _part(addresses[light + 7], first, last),
            )
            _add_eight(strip, eight, weights[light : light + AT_ONCE])
        total[first:last] = strip


@njit(nogil=True, cache=True)
def add_planes(halves: Numbers, weights: Numbers, total: Numbers) -> None:
    """Add eight weighted planes, bits in rows of memory, to a plane of sums."""
    for first in range(0, total.size, STRIP):
        last = min(first + STRIP, total.size)
        eight = (
            halves[0, first:last],
            halves[1, first:last],
            halves[2, first:last],
            halves[3, first:last],
            halves[4, first:last],
            halves[5, first:last],
            halves[6, first:last],
            halves[7, first:last],
        )
        _add_eight(total[first:last], eight, weights)


@njit(nogil=True, cache=True)
def widen(addresses: Numbers, start: int, stop: int, rows: Numbers) -> None:
    """Write pixels ``[start, stop)`` of every plane as float32, a row each."""
    for light in range(addresses.size):
        _widen_part(_part(addresses[light], start, stop), rows[light])


@njit(nogil=True, cache=True)
def interleave(products: Numbers, start: int, stop: int, radiance: Numbers) -> None:
    """Write pixels ``[start, stop)`` of frames, from a plane a channel to three numbers a pixel."""
    for frame in range(radiance.shape[0]):
        red, green, blue = products[0, frame], products[1, frame], products[2, frame]
        out = radiance[frame, start:stop]
        for i in range(stop - start):
            out[i, 0] = red[i]
            out[i, 1] = green[i]
            out[i, 2] = blue[i]


@njit(nogil=True, cache=True)
def pixel_of(address: np.uint64, pixel: int) -> float:
    """Return one pixel of the plane at an address."""
    return float(_widened(carray(_pointer(address), (pixel + 1,), np.uint16)[pixel]))


@njit(nogil=True, cache=True)
def _part(address: np.uint64, start: int, stop: int) -> Numbers:
    """Return pixels of the plane at an address, as bits."""
    return carray(_pointer(address), (stop,), np.uint16)[start:stop]


# A function of its own taking slices: written into its caller, the loop would not be vectorized.
@njit(nogil=True, cache=True)
def _add_eight(strip: Numbers, eight: tuple[Numbers, ...], weights: Numbers) -> None:
    """Add eight weighted planes to a strip."""
    a, b, c, d, e, f, g, h = eight
    wa, wb, wc, wd = weights[0], weights[1], weights[2], weights[3]
    we, wf, wg, wh = weights[4], weights[5], weights[6], weights[7]
    for i in range(strip.size):
        strip[i] += (
            wa * _widened(a[i])
            + wb * _widened(b[i])
            + wc * _widened(c[i])
            + wd * _widened(d[i])
            + we * _widened(e[i])
            + wf * _widened(f[i])
            + wg * _widened(g[i])
            + wh * _widened(h[i])
        )


@njit(nogil=True, cache=True)
def _widen_part(part: Numbers, row: Numbers) -> None:
    """Write one plane's pixels as float32."""
    for i in range(part.size):
        row[i] = _widened(part[i])
