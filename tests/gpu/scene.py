"""A strip of pixels with gloss, shadows, flaws and doubts, under distant or near lights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from olat.light.arrangements import fibonacci_sphere
from olat.model.flags import PixelFlag
from olat.surface.near_light import Lamps

ROWS, COLUMNS = 6, 41


@dataclass(frozen=True)
class Scene:
    """What the solves are given."""

    reflectance: Any
    flags: Any
    lights: Any
    confidence: Any
    normals: Any
    view: Any


def scene(
    *, lights: int = 50, channels: int = 3, half: bool = True, near: bool = False, told: bool = True
) -> Scene:
    """Make one; a third of the readings is flawed, and some pixels have hardly any."""
    rng = np.random.default_rng(20260101)
    directions = fibonacci_sphere(lights)
    shape = (lights, channels, ROWS, COLUMNS)
    normals = rng.normal(0, 0.5, (ROWS, COLUMNS, 3))
    normals[..., 2] += 1.0
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    view = np.broadcast_to(np.array([0.0, 0.0, 1.0]), normals.shape)
    mirror = 2 * normals[..., 2:] * normals - view
    exponent, gloss = 10 ** rng.uniform(0.7, 2, (ROWS, COLUMNS)), rng.random((ROWS, COLUMNS))
    albedo = rng.uniform(0.1, 0.9, (channels, ROWS, COLUMNS))
    shading = np.maximum(np.einsum("lk,ijk->lij", directions, normals), 0.0)
    lobe = np.maximum(np.einsum("lk,ijk->lij", directions, mirror), 0.0) ** exponent * gloss
    readings = albedo * shading[:, None] + (lobe * (shading > 0))[:, None]
    readings *= 1 + 0.01 * rng.standard_normal(shape)
    readings *= rng.random((lights, 1, ROWS, COLUMNS)) > 0.1  # cast shadows
    readings[:, :, 0, :4] *= 1e-4  # in the dark
    readings[3:, :, 1, :3] = 0.0  # lit by three
    readings[:, :, 2, :2] = np.nan
    readings[rng.random(shape) < 0.01] = np.inf
    flags = np.zeros((lights, ROWS, COLUMNS), np.uint8)
    flags[rng.random(flags.shape) < 0.2] = int(PixelFlag.SATURATED)
    flags[rng.random(flags.shape) < 0.1] |= int(PixelFlag.UNTRACKED)
    flags[:, 3, 5] = int(PixelFlag.OCCLUDED)
    seen: Any = directions
    if near:
        lamps = Lamps(1.5 * directions, exponents=rng.uniform(0, 2, lights).round())
        seen = lamps.seen_from(rng.normal(0, 0.1, (ROWS, COLUMNS, 3)).astype(np.float32))
        readings = readings * np.linalg.norm(seen.beams, axis=-1)[:, None]
    confidence = rng.integers(0, 256, flags.shape, np.uint8) if told else None
    return Scene(
        readings.astype(np.float16 if half else np.float32),
        flags,
        seen,
        confidence,
        normals.astype(np.float32),
        view.astype(np.float32),
    )
