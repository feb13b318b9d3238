r"""Width of a lobe from second-order gradients (Ghosh et al. 2009).

The patterns are :math:`\omega_j^2` and :math:`(1 + 2 \omega_j \omega_k)/2`. Over full-on light F
they give the second moment of a lobe,

.. math:: S_{jk} = \int \omega_j \omega_k R\,d\omega, \qquad
          C = \frac{S}{F} - r r^\top, \quad r = A/F,

and the part of C across the axis of the lobe is its variance in two directions. A mirror-like
highlight moves by twice the angle that a facet turns by: the variance of the facets' normals is a
quarter of the lobe's.

References
----------
.. [1] Ghosh et al., Estimating specular roughness and anisotropy from second order spherical
   gradient illumination, Computer Graphics Forum 28(4), 2009.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from jaxtyping import Float, UInt8

from olat.model.flags import PixelFlag
from olat.model.shapes import Array
from olat.surface.cosine_lobe import LobeShape

Numbers: TypeAlias = Float[Array, "*pixels"]

AXES = ("xx", "yy", "zz", "xy", "yz", "zx")
"""Order of the six patterns."""
LEAST_VARIANCE = 1.0 / 1003.0
"""Of a hemispherical lobe of exponent 1000: noise decides below it."""
_UP = np.array([0.0, 0.0, 1.0])
LARGEST_VARIANCE = 1.0 / 3.0
"""Of light that comes evenly from everywhere, or from half of everywhere."""


@dataclass(frozen=True, slots=True)
class LobeWidth:
    """How wide lobes are across their axis."""

    variance: Float[Array, "*pixels 2"]
    """Along the two principal directions, the larger first; of sines. 0 where unknown."""
    direction: Float[Array, "*pixels 3"]
    """Unit vector across the axis along which a lobe is widest; zero where unknown."""
    flags: UInt8[Array, "*pixels"]
    """CLAMPED where a variance was beyond what a lobe can have, SHADOWED where it was dark,
    UNDERDETERMINED where light has no axis."""

    @property
    def mean(self) -> Numbers:
        """Return the variance of a round lobe of the same size."""
        return np.asarray(self.variance.mean(axis=-1))

    @property
    def exponent(self) -> Numbers:
        """Return the exponent of the hemispherical lobe as wide; 0 where unknown."""
        return exponent_from_variance(self.mean)

    @property
    def roughness_variance(self) -> Numbers:
        """Return the variance of the slopes of facets that reflect a distant light as wide."""
        return np.asarray(self.mean / 4.0)


def variance_from_exponent(exponent: Numbers, *, shape: LobeShape) -> Numbers:
    """Return the variance of a lobe in any direction across its axis."""
    if shape == "hemispherical":
        return 1.0 / (exponent + 3.0)
    return 2.0 * (exponent + 1.0) / ((exponent + 2.0) * (exponent + 3.0))


def exponent_from_variance(variance: Numbers) -> Numbers:
    """Return the exponent of the hemispherical lobe as wide, at least 0; 0 for a variance of 0."""
    known = variance > 0
    inverse = np.divide(1.0, variance, out=np.zeros_like(variance), where=known)
    return np.where(known, np.maximum(inverse - 3.0, 0.0), 0.0).astype(variance.dtype)


def second_moments(
    integral: Numbers, patterns: Float[Array, "*pixels 6"]
) -> Float[Array, "*pixels 6"]:
    """Return the second moments of which the photographs under second-order patterns tell.

    Parameters
    ----------
    integral
        Over the sphere of light [sr].
    patterns
        The same under x², y², z², (1 + 2xy)/2, (1 + 2yz)/2, (1 + 2zx)/2 [sr].

    Returns
    -------
    moments
        In the order of `AXES` [sr]. Their first three add up to the integral.
    """
    mixed = patterns[..., 3:] - integral[..., np.newaxis] / 2.0
    return np.concatenate([patterns[..., :3], mixed], axis=-1)


def lobe_width(
    integral: Numbers,
    axis: Float[Array, "*pixels 3"],
    second: Float[Array, "*pixels 6"],
    shadow_floor: float = 1e-3,
) -> LobeWidth:
    r"""Measure the variance of every lobe across its axis.

    Parameters
    ----------
    integral
        Of white light over the sphere; of one channel, or of their mean [sr].
    axis
        Of the lobe: a unit vector along its first moment; zero where there is none.
    second
        Second moments of the same, in the order of `AXES` [sr].
    shadow_floor
        Integral at or below which a pixel is dark [sr].

    Notes
    -----
    Assumes a full, even sphere of lights. The exponent :math:`1/\sigma^2 - 3` of a round lobe does
    not depend on the length of the first moment, and so checks the exponent that follows from it:
    on a mixture of matte and glossy reflection, or with light that was scattered, they differ. An
    error of :math:`\delta\sigma^2` moves it by :math:`(n + 3)^2 \delta\sigma^2`.

    A surface with n = 1 is as wide as its matte reflection, 1/4; light from all around is 1/3 wide.
    """
    is_lit = (integral > shadow_floor) & np.isfinite(second).all(axis=-1)
    share = np.divide(1.0, integral, out=np.zeros_like(integral), where=is_lit)
    known = is_lit & axis.any(axis=-1)
    first, other = _across(np.where(known[..., np.newaxis], axis, _UP).astype(axis.dtype))
    matrix = _symmetric(np.where(is_lit[..., np.newaxis], second, 0.0) * share[..., np.newaxis])
    # The mean of a lobe lies on its axis, so nothing is to be taken off across it.
    along, skew, aside = (
        np.einsum("...j,...jk,...k->...", left, matrix, right)
        for left, right in ((first, first), (first, other), (other, other))
    )
    half, spread = (along + aside) / 2.0, np.hypot((along - aside) / 2.0, skew)
    found = np.stack([half + spread, half - spread], axis=-1)
    variance = np.clip(found, LEAST_VARIANCE, LARGEST_VARIANCE)
    angle = 0.5 * np.arctan2(skew, (along - aside) / 2.0)[..., np.newaxis]
    widest = np.cos(angle) * first + np.sin(angle) * other
    flags = np.where((variance != found).any(axis=-1), np.uint8(PixelFlag.CLAMPED), np.uint8(0))
    flags[~known] = PixelFlag.UNDERDETERMINED
    flags[~is_lit] = PixelFlag.SHADOWED
    variance[~known] = 0.0
    widest[~known] = 0.0
    dtype = integral.dtype
    return LobeWidth(variance.astype(dtype), widest.astype(dtype), flags)


def _symmetric(six: Float[Array, "*pixels 6"]) -> Float[Array, "*pixels 3 3"]:
    """Return the matrices of which these are the entries."""
    xx, yy, zz, xy, yz, zx = np.moveaxis(six, -1, 0)
    rows = [(xx, xy, zx), (xy, yy, yz), (zx, yz, zz)]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def _across(
    axis: Float[Array, "*pixels 3"],
) -> tuple[Float[Array, "*pixels 3"], Float[Array, "*pixels 3"]]:
    """Return two unit vectors at right angles to each axis and to each other.

    References
    ----------
    .. [1] Duff et al., Building an orthonormal basis, revisited, JCGT 6(1), 2017.
    """
    x, y, z = np.moveaxis(axis, -1, 0)
    sign = np.copysign(1.0, z)
    a = -1.0 / (sign + z)
    b = x * y * a
    first = np.stack([1.0 + sign * x * x * a, sign * b, -sign * x], axis=-1)
    return first, np.stack([b, sign + y * y * a, -y], axis=-1)
