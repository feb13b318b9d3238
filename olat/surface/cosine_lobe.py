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

from olat.model.shapes import Array, Flags
from olat.surface import cosine_lobe_kernel

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


def ratio_from_exponent(exponent: Numbers, *, shape: LobeShape) -> Numbers:
    """Return the length of the first moment of a lobe over its integral."""
    if shape == "hemispherical":
        return (exponent + 1.0) / (exponent + 2.0)
    return exponent / (exponent + 2.0)


def scale_from_integral(integral: Numbers, exponent: Numbers, *, shape: LobeShape) -> Numbers:
    """Return the peak of a lobe with this integral over the sphere."""
    sphere = 2.0 * np.pi if shape == "hemispherical" else 4.0 * np.pi
    return integral * (exponent + 1.0) / sphere


def spherical_share(ratio: Numbers) -> Numbers:
    """Return the share of the spherical lobe in the mixture of a ratio."""
    low, high = BLEND
    return np.asarray(np.clip((high - ratio) / (high - low), 0.0, 1.0))


def lobe_density(cosine: Float[Array, "*#pixels"], ratio: Float[Array, "*#pixels"]) -> Numbers:
    """Return what a lobe of integral 1 reads at an angle from its axis [1/sr].

    Parameters
    ----------
    cosine
        Of the angle, from -1 to 1.
    ratio
        Length of the first moment, less than 1: the lobe is a mixture of both shapes by
        `spherical_share`, each with the exponent that the ratio asks for.
    """
    share = spherical_share(ratio)
    density = np.zeros_like(ratio * cosine)
    mixture: tuple[tuple[LobeShape, Numbers, Numbers], ...] = (
        ("hemispherical", 1.0 - share, np.maximum(cosine, 0.0)),
        ("spherical", share, (1.0 + cosine) / 2.0),
    )
    for shape, part, base in mixture:
        if part.any():
            exponent = np.maximum(exponent_from_ratio(ratio, shape=shape), 0.0)
            peak = scale_from_integral(part, exponent, shape=shape)
            density += peak * base**exponent
    return np.asarray(density)


@dataclass(frozen=True, slots=True)
class CosineLobes:
    """One lobe per pixel, its shape shared by the channels, or one for each channel.

    Kept as ratios, not exponents, because only ratios may be averaged or filtered. Between the
    ratios of `BLEND` a pixel is a mixture of both shapes, each with the exponent of its own that
    the ratio asks for; both have the moments of the photographs, and so has the mixture.
    """

    axis: Float[Array, "h w *channel 3"]
    """Unit vectors in world axes; zero where a pixel scatters evenly or was dark."""
    ratio: Float[Array, "h w *channel"]
    """Length of the first moment over the integral, at most `LARGEST_RATIO`."""
    integral: Float[Array, "h w 3"]
    """Of each channel over the sphere of light [sr]."""
    flags: Flags
    """CLAMPED where the ratio was longer than `LARGEST_RATIO`, SHADOWED where it was dark."""

    @property
    def is_shared(self) -> bool:
        """Whether the channels share the shape of their lobe."""
        return self.ratio.ndim == 2

    @property
    def spherical_share(self) -> Float[Array, "h w *channel"]:
        """Share of the spherical lobe in the mixture."""
        return spherical_share(self.ratio)

    @property
    def moment(self) -> Float[Array, "h w 3 3"]:
        """First moment of each channel's lobe (channel, axis) [sr]."""
        vector = self.axis * self.ratio[..., np.newaxis]
        return np.asarray(
            self.integral[..., np.newaxis]
            * (vector[:, :, np.newaxis] if self.is_shared else vector)
        )

    def exponent(self, shape: LobeShape) -> Float[Array, "h w *channel"]:
        """Return the exponents of one of the two shapes, at least 0."""
        return np.asarray(np.maximum(exponent_from_ratio(self.ratio, shape=shape), 0.0))

    def reading(self, direction: Float[Array, "3"]) -> Float[Array, "h w 3"]:
        """Return what every pixel reads under one distant light [diffuse white = 1]."""
        cosine = np.clip(self.axis @ direction.astype(self.axis.dtype), -1.0, 1.0)
        density = lobe_density(cosine, self.ratio)
        return np.asarray(self.integral * (density[..., np.newaxis] if self.is_shared else density))


def lobes_from_moments(
    integral: Float[Array, "h w 3"],
    moment: Float[Array, "h w 3 *axis"],
    *,
    shadow_floor: float = 1e-3,
) -> CosineLobes:
    r"""Fit one lobe per pixel, or one per channel, to full-on light and gradients.

    Parameters
    ----------
    integral
        :math:`F_c = \int R_c\,d\omega` of each channel: the full-on photograph [sr].
    moment
        ``h w 3``, for a lobe shape that the channels share:
        :math:`A_c = \int \omega_c R_c\,d\omega`, channel r along x, g along y, b along z: twice
        the color gradient less full-on [sr].

        ``h w 3 3``, for a lobe of each channel: :math:`A_{cj} = \int \omega_j R_c\,d\omega`, twice
        the white gradient along axis j less full-on [sr].
    shadow_floor
        Integral at or below which a channel is dark [sr].

    Returns
    -------
    lobes
        Their moments are the given ones, except where flagged.

    Raises
    ------
    ValueError
        If the photographs differ in size.

    Notes
    -----
    Assumes a full, even sphere of lights. A shape that the channels share assumes channels without
    cross-talk (`olat.light.led_matrix.in_primaries`) too; lobes of channels of their own do not,
    and hold where scattering depends on the wavelength, as in skin and wax. The axis is the normal
    where the exponent is near 1, and the mirrored view where it is large; in between it is neither.

    A pixel is dark if any of its channels is, or is not a number. Then it has no lobe at all where
    the shape is shared; else the other channels keep theirs.
    """
    if integral.shape != moment.shape[:3]:
        raise ValueError(
            f"moments: {integral.shape} and {moment.shape}; one shape was needed. "
            "Pass the photographs of one camera."
        )
    dtype = np.result_type(integral, moment)
    is_shared = moment.ndim == 3
    per_pixel = moment.shape[2:]
    pixels = integral.shape[0] * integral.shape[1]
    axis = np.empty(moment.shape, dtype)
    ratio = np.empty(integral.shape[:2] if is_shared else integral.shape, dtype)
    lit = np.empty(integral.shape, dtype)
    flags = np.empty(integral.shape[:2], np.uint8)
    solve = cosine_lobe_kernel.shared if is_shared else cosine_lobe_kernel.by_channel
    solve(
        (
            np.ascontiguousarray(integral, dtype).reshape(pixels, 3),
            np.ascontiguousarray(moment, dtype).reshape(pixels, *per_pixel),
        ),
        (dtype.type(shadow_floor), dtype.type(LARGEST_RATIO)),
        (
            axis.reshape(pixels, *per_pixel),
            ratio.reshape(pixels, *ratio.shape[2:]),
            lit.reshape(pixels, 3),
        ),
        flags.reshape(pixels),
    )
    return CosineLobes(axis, ratio, lit, flags)
