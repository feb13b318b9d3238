"""Loops of `olat.surface.phong_refinement`: the readings of a block beside what is tried."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from olat.surface.beam_kernel import along, toward
from olat.surface.even_light_kernel import (
    even_out,
    even_out_weights,
    room_for_units,
    units_of_block,
)
from olat.surface.phong_climb_kernel import CLAMPED, UNDERDETERMINED
from olat.surface.phong_ladder_kernel import spread_over_channels
from olat.surface.phong_products_kernel import add_square, add_two
from olat.surface.phong_step_kernel import (
    CHANGE,
    COST,
    DOUBT,
    END,
    EXPONENT,
    MIRROR,
    NX,
    PAIRS,
    RESIDUAL,
    ROW,
    STANDING,
    STATE,
    TANGENT,
    TRIAL,
    TRIED,
    UNTRUSTED,
    VIEW,
    WEIGHTS,
    D,
    P,
    S,
    accept,
    add_expectation,
    lean,
    set_doubt,
    set_out,
    step,
)
from olat.surface.phong_trust_kernel import (
    NORMAL_TRUST,
    SHARE,
    VARIANCE,
    add_up_trust,
    trust_in_lobe,
)
from olat.surface.powers_kernel import exp2_of, log2_of
from olat.surface.strip_kernel import (
    BLOCK,
    FREE,
    THRESHOLD,
    WEIGHT,
    Numbers,
    add_channels,
    compiled,
    gather,
    room_for_readings,
    set_thresholds,
    trusted,
)

GLOSSY = np.float32(0.5)
"""How much a reading above the fit is doubted beside one as far below it, which is a shadow."""
SCALINGS = 2
"""How often the scale of doubt is taken from the residuals before it stands."""

# What is told of one of two lights: five derivatives, weight, weighted residual.
LIGHT = 7 * ROW

_ZERO, _ONE, _FAINT = np.float32(0.0), np.float32(1.0), np.float32(1e-6)
_LEAST_POWER = np.float32(-30.0)
_LN_2 = np.float32(math.log(2.0))


@compiled
def solve(
    strip: Numbers,
    doubts: tuple[Numbers, Numbers | None],
    lights: Numbers | tuple[Numbers, Numbers],
    limits: tuple[float, float, float, int, int],
    view: Numbers,
    terms: tuple[Numbers, Numbers, Numbers, Numbers],
    doubt: tuple[Numbers, Numbers, Numbers],
) -> None:
    """Refine the pixels of a strip ``(light, 3, pixel)``.

    As in `olat.surface.phong_ladder_kernel.solve`; `limits` are shadow fraction, shadow floor,
    largest exponent, steps, and the flags that refuse a reading. `terms`, normals ``(pixel, 3)``,
    diffuse ``(3, pixel)``, specular and exponent ``(pixel,)``, and `doubt`, confidence of the
    lobe, of the normal, and flags ``(pixel,)``, are where to begin, and are overwritten where a
    lobe is refined.
    """
    fraction, floor, highest, steps, refused = limits
    count, pixels = doubts[0].shape
    readings, trust = room_for_readings(doubts[1], count), doubts[1]
    room = room_for_units(lights)
    rows, causes = np.empty(END, np.float32), np.empty(pixels, np.uint8)
    told, channels = np.empty(2 * LIGHT, np.float32), np.zeros((3, pixels), np.float32)
    for start in range(0, pixels, BLOCK):
        gather(strip, doubts, refused, start, readings, causes)
        rows[FREE:] = _ZERO
        set_out(terms, view, start, rows)
        if not set_thresholds(readings, fraction, floor, rows):
            continue
        beams = units_of_block(lights, start, room)
        even_out(beams, readings, rows)
        if _descend((readings, trust), beams, (steps, highest), rows, told):
            rows[TRIAL:VIEW], rows[TRIED:STANDING] = rows[STATE:TRIAL], _ZERO
            lean(rows)
            for light in range(count):
                _derive(readings[light], trust, beams, light, rows, told)
                add_square(told, rows)
                even_out_weights(beams, light, rows)
                add_channels(strip, light, start, rows, channels)
            _write(rows, start, highest, terms, channels, doubt)


@compiled
def _descend(
    told: tuple[Numbers, Numbers | None],
    beams: Numbers,
    limits: tuple[int, float],
    rows: Numbers,
    derivatives: Numbers,
) -> bool:
    """Step down as far as it goes; tell whether there was anything to refine."""
    steps, highest = limits
    # All readings count at first, then those far beyond the others count less: from then on the
    # scale of doubt stands, so that costs can be compared.
    for _ in range(SCALINGS):
        _compare(told, beams, rows, derivatives, False)
        set_doubt(rows)
    _compare(told, beams, rows, derivatives, True)
    if not accept(rows, True):
        return False
    for _ in range(steps):
        step(rows, highest)
        _compare(told, beams, rows, derivatives, True)
        if not accept(rows, False):
            break
    return True


@compiled
def _compare(
    told: tuple[Numbers, Numbers | None],
    beams: Numbers,
    rows: Numbers,
    derivatives: Numbers,
    is_product: bool,
) -> None:
    """Sum what is tried over the lights, products of derivatives too where they are asked for."""
    readings, trust = told
    lights = len(readings)
    lean(rows)
    rows[TRIED:STANDING] = _ZERO
    for light in range(lights):
        of_light = derivatives[light % 2 * LIGHT : (light % 2 + 1) * LIGHT]
        _derive(readings[light], trust, beams, light, rows, of_light)
        if is_product and light % 2 == 1:
            add_two(derivatives, rows)
    if is_product and lights % 2 == 1:
        # Of the light before the last nothing is counted twice.
        derivatives[LIGHT:] = _ZERO
        add_two(derivatives, rows)
    if is_product:
        add_expectation(rows)


@compiled
def _dot(rows: Numbers, at: int, direction: tuple[Any, Any, Any]) -> Any:
    """Return the cosine between the vector whose rows begin before a pixel, and a light."""
    return (
        rows[at] * direction[0] + rows[at + ROW] * direction[1] + rows[at + 2 * ROW] * direction[2]
    )


@compiled
def _derive(
    reading: Numbers,
    trust: Numbers | None,
    beams: Numbers,
    light: int,
    rows: Numbers,
    told: Numbers,
) -> None:
    """Write what one light tells of what is tried: its derivatives, its weight, its residual."""
    beam = toward(beams, light)
    for i in range(BLOCK):
        direction = (
            along(beams, beam, 0, i),
            along(beams, beam, 1, i),
            along(beams, beam, 2, i),
        )
        albedo, peak = rows[TRIAL + 3 * ROW + i], rows[TRIAL + 4 * ROW + i]
        facing = _dot(rows, TRIAL + i, direction)
        is_lit = facing > _ZERO
        shading = facing if is_lit else _ZERO
        cosine = _dot(rows, MIRROR + i, direction)
        is_seen = is_lit & (cosine > _FAINT)
        held = cosine if is_seen else _ONE
        power = rows[EXPONENT + i] * log2_of(held)
        # Subnormal numbers would be slow.
        lobe = exp2_of(power) if is_seen & (power > _LEAST_POWER) else _ZERO
        used = reading[i] > rows[THRESHOLD + i]
        residual = reading[i] - albedo * shading - peak * lobe if used else _ZERO
        doubt = residual * rows[DOUBT + i] * (GLOSSY if residual > _ZERO else _ONE)
        believed = _ONE / (_ONE + doubt * doubt)
        square, count = believed * believed, trusted(trust, reading, i)
        weight = square * count if used else _ZERO
        rows[TRIED + COST + i] += believed * residual * residual * count
        rows[TRIED + RESIDUAL + i] += weight * residual * residual
        rows[TRIED + WEIGHTS + i] += weight if is_lit else _ZERO
        rows[TRIED + UNTRUSTED + i] += square if used & is_lit else _ZERO
        reach, own = peak * rows[EXPONENT + i] * lobe / held, albedo if is_lit else _ZERO
        told[i] = shading
        told[ROW + i] = lobe
        told[2 * ROW + i] = peak * lobe * power * _LN_2
        told[3 * ROW + i] = own * _dot(rows, TANGENT + i, direction) + reach * _dot(
            rows, CHANGE + i, direction
        )
        told[4 * ROW + i] = own * _dot(rows, TANGENT + 3 * ROW + i, direction) + reach * _dot(
            rows, CHANGE + 3 * ROW + i, direction
        )
        told[5 * ROW + i] = weight
        told[6 * ROW + i] = weight * residual
        rows[WEIGHT + i] = weight * shading


@compiled
def _write(
    rows: Numbers,
    start: int,
    highest: float,
    terms: tuple[Numbers, Numbers, Numbers, Numbers],
    channels: Numbers,
    doubt: tuple[Numbers, Numbers, Numbers],
) -> None:
    """Write what stands of the pixels of a block that were refined."""
    normals, diffuse, specular, exponent = terms
    confidence, normal_confidence, codes = doubt
    add_up_trust(rows)
    for i in range(min(BLOCK, codes.size - start)):
        if rows[STANDING + UNTRUSTED + i] <= _ZERO:
            continue
        at = start + i
        for axis in range(3):
            normals[at, axis] = rows[NX + axis * ROW + i]
        spread_over_channels(rows[D + i], rows[TRIED + PAIRS + i], channels[:, at])
        diffuse[:, at] = channels[:, at]
        specular[at] = rows[S + i]
        exponent[at] = math.exp(rows[P + i]) if specular[at] > _ZERO else _ZERO
        normal_confidence[at] = rows[NORMAL_TRUST + i]
        confidence[at], code = trust_in_lobe(
            exponent[at], highest, rows[SHARE + i], rows[VARIANCE + i]
        )
        codes[at] = (codes[at] & ~(CLAMPED | UNDERDETERMINED)) | code
