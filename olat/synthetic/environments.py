"""Small made-up environments to relight by."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from olat.light.latlong import directions_of_pixels
from olat.model.environment import EnvironmentMap
from olat.model.shapes import Array

HEIGHT, WIDTH = 64, 128
"""[px]"""

Sky = Float64[Array, "h w 3"]


def studio() -> EnvironmentMap:
    """Hang a warm softbox at image right, a cool strip at image left, a hair light behind."""
    ways = directions_of_pixels(HEIGHT, WIDTH)
    light = _gradient(ways[..., 1], low=(0.03, 0.03, 0.035), high=(0.07, 0.07, 0.08))
    light += _softbox(ways, (0.75, 0.45, 0.60), (0.34, 0.34), (10.0, 8.5, 6.9))
    light += _softbox(ways, (-0.95, 0.15, 0.25), (0.14, 0.60), (2.2, 3.2, 4.6))
    light += _softbox(ways, (-0.35, 0.75, -0.85), (0.22, 0.22), (9.0, 8.6, 8.2))
    return EnvironmentMap(light.astype(np.float32), "studio")


def sunset() -> EnvironmentMap:
    """Set a low sun at image left, an orange horizon that fades into blue, dark ground."""
    ways = directions_of_pixels(HEIGHT, WIDTH)
    up = ways[..., 1]
    light = _gradient(up, low=(0.42, 0.20, 0.13), high=(0.10, 0.16, 0.34))
    toward = ways @ _unit(-0.80, 0.12, 0.45)
    glow = np.exp(-((1.0 - toward) / 0.25)) * np.exp(-((up / 0.35) ** 2))
    light += glow[..., None] * (2.4, 0.95, 0.28)
    light *= np.where(up > 0.0, 1.0, 0.0)[..., None]
    light += np.where(up <= 0.0, 1.0, 0.0)[..., None] * (0.075, 0.055, 0.045)
    light += _disk(toward, 0.085) * (150.0, 78.0, 30.0)
    return EnvironmentMap(light.astype(np.float32), "sunset")


def overcast() -> EnvironmentMap:
    """Spread a gray sky, three times brighter above than at the horizon, over a meadow."""
    up = directions_of_pixels(HEIGHT, WIDTH)[..., 1]
    sky = 0.73 * (1.0 + 2.0 * np.maximum(up, 0.0))[..., None] * (0.95, 1.0, 1.06)
    light = np.where(up[..., None] > 0.0, sky, (0.11, 0.16, 0.07))
    return EnvironmentMap(light.astype(np.float32), "overcast")


ENVIRONMENTS = {"studio": studio, "sunset": sunset, "overcast": overcast}
"""All of them, by name."""


def _gradient(up: Float64[Array, "h w"], *, low: tuple[float, ...], high: tuple[float, ...]) -> Sky:
    """Fade from the color at the horizon and below to that at the top."""
    share = np.sqrt(np.clip(up, 0.0, 1.0))[..., None]
    mixed: Sky = (1.0 - share) * low + share * high
    return mixed


def _softbox(
    ways: Sky,
    place: tuple[float, float, float],
    half: tuple[float, float],
    color: tuple[float, ...],
) -> Sky:
    """Hang a glowing rectangle at a place; `half` its width and height at distance 1."""
    toward = _unit(*place)
    right = _unit(*np.cross((0.0, 1.0, 0.0), toward))
    depth = ways @ toward
    ahead = np.maximum(depth, 1e-6)
    across, above = ways @ right / ahead, ways @ np.cross(toward, right) / ahead
    edge = np.minimum(half[0] - np.abs(across), half[1] - np.abs(above))
    inside = (depth > 0.0) * np.clip(0.5 + edge / 0.06, 0.0, 1.0)
    box: Sky = inside[..., None] * color
    return box


def _disk(cosine: Float64[Array, "h w"], radius: float) -> Float64[Array, "h w 1"]:
    """Return 1 inside a disk of an angular radius [rad], 0 outside, soft between."""
    angle = np.arccos(np.clip(cosine, -1.0, 1.0))
    disk: Float64[Array, "h w 1"] = np.clip(0.5 + (radius - angle) / 0.05, 0.0, 1.0)[..., None]
    return disk


def _unit(x: float, y: float, z: float) -> Float64[Array, " 3"]:
    """Return the unit vector along a direction."""
    vector = np.array([x, y, z])
    unit: Float64[Array, " 3"] = vector / np.linalg.norm(vector)
    return unit
