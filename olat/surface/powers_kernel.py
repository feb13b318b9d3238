"""Logarithm and power to base 2 that run in vectors; numba's own are calls, pixel by pixel."""

from __future__ import annotations

from typing import Any

import numpy as np

from olat.surface.strip_kernel import compiled

_ONE, _HALF = np.float32(1.0), np.float32(0.5)
_EXPONENT_OF_ONE = np.int32(0x3F800000)
_EXPONENT, _TO_WHOLE = np.int32(-0x800000), np.float32(2.0**-23)
_ROOT_OF_HALF = np.int32(0x3F3504F3)
# log2((1 + t) / (1 - t)) = 2 / ln 2 (t + t^3 / 3 + t^5 / 5 + ...).
_L1, _L3, _L5, _L7 = (np.float32(2.0 / np.log(2.0) / power) for power in (1, 3, 5, 7))
_E1, _E2, _E3, _E4, _E5, _E6 = (
    np.float32(np.log(2.0) ** power / factorial)
    for power, factorial in zip(range(1, 7), (1, 2, 6, 24, 120, 720), strict=True)
)
_SMALLEST = np.float32(-126.0)


@compiled
def log2_of(number: Any) -> Any:
    """Return the logarithm of a normal positive float32, to 1e-7 of itself or of 1."""
    bits = np.float32(number).view(np.int32)
    # A mask in place of shifts, which numba widens to 64 bits.
    whole = np.int32(bits - _ROOT_OF_HALF) & _EXPONENT
    rest = np.int32(bits - whole).view(np.float32)
    t = (rest - _ONE) / (rest + _ONE)
    square = t * t
    series = _L1 + square * (_L3 + square * (_L5 + square * _L7))
    return np.float32(np.int32(whole)) * _TO_WHOLE + t * series


@compiled
def exp2_of(power: Any) -> Any:
    """Return 2 to a power of at most 126, to 2e-7 of itself; below -126 it is 2 ** -126."""
    held = power if power > _SMALLEST else _SMALLEST
    # The cast drops the fraction towards zero; an offset makes it round to the nearest.
    whole = np.int32(held - _HALF) if held < np.float32(0.0) else np.int32(held + _HALF)
    f = held - np.float32(whole)
    series = _ONE + f * (_E1 + f * (_E2 + f * (_E3 + f * (_E4 + f * (_E5 + f * _E6)))))
    scale = np.int32((whole << np.int32(23)) + _EXPONENT_OF_ONE).view(np.float32)
    return series * scale
