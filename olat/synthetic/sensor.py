"""A linear sensor behind a slightly soft lens."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.ndimage import gaussian_filter

from olat.model.image import RawMosaic
from olat.model.shapes import Array, Plane, Radiance
from olat.synthetic.flaws import SensorFlaws

RGGB = np.array([[0, 1], [1, 2]], np.uint8)
BLACK = np.array([[512.0, 514.0], [511.0, 513.0]], np.float32)
"""Each site has a level of its own, as in real sensors [DN]."""
WHITE = 16383.0
"""[DN]"""
FULL_WELL = 15_000.0
"""Charge at the white level [electron]."""
READ_NOISE = 3.0
"""[electron]"""

Tile = Float[Array, "h w"]


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
    vignetting_by_color: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """What each color loses of that [1]."""
    black_error_dn: float = 0.0
    """What the files declare above the true black level [DN]."""
    flaws: SensorFlaws | None = None
    """How the sites differ; none are alike but for their black level."""

    def expose(
        self, radiance: Radiance, rng: np.random.Generator, *, exposure: float = 1.0
    ) -> RawMosaic:
        """Photograph a radiance in camera color: blur, vignette, sample, scatter, clip.

        Parameters
        ----------
        radiance
            What the camera faces [diffuse white = 1].
        rng
            Of the noise.
        exposure
            Time relative to the sweep's [1].
        """
        if self.blur_px > 0.0:
            radiance = gaussian_filter(radiance, (self.blur_px, self.blur_px, 0.0))
        shape = radiance.shape[:2]
        rows, columns = np.indices(shape)
        filtered = radiance[rows, columns, RGGB[rows % 2, columns % 2]]
        charge = filtered * self.shading(shape) * self.white_patch * FULL_WELL
        per_electron = self.dn_per_electron(shape)
        if self.flaws is not None:
            charge = exposure * (charge * self.flaws.response + self.flaws.hot_dn / per_electron)
        elif exposure != 1.0:
            charge *= exposure
        if self.noisy:
            deviation = np.sqrt(np.maximum(charge, 0.0) + READ_NOISE**2)
            charge += deviation * rng.standard_normal(charge.shape, np.float32)
        counts = tiled(BLACK, shape) + charge * per_electron
        if self.flaws is not None:
            counts = np.where(self.flaws.stuck, WHITE, counts + self.flaws.offset_dn)
        counts = np.clip(np.round(counts), 0.0, WHITE).astype(np.uint16)
        return RawMosaic(counts, RGGB, BLACK + np.float32(self.black_error_dn), WHITE)

    def shading(self, shape: tuple[int, int]) -> Plane:
        """Return what the lens lets through to each site, 1 in the middle."""
        rows, columns = (np.linspace(-1.0, 1.0, length) for length in shape)
        corner = (rows[:, None] ** 2 + columns[None, :] ** 2) / 2.0
        strength = self.vignetting * np.array(self.vignetting_by_color)[RGGB]
        return (1.0 - tiled(strength, shape) * corner).astype(np.float32)

    def dn_per_electron(self, shape: tuple[int, int]) -> Plane:
        """Return the gain of each site: all are full at the white level [DN/electron]."""
        return (WHITE - tiled(BLACK, shape)) / np.float32(FULL_WELL)

    def dark(self, shape: tuple[int, int], *, exposure: float = 1.0) -> Plane:
        """Return what each site reads without light, noise aside [DN]."""
        if self.flaws is None:
            return tiled(BLACK, shape)
        dark = tiled(BLACK, shape) + self.flaws.offset_dn + exposure * self.flaws.hot_dn
        return np.where(self.flaws.stuck, np.float32(WHITE), np.minimum(dark, np.float32(WHITE)))

    def flat(self, shape: tuple[int, int]) -> Plane:
        """Return the response of each site to even light, lens included: about 1 in the middle."""
        return self.shading(shape) * (1.0 if self.flaws is None else self.flaws.response)


def tiled(tile: Tile, shape: tuple[int, int]) -> Tile:
    """Repeat what belongs to each site of the 2 x 2 filter over a picture."""
    rows, columns = np.indices(shape) % 2
    plane: Tile = tile[rows, columns]
    return plane
