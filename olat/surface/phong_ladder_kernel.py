"""Loops of `olat.surface.phong_ladder`."""

from __future__ import annotations

import numpy as np

from olat.surface.beam_kernel import along, toward
from olat.surface.even_light_kernel import (
    even_out,
    even_out_weights,
    room_for_units,
    units_of_block,
)
from olat.surface.phong_climb_kernel import (
    LADDER,
    LOBE_PRODUCTS,
    LOBE_SQUARES,
    OVERLAP,
    RUNG,
    UNDERDETERMINED,
    climb,
)
from olat.surface.phong_matte_kernel import (
    END,
    ERROR,
    MATTE,
    NEAREST,
    NX,
    NY,
    NZ,
    RX,
    RY,
    RZ,
    SQUARES,
    UNTRUSTED,
    believe,
    divide,
    fit_matte,
    set_geometry,
)
from olat.surface.strip_kernel import (
    BLOCK,
    BRIGHTEST,
    FREE,
    UNUSABLE,
    Numbers,
    add_channels,
    compiled,
    gather,
    room_for_readings,
    set_thresholds,
)

AT_ONCE = 4
"""Lights whose lobes are added together, so that sums are fetched and stored a quarter as often."""
GROUP = AT_ONCE * BLOCK
# What is told of a group of lights, a row each: shading, what the matte fit leaves over, trust.
SHADINGS, RESIDUALS, TRUSTS = 0, GROUP, 2 * GROUP
FAINTEST = np.float32(1e-4)
"""Share of a lobe's peak below which it is zero; subnormal numbers would be a hundred times slower
too."""
# Where a group of lights shows no pixel this fourth power of a cosine, sharper rungs are zero.
REACHES = (3, 6, 10, LADDER.size)
REACH_4, REACH_11, REACH_32, REACH_128 = (
    np.float32(0.99 * 1e-4 ** (4.0 / exponent)) for exponent in (4.0, 11.0, 32.0, 128.0)
)

_SHADOWED = 2
_ZERO, _ONE = np.float32(0.0), np.float32(1.0)


@compiled
def solve(
    strip: Numbers,
    doubts: tuple[Numbers, Numbers | None],
    lights: Numbers | tuple[Numbers, Numbers],
    geometry: tuple[Numbers, Numbers],
    limits: tuple[float, float, float, int],
    terms: tuple[Numbers, Numbers, Numbers],
    doubt: tuple[Numbers, Numbers],
) -> None:
    """Fit the pixels of a strip ``(light, 3, pixel)``.

    `doubts` are flags ``(light, pixel)`` and codes of confidence, none if all are certain;
    `lights` are directions ``(3, light)``, or lamps and places as `beam_kernel` takes them;
    `geometry` is normals and mirrored view ``(pixel, 3)``; `limits` are shadow fraction, shadow
    floor, largest exponent and the flags that refuse a reading. Writes `terms`, diffuse
    ``(3, pixel)``, specular and exponent ``(pixel,)``, and `doubt`, confidence and flags
    ``(pixel,)``.
    """
    fraction, floor, cap, refused = limits
    diffuse, codes = terms[0], doubt[1]
    count, pixels = doubts[0].shape
    steps = 1 + int(np.sum(LADDER[:-1] < cap))
    readings, trust = room_for_readings(doubts[1], count), doubts[1]
    believed, room = np.empty((count, BLOCK), np.float32), room_for_units(lights)
    rows, sums = np.empty(END, np.float32), np.empty(steps * RUNG, np.float32)
    lobes, told = np.empty(2 * GROUP, np.float32), np.empty(3 * GROUP, np.float32)
    diffuse[:] = _ZERO
    for start in range(0, pixels, BLOCK):
        gather(strip, doubts, refused, start, readings, codes)
        rows[FREE:], sums[:] = _ZERO, _ZERO
        if set_thresholds(readings, fraction, floor, rows):
            beams = units_of_block(lights, start, room)
            even_out(beams, readings, rows)
            set_geometry(geometry, start, rows)
            fit_matte(readings, trust, beams, rows)
            for light in range(count):
                believe(readings[light], trust, beams, light, rows, believed[light])
                even_out_weights(beams, light, rows)
                add_channels(strip, light, start, rows, diffuse)
            divide(rows)
            for light in range(0, count, AT_ONCE):
                _start_group((readings, believed), beams, light, rows, lobes, told)
                for step in range(min(steps, _reach(lobes))):
                    chain = step % 2 * GROUP
                    _add_lobes(
                        lobes[chain : chain + GROUP], told, sums[step * RUNG : (step + 1) * RUNG]
                    )
        _write((rows, sums), start, (floor, cap, steps), terms, doubt)


@compiled
def _start_group(
    lights: tuple[Numbers, Numbers],
    beams: Numbers,
    first: int,
    rows: Numbers,
    lobes: Numbers,
    told: Numbers,
) -> None:
    """Write the broadest lobes of a group of lights; those beyond the last light are zero."""
    readings, believed = lights
    for k in range(AT_ONCE):
        row, light = k * BLOCK, first + k
        if light < len(readings):
            _start_lobes(
                (readings[light], believed[light]),
                beams,
                light,
                rows,
                lobes[row:],
                told[row:],
            )
        else:
            for at in range(row, lobes.size, GROUP):
                lobes[at : at + BLOCK] = _ZERO
            for at in range(row, told.size, GROUP):
                told[at : at + BLOCK] = _ZERO


@compiled
def _start_lobes(
    of_light: tuple[Numbers, Numbers],
    beams: Numbers,
    light: int,
    rows: Numbers,
    lobes: Numbers,
    told: Numbers,
) -> None:
    """Write what one light leaves over of the matte fit, and its lobes of exponents 4 and 5.5."""
    reading, believed = of_light
    beam = toward(beams, light)
    for i in range(BLOCK):
        lx, ly, lz = along(beams, beam, 0, i), along(beams, beam, 1, i), along(beams, beam, 2, i)
        facing = rows[NX + i] * lx + rows[NY + i] * ly + rows[NZ + i] * lz
        weight = believed[i]
        used = weight > _ZERO
        residual = reading[i] - rows[MATTE + i] * facing if used else _ZERO
        told[SHADINGS + i] = facing * weight if used else _ZERO
        told[RESIDUALS + i] = residual * weight
        told[TRUSTS + i] = weight
        rows[ERROR + i] += residual * weight * residual
        cosine = rows[RX + i] * lx + rows[RY + i] * ly + rows[RZ + i] * lz
        cosine = cosine if used & (cosine > _ZERO) else _ZERO
        nearest = rows[NEAREST + i]
        rows[NEAREST + i] = cosine if cosine > nearest else nearest
        fourth = (cosine * cosine) * (cosine * cosine)
        lobes[i] = fourth if fourth > FAINTEST else _ZERO
        sharper = fourth * cosine * np.sqrt(cosine)
        lobes[GROUP + i] = sharper if sharper > FAINTEST else _ZERO


@compiled
def _reach(lobes: Numbers) -> int:
    """Return how many rungs a group of lights has anything to add to."""
    near_4 = near_11 = near_32 = near_128 = False
    for i in range(GROUP):
        near_4 |= lobes[i] > REACH_4
        near_11 |= lobes[i] > REACH_11
        near_32 |= lobes[i] > REACH_32
        near_128 |= lobes[i] > REACH_128
    if near_128:
        return REACHES[3]
    if near_32:
        return REACHES[2]
    if near_11:
        return REACHES[1]
    return REACHES[0] if near_4 else 0


@compiled
def _add_lobes(lobes: Numbers, told: Numbers, sums: Numbers) -> None:
    """Add a group of lights to the sums of a rung, and square their lobes for the next but one.

    Shading and residual are weighted by the trust in the reading already.
    """
    for i in range(BLOCK):
        a, b, c, d = i, BLOCK + i, 2 * BLOCK + i, 3 * BLOCK + i
        first, second, third, fourth = lobes[a], lobes[b], lobes[c], lobes[d]
        sums[OVERLAP + i] += (first * told[SHADINGS + a] + second * told[SHADINGS + b]) + (
            third * told[SHADINGS + c] + fourth * told[SHADINGS + d]
        )
        sums[LOBE_PRODUCTS + i] += (first * told[RESIDUALS + a] + second * told[RESIDUALS + b]) + (
            third * told[RESIDUALS + c] + fourth * told[RESIDUALS + d]
        )
        first, second, third, fourth = first * first, second * second, third * third, fourth**2
        sums[LOBE_SQUARES + i] += (first * told[TRUSTS + a] + second * told[TRUSTS + b]) + (
            third * told[TRUSTS + c] + fourth * told[TRUSTS + d]
        )
        lobes[a] = first if first > FAINTEST else _ZERO
        lobes[b] = second if second > FAINTEST else _ZERO
        lobes[c] = third if third > FAINTEST else _ZERO
        lobes[d] = fourth if fourth > FAINTEST else _ZERO


@compiled
def _write(
    sums: tuple[Numbers, Numbers],
    start: int,
    limits: tuple[float, float, int],
    terms: tuple[Numbers, Numbers, Numbers],
    doubt: tuple[Numbers, Numbers],
) -> None:
    """Write what was found of a block, and the reason where nothing was."""
    rows, rungs = sums
    floor, cap, steps = limits
    diffuse, specular, exponent = terms
    confidence, codes = doubt
    ladder = np.empty((3, LADDER.size))
    matte_fit = rows[SQUARES:UNTRUSTED].reshape(-1, BLOCK)
    for i in range(min(BLOCK, codes.size - start)):
        at = start + i
        matte, gloss, power, trust, code = climb(
            matte_fit, rungs, i, rows[NEAREST + i], (steps, cap), ladder
        )
        shading = rows[UNTRUSTED + i]
        share = rows[SQUARES + i] / shading if shading > _ZERO else _ONE
        specular[at], exponent[at], confidence[at] = gloss, power, trust * share
        spread_over_channels(matte, rows[SQUARES + i], diffuse[:, at])
        if rows[SQUARES + i] > _ZERO:
            codes[at] = code
        else:
            dark = UNUSABLE < rows[BRIGHTEST + i] <= floor
            codes[at] |= _SHADOWED if dark else UNDERDETERMINED


@compiled
def spread_over_channels(matte: float, weight: np.float32, diffuse: Numbers) -> None:
    """Turn channel sums into albedos around the fitted mean: a white lobe cancels between them."""
    mean = (diffuse[0] + diffuse[1] + diffuse[2]) / np.float32(3.0)
    for channel in range(3):
        offset = (diffuse[channel] - mean) / weight if weight > _ZERO else _ZERO
        diffuse[channel] = max(matte + offset, 0.0)
