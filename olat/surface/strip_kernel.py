"""Loops that read a strip of the reflectance field, shared by the solves.

A block of pixels is decoded once into ``(light, pixel)`` order, and lights are added one after the
other: the vector registers run along the pixels. So no sum has to be reordered to be fast, and the
result does not depend on how a function was compiled.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numba import njit, types
from numba.extending import overload

from olat.model.field import CERTAIN

Numbers: TypeAlias = np.ndarray[Any, Any]

BLOCK = 128
"""Pixels solved at a time: 331 lights of them fit in 170 kB, a share of any L2 cache."""
UNUSABLE = np.float32(-1e30)
"""Stands for the reading of a light that a pixel must not use."""

BRIGHTEST, SECOND, THRESHOLD, WEIGHT = 0, BLOCK, 2 * BLOCK, 3 * BLOCK
"""Where the first rows begin in the flat array of rows of a block, one number a pixel each.

Rows a constant distance apart are known not to overlap, which lets loops run in vectors.
"""
FREE = 4 * BLOCK
"""Where rows begin that the solves name themselves."""

# A division that may raise would keep a loop scalar.
compiled = njit(nogil=True, cache=True, error_model="numpy")

_FINITE = np.float32(65520.0)  # decoded infinities and NaN lie above it
_EXPONENT_BIAS = np.float32(2.0**112)
_THIRD, _ZERO, _ONE = np.float32(1.0 / 3.0), np.float32(0.0), np.float32(1.0)
_PART = np.float32(1.0 / CERTAIN)  # times 255 it rounds to 1


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


def room_for_readings(confidence: Any, lights: int) -> Any:
    """Return a row for each light: the readings of a block, then the trust in them if it is told.

    Both are in one array, because arrays that might overlap cost checks in every loop; for kernels
    only.
    """
    raise NotImplementedError


def trusted(confidence: Any, row: Any, pixel: int) -> Any:
    """Return how much a reading counts: its confidence, or one; for kernels only.

    Where there is no confidence the factor of one is known to the compiler, and costs nothing.
    """
    raise NotImplementedError


def read_trust(confidence: Any, light: int, start: int, row: Any) -> None:
    """Decode the confidences of one light of a block, if there are any; for kernels only."""
    raise NotImplementedError


@overload(room_for_readings, strict=False)
def _room_for_readings(confidence: types.Type, _lights: types.Type) -> Callable[..., Any]:
    return _untold_room if isinstance(confidence, types.NoneType) else _told_room


@overload(trusted, strict=False)
def _trusted(confidence: types.Type, *_: types.Type) -> Callable[..., Any]:
    return _one if isinstance(confidence, types.NoneType) else _told


@overload(read_trust, strict=False)
def _read_trust(confidence: types.Type, *_: types.Type) -> Callable[..., None]:
    return _nothing_read if isinstance(confidence, types.NoneType) else _decoded_row


def _untold_room(_confidence: None, lights: int) -> Numbers:
    return np.empty((lights, BLOCK), np.float32)


def _told_room(_confidence: Numbers, lights: int) -> Numbers:
    return np.zeros((lights, 2 * BLOCK), np.float32)


def _one(_confidence: None, _row: Numbers, _pixel: int) -> Any:
    return _ONE


def _told(_confidence: Numbers, row: Numbers, pixel: int) -> Any:
    return row[BLOCK + pixel]


def _nothing_read(_confidence: None, _light: int, _start: int, _row: Numbers) -> None:
    return None


def _decoded_row(confidence: Numbers, light: int, start: int, row: Numbers) -> None:
    stop = min(start + BLOCK, confidence.shape[1])
    _decode_trust(confidence[light, start:stop], row[BLOCK : BLOCK + stop - start])


@compiled
def _decode_trust(codes: Numbers, trust: Numbers) -> None:
    for i in range(codes.size):
        trust[i] = np.float32(codes[i]) * _PART


@compiled
def gather(
    strip: Numbers,
    doubts: tuple[Numbers, Numbers | None],
    refused: int,
    start: int,
    readings: Numbers,
    causes: Numbers,
) -> None:
    """Write the channel mean of each usable reading of a block, which begins at pixel `start`.

    The flags that refused the others are OR-ed into `causes`. Confidences, where there are any, are
    decoded light by light with the readings, so that memory is waited for once.
    Rows are cut from the whole strip, because only then does numba know that they are contiguous.
    """
    flags, confidence = doubts
    stop = min(start + BLOCK, flags.shape[1])
    causes[start:stop] = 0
    readings[:, stop - start : BLOCK] = UNUSABLE
    for light in range(len(strip)):
        read_trust(confidence, light, start, readings[light])
        _mean_of_channels(
            strip[light, 0, start:stop],
            strip[light, 1, start:stop],
            strip[light, 2, start:stop],
            flags[light, start:stop],
            np.uint8(refused),
            readings[light, : stop - start],
            causes[start:stop],
        )


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
def set_thresholds(readings: Numbers, fraction: float, floor: float, rows: Numbers) -> bool:
    """Write the brightest reading and the threshold of shadow; tell whether any pixel is lit."""
    rows[BRIGHTEST : THRESHOLD + BLOCK] = UNUSABLE
    for light in range(len(readings)):
        _sort_in(readings[light], rows)
    lit = False
    for i in range(BLOCK):
        lit |= rows[BRIGHTEST + i] > floor
        rows[THRESHOLD + i] = np.float32(max(floor, fraction * rows[THRESHOLD + i]))
    return lit


@compiled
def _sort_in(reading: Numbers, rows: Numbers) -> None:
    """Keep the three largest readings of each pixel; the third is where its threshold will be."""
    for i in range(BLOCK):
        first, second, third = rows[BRIGHTEST + i], rows[SECOND + i], rows[THRESHOLD + i]
        value = reading[i]
        low = value if value > third else third
        middle = low if low > second else second
        rows[THRESHOLD + i] = second if low > second else low
        rows[SECOND + i] = first if middle > first else middle
        rows[BRIGHTEST + i] = middle if middle > first else first


@compiled
def add_channels(strip: Numbers, light: int, start: int, rows: Numbers, sums: Numbers) -> None:
    """Add one light's channels of a block to `sums`, times the row of weights."""
    stop = min(start + BLOCK, sums.shape[1])
    weights = rows[WEIGHT : WEIGHT + stop - start]
    for channel in range(3):
        _add_weighted(strip[light, channel, start:stop], weights, sums[channel, start:stop])


@compiled
def _add_weighted(stored: Numbers, weights: Numbers, sums: Numbers) -> None:
    for pixel in range(sums.size):
        value = decoded(stored[pixel])
        # A reading that is not a number has weight zero, and would still spoil the sum.
        sums[pixel] += weights[pixel] * (value if abs(value) < _FINITE else _ZERO)
