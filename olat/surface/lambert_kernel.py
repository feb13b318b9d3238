"""Loops of `olat.surface.lambert`."""

from __future__ import annotations

from typing import Any

import numpy as np

from olat.surface.albedo_kernel import add_albedo, take_length
from olat.surface.beam_kernel import along, beams_of_block, room_for_beams, toward
from olat.surface.block_kernel import gather_channels
from olat.surface.middle_kernel import MIDDLE_END, keep_all, keep_middle
from olat.surface.normal_equations_kernel import (
    DOUBT,
    END,
    HIGH,
    LOW,
    XX,
    X,
    Y,
    Z,
    add_reading,
    refit,
    write,
)
from olat.surface.strip_kernel import (
    BLOCK,
    FREE,
    THRESHOLD,
    Numbers,
    Place,
    compiled,
    inlined,
    joined,
    room_for_readings,
    set_thresholds,
    trusted,
    zeros,
)
from olat.surface.weight_kernel import weight_of

FIRST_SCALE = 2.0
"""What the middle of the readings leaves over is this much less than what all of them do."""

_ZERO = np.float32(0.0)


@compiled
def solve(
    strip: Numbers,
    doubts: tuple[Numbers, Numbers | None],
    lights: Numbers | tuple[Numbers, Numbers],
    limits: tuple[float, float, int, int],
    surface: tuple[Numbers, Numbers],
    doubt: tuple[Numbers, Numbers],
) -> None:
    """Solve the pixels of a strip ``(light, channel, pixel)``.

    `doubts` are flags ``(light, pixel)`` and codes of confidence, none if all are certain;
    `lights` are directions ``(3, light)``, or lamps and places as `beam_kernel` takes them;
    `limits` are shadow fraction, shadow floor, reweightings and the flags that refuse a reading.
    Writes `surface`, normals ``(pixel, 3)`` and albedo ``(channel, pixel)``, and `doubt`,
    confidence and flags ``(pixel,)``.
    """
    fraction, floor, reweightings, refused = limits
    count, pixels = doubts[0].shape
    readings, trust = room_for_readings(doubts[1], count), doubts[1]
    channels = np.zeros((count, strip.shape[1], BLOCK), strip.dtype)
    values, room = joined(readings), room_for_beams(lights)
    rows = zeros(MIDDLE_END)
    for start in range(0, pixels, BLOCK):
        gather_channels(strip, doubts, refused, start, (readings, channels), doubt[1])
        rows[FREE:] = _ZERO
        if set_thresholds(readings, fraction, floor, rows):
            beams = beams_of_block(lights, start, room)
            if reweightings > 0:
                keep_middle(values, count, rows)
            else:
                keep_all(rows)
            fit_kept(values, trust, beams, count, rows)
            refit(rows, FIRST_SCALE if reweightings > 0 else 0.0)
            for _ in range(reweightings):
                fit_trusted(values, trust, beams, count, rows)
                refit(rows, 1.0)
            if reweightings == 0 and strip.shape[1] == 1 and trust is None:
                take_length(rows)
            else:
                add_albedo(values, channels, trust, beams, reweightings > 0, rows)
        write(rows, start, floor, surface, doubt)


@compiled
def fit_kept(
    values: Numbers, trust: Numbers | None, beams: Numbers, lights: int, rows: Numbers
) -> None:
    """Sum over the readings between the limits, all weighing as much as they are trusted."""
    rows[XX:END] = _ZERO
    room = values.size // lights
    for light in range(0, lights - 3, 4):
        _add_four_kept(values, Place(light * room), Place(room), trust, beams, light, rows)
    for light in range(lights - lights % 4, lights):
        beam = toward(beams, light)
        for i in range(BLOCK):
            _add_kept(values, Place(light * room) + Place(i), trust, beams, beam, i, rows)


@compiled
def _add_four_kept(
    values: Numbers,
    at: Place,
    room: Place,
    trust: Numbers | None,
    beams: Numbers,
    light: int,
    rows: Numbers,
) -> None:
    """Add four lights one after the other; the sums are loaded and stored once."""
    first, second = toward(beams, light), toward(beams, light + 1)
    third, fourth = toward(beams, light + 2), toward(beams, light + 3)
    for i in range(BLOCK):
        place = at + Place(i)
        _add_kept(values, place, trust, beams, first, i, rows)
        _add_kept(values, place + room, trust, beams, second, i, rows)
        _add_kept(values, place + room + room, trust, beams, third, i, rows)
        _add_kept(values, place + room + room + room, trust, beams, fourth, i, rows)


@inlined
def _add_kept(
    values: Numbers,
    place: Place,
    trust: Numbers | None,
    beams: Numbers,
    beam: Any,
    i: int,
    rows: Numbers,
) -> None:
    reading = values[place]
    kept = reading if reading <= rows[HIGH + i] else _ZERO
    lit = kept > rows[LOW + i]
    # Whatever stands for an unusable reading must not overflow when it is squared.
    value = kept if lit else _ZERO
    weight = trusted(trust, values, place) if lit else _ZERO
    lx, ly, lz = along(beams, beam, 0, i), along(beams, beam, 1, i), along(beams, beam, 2, i)
    add_reading(rows, i, (lx, ly, lz), weight, value)


@compiled
def fit_trusted(
    values: Numbers, trust: Numbers | None, beams: Numbers, lights: int, rows: Numbers
) -> None:
    """Sum over the lit readings, weighing less the more the last fit left over of them."""
    rows[XX:END] = _ZERO
    room = values.size // lights
    for light in range(lights):
        _add_doubted(values, Place(light * room), trust, beams, light, rows)


@compiled
def _add_doubted(
    values: Numbers, at: Place, trust: Numbers | None, beams: Numbers, light: int, rows: Numbers
) -> None:
    beam = toward(beams, light)
    for i in range(BLOCK):
        lx, ly, lz = along(beams, beam, 0, i), along(beams, beam, 1, i), along(beams, beam, 2, i)
        reading = values[at + Place(i)]
        lit = reading > rows[THRESHOLD + i]
        value = reading if lit else _ZERO
        fit = rows[X + i] * lx + rows[Y + i] * ly + rows[Z + i] * lz
        weight = weight_of((value - fit) * rows[DOUBT + i])
        weight = weight * trusted(trust, values, at + Place(i)) if lit else _ZERO
        add_reading(rows, i, (lx, ly, lz), weight, value)
