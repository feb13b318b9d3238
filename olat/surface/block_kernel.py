"""The channels of a block of pixels, taken out of the strip once.

The channels of all lights lie far apart in a strip, often by a power of two, so that they push each
other out of the cache. Here they are copied while their means are taken, and are at hand for the
albedo once the normals are known. Unlike `strip_kernel.gather`, this takes any number of channels.
"""

from __future__ import annotations

import numpy as np

from olat.surface.half_kernel import FINITE, decoded
from olat.surface.strip_kernel import (
    BLOCK,
    UNUSABLE,
    Numbers,
    Place,
    compiled,
    joined,
    read_trust,
)

_ROW = Place(BLOCK)
_THIRD = np.float32(1.0 / 3.0)


@compiled
def gather_channels(
    strip: Numbers,
    doubts: tuple[Numbers, Numbers | None],
    refused: int,
    start: int,
    block: tuple[Numbers, Numbers],
    causes: Numbers,
) -> None:
    """Write the channels of a block, and the mean of each usable reading.

    `block` is the readings ``(light, room)`` and the channels ``(light, channel, BLOCK)``. The
    flags that refused readings are OR-ed into `causes`.
    """
    readings, channels = block
    flags, confidence = doubts
    lights, pixels = flags.shape
    count = min(BLOCK, pixels - start)
    causes[start : start + count] = 0
    readings[:, count:BLOCK] = UNUSABLE
    stored, values, kept = joined(strip), joined(readings), joined(channels)
    marks, room, colors = joined(flags), readings.shape[1], channels.shape[1]
    for light in range(lights):
        first, at = Place(light * colors * pixels + start), Place(light * room)
        to, shape = Place(light * colors * BLOCK), (Place(pixels), Place(count))
        if colors == 3:
            _keep_three(stored, first, shape, kept, to, values, at)
        else:
            _keep_one(stored, first, shape, kept, to, values, at)
    for light in range(lights):
        first = light * pixels + start
        if _any_flag(marks, Place(first), Place(count)) & refused:
            _refuse(flags[light, start : start + count], readings[light], refused, causes, start)
    read_trust(confidence, start, values)


@compiled
def _keep_three(
    stored: Numbers,
    red: Place,
    shape: tuple[Place, Place],
    kept: Numbers,
    to: Place,
    values: Numbers,
    at: Place,
) -> None:
    step, count = shape
    green, to_green = red + step, to + _ROW
    blue, to_blue = green + step, to_green + _ROW
    for i in range(count):
        r, g, b = stored[red + i], stored[green + i], stored[blue + i]
        kept[to + i] = r
        kept[to_green + i] = g
        kept[to_blue + i] = b
        # It is finite only if all three are.
        mean = (decoded(r) + decoded(g) + decoded(b)) * _THIRD
        values[at + i] = mean if abs(mean) < FINITE else UNUSABLE


@compiled
def _keep_one(
    stored: Numbers,
    first: Place,
    shape: tuple[Place, Place],
    kept: Numbers,
    to: Place,
    values: Numbers,
    at: Place,
) -> None:
    for i in range(shape[1]):
        number = stored[first + i]
        kept[to + i] = number
        value = decoded(number)
        values[at + i] = value if abs(value) < FINITE else UNUSABLE


@compiled
def _any_flag(marks: Numbers, first: Place, count: Place) -> int:
    found = np.uint8(0)
    for i in range(count):
        found = np.uint8(found | marks[first + i])
    return int(found)


@compiled
def _refuse(flags: Numbers, reading: Numbers, refused: int, causes: Numbers, start: int) -> None:
    for i in range(flags.size):
        flagged = flags[i] & np.uint8(refused)
        if flagged != 0:
            reading[i] = UNUSABLE
            causes[start + i] |= np.uint8(flagged)
