"""Pixels with known surface, and what they read under known lights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Numbers = np.ndarray[Any, Any]

VIEW = np.array([0.0, 0.0, 1.0])


def sphere_of_lights(count: int) -> Numbers:
    """Return directions spread evenly over the sphere (Fibonacci spiral)."""
    index = np.arange(count) + 0.5
    y = 1.0 - 2.0 * index / count
    turn = np.pi * (1.0 + 5.0**0.5) * index
    radius = np.sqrt(1.0 - y * y)
    return np.stack([radius * np.cos(turn), y, radius * np.sin(turn)], axis=1)


def normals_facing(rng: np.random.Generator, shape: tuple[int, int], tilt_deg: float) -> Numbers:
    """Return random unit vectors up to a tilt away from the camera."""
    z = rng.uniform(np.cos(np.radians(tilt_deg)), 1.0, shape)
    turn = rng.uniform(0.0, 2.0 * np.pi, shape)
    radius = np.sqrt(1.0 - z * z)
    return np.stack([radius * np.cos(turn), radius * np.sin(turn), z], axis=-1)


@dataclass(frozen=True)
class Surface:
    """What a picture shows: a matte part and a white Phong lobe in every pixel."""

    normals: Numbers
    albedo: Numbers
    lobe: Numbers | float = 0.0
    exponent: Numbers | float = 1.0

    def readings(self, directions: Numbers) -> Numbers:
        """Return ``(light, 3, h, w)`` for distant lights, without shadows cast or noise."""
        normals = self.normals
        mirror = 2.0 * normals[..., 2:] * normals - VIEW
        facing = np.einsum("lk,hwk->lhw", directions, normals)
        glossy = np.maximum(np.einsum("lk,hwk->lhw", directions, mirror), 0.0)
        matte = np.moveaxis(self.albedo, -1, 0) * np.maximum(facing, 0.0)[:, np.newaxis]
        gloss = self.lobe * glossy**self.exponent * (facing > 0.0)
        return matte + gloss[:, np.newaxis]


def glossy_surface(
    rng: np.random.Generator, shape: tuple[int, int], *, exponent: Numbers | float, lobe: float
) -> Surface:
    """Return random normals and albedos, with lobes of up to the given peak."""
    return Surface(
        normals_facing(rng, shape, 70.0),
        rng.uniform(0.1, 0.8, (*shape, 3)),
        rng.uniform(0.0, lobe, shape),
        exponent,
    )


def with_cast_shadows(readings: Numbers, directions: Numbers, rng: np.random.Generator) -> Numbers:
    """Cut the light from a random cone of 10 to 45 degrees for a third of the pixels."""
    shape = readings.shape[2:]
    axes = rng.normal(size=(*shape, 3))
    axes /= np.linalg.norm(axes, axis=-1, keepdims=True)
    edge = np.where(rng.random(shape) < 1 / 3, np.cos(np.radians(rng.uniform(10, 45, shape))), 2.0)
    hidden = np.einsum("lk,hwk->lhw", directions, axes) > edge
    return np.where(hidden[:, np.newaxis], 0.02 * readings, readings)


def with_soft_shadows(readings: Numbers, directions: Numbers, rng: np.random.Generator) -> Numbers:
    """Cut the light from a cone of 15 to 60 degrees for most pixels, with an edge of ten degrees.

    Cones lie where they may, also behind the surface.
    """
    shape = readings.shape[2:]
    axes = rng.normal(size=(*shape, 3))
    axes /= np.linalg.norm(axes, axis=-1, keepdims=True)
    edge = np.where(rng.random(shape) < 0.7, np.cos(np.radians(rng.uniform(15, 60, shape))), 2.0)
    past = np.einsum("lk,hwk->lhw", directions, axes) - edge
    return readings * np.clip(0.5 - past / 0.2, 0.0, 1.0)[:, np.newaxis]


def noisy(readings: Numbers, rng: np.random.Generator, sigma: float = 0.003) -> Numbers:
    """Add noise that grows with the square root of the reading."""
    spread = sigma * np.sqrt(np.maximum(readings, 0.01) * 3.0)
    return readings + spread * rng.normal(size=readings.shape)


def degrees_between(first: Numbers, second: Numbers) -> Numbers:
    """Return the angles between unit vectors, accurate for small ones too."""
    chord = np.linalg.norm(np.asarray(first, float) - second, axis=-1)
    return np.degrees(2.0 * np.arcsin(np.minimum(chord / 2.0, 1.0)))


def bumpy_surface(rng: np.random.Generator, shape: tuple[int, int]) -> Surface:
    """Return normals and albedo that change over a few pixels, as skin's do, with a soft lobe."""
    rows, columns = np.indices(shape)
    slopes = np.zeros((2, *shape))
    for _ in range(24):
        along, across = rng.normal(0.0, 0.6, 2)
        wave = np.cos(along * rows + across * columns + rng.uniform(0.0, 2.0 * np.pi))
        slopes += 0.12 * np.sign([along, across])[:, np.newaxis, np.newaxis] * wave
    normals = np.stack([*slopes, np.ones(shape)], axis=-1)
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    albedo = 0.45 + 0.2 * np.cos(0.9 * rows + 0.4 * columns)[..., np.newaxis] * np.ones(3)
    return Surface(normals, albedo, 0.1, 20.0)


def misaligned(
    readings: Numbers, rng: np.random.Generator, *, largest_px: float
) -> tuple[Numbers, Numbers]:
    """Displace every frame by an error of motion of its own; return readings and confidence.

    The error comes in patches, and is told by the confidence as well as two directions of flow
    tell it: by half to twice its size.
    """
    count, _, height, width = readings.shape
    rows, columns = np.indices((height, width))
    moved, confidence = np.empty_like(readings), np.empty((count, height, width))
    for light in range(count):
        phase = rng.uniform(0.0, 2.0 * np.pi, 2)
        wave = np.cos(rows / 9.0 + phase[0]) * np.cos(columns / 9.0 + phase[1])
        error = np.rint(largest_px * np.maximum(wave, 0.0)).astype(int)
        turn = rng.integers(0, 4)
        dy, dx = [(0, 1), (1, 0), (0, -1), (-1, 0)][turn]
        at = (rows + dy * error) % height, (columns + dx * error) % width
        moved[light] = readings[light][:, at[0], at[1]]
        told = error * 2.0 ** rng.uniform(-1.0, 1.0, error.shape)
        confidence[light] = 1.0 / (1.0 + told**2)
    return moved, np.rint(255.0 * confidence).astype(np.uint8)


def no_flags(readings: Numbers) -> Numbers:
    """Return flags that doubt nothing."""
    return np.zeros((readings.shape[0], *readings.shape[2:]), np.uint8)
