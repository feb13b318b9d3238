"""A linear sensor behind a slightly soft lens."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from olat.model.image import RawMosaic
from olat.model.shapes import Plane, Radiance

RGGB = np.array([[0, 1], [1, 2]], np.uint8)
BLACK = np.array([[512.0, 514.0], [511.0, 513.0]], np.float32)
"""Each site has a level of its own, as in real sensors [DN]."""
WHITE = 16383.0
"""[DN]"""
FULL_WELL = 15_000.0
"""Charge at the white level [electron]."""
READ_NOISE = 3.0
"""[electron]"""


@dataclass(frozen=True)
class Sensor:
    """From radiance to counts behind a Bayer filter."""

    white_patch: float = 0.8
    """What a radiance of 1 reads [fraction of full scale]."""
    vignetting: float = 0.0
    """Light that the corners lose [fraction]."""
    blur_px: float = 0.0
    """Standard deviation of the lens's blur [px]."""
    noisy: bool = True
    """Whether photons and electronics scatter."""

    def expose(self, radiance: Radiance, rng: np.random.Generator) -> RawMosaic:
        """Photograph a radiance [diffuse white = 1]: blur, vignette, sample, scatter, clip."""
        if self.blur_px > 0.0:
            radiance = gaussian_filter(radiance, (self.blur_px, self.blur_px, 0.0))
        height, width, _ = radiance.shape
        rows, columns = np.indices((height, width))
        filtered = radiance[rows, columns, RGGB[rows % 2, columns % 2]]
        charge = filtered * self.shading((height, width)) * self.white_patch * FULL_WELL
        if self.noisy:
            deviation = np.sqrt(np.maximum(charge, 0.0) + READ_NOISE**2)
            charge += deviation * rng.standard_normal(charge.shape, np.float32)
        black = BLACK[rows % 2, columns % 2]
        counts = black + charge * ((WHITE - black) / FULL_WELL)
        counts = np.clip(np.round(counts), 0.0, WHITE).astype(np.uint16)
        return RawMosaic(counts, RGGB, BLACK, WHITE)

    def shading(self, shape: tuple[int, int]) -> Plane:
        """Return what the lens lets through, 1 in the middle."""
        rows, columns = (np.linspace(-1.0, 1.0, length) for length in shape)
        corner = (rows[:, None] ** 2 + columns[None, :] ** 2) / 2.0
        return (1.0 - self.vignetting * corner).astype(np.float32)
