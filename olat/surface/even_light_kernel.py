"""Near lights inside compiled loops, as if they were distant: unit vectors, and readings made even.

Under a near light that sends the gain g to a place, relative to the origin, a surface there reads g
times what a distant light in the same direction would have given. Loops for distant lights do for
near ones too once readings are divided by g::

    room = room_for_units(lights)                # once
    beams = units_of_block(lights, start, room)  # once for each block
    even_out(beams, readings, rows)              # once for each block, after `set_thresholds`
    even_out_weights(beams, light, rows)         # before each light's channels are added

Directions come of `beams` by `beam_kernel.toward` and `beam_kernel.along`. Under distant lights
nothing is done. Near ones take a row ``(light, 3, BLOCK)`` of unit vectors, and after it
``(light, BLOCK)`` of one over the gain, 0 where the light sends nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import types
from numba.extending import overload

from olat.surface.beam_kernel import write_beam
from olat.surface.strip_kernel import (
    BLOCK,
    THRESHOLD,
    UNUSABLE,
    WEIGHT,
    Numbers,
    Place,
    compiled,
    zeros,
)

_ZERO, _ONE = np.float32(0.0), np.float32(1.0)


def room_for_units(lights: Any) -> Any:
    """Return room for the unit vectors of a block; for kernels only."""
    raise NotImplementedError


def units_of_block(lights: Any, start: int, room: Any) -> Any:
    """Return unit vectors to the lights from a block that begins at pixel `start`."""
    raise NotImplementedError


def even_out(beams: Any, readings: Any, rows: Any) -> None:
    """Divide the lit readings of a block by the gain, and make the others unusable.

    Shadow is told by the readings as they were taken, since the noise is theirs: the threshold is
    0 afterwards.
    """
    raise NotImplementedError


def even_out_weights(beams: Any, light: int, rows: Any) -> None:
    """Divide the row of weights by the gain, since the channels of the strip are not divided."""
    raise NotImplementedError


def gain_of(beams: Any, light: int, pixel: int) -> Any:
    """Return what a light sends to a pixel of the block, relative to the origin."""
    raise NotImplementedError


@overload(room_for_units, strict=False)
def _room_for_units(lights: types.Type) -> Callable[..., Any]:
    return _no_room if isinstance(lights, types.Array) else _near_room


@overload(units_of_block, strict=False)
def _units_of_block(lights: types.Type, *_: types.Type) -> Callable[..., Any]:
    return _directions if isinstance(lights, types.Array) else _near_units


@overload(even_out, strict=False)
def _even_out(beams: types.Array, *_: types.Type) -> Callable[..., None]:
    return _nothing if beams.ndim == 2 else _divide_all


@overload(even_out_weights, strict=False)
def _even_out_weights(beams: types.Array, *_: types.Type) -> Callable[..., None]:
    return _nothing if beams.ndim == 2 else _divide_weights


@overload(gain_of, strict=False)
def _gain_of(beams: types.Array, *_: types.Type) -> Callable[..., Any]:
    return _one if beams.ndim == 2 else _near_gain


def _no_room(_lights: Numbers) -> Numbers:
    return np.empty(0, np.float32)


def _near_room(lights: tuple[Numbers, Numbers]) -> Numbers:
    return zeros(len(lights[0]) * 4 * BLOCK)


def _directions(lights: Numbers, _start: int, _room: Numbers) -> Numbers:
    return lights


def _near_units(lights: tuple[Numbers, Numbers], start: int, room: Numbers) -> Numbers:
    lamps, places = lights
    for light in range(len(lamps)):
        write_beam(lamps, light, places, start, room)
        _part(room, Place(light * 3 * BLOCK), _gains(room, light))
    return room


def _nothing(_beams: Numbers, _what: Any, _rows: Numbers) -> None:
    return None


def _divide_all(beams: Numbers, readings: Numbers, rows: Numbers) -> None:
    for light in range(len(readings)):
        _divide(beams, _gains(beams, light), readings[light], rows)
    rows[THRESHOLD : THRESHOLD + BLOCK] = _ZERO


def _divide_weights(beams: Numbers, light: int, rows: Numbers) -> None:
    _multiply(beams, _gains(beams, light), rows)


def _one(_beams: Numbers, _light: int, _pixel: int) -> Any:
    return _ONE


def _near_gain(beams: Numbers, light: int, pixel: int) -> Any:
    inverse = beams[_gains(beams, light) + Place(pixel)]
    return _ONE / inverse if inverse > _ZERO else _ZERO


@compiled
def _gains(room: Numbers, light: int) -> Any:
    """Return where a light's row of one over the gain begins."""
    return Place(room.size // 4 * 3 + light * BLOCK)


@compiled
def _part(room: Numbers, at: Place, to: Place) -> None:
    """Part each beam of a light into a unit vector and one over its length."""
    for i in range(BLOCK):
        first = at + Place(i)
        second = first + Place(BLOCK)
        third = second + Place(BLOCK)
        x, y, z = room[first], room[second], room[third]
        square = x * x + y * y + z * z
        inverse = _ONE / np.sqrt(square) if square > _ZERO else _ZERO
        room[first], room[second], room[third] = x * inverse, y * inverse, z * inverse
        room[to + Place(i)] = inverse


@compiled
def _divide(beams: Numbers, at: Place, reading: Numbers, rows: Numbers) -> None:
    for i in range(BLOCK):
        inverse = beams[at + Place(i)]
        is_lit = (reading[i] > rows[THRESHOLD + i]) & (inverse > _ZERO)
        reading[i] = reading[i] * inverse if is_lit else UNUSABLE


@compiled
def _multiply(beams: Numbers, at: Place, rows: Numbers) -> None:
    for i in range(BLOCK):
        rows[WEIGHT + i] *= beams[at + Place(i)]
