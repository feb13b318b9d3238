"""Loops that read a strip of the reflectance field, shared by the solves.

A block of pixels is decoded once into ``(light, pixel)`` order, and lights are added one after the
other: the vector registers run along the pixels. So no sum has to be reordered to be fast, and the
result does not depend on how a function was compiled.

Inner loops get whole arrays and say where a row begins: to cut a row out of an array is to count
references to it, which takes longer than a row of pixels does. Rows begin at a `Place`, an unsigned
number: it cannot count from the end, which would have to be tried for in every step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numba import njit, types
from numba.extending import overload

from olat.model.field import CERTAIN
from olat.surface.half_kernel import FINITE, decoded

Numbers: TypeAlias = np.ndarray[Any, Any]
Place = np.uint64
"""Where in an array something begins; adding a signed number to it makes it a float in numba."""

BLOCK = 256
"""Pixels solved at a time: 331 lights of them fit in 340 kB, a share of most L2 caches.

Fewer would be read in runs too short for memory to be asked for ahead.
"""
UNUSABLE = np.float32(-1e30)
"""Stands for the reading of a light that a pixel must not use."""

BRIGHTEST, SECOND, THRESHOLD, WEIGHT = 0, BLOCK, 2 * BLOCK, 3 * BLOCK
"""Where the first rows begin in the flat array of rows of a block, one number a pixel each.

Rows a constant distance apart are known not to overlap, which lets loops run in vectors.
"""
_WEIGHTS = Place(WEIGHT)
FREE = 4 * BLOCK
"""Where rows begin that the solves name themselves."""

# A division that may raise would keep a loop scalar.
compiled = njit(nogil=True, cache=True, error_model="numpy")
# What is called for each pixel must become part of the loop, or the loop stays scalar.
inlined = njit(nogil=True, cache=True, error_model="numpy", forceinline=True)

_THIRD, _ZERO, _ONE = np.float32(1.0 / 3.0), np.float32(0.0), np.float32(1.0)
_PART = np.float32(1.0 / CERTAIN)  # times 255 it rounds to 1


def room_for_readings(confidence: Any, lights: int) -> Any:
    """Return a row for each light: the readings of a block, then the trust in them if it is told.

    Both are in one array, because arrays that might overlap cost checks in every loop; for kernels
    only.
    """
    raise NotImplementedError


def trusted(confidence: Any, row: Any, pixel: Any) -> Any:
    """Return how much a reading counts: its confidence, or one; for kernels only.

    `row` and `pixel` are where the reading itself is: a row of the readings and a pixel of the
    block, or all readings joined and the place in them. Where there is no confidence the factor of
    one is known to the compiler, and costs nothing.
    """
    raise NotImplementedError


def read_trust(confidence: Any, start: int, values: Any) -> None:
    """Decode the confidences of a block, if there are any, into the joined readings."""
    raise NotImplementedError


@overload(room_for_readings, strict=False)
def _room_for_readings(confidence: types.Type, _lights: types.Type) -> Callable[..., Any]:
    return _untold_room if isinstance(confidence, types.NoneType) else _told_room


@overload(trusted, strict=False)
def _trusted(confidence: types.Type, *_: types.Type) -> Callable[..., Any]:
    return _one if isinstance(confidence, types.NoneType) else _told


@overload(read_trust, strict=False)
def _read_trust(confidence: types.Type, *_: types.Type) -> Callable[..., None]:
    return _nothing_read if isinstance(confidence, types.NoneType) else _all_decoded


@compiled
def zeros(count: int) -> Numbers:
    """Return zeros that begin where a vector register can be loaded in one go."""
    room = np.zeros(count + 15, np.float32)
    skipped = (-room.ctypes.data // 4) % 16
    return room[skipped : skipped + count]


def _untold_room(_confidence: None, lights: int) -> Numbers:
    return zeros(lights * BLOCK).reshape(lights, BLOCK)


def _told_room(_confidence: Numbers, lights: int) -> Numbers:
    return zeros(lights * 2 * BLOCK).reshape(lights, 2 * BLOCK)


def _one(_confidence: None, _row: Numbers, _pixel: int) -> Any:
    return _ONE


def _told(_confidence: Numbers, row: Numbers, pixel: int) -> Any:
    return row[Place(BLOCK) + Place(pixel)]


def _nothing_read(_confidence: None, _start: int, _values: Numbers) -> None:
    return None


def _all_decoded(confidence: Numbers, start: int, values: Numbers) -> None:
    _decode_trust(joined(confidence), confidence.shape, start, values)


@compiled
def _decode_trust(codes: Numbers, shape: tuple[int, int], start: int, values: Numbers) -> None:
    lights, pixels = shape
    count = Place(min(BLOCK, pixels - start))
    for light in range(lights):
        first, at = Place(light * pixels + start), Place((2 * light + 1) * BLOCK)
        for i in range(count):
            values[at + i] = np.float32(codes[first + i]) * _PART


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
    decoded too.
    """
    flags, confidence = doubts
    count = min(BLOCK, flags.shape[1] - start)
    causes[start : start + count] = 0
    readings[:, count:BLOCK] = UNUSABLE
    values = joined(readings)
    _read_means(joined(strip), flags.shape, start, values, readings.shape[1])
    _refuse(joined(flags), flags.shape, start, np.uint8(refused), values, causes)
    read_trust(confidence, start, values)


@compiled
def joined(array: Numbers) -> Numbers:
    """Return all numbers of an array without gaps as one row."""
    return array.reshape(array.size)


@compiled
def _read_means(
    stored: Numbers, shape: tuple[int, int], start: int, values: Numbers, room: int
) -> None:
    lights, pixels = shape
    count = Place(min(BLOCK, pixels - start))
    for light in range(lights):
        first, at = Place(light * 3 * pixels + start), Place(light * room)
        _mean_of_channels(stored, first, Place(pixels), count, values, at)


@compiled
def _mean_of_channels(
    stored: Numbers, red: Place, step: Place, count: Place, values: Numbers, at: Place
) -> None:
    green = red + step
    blue = green + step
    for i in range(count):
        mean = decoded(stored[red + i]) + decoded(stored[green + i]) + decoded(stored[blue + i])
        mean *= _THIRD
        values[at + i] = mean if abs(mean) < FINITE else UNUSABLE


@compiled
def _refuse(
    marks: Numbers,
    shape: tuple[int, int],
    start: int,
    refused: np.uint8,
    values: Numbers,
    causes: Numbers,
) -> None:
    lights, pixels = shape
    room = values.size // lights
    count = Place(min(BLOCK, pixels - start))
    for light in range(lights):
        first, at = Place(light * pixels + start), Place(light * room)
        _refuse_row(marks, first, refused, count, values, at, causes, Place(start))


@compiled
def _refuse_row(  # noqa: PLR0913, PLR0917  # tuples of arrays would cost what rows do
    marks: Numbers,
    first: Place,
    refused: np.uint8,
    count: Place,
    values: Numbers,
    at: Place,
    causes: Numbers,
    to: Place,
) -> None:
    for i in range(count):
        flagged = marks[first + i] & refused
        value = values[at + i]
        values[at + i] = value if flagged == 0 else UNUSABLE
        causes[to + i] |= flagged


@compiled
def set_thresholds(readings: Numbers, fraction: float, floor: float, rows: Numbers) -> bool:
    """Write the brightest reading and the threshold of shadow; tell whether any pixel is lit."""
    rows[BRIGHTEST : THRESHOLD + BLOCK] = UNUSABLE
    values, lights, room = joined(readings), len(readings), readings.shape[1]
    for light in range(0, lights - 3, 4):
        _sort_in_four(values, Place(light * room), Place(room), rows)
    for light in range(lights - lights % 4, lights):
        _sort_in(values, Place(light * room), rows)
    lit = False
    for i in range(BLOCK):
        lit |= rows[BRIGHTEST + i] > floor
        rows[THRESHOLD + i] = np.float32(max(floor, fraction * rows[THRESHOLD + i]))
    return lit


@compiled
def _sort_in(values: Numbers, at: Place, rows: Numbers) -> None:
    """Keep the three largest readings of each pixel; the third is where its threshold will be."""
    for i in range(BLOCK):
        largest = rows[BRIGHTEST + i], rows[SECOND + i], rows[THRESHOLD + i]
        largest = _with(values[at + Place(i)], largest)
        rows[BRIGHTEST + i], rows[SECOND + i], rows[THRESHOLD + i] = largest


@compiled
def _sort_in_four(values: Numbers, at: Place, room: Place, rows: Numbers) -> None:
    """Do so for four lights, of which the rows are loaded and stored once."""
    for i in range(BLOCK):
        place = at + Place(i)
        largest = rows[BRIGHTEST + i], rows[SECOND + i], rows[THRESHOLD + i]
        largest = _with(values[place], largest)
        largest = _with(values[place + room], largest)
        largest = _with(values[place + room + room], largest)
        largest = _with(values[place + room + room + room], largest)
        rows[BRIGHTEST + i], rows[SECOND + i], rows[THRESHOLD + i] = largest


@inlined
def _with(value: Any, largest: tuple[Any, Any, Any]) -> tuple[Any, Any, Any]:
    first, second, third = largest
    low = value if value > third else third
    middle = low if low > second else second
    return (
        middle if middle > first else first,
        first if middle > first else middle,
        second if low > second else low,
    )


@compiled
def add_channels(strip: Numbers, light: int, start: int, rows: Numbers, sums: Numbers) -> None:
    """Add one light's channels of a block to `sums`, times the row of weights."""
    pixels = sums.shape[1]
    stored, totals = joined(strip), joined(sums)
    count = Place(min(BLOCK, pixels - start))
    for channel in range(3):
        first = Place((light * 3 + channel) * pixels + start)
        _add_weighted(stored, first, rows, count, totals, Place(channel * pixels + start))


@compiled
def _add_weighted(
    stored: Numbers, first: Place, rows: Numbers, count: Place, totals: Numbers, to: Place
) -> None:
    for i in range(count):
        value = decoded(stored[first + i])
        # A reading that is not a number has weight zero, and would still spoil the sum.
        value = value if abs(value) < FINITE else _ZERO
        totals[to + i] += rows[_WEIGHTS + i] * value
