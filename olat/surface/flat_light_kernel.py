"""Loops of `olat.surface.albedo`."""

from __future__ import annotations

import numpy as np

from olat.surface.powers_kernel import exp2_of, log2_of
from olat.surface.strip_kernel import Numbers, compiled

_ZERO, _ONE, _FAINT = np.float32(0.0), np.float32(1.0), np.float32(1e-6)


@compiled
def add_lights(
    directions: Numbers,
    weights: Numbers,
    normals: Numbers,
    mirror: Numbers,
    exponent: Numbers,
    sums: tuple[Numbers, Numbers],
) -> None:
    """Add what a white matte surface and a lobe of peak 1 read under all lights, each weighted.

    `directions` are ``(3, light)``, `normals` and `mirror` ``(3, pixel)``, the others a number a
    light or pixel.
    """
    for light in range(weights.size):
        _add_light(
            (directions[0, light], directions[1, light], directions[2, light]),
            weights[light],
            (normals[0], normals[1], normals[2]),
            (mirror[0], mirror[1], mirror[2]),
            exponent,
            sums,
        )


@compiled
def _add_light(
    light: tuple[np.float32, np.float32, np.float32],
    weight: np.float32,
    normal: tuple[Numbers, Numbers, Numbers],
    mirror: tuple[Numbers, Numbers, Numbers],
    exponent: Numbers,
    sums: tuple[Numbers, Numbers],
) -> None:
    matte, gloss = sums
    nx, ny, nz = normal
    rx, ry, rz = mirror
    for i in range(exponent.size):
        facing = nx[i] * light[0] + ny[i] * light[1] + nz[i] * light[2]
        cosine = rx[i] * light[0] + ry[i] * light[1] + rz[i] * light[2]
        is_lit = facing > _ZERO
        is_seen = is_lit & (cosine > _FAINT) & (exponent[i] > _ZERO)
        power = exponent[i] * log2_of(cosine if is_seen else _ONE)
        matte[i] += weight * facing if is_lit else _ZERO
        gloss[i] += weight * exp2_of(power) if is_seen else _ZERO
