"""A sphere of a head's size in a stage, with gloss, and what it reads under near lights."""

from __future__ import annotations

from typing import Any

import numpy as np

from olat.surface.near_light import NearLights
from tests.surface.readings import VIEW

Numbers = np.ndarray[Any, Any]

RADIUS, REACH = 0.1, 1.7
"""Of a head and of a stage [m]."""


def sphere(shape: tuple[int, int] = (24, 22), radius: float = RADIUS) -> tuple[Numbers, Numbers]:
    """Return normals and places of the visible cap of a sphere around the origin."""
    x, y = np.meshgrid(np.linspace(-0.85, 0.85, shape[1]), np.linspace(0.85, -0.85, shape[0]))
    square = x**2 + y**2
    scale = np.sqrt(np.minimum(square, 0.9) / np.maximum(square, 1e-12))
    x, y = x * scale, y * scale
    normals = np.stack([x, y, np.sqrt(1.0 - x**2 - y**2)], axis=-1)
    return normals, (radius * normals).astype(np.float32)


def shot(near: NearLights, normals: Numbers, albedo: Any, lobe: Any, exponent: Any) -> Numbers:
    """Return readings ``(light, 3, h, w)`` of matte reflection and a lobe, seen along -z."""
    beams = near.beams
    gain = np.linalg.norm(beams, axis=-1)
    toward = beams / gain[..., np.newaxis]
    mirror = 2.0 * normals[..., 2:] * normals - VIEW
    facing = np.einsum("lhwk,hwk->lhw", toward, normals)
    glossy = np.maximum(np.einsum("lhwk,hwk->lhw", toward, mirror), 0.0) ** exponent
    even = albedo * np.maximum(facing, 0.0) + lobe * glossy * (facing > 0.0)
    return np.repeat((gain * even)[:, np.newaxis], 3, axis=1)
