"""Smooth random patterns with exact gradients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from olat.model.shapes import Array
from olat.synthetic.shape import Columns, Values


@dataclass(frozen=True)
class RandomWaves:
    """A sum of plane waves with random directions and phases: close to a Gaussian field."""

    wave_vectors: Float32[Array, "wave 3"]
    """[rad/m]"""
    phases: Float32[Array, "wave 1"]
    """[rad]"""

    @classmethod
    def make(
        cls,
        seed: int,
        wavelength: float,
        *,
        count: int = 16,
        stretch: tuple[float, float, float] = (1.0, 1.0, 1.0),
    ) -> RandomWaves:
        """Draw waves around a wavelength [m]; `stretch` lengthens them along x, y, z."""
        rng = np.random.default_rng(seed)
        axes = rng.normal(size=(count, 3))
        axes /= np.linalg.norm(axes, axis=1, keepdims=True)
        numbers = 2.0 * np.pi / (wavelength * rng.uniform(0.7, 1.6, size=(count, 1)))
        phases = rng.uniform(0.0, 2.0 * np.pi, size=(count, 1))
        vectors = axes * numbers / np.asarray(stretch)
        return cls(vectors.astype(np.float32), phases.astype(np.float32))

    def value(self, points: Columns, footprint: float) -> Values:
        """Return the pattern, of variance 1 before waves finer than the footprint [m] fade."""
        waves = np.sin(self.wave_vectors @ points + self.phases)
        value: Values = self._amplitudes(footprint) @ waves
        return value

    def gradient(self, points: Columns, footprint: float) -> Columns:
        """Return the exact gradient of `value` [1/m]."""
        waves = np.cos(self.wave_vectors @ points + self.phases)
        gradient: Columns = (self._amplitudes(footprint)[:, None] * self.wave_vectors).T @ waves
        return gradient

    def _amplitudes(self, footprint: float) -> Float32[Array, " wave"]:
        """Weigh the waves; a pixel cannot carry what is finer than two of it."""
        numbers = np.linalg.norm(self.wave_vectors, axis=1)
        fade = np.exp(-((numbers * footprint / 2.5) ** 2))
        amplitudes: Float32[Array, " wave"] = np.sqrt(2.0 / len(numbers)) * fade
        return amplitudes.astype(np.float32)
