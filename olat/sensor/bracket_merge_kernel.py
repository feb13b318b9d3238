"""Compiled loops of `olat.sensor.bracket_merge`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from olat.model.flags import PixelFlag

_Array = np.ndarray[Any, Any]

_SATURATED = np.uint8(PixelFlag.SATURATED)
_ABSENT = np.uint8(PixelFlag.DEAD | PixelFlag.OUT_OF_FRAME)
_DEAD = np.uint8(PixelFlag.DEAD)
_NO_DOUBT = np.uint8(0)
_OCCLUDED = np.uint8(PixelFlag.OCCLUDED)
_UNTRACKED = np.uint8(PixelFlag.UNTRACKED)
_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)
_TINY = np.float32(1e-30)

# A division that may raise would keep a loop scalar.
compiled = njit(nogil=True, cache=True, error_model="numpy")


@compiled
def mark_known(radiance: _Array, variance: _Array, known: _Array) -> None:
    """Mark the readings that are numbers with a finite variance in all channels.

    One reading a row, so that the loop is short.
    """
    for i in range(known.size):
        total = _ZERO
        for channel in range(radiance.shape[1]):
            # Infinite and missing numbers stay so, times zero; all others vanish.
            total += _ZERO * radiance[i, channel] + _ZERO * variance[i, channel]
        known[i] = total == _ZERO


@compiled
def _doubt(flags: Any, is_known: Any) -> int:
    """Return how bad a reading is; of flags that compete the worse one decides."""
    doubt = 0
    if flags & _ABSENT or not is_known:
        doubt += 8
    if flags & _SATURATED:
        doubt += 4
    if flags & _OCCLUDED:
        doubt += 2
    if flags & _UNTRACKED:
        doubt += 1
    return doubt


@compiled
def _best(doubts: _Array) -> tuple[int, int]:
    """Return the best sample of a pixel and its doubt; samples run from long to short."""
    best, least = 0, 16
    for sample in range(doubts.size):
        doubt = doubts[sample]
        if doubt < least or (doubt == least and doubt & 4):
            best, least = sample, doubt
    return best, least


@compiled
def _expected(variance: Any, value: Any, signal: Any, slope_s: Any, read_s2: Any) -> Any:
    """Return the variance that a reading would have had, had it read the signal."""
    at_signal = slope_s * max(signal, _ZERO) + read_s2
    at_value = slope_s * max(value, _ZERO) + read_s2
    return variance * (at_signal / max(at_value, _TINY))


@compiled
def disagreement(
    readings: tuple[_Array, _Array, _Array, _Array],
    lines: _Array,
    tolerance: np.float32,
    out: _Array,
    is_usable: _Array,
) -> None:
    """Fill how many squared spreads each sample lies from the best one of its pixel.

    `readings` are radiance, variance, flags and whether they are known; `lines` holds, a sample a
    row, slope and read noise of the variance of its radiance.
    """
    radiance, variance, flags, known = readings
    count, height, width, channels = radiance.shape
    third = np.float32(1.0 / channels)
    doubts = np.empty(count, np.int64)
    for y in range(height):
        for x in range(width):
            for sample in range(count):
                doubts[sample] = _doubt(flags[sample, y, x], known[sample, y, x])
            best, least = _best(doubts)
            for sample in range(count):
                usable = doubts[sample] == least
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
                        step = (value - here) * (value - here) / max(spread, _TINY)
                        # What is no number disagrees with nothing, and has no weight later.
                        total += step if np.isfinite(step) else _ZERO
                out[sample, y, x] = total * third


@compiled
def _read_row(
    readings: tuple[_Array, _Array, _Array, _Array],
    is_kept: _Array,
    rows: tuple[_Array, _Array, _Array, _Array],
) -> None:
    """Write a row of a sample as numbers in a line, 0 where it has no part, and mark which have."""
    radiance, variance, flags, known = readings
    part, values, variances, doubts = rows
    channels = radiance.shape[1]
    for x in range(flags.size):
        doubts[x] |= flags[x] if is_kept[x] else _NO_DOUBT
        takes_part = is_kept[x] and known[x]
        for channel in range(channels):
            i = x * channels + channel
            part[i] = _ONE if takes_part else _ZERO
            values[i] = radiance[x, channel] if takes_part else _ZERO
            variances[i] = variance[x, channel] if takes_part else _ZERO


@compiled
def _weigh(part: _Array, signal: _Array, slope: Any, read: Any, weights: _Array) -> None:
    """Fill the weights of a row with the inverse of the variance that it has at a signal."""
    for i in range(part.size):
        weights[i] = part[i] / (slope * max(signal[i], _ZERO) + read)


@compiled
def _mean(values: _Array, weights: _Array, mean: _Array, total: _Array) -> None:
    """Fill the weighted mean of some rows and the sum of their weights; 0 where there is none."""
    mean[:] = _ZERO
    total[:] = _ZERO
    for sample in range(values.shape[0]):
        for i in range(mean.size):
            mean[i] += weights[sample, i] * values[sample, i]
            total[i] += weights[sample, i]
    for i in range(mean.size):
        mean[i] /= max(total[i], _TINY)


@compiled
def pool(
    readings: tuple[_Array, _Array, _Array, _Array],
    is_kept: _Array,
    first: int,
    noise: tuple[_Array, _Array, int],
    results: tuple[_Array, _Array, _Array],
) -> None:
    """Average the samples that are kept: by fixed shares, then by the noise that this predicts.

    Readings are as above; results are radiance, variance and flags, from row `first` of the
    readings on; `noise` holds lines, shares and how often to predict. What is no number has no
    part; where nothing is left the radiance is 0, its variance infinite and the pixel DEAD. A row
    is worked on as a whole, which the processor does several numbers at a time.
    """
    lines, shares, refinements = noise
    out, out_variance, out_flags = results
    radiance, variance, flags, known = readings
    count, _, width, channels = radiance.shape
    part, values, variances, weights = np.empty((4, count, width * channels), np.float32)
    mean, total = np.empty((2, width * channels), np.float32)
    out_flags[:] = 0
    for y in range(out.shape[0]):
        for sample in range(count):
            rows = part[sample], values[sample], variances[sample], out_flags[y]
            seen = (sample, first + y)
            here = radiance[seen], variance[seen], flags[seen], known[seen]
            _read_row(here, is_kept[seen], rows)
            weights[sample] = shares[sample] * part[sample]
        _mean(values, weights, mean, total)
        for _ in range(refinements):
            for sample in range(count):
                slope, read = lines[sample]
                _weigh(part[sample], mean, slope, read, weights[sample])
            _mean(values, weights, mean, total)
        _write_row(mean, total, weights, variances, (out[y], out_variance[y], out_flags[y]))


@compiled
def _write_row(
    mean: _Array,
    total: _Array,
    weights: _Array,
    variances: _Array,
    results: tuple[_Array, _Array, _Array],
) -> None:
    """Write a merged row, and the variance that its readings pass on."""
    out, out_variance, out_flags = results
    channels = out.shape[1]
    for i in range(mean.size):
        x, channel = i // channels, i % channels
        out[x, channel] = mean[i]
        spread = _ZERO
        for sample in range(weights.shape[0]):
            share = weights[sample, i] / max(total[i], _TINY)
            spread += share * share * variances[sample, i]
        out_variance[x, channel] = spread if total[i] > _ZERO else np.inf
        if total[i] == _ZERO:
            out_flags[x] |= _DEAD
