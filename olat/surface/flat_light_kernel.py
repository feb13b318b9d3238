"""Loops of `olat.surface.albedo`."""

from __future__ import annotations

import numpy as np

from olat.surface.beam_kernel import along, toward
from olat.surface.even_light_kernel import gain_of, room_for_units, units_of_block
from olat.surface.powers_kernel import exp2_of, log2_of
from olat.surface.strip_kernel import BLOCK, Numbers, compiled

_ZERO, _ONE, _FAINT = np.float32(0.0), np.float32(1.0), np.float32(1e-6)


@compiled
def add_lights(
    lights: Numbers | tuple[Numbers, Numbers],
    weights: Numbers,
    normals: Numbers,
    mirror: Numbers,
    exponent: Numbers,
    sums: tuple[Numbers, Numbers],
) -> None:
    """Add what a white matte surface and a lobe of peak 1 read under all lights, each weighted.

    `lights` are directions ``(3, light)``, or lamps and places as `beam_kernel` takes them;
    `normals` and `mirror` are ``(3, pixel)``, the others a number a light or pixel.
    """
    room = room_for_units(lights)
    matte, gloss = sums
    for start in range(0, exponent.size, BLOCK):
        end = min(start + BLOCK, exponent.size)
        beams = units_of_block(lights, start, room)
        for light in range(weights.size):
            _add_light(
                (beams, light, weights[light]),
                (normals[0, start:end], normals[1, start:end], normals[2, start:end]),
                (mirror[0, start:end], mirror[1, start:end], mirror[2, start:end]),
                exponent[start:end],
                (matte[start:end], gloss[start:end]),
            )


@compiled
def _add_light(
    of_light: tuple[Numbers, int, np.float32],
    normal: tuple[Numbers, Numbers, Numbers],
    mirror: tuple[Numbers, Numbers, Numbers],
    exponent: Numbers,
    sums: tuple[Numbers, Numbers],
) -> None:
    beams, light, weight = of_light
    matte, gloss = sums
    nx, ny, nz = normal
    rx, ry, rz = mirror
    beam = toward(beams, light)
    for i in range(exponent.size):
        lx, ly, lz = along(beams, beam, 0, i), along(beams, beam, 1, i), along(beams, beam, 2, i)
        facing = nx[i] * lx + ny[i] * ly + nz[i] * lz
        cosine = rx[i] * lx + ry[i] * ly + rz[i] * lz
        is_lit = facing > _ZERO
        is_seen = is_lit & (cosine > _FAINT) & (exponent[i] > _ZERO)
        power = exponent[i] * log2_of(cosine if is_seen else _ONE)
        sent = weight * gain_of(beams, light, i)
        matte[i] += sent * facing if is_lit else _ZERO
        gloss[i] += sent * exp2_of(power) if is_seen else _ZERO
