"""An analytic texture that can be seen from any pose without resampling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Grid = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Texture:
    """Plane waves of 4 to 100 px; detail falls with its size as in photographs."""

    waves: Grid
    phases: Grid
    amplitudes: Grid

    @classmethod
    def random(cls, rng: np.random.Generator, count: int = 150) -> Texture:
        """Draw waves in all directions."""
        lengths = np.exp(rng.uniform(np.log(4.0), np.log(100.0), count))
        angles = rng.uniform(0.0, 2.0 * np.pi, count)
        waves = 2.0 * np.pi / lengths * np.array([np.cos(angles), np.sin(angles)])
        amplitudes = lengths / np.linalg.norm(lengths)
        return cls(waves, rng.uniform(0.0, 2.0 * np.pi, count), amplitudes)

    def at(self, points: Grid) -> Grid:
        """Return gray radiance, ``h w 3``, at points ``h w 2`` (x, y) [px]."""
        value = np.zeros(points.shape[:2])
        for wave, phase, amplitude in zip(self.waves.T, self.phases, self.amplitudes, strict=True):
            value += amplitude * np.cos(points @ wave + phase)
        gray = 0.4 * np.exp(0.8 * value)
        return np.repeat(gray[..., None], 3, axis=2).astype(np.float32)


def pixel_centers(height: int, width: int) -> Grid:
    """Return the (x, y) of every pixel center, ``h w 2``."""
    return np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1).astype(float)


def noisy(radiance: Grid, rng: np.random.Generator, share: float = 0.005) -> Grid:
    """Add read noise, as a share of white."""
    return (radiance + rng.normal(0.0, share, radiance.shape)).astype(np.float32)
