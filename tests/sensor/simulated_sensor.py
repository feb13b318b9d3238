"""A sensor whose every number is known: black, dark, response, gain, read noise, defects."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from olat.model.image import RawMosaic

RGGB = np.array([[0, 1], [1, 2]], np.uint8)
COLOR_OF_LIGHT = (0.7, 1.0, 0.55)
"""What even light reads in red, green and blue."""


@dataclass
class SimulatedSensor:
    """Counts of light that is given in electrons."""

    shape: tuple[int, int] = (200, 240)
    gain: float = 1.0
    """[DN/electron]"""
    read_noise_dn: float = 3.0
    black: float = 512.0
    """What it reads in the dark [DN]."""
    stated_black: float = 512.0
    """What its files say of that [DN]."""
    white: float = 16383.0
    seed: int = 7
    dark_pattern_dn: float = 0.6
    """Spread of the sites' own dark readings [DN]."""
    site_pattern: float = 0.006
    """Spread of the sites' own responses [1]."""
    vignetting: tuple[float, float, float] = (0.30, 0.27, 0.24)
    """Light that the corners lack in red, green and blue [1]."""
    hot: dict[tuple[int, int], float] = field(default_factory=dict)
    """Sites that read more in the dark, and by how much [DN]."""
    dead: tuple[tuple[int, int], ...] = ()
    noisy: tuple[tuple[int, int], ...] = ()
    bend: float = 0.0
    """What is lost of light above half of full scale, over its square [1]."""

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)
        rows, columns = np.indices(self.shape)
        self.channel = RGGB[rows % 2, columns % 2]
        y, x = (2.0 * np.arange(n) / (n - 1) - 1.0 for n in self.shape)
        self.radius2 = (y[:, None] ** 2 + x[None, :] ** 2) / 2.0
        loss = np.array(self.vignetting)[self.channel]
        # An even shape that no polynomial of low degree is exactly: the square of a cosine-like.
        self.shading = 1.0 / (1.0 + (1.0 / np.sqrt(1.0 - loss) - 1.0) * self.radius2) ** 2
        self.sites = 1.0 + self.site_pattern * self.rng.standard_normal(self.shape)
        self.dark = self.black + self.dark_pattern_dn * self.rng.standard_normal(self.shape)
        for site, extra in self.hot.items():
            self.dark[site] += extra

    @property
    def response(self) -> np.ndarray:
        """Response of each site to even light."""
        return self.shading * self.sites

    def expose(self, electrons: np.ndarray | float, *, is_flat: bool = False) -> RawMosaic:
        """Photograph what would be so many electrons at a site of response 1."""
        light = electrons * self.response * np.ones(self.shape)
        if is_flat:
            light = light * np.array(COLOR_OF_LIGHT)[self.channel]
        for site in self.dead:
            light[site] = 0.0
        charge = self.rng.poisson(light).astype(float)
        signal = self.gain * charge
        span = self.white - self.black
        signal -= self.bend * span * np.maximum(signal / span - 0.5, 0.0) ** 2
        noise = np.full(self.shape, self.read_noise_dn)
        for site in self.noisy:
            noise[site] *= 20.0
        counts = self.dark + signal + noise * self.rng.standard_normal(self.shape)
        counts = np.clip(np.rint(counts), 0.0, self.white).astype(np.uint16)
        return RawMosaic(counts, RGGB, np.full((2, 2), self.stated_black, np.float32), self.white)

    def darks(self, count: int) -> list[RawMosaic]:
        """Photograph nothing."""
        return [self.expose(0.0) for _ in range(count)]

    def flats(self, count: int, electrons: float) -> list[RawMosaic]:
        """Photograph an even plane."""
        return [self.expose(electrons, is_flat=True) for _ in range(count)]
