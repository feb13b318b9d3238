"""How bright each light must be to stand for its part of an environment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from jaxtyping import Float64, Int64
from scipy.spatial import KDTree

from olat.light.latlong import directions_of_pixels, matrix_of, resized, solid_angles_of_pixels
from olat.light.quadrature import distinct, nearest_spacing, reach
from olat.light.spherical_delaunay import Triangulation
from olat.model.environment import EnvironmentMap
from olat.model.shapes import Array, Directions, LightColors, Matrix3

Kernel: TypeAlias = Literal["auto", "voronoi", "barycentric", "kernel"]
Energies: TypeAlias = Float64[Array, "pixel 3"]

KERNEL_SHARPNESS = 3.4
"""Of ``kernel``: its exponent at the spacing of the lights; 200 for lights 10.6 degrees apart."""
_BLOCK = 1 << 22
"""Pairs of pixel and light looked at together: 32 MB."""
_PIXELS_PER_SPACING = 16
_WIDTHS = (256, 512, 1024)


@dataclass(frozen=True)
class EnvironmentWeights:
    """A rig's answer to an environment."""

    weights: LightColors
    """Factor of each light's reflectance."""
    left_out: float
    """Share of the map's energy that comes from where the rig has no lights."""
    kernel: Kernel


def weights_for_environment(
    directions: Directions,
    environment: EnvironmentMap,
    *,
    rotation: float | Matrix3 = 0.0,
    kernel: Kernel = "auto",
) -> EnvironmentWeights:
    r"""Gather an environment into the lights of a rig.

    .. math:: w_i = \frac{1}{\pi} \sum_p K_i(p)\, E(p)\, \Delta\omega(p), \quad
              \textstyle\sum_i K_i(p) = 1 ,

    so that :math:`\sum_i w_i R_i` is the subject in that environment: under a uniform map of
    radiance 1 a white Lambert surface reads 1.

    Parameters
    ----------
    directions
        Unit vectors to the lights.
    environment
        Radiance from everywhere, finite.
    rotation
        Turns the environment: world from map, or the angle about +y, right-handed: light from +z
        comes from +x at 90 [degree].
    kernel
        ``voronoi`` gives each pixel to the nearest light: no blur, but a small source jumps from
        light to light as it moves. ``barycentric`` splits it among the three lights around it.
        ``kernel`` shares it among all lights by :math:`e^{s(\omega \cdot \omega_i - 1)}`, the
        smoothest and blurriest. ``auto`` splits only what stands out: of a pixel that is brighter
        than twice the mean of its cell, the excess.

    Returns
    -------
    EnvironmentWeights
        Light from farther than `reach` from every light is left out, and counted.

    Raises
    ------
    ValueError
        If the map holds values that are not finite, or there are no lights.

    Notes
    -----
    Assumes that the subject is small against the distance of the surroundings. The map is first
    averaged over a grid some sixteen times finer than the spacing of the lights.

    References
    ----------
    .. [1] Debevec et al., Acquiring the reflectance field of a human face, SIGGRAPH 2000, sec. 3.
    .. [2] Agarwal et al., Structured importance sampling of environment maps, SIGGRAPH 2003.
    """
    found = weights_for_rotations(directions, environment, [rotation], kernel=kernel)
    return EnvironmentWeights(found.weights[0], float(found.left_out[0]), kernel)


@dataclass(frozen=True)
class RotatedWeights:
    """A rig's answer to an environment that turns."""

    weights: Float64[Array, "frame light 3"]
    """Factor of each light's reflectance."""
    left_out: Float64[Array, " frame"]
    """Share of the map's energy that comes from where the rig has no lights."""


def weights_for_rotations(
    directions: Directions,
    environment: EnvironmentMap,
    rotations: Sequence[float | Matrix3],
    *,
    kernel: Kernel = "auto",
) -> RotatedWeights:
    """Gather an environment into the lights of a rig, once for each rotation.

    Parameters and errors are those of `weights_for_environment`. The lights are turned the other
    way instead of the map, so that the map is averaged once.
    """
    if not len(directions):
        raise ValueError("a rig without lights cannot light anything; at least 1 light is needed")
    if not np.isfinite(environment.radiance).all():
        raise ValueError("the environment holds values that are not finite; radiance is needed")
    kept, group = distinct(directions)
    shared = np.bincount(group)[:, None]
    sites = directions[kept]
    width = _working_width(sites)
    pixels = directions_of_pixels(width // 2, width).reshape(-1, 3)
    solid_angle = solid_angles_of_pixels(width // 2, width).reshape(-1, 1)
    energy = resized(environment.radiance, width // 2, width).reshape(-1, 3) * solid_angle
    total = energy.sum()
    weights, left_out = [], []
    for rotation in rotations:
        turned_sites = sites @ matrix_of(rotation)
        gathered, lit = _gathered(turned_sites, pixels, energy, solid_angle[:, 0], kernel)
        weights.append((gathered / np.pi / shared)[group])
        left_out.append(1.0 - lit / total if total else 0.0)
    return RotatedWeights(np.array(weights), np.array(left_out))


def _gathered(
    sites: Directions,
    pixels: Float64[Array, "pixel 3"],
    energy: Energies,
    solid_angle: Float64[Array, " pixel"],
    kernel: Kernel,
) -> tuple[LightColors, float]:
    """Return the energy that each light stands for, and that of all lights."""
    chord, nearest = KDTree(sites).query(pixels)
    near = chord <= 2.0 * np.sin(min(reach(sites), np.pi) / 2.0)
    lit, cell = energy[near], nearest[near]
    if kernel == "kernel":
        return _to_all(lit, pixels[near], sites), float(lit.sum())
    share = _share_to_split(lit, solid_angle[near], cell, kernel)
    excess = lit * share[:, None]
    gathered = _to_nearest(lit - excess, cell, len(sites))
    return gathered + _to_corners(excess, pixels[near], cell, sites), float(lit.sum())


def _working_width(sites: Directions) -> int:
    """Return the width of a map whose pixels are small against the spacing of the lights [px]."""
    across = 2.0 * np.pi / (4.0 * np.pi / len(sites)) ** 0.5
    wanted = _PIXELS_PER_SPACING * across
    return next((width for width in _WIDTHS if width >= wanted), _WIDTHS[-1])


def _share_to_split(
    energy: Energies,
    solid_angle: Float64[Array, " pixel"],
    cell: Int64[Array, " pixel"],
    kernel: Kernel,
) -> Float64[Array, " pixel"]:
    """Return the share of each pixel that is split among three lights."""
    if kernel != "auto":
        return np.full(len(energy), float(kernel == "barycentric"))
    brightness = energy.sum(axis=1) / solid_angle
    mean = np.bincount(cell, brightness * solid_angle) / np.maximum(
        np.bincount(cell, solid_angle), np.finfo(float).tiny
    )
    ceiling = 2.0 * mean[cell]
    outstanding = (brightness > ceiling) & (ceiling > 0.0)
    share = np.divide(ceiling, brightness, out=np.ones_like(brightness), where=outstanding)
    return np.asarray(1.0 - share)


def _to_nearest(energy: Energies, cell: Int64[Array, " pixel"], lights: int) -> LightColors:
    """Sum what falls into the cell of each light."""
    sums = [np.bincount(cell, energy[:, k], lights) for k in range(3)]
    return np.stack(sums, axis=1).astype(np.float64)  # numpy counts nothing as an integer 0


def _to_all(energy: Energies, toward: Float64[Array, "pixel 3"], sites: Directions) -> LightColors:
    """Share each pixel among all lights, the nearer the more."""
    sharpness = KERNEL_SHARPNESS / (1.0 - np.cos(nearest_spacing(sites))) if len(sites) > 1 else 0.0
    gathered = np.zeros((len(sites), 3))
    for block in np.array_split(np.arange(len(toward)), 1 + len(toward) * len(sites) // _BLOCK):
        exponent = sharpness * (toward[block] @ sites.T)
        kernel = np.exp(exponent - exponent.max(axis=1, keepdims=True))
        kernel /= kernel.sum(axis=1, keepdims=True)
        gathered += kernel.T @ energy[block]
    return gathered


def _to_corners(
    energy: Energies,
    toward: Float64[Array, "pixel 3"],
    cell: Int64[Array, " pixel"],
    sites: Directions,
) -> LightColors:
    """Split each pixel among the lights around it; to the nearest where none surround it."""
    bright = energy.any(axis=1)
    energy, toward, cell = energy[bright], toward[bright], cell[bright]
    corners, shares, inside = Triangulation(sites).locate(toward)
    gathered = _to_nearest(energy[~inside], cell[~inside], len(sites))
    for corner in range(3):
        part = energy[inside] * shares[inside, corner, None]
        gathered += _to_nearest(part, corners[inside, corner], len(sites))
    return gathered
