"""How near lights shade a surface, and how they dim off their axes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from olat.model.shapes import Array

LEAST_SURE = 0.5
"""Standard error of the exponent above which it is not told [1]."""

Vector = Float64[Array, " 3"]
Values = Float64[Array, " sample"]


def near_shading(
    points: Float64[Array, "*axes 3"], normals: Float64[Array, "*axes 3"], position: Vector
) -> tuple[Float64[Array, "*axes"], Float64[Array, "*axes"], Float64[Array, "*axes"]]:
    r"""Return what a near light of intensity 1 does to a white matte surface.

    With :math:`d = P - X` from the point to the light, relative to the origin,

    .. math:: s = \frac{n \cdot d}{|d|} \Big(\frac{|P|}{|d|}\Big)^2 , \quad
              \cos\epsilon = \frac{P \cdot d}{|P|\,|d|} .

    Parameters
    ----------
    points, normals
        Of the surface, from the origin of the rig [m].
    position
        Of the light [m].

    Returns
    -------
    shading
        Reading relative to a patch at the origin that faces the light; negative if turned away.
    incidence
        Cosine between normal and light.
    emission
        Cosine of the angle at which the light leaves, off the light's axis, which points at the
        origin.

    References
    ----------
    .. [1] Quéau, Durix, Wu, Cremers, Lauze and Durou, LED-based photometric stereo: modeling,
       calibration and numerical solution, JMIV 2018, sec. 2.
    """
    away = position - points
    distance = np.linalg.norm(away, axis=-1)
    reach = float(np.linalg.norm(position))
    incidence = np.einsum("...i,...i->...", normals, away) / distance
    emission = away @ position / (distance * reach)
    return incidence * (reach / distance) ** 2, incidence, emission


@dataclass(frozen=True)
class Falloff:
    """How lights dim off their axes."""

    exponent: float
    sigma: float
    """Standard error of the exponent."""
    widest_deg: float
    """Largest angle off the axis that was read [degree]."""
    rms: float
    """Of the readings about the fit, relative [1]."""


def fit_falloff(readings: Values, emission: Values, lights: Int64[Array, " sample"]) -> Falloff:
    r"""Fit the exponent by which all lights of a rig dim off their axes.

    A reading, divided by `near_shading`, is :math:`\Phi_i \cos^\mu\epsilon`, so that

    .. math:: \log y = \log\Phi_i + \mu \log\cos\epsilon

    is linear in :math:`\mu` and one level for each light. Solved with Tukey's weights.

    Parameters
    ----------
    readings
        Of a plane at several places, or of a ball in several poses, over their shading.
    emission
        Cosine of the angle off the axis of each.
    lights
        Which light each was read under.

    Returns
    -------
    falloff
        An exponent of 0 is a light that shines evenly, 1 a matte emitter, more a lens.

    Raises
    ------
    ValueError
        If the readings reach so little off the axes that the exponent could be anything.

    Notes
    -----
    Assumes lights of one kind that are aimed at the origin.

    References
    ----------
    .. [1] Quéau et al., LED-based photometric stereo, JMIV 2018, sec. 2.
    """
    usable = (readings > 0.0) & (emission > 0.05) & np.isfinite(readings)
    if usable.sum() < 3:
        raise ValueError(f"fall-off: {usable.sum()} readings are positive; at least 3 are needed.")
    x, y = np.log(emission[usable]), np.log(readings[usable])
    group = np.unique(lights[usable], return_inverse=True)[1]
    weights = np.ones(len(x))
    for _ in range(30):
        slope, spread, residual = _common_slope(x, y, group, weights)
        scale = max(1.4826 * float(np.median(np.abs(residual))), 1e-6)
        renewed = np.maximum(1.0 - (residual / (4.685 * scale)) ** 2, 0.0) ** 2
        if np.abs(renewed - weights).max() < 1e-5:
            break
        weights = renewed
    used = weights > 0.0
    free = max(int(used.sum()) - int(group.max()) - 2, 1)
    rms = float(np.sqrt(np.sum(weights * residual**2) / free))
    sigma = max(rms, 1e-3) / np.sqrt(spread) if spread > 0.0 else np.inf
    widest = float(np.degrees(np.arccos(np.exp(x.min()))))
    if not sigma <= LEAST_SURE:
        raise ValueError(
            f"fall-off: the readings reach {widest:.1f} degrees off the axes of the lights, which "
            f"leaves the exponent unknown by {sigma:.1f}; {LEAST_SURE} is needed. Read a plane or "
            "a ball farther from the center."
        )
    return Falloff(slope, float(sigma), widest, rms)


def _common_slope(
    x: Values, y: Values, group: Int64[Array, " sample"], weights: Values
) -> tuple[float, float, Values]:
    """Fit lines of one slope and own heights; return the slope, its weight and residuals."""
    total = np.maximum(np.bincount(group, weights), 1e-12)
    dx = x - (np.bincount(group, weights * x) / total)[group]
    dy = y - (np.bincount(group, weights * y) / total)[group]
    spread = float(np.sum(weights * dx * dx))
    slope = float(np.sum(weights * dx * dy)) / spread if spread > 0.0 else 0.0
    return slope, spread, dy - slope * dx
