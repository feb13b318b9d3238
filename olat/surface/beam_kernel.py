"""Vectors to the lights inside compiled loops: one for all pixels, or each pixel's own.

A kernel takes `lights`, either directions ``(3, light)`` or ``(lamps, places)``, and asks for the
beams of a block. Distant beams are the directions themselves, and cost what they cost without this
module. Near ones are written once for each block, ``(light, 3, BLOCK)`` joined to one row. To make
a loop work for both takes four lines::

    room = room_for_beams(lights)               # once
    beams = beams_of_block(lights, start, room)  # once for each block
    beam = toward(beams, light)                 # once for each light of a block
    lx = along(beams, beam, 0, i)               # for each pixel; 1 and 2 for y and z

A beam is the unit vector times what the light sends to the place, relative to the origin.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import types
from numba.extending import overload

from olat.surface.strip_kernel import BLOCK, Numbers, Place, compiled, zeros

_AXIS = Place(BLOCK)
_ZERO = np.float32(0.0)


def room_for_beams(lights: Any) -> Any:
    """Return room for the near beams of a block; for kernels only."""
    raise NotImplementedError


def beams_of_block(lights: Any, start: int, room: Any) -> Any:
    """Return the beams of a block that begins at pixel `start`; for kernels only."""
    raise NotImplementedError


def toward(beams: Any, light: int) -> Any:
    """Return a light's beam: three numbers, or where those of a near light begin."""
    raise NotImplementedError


def along(beams: Any, beam: Any, axis: int, pixel: int) -> Any:
    """Return the share of a beam along an axis at a pixel of the block; for kernels only."""
    raise NotImplementedError


@overload(room_for_beams, strict=False)
def _room_for_beams(lights: types.Type) -> Callable[..., Any]:
    return _no_room if isinstance(lights, types.Array) else _near_room


@overload(beams_of_block, strict=False)
def _beams_of_block(lights: types.Type, *_: types.Type) -> Callable[..., Any]:
    return _directions if isinstance(lights, types.Array) else _near_beams


@overload(toward, strict=False)
def _toward(beams: types.Array, _light: types.Type) -> Callable[..., Any]:
    return _toward_distant if beams.ndim == 2 else _toward_near


@overload(along, strict=False)
def _along(beams: types.Array, *_: types.Type) -> Callable[..., Any]:
    return _along_distant if beams.ndim == 2 else _along_near


def _no_room(_lights: Numbers) -> Numbers:
    return np.empty(0, np.float32)


def _near_room(lights: tuple[Numbers, Numbers]) -> Numbers:
    return zeros(len(lights[0]) * 3 * BLOCK)


def _directions(lights: Numbers, _start: int, _room: Numbers) -> Numbers:
    return lights


def _near_beams(lights: tuple[Numbers, Numbers], start: int, room: Numbers) -> Numbers:
    lamps, places = lights
    for light in range(len(lamps)):
        write_beam(lamps, light, places, start, room)
    return room


def _toward_distant(beams: Numbers, light: int) -> tuple[Any, Any, Any]:
    return beams[0, light], beams[1, light], beams[2, light]


def _toward_near(_beams: Numbers, light: int) -> Any:
    return Place(light * 3 * BLOCK)


def _along_distant(_beams: Numbers, beam: tuple[Any, Any, Any], axis: int, _pixel: int) -> Any:
    return beam[axis]


def _along_near(beams: Numbers, beam: Any, axis: int, pixel: int) -> Any:
    return beams[beam + Place(axis) * _AXIS + Place(pixel)]


@compiled
def write_beam(lamps: Numbers, light: int, places: Numbers, start: int, room: Numbers) -> None:
    """Write one light's beam at every place of a block.

    `lamps` are ``(light, 8)``: position, axis, beam exponent and one over what reaches the origin;
    `places` are ``(3, pixel)``.
    """
    sx, sy, sz = lamps[light, 0], lamps[light, 1], lamps[light, 2]
    ax, ay, az = lamps[light, 3], lamps[light, 4], lamps[light, 5]
    exponent, scale = lamps[light, 6], lamps[light, 7]
    pixels = places.shape[1]
    at = light * 3 * BLOCK
    for i in range(min(BLOCK, pixels - start)):
        x, y, z = sx - places[0, start + i], sy - places[1, start + i], sz - places[2, start + i]
        square = x * x + y * y + z * z
        distance = math.sqrt(square)
        gain = scale / (square * distance) if square > 0.0 else 0.0
        if exponent > 0.0:
            cosine = -(x * ax + y * ay + z * az) / distance if distance > 0.0 else 0.0
            gain *= cosine**exponent if cosine > 0.0 else 0.0
        room[at + i] = x * gain
        room[at + BLOCK + i] = y * gain
        room[at + 2 * BLOCK + i] = z * gain
