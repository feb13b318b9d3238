"""Compiled loops of `olat.sensor.bracket_merge`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from olat.model.flags import PixelFlag

_Array = np.ndarray[Any, Any]

_SATURATED = np.uint8(PixelFlag.SATURATED)
_ABSENT = np.uint8(PixelFlag.DEAD | PixelFlag.OUT_OF_FRAME)
_OCCLUDED = np.uint8(PixelFlag.OCCLUDED)
_UNTRACKED = np.uint8(PixelFlag.UNTRACKED)
_ZERO = np.float32(0.0)
_TINY = np.float32(1e-30)


@njit(nogil=True, cache=True)
def _doubt(flags: Any) -> int:
    """Return how bad a reading is; of flags that compete the worse one decides."""
    doubt = 0
    if flags & _ABSENT:
        doubt += 8
    if flags & _SATURATED:
        doubt += 4
    if flags & _OCCLUDED:
        doubt += 2
    if flags & _UNTRACKED:
        doubt += 1
    return doubt


@njit(nogil=True, cache=True)
def _best(flags: _Array, y: int, x: int) -> tuple[int, int]:
    """Return the best sample of a pixel and its doubt; samples run from long to short."""
    best, least = 0, 16
    for sample in range(flags.shape[0]):
        doubt = _doubt(flags[sample, y, x])
        if doubt < least or (doubt == least and doubt & 4):
            best, least = sample, doubt
    return best, least


@njit(nogil=True, cache=True)
def _expected(variance: Any, value: Any, signal: Any, slope_s: Any, read_s2: Any) -> Any:
    """Return the variance that a reading would have had, had it read the signal."""
    at_signal = slope_s * max(signal, _ZERO) + read_s2
    at_value = slope_s * max(value, _ZERO) + read_s2
    return variance * (at_signal / max(at_value, _TINY))


@njit(nogil=True, cache=True)
def disagreement(
    readings: tuple[_Array, _Array, _Array],
    lines: _Array,
    tolerance: np.float32,
    out: _Array,
    is_usable: _Array,
) -> None:
    """Fill how many squared spreads each sample lies from the best one of its pixel.

    `readings` are radiance, variance and flags; `lines` holds, a sample a row, slope and read
    noise of the variance of its radiance.
    """
    radiance, variance, flags = readings
    count, height, width, channels = radiance.shape
    third = np.float32(1.0 / channels)
    for y in range(height):
        for x in range(width):
            best, least = _best(flags, y, x)
            for sample in range(count):
                usable = _doubt(flags[sample, y, x]) == least
                usable = usable and (sample == best or not least & 4)  # of clipped ones, the best
                is_usable[sample, y, x] = usable
                total = _ZERO
                if usable and sample != best:
                    for channel in range(channels):
                        here = radiance[best, y, x, channel]
                        value = radiance[sample, y, x, channel]
                        allowed = tolerance * here
                        spread = variance[best, y, x, channel] + allowed * allowed
                        spread += _expected(
                            variance[sample, y, x, channel],
                            value,
                            here,
                            lines[sample, 0],
                            lines[sample, 1],
                        )
                        total += (value - here) * (value - here) / max(spread, _TINY)
                out[sample, y, x] = total * third


@njit(nogil=True, cache=True)
def pool(
    readings: tuple[_Array, _Array, _Array],
    is_kept: _Array,
    lines: _Array,
    shares: _Array,
    is_final: bool,
    results: tuple[_Array, _Array, _Array],
) -> None:
    """Average the samples that are kept: by fixed shares, then by the variance this predicts.

    Readings and results are radiance, variance and flags.
    """
    radiance, variance, flags = readings
    out, out_variance, out_flags = results
    count, height, width, channels = radiance.shape
    for y in range(height):
        for x in range(width):
            doubts = np.uint8(0)
            for channel in range(channels):
                light, total = _ZERO, _ZERO
                for sample in range(count):
                    if is_kept[sample, y, x]:
                        doubts |= flags[sample, y, x]
                        light += shares[sample] * radiance[sample, y, x, channel]
                        total += shares[sample]
                signal = light / total
                mean, weight = _ZERO, _ZERO
                for sample in range(count):
                    if is_kept[sample, y, x]:
                        value = radiance[sample, y, x, channel]
                        share = np.float32(1.0) / max(
                            _expected(
                                variance[sample, y, x, channel],
                                value,
                                signal,
                                lines[sample, 0],
                                lines[sample, 1],
                            ),
                            _TINY,
                        )
                        mean += share * (value - signal)
                        weight += share
                out[y, x, channel] = signal if is_final else signal + mean / weight
                out_variance[y, x, channel] = np.float32(1.0) / weight
            out_flags[y, x] = doubts
