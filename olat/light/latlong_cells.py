"""The light that the weights of a rig stand for, as a picture of the sphere."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int64
from scipy.spatial import KDTree

from olat.light.latlong import directions_of_pixels, pixel_of_direction, solid_angles_of_pixels
from olat.light.quadrature import distinct, reach
from olat.model.shapes import Array, Directions, LightColors, Radiance


def cells_of_lights(directions: Directions, height: int, width: int) -> Int64[Array, "h w"]:
    """Return the light that each pixel of a latitude-longitude map is nearest to.

    Beyond `reach` of every light it is -1. Of several lights in one direction it is the first.
    """
    kept, _ = distinct(directions)
    sites = directions[kept]
    pixels = directions_of_pixels(height, width).reshape(-1, 3)
    chord, nearest = KDTree(sites).query(pixels)
    near = chord <= 2.0 * np.sin(min(reach(sites), np.pi) / 2.0)
    return np.where(near, kept[nearest], -1).reshape(height, width)


def radiance_of_weights(directions: Directions, weights: LightColors, *, height: int) -> Radiance:
    r"""Spread each light over its cell: the map that a lighting looks like.

    .. math:: E(p) = \pi w_i / \Delta\omega_i \quad \text{in the cell of light } i ,

    so that weights of a uniform environment give it back, and each light keeps its energy.

    Parameters
    ----------
    directions
        Unit vectors to the lights.
    weights
        Factor of each light's reflectance: a white Lambert surface that faces a light of weight 1
        reads 1.
    height
        Of the map, in OpenEXR orientation; it is twice as wide [px].

    Notes
    -----
    A light whose cell is smaller than a pixel takes the pixel that it lies in. Where the rig has
    no lights the map is black.
    """
    width = 2 * height
    kept, group = distinct(directions)
    shared = np.stack([np.bincount(group, weights[:, k]) for k in range(3)], axis=1)
    cells = cells_of_lights(directions, height, width)
    solid = solid_angles_of_pixels(height, width)
    lit = cells >= 0
    area = np.bincount(cells[lit], solid[lit], minlength=len(directions))[kept]
    radiance = np.zeros((height, width, 3))
    per_light = np.zeros((len(directions), 3))
    per_light[kept] = np.pi * shared / np.where(area > 0.0, area, 1.0)[:, None]
    radiance[lit] = per_light[cells[lit]]
    for site in np.flatnonzero(area <= 0.0):
        place = pixel_of_direction(directions[kept[site : site + 1]], height, width)
        radiance[place] += np.pi * shared[site] / solid[place][:, None]
    return np.asarray(radiance, np.float32)


def energy_of_map(radiance: Float64[Array, "h w 3"] | Radiance) -> Float64[Array, "3"]:
    """Return the integral of a latitude-longitude map over the sphere [radiance sr]."""
    height, width = radiance.shape[:2]
    of_row = solid_angles_of_pixels(height, width)[:, 0]
    return np.asarray(np.einsum("hwc,h->c", radiance, of_row))
