r"""Light as spherical harmonics: real, orthonormal, without the Condon-Shortley sign.

A function of direction is :math:`\sum_i c_i Y_i`, with i counting degrees l from 0 and in each the
orders m from -l to l; the polar axis is +z of the world (to the camera), azimuth is counted from +x
(image right) to +y (up). The first nine, with a direction's x, y and z, are proportional to

::

    1;  y, z, x;  xy, yz, 3z²-1, xz, x²-y²

References
----------
.. [1] Ramamoorthi and Hanrahan, An efficient representation for irradiance environment maps,
   SIGGRAPH 2001.
.. [2] Sloan, Stupid spherical harmonics (SH) tricks, GDC 2008.
"""

from __future__ import annotations

from math import factorial
from typing import Final, TypeAlias

import numpy as np
from jaxtyping import Float64

from olat.light.latlong import directions_of_pixels
from olat.model.environment import EnvironmentMap
from olat.model.shapes import Array

Coefficients: TypeAlias = Float64[Array, "harmonic 3"]
"""One for each harmonic and channel."""

LAMBERT: Final = (np.pi, 2.0 * np.pi / 3.0, np.pi / 4.0, 0.0, -np.pi / 24.0)
"""What a clamped cosine makes of each degree, 0 to 4."""
HIGHEST: Final = len(LAMBERT) - 1
MAP_HEIGHT: Final = 128
"""Of maps that stand for harmonics: of degree 4 their pixels are all but even [px]."""
_NODES = 6
"""Points at which a row is sampled: exact for far more than degree 4."""


def degree_of(count: int) -> int:
    """Return the highest degree of so many coefficients.

    Raises
    ------
    ValueError
        If no degree from 0 to 4 has as many.
    """
    for degree in range(HIGHEST + 1):
        if (degree + 1) ** 2 == count:
            return degree
    raise ValueError(f"{count} coefficients; 1, 4, 9, 16 or 25 are needed, of degree 0 to 4")


def harmonics(directions: Float64[Array, "n 3"], degree: int) -> Float64[Array, "n harmonic"]:
    """Return the harmonics up to a degree, at unit vectors in the world frame."""
    x, y, z = directions.T
    azimuth, sine = np.arctan2(y, x), np.hypot(x, y)
    legendre = _legendre(z, sine, degree)
    columns = []
    for l_ in range(degree + 1):
        for m in range(-l_, l_ + 1):
            part = _norm(l_, abs(m)) * legendre[l_, abs(m)]
            turn = np.sin(-m * azimuth) if m < 0 else np.cos(m * azimuth)
            columns.append(part * turn * (1.0 if m == 0 else np.sqrt(2.0)))
    return np.stack(columns, axis=1)


def projected(environment: EnvironmentMap, degree: int) -> Coefficients:
    r"""Return the harmonics of a map.

    .. math:: c_i = \int E(\omega)\, Y_i(\omega)\, d\omega

    Parameters
    ----------
    environment
        Radiance; constant over each pixel, and integrated so.
    degree
        Highest degree, 0 to 4.

    Raises
    ------
    ValueError
        If the degree is another, or the map holds values that are not finite.

    Notes
    -----
    Exact but for rounding: along a row the integrals are closed forms, across it Gauss's rule.
    """
    if not 0 <= degree <= HIGHEST:
        raise ValueError(f"degree {degree}; 0 to {HIGHEST} is needed")
    if not np.isfinite(environment.radiance).all():
        raise ValueError("the environment holds values that are not finite; radiance is needed")
    radiance = environment.radiance.astype(np.float64)
    height, width = radiance.shape[:2]
    # In a frame whose pole is that of the map: its z is the world's y, its x the world's z and
    # its y the world's x, so that azimuth is that of the map.
    theta, weight = _row_nodes(height)
    legendre = _legendre(np.cos(theta), np.sin(theta), degree)
    edges = 2.0 * np.pi * (0.5 - np.arange(width + 1) / width)
    columns = []
    for l_ in range(degree + 1):
        for m in range(-l_, l_ + 1):
            scale = _norm(l_, abs(m)) * (1.0 if m == 0 else np.sqrt(2.0))
            down = scale * (legendre[l_, abs(m)] * weight).sum(axis=1)
            columns.append(np.einsum("h,w,hwc->c", down, _along(edges, m), radiance))
    of_map = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    # Rows are the map frame's axes in the world: x is z, y is x, z is y.
    return rotated(np.array(columns), of_map.T)


def radiance_of(coefficients: Coefficients, height: int) -> EnvironmentMap:
    """Return the map that harmonics stand for, sampled at pixel centers; it may be below zero."""
    toward = directions_of_pixels(height, 2 * height)
    values = harmonics(toward.reshape(-1, 3), degree_of(len(coefficients))) @ coefficients
    return EnvironmentMap(values.reshape(height, 2 * height, 3).astype(np.float32))


def shaded(coefficients: Coefficients, normals: Float64[Array, "n 3"]) -> Float64[Array, "n 3"]:
    r"""Return what white Lambert surfaces read in this light, without shadows.

    .. math:: \frac{1}{\pi} \sum_i A_{l(i)}\, c_i\, Y_i(n)

    Parameters
    ----------
    coefficients
        Of radiance.
    normals
        Unit vectors, world frame.
    """
    degree = degree_of(len(coefficients))
    factors = [LAMBERT[l_] / np.pi for l_ in range(degree + 1) for _ in range(2 * l_ + 1)]
    return np.asarray((harmonics(normals, degree) * factors) @ coefficients)


def rotated(coefficients: Coefficients, rotation: Float64[Array, "3 3"]) -> Coefficients:
    r"""Return the harmonics of light that is turned: :math:`E'(\omega) = E(Q^{-1} \omega)`.

    Parameters
    ----------
    coefficients
        Of radiance.
    rotation
        Q, world from map; a mirror may be in it.

    Notes
    -----
    Each degree turns by a matrix of its own, found from the harmonics at as many well-spread
    directions as determine them.
    """
    degree = degree_of(len(coefficients))
    samples = _spread(4 * len(coefficients) + 8)
    there, here = harmonics(samples @ rotation, degree), harmonics(samples, degree)
    out = np.empty_like(coefficients)
    for l_ in range(degree + 1):
        own = slice(l_ * l_, (l_ + 1) ** 2)
        matrix = np.linalg.lstsq(here[:, own], there[:, own], rcond=None)[0]
        out[own] = matrix @ coefficients[own]
    return out


def _norm(l_: int, m: int) -> float:
    return float(np.sqrt((2 * l_ + 1) / (4 * np.pi) * factorial(l_ - m) / factorial(l_ + m)))


def _legendre(
    cosine: Float64[Array, "*n"], sine: Float64[Array, "*n"], degree: int
) -> dict[tuple[int, int], Float64[Array, "*n"]]:
    """Return the associated Legendre functions, without the Condon-Shortley sign."""
    table = {(0, 0): np.ones_like(cosine)}
    for m in range(1, degree + 1):
        table[m, m] = (2 * m - 1) * sine * table[m - 1, m - 1]
    for m in range(degree):
        table[m + 1, m] = (2 * m + 1) * cosine * table[m, m]
        for l_ in range(m + 2, degree + 1):
            below = (2 * l_ - 1) * cosine * table[l_ - 1, m] - (l_ + m - 1) * table[l_ - 2, m]
            table[l_, m] = below / (l_ - m)
    return table


def _row_nodes(height: int) -> tuple[Float64[Array, "h node"], Float64[Array, "h node"]]:
    """Return polar angles within rows, and their weights for integrals over solid angle."""
    node, weight = np.polynomial.legendre.leggauss(_NODES)
    half = np.pi / height / 2.0
    theta = np.pi * (np.arange(height) + 0.5)[:, None] / height + half * node
    return theta, half * weight * np.sin(theta)


def _along(edges: Float64[Array, " edge"], m: int) -> Float64[Array, " w"]:
    """Return the integrals of an order's azimuthal part over the columns; azimuth falls."""
    if m == 0:
        return np.asarray(edges[:-1] - edges[1:])
    whole = np.sin(m * edges) / m if m > 0 else np.cos(m * edges) / m
    return np.asarray(whole[:-1] - whole[1:])


def _spread(count: int) -> Float64[Array, "n 3"]:
    """Return unit vectors spread over the sphere."""
    step = np.arange(count) + 0.5
    z, turn = 1.0 - 2.0 * step / count, np.pi * (1.0 + 5.0**0.5) * step
    ring = np.sqrt(1.0 - z * z)
    return np.stack([ring * np.cos(turn), ring * np.sin(turn), z], axis=1)
