r"""Cosine lobes in closed form from full-on light and gradients (Fyffe and Debevec 2012).

A lobe is :math:`k\,\big((a \cdot \omega)^+\big)^n` (hemispherical: matte and glossy surfaces) or
:math:`k\,\big((1 + a \cdot \omega)/2\big)^n` (spherical: fur, rim-lit hair, translucent ears). Its
integral F over the sphere and its first moment A fix axis, exponent and scale:

============  ===============  ========================  ==============================
lobe          F                \|A\|                     n from r = \|A\| / F
============  ===============  ========================  ==============================
hemispherical 2πk / (n + 1)    2πk / (n + 2)             (2r - 1) / (1 - r),  r >= 1/2
spherical     4πk / (n + 1)    4πkn / ((n + 1)(n + 2))   2r / (1 - r)
============  ===============  ========================  ==============================

References
----------
.. [1] Fyffe and Debevec, Cosine lobe based relighting from gradient illumination photographs,
   Journal of Virtual Reality and Broadcasting 9(2), 2012.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from jaxtyping import Float

from olat.model.flags import PixelFlag
from olat.model.shapes import Array, Flags

LobeShape: TypeAlias = Literal["hemispherical", "spherical"]
Numbers: TypeAlias = Float[Array, "*pixels"]

LARGEST_RATIO = 0.995
"""Exponent 198: beyond it an error of 0.002 in the ratio more than doubles the exponent."""
BLEND = (0.5, 0.6)
"""Ratios between which a lobe passes from spherical to hemispherical."""


def exponent_from_ratio(ratio: Numbers, *, shape: LobeShape) -> Numbers:
    """Return the exponent of the lobe whose first moment is this share of its integral."""
    if shape == "hemispherical":
        return (2.0 * ratio - 1.0) / (1.0 - ratio)
    return 2.0 * ratio / (1.0 - ratio)


def scale_from_integral(integral: Numbers, exponent: Numbers, *, shape: LobeShape) -> Numbers:
    """Return the peak of a lobe with this integral over the sphere."""
    sphere = 2.0 * np.pi if shape == "hemispherical" else 4.0 * np.pi
    return integral * (exponent + 1.0) / sphere


@dataclass(frozen=True, slots=True)
class CosineLobes:
    """One lobe per pixel, its shape shared by the channels.

    Kept as ratios, not exponents, because only ratios may be averaged or filtered. Between the
    ratios of `BLEND` a pixel is a mixture of both shapes, each with the exponent of its own that
    the ratio asks for; both have the moments of the photographs, and so has the mixture.
    """

    axis: Float[Array, "h w 3"]
    """Unit vectors in world axes; zero where a pixel scatters evenly or was dark."""
    ratio: Float[Array, "h w"]
    """Length of the first moment over the integral, at most `LARGEST_RATIO`."""
    integral: Float[Array, "h w 3"]
    """Of each channel over the sphere of light [sr]."""
    flags: Flags
    """CLAMPED where the ratio was longer than `LARGEST_RATIO`, SHADOWED where it was dark."""

    @property
    def spherical_share(self) -> Float[Array, "h w"]:
        """Share of the spherical lobe in the mixture."""
        low, high = BLEND
        return np.asarray(np.clip((high - self.ratio) / (high - low), 0.0, 1.0))

    def exponent(self, shape: LobeShape) -> Float[Array, "h w"]:
        """Return the exponents of one of the two shapes, at least 0."""
        return np.asarray(np.maximum(exponent_from_ratio(self.ratio, shape=shape), 0.0))

    def reading(self, direction: Float[Array, "3"]) -> Float[Array, "h w 3"]:
        """Return what every pixel reads under one distant light [diffuse white = 1]."""
        cosine = np.clip(self.axis @ direction, -1.0, 1.0)
        share = self.spherical_share
        lobes = np.zeros_like(self.ratio)
        mixture: tuple[tuple[LobeShape, Numbers, Numbers], ...] = (
            ("hemispherical", 1.0 - share, np.maximum(cosine, 0.0)),
            ("spherical", share, (1.0 + cosine) / 2.0),
        )
        for shape, part, base in mixture:
            exponent = self.exponent(shape)
            lobes += part * scale_from_integral(base**exponent, exponent, shape=shape)
        return np.asarray(self.integral * lobes[..., np.newaxis])


def lobes_from_moments(
    integral: Float[Array, "h w 3"], moment: Float[Array, "h w 3"], *, shadow_floor: float = 1e-3
) -> CosineLobes:
    r"""Fit one lobe per pixel to full-on light and a color gradient.

    Parameters
    ----------
    integral
        :math:`F_c = \int R_c\,d\omega` of each channel: the full-on photograph [sr].
    moment
        :math:`A_c = \int \omega_c R_c\,d\omega`, channel r along x, g along y, b along z: twice
        the color gradient less full-on [sr].
    shadow_floor
        Integral at or below which a channel is dark [sr].

    Returns
    -------
    lobes
        Their moments are the given ones, except where flagged.

    Notes
    -----
    Assumes a full, even sphere of lights, channels without cross-talk
    (`olat.light.led_matrix.in_primaries`) and a lobe shape shared by the three channels. The axis
    is the normal where the exponent is near 1, and the mirrored view where it is large; in between
    it is neither.
    """
    if integral.shape != moment.shape:
        raise ValueError(
            f"moments: {integral.shape} and {moment.shape}; one shape was needed. "
            "Pass the photographs of one camera."
        )
    dark = ~(integral > shadow_floor).all(axis=-1) | ~np.isfinite(moment).all(axis=-1)
    lit = ~dark[..., np.newaxis]
    vector = np.divide(moment, integral, out=np.zeros_like(moment), where=lit)
    ratio = np.linalg.norm(vector, axis=-1)
    axis = np.divide(
        vector, ratio[..., np.newaxis], out=np.zeros_like(vector), where=ratio[..., np.newaxis] > 0
    )
    flags = np.where(ratio > LARGEST_RATIO, np.uint8(PixelFlag.CLAMPED), np.uint8(0))
    flags[dark] = PixelFlag.SHADOWED
    return CosineLobes(axis, np.minimum(ratio, LARGEST_RATIO), np.where(lit, integral, 0.0), flags)
