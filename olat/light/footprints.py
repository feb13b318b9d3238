"""Where a light is, from the part of the sphere that a latitude-longitude picture gives to it."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64, Int64
from scipy import sparse
from scipy.sparse.linalg import lsqr
from scipy.spatial import KDTree

from olat.light.latlong import directions_of_pixels, solid_angles_of_pixels, turned
from olat.model.shapes import Array, Directions

CONVENTIONS = {"openexr": 0.0, "mitsuba": 0.0, "three": 90.0, "blender": 90.0, "skylibs": 180.0}
"""Degrees about +y by which a program's pictures are turned against OpenEXR's.

Blender's are meant after its +z is taken as up: x to x, z to y, y to -z.
"""
_ROUNDS = 30
_CONVERGED = 1e-7
"""Step at which the sites rest [rad]."""
_ALONE = 1e-4
"""Weight that keeps sites where they are in directions that no border determines."""


def from_convention(directions: Directions, convention: str) -> Directions:
    """Return world directions of directions read off a picture as if it were OpenEXR's.

    Parameters
    ----------
    directions
        Unit vectors.
    convention
        A name in `CONVENTIONS`. All are seen from inside and differ by a turn about +y.
    """
    return turned(directions, CONVENTIONS[convention])


def center_of_footprint(lit: Bool[Array, "h w"]) -> Float64[Array, " 3"]:
    r"""Return the mean direction of the lit part of a latitude-longitude picture.

    .. math:: c = \int_\text{lit} \omega \, d\omega \Big/ \int_\text{lit} d\omega

    The mean is taken on the sphere, so neither the seam nor the poles matter.

    Parameters
    ----------
    lit
        Picture in OpenEXR orientation, true where the light shows.

    Returns
    -------
    center
        Not a unit vector: its length is 1 for a point and 0 for what is spread evenly all around.

    Raises
    ------
    ValueError
        If nothing is lit.
    """
    if not lit.any():
        raise ValueError("nothing is lit; at least one pixel is needed")
    weights = solid_angles_of_pixels(*lit.shape)[lit]
    mean: Float64[Array, " 3"] = weights @ directions_of_pixels(*lit.shape)[lit] / weights.sum()
    return mean


def sites_of_cells(cells: Int64[Array, "h w"], start: Directions) -> Directions:
    r"""Return the lights whose nearest-light cells a picture shows.

    A point :math:`p` on the border of the cells i and j is as near to one light as to the other:

    .. math:: p \cdot (s_i - s_j) = 0, \quad |s_i| = 1

    which is solved for all sites at once by Gauss-Newton steps on the sphere, each border point
    weighted as an angle. Border points lie halfway between neighboring pixels of different cells.

    Parameters
    ----------
    cells
        Index of the light in each pixel, from 0, in OpenEXR orientation; -1 where there is none.
    start
        First guess, such as the centers of the cells.

    Returns
    -------
    sites
        Unit vectors. The center of a cell is not its site: they differ most where neighbors are
        uneven, as at the rim of the missing floor.

    Notes
    -----
    Assumes that every pixel belongs to its nearest light. `share_of_nearest` tells whether it does.

    References
    ----------
    .. [1] Aloupis et al., Fitting Voronoi diagrams to planar tesselations, IWOCA 2013.
    """
    first, second, points, weights = _borders(cells)
    sites: Directions = start / np.linalg.norm(start, axis=1, keepdims=True)
    if not len(points):
        return sites
    for _ in range(_ROUNDS):
        east, north = _tangents(sites)
        apart = sites[first] - sites[second]
        scale = (weights / np.maximum(np.linalg.norm(apart, axis=1), 1e-9))[:, None]
        residual = np.einsum("pc,pc->p", points, apart) * scale[:, 0]
        slopes = [
            np.einsum("pc,pc->p", points, axis[light]) * sign * scale[:, 0]
            for light, sign in ((first, 1.0), (second, -1.0))
            for axis in (east, north)
        ]
        places = [2 * first, 2 * first + 1, 2 * second, 2 * second + 1]
        rows = np.tile(np.arange(len(points)), 4)
        system = sparse.csr_array(
            (np.concatenate(slopes), (rows, np.concatenate(places))),
            shape=(len(points), 2 * len(sites)),
        )
        step = lsqr(system, -residual, damp=_ALONE, atol=1e-12, btol=1e-12)[0].reshape(-1, 2)
        sites = sites + step[:, :1] * east + step[:, 1:] * north
        sites /= np.linalg.norm(sites, axis=1, keepdims=True)
        if np.abs(step).max() < _CONVERGED:
            break
    return sites


def share_of_nearest(
    cells: Int64[Array, "h w"], directions: Directions
) -> Float64[Array, " light"]:
    """Return the share of each light's cell to which it is the nearest light; by solid angle."""
    pixels = directions_of_pixels(*cells.shape).reshape(-1, 3)
    nearest = KDTree(directions).query(pixels)[1]
    own, weights = cells.ravel(), solid_angles_of_pixels(*cells.shape).ravel()
    lit = own >= 0
    count = len(directions)
    right = np.bincount(own[lit], weights[lit] * (nearest == own)[lit], minlength=count)
    total = np.bincount(own[lit], weights[lit], minlength=count)
    return np.asarray(right / np.maximum(total, 1e-12))


def _borders(
    cells: Int64[Array, "h w"],
) -> tuple[
    Int64[Array, " point"],
    Int64[Array, " point"],
    Float64[Array, "point 3"],
    Float64[Array, " point"],
]:
    """Return the two lights, the place and the weight of every border between pixels.

    A border point stands for the length of border that it cuts: the side of its pixel.
    """
    height, width = cells.shape
    pixels = directions_of_pixels(height, width)
    side = np.broadcast_to(np.linalg.norm(pixels[..., (0, 2)], axis=2), cells.shape)
    beside = (cells, np.roll(cells, -1, axis=1), pixels, np.roll(pixels, -1, axis=1))
    below = (cells[:-1], cells[1:], pixels[:-1], pixels[1:])
    lights, points, weights = [], [], []
    for (one, other, here, there), length in ((beside, np.ones_like(side)), (below, side[:-1])):
        is_border = (one != other) & (one >= 0) & (other >= 0)
        middle = here[is_border] + there[is_border]
        lights.append(np.stack([one[is_border], other[is_border]]))
        points.append(middle / np.linalg.norm(middle, axis=1, keepdims=True))
        weights.append(np.sqrt(length[is_border]))
    first, second = np.concatenate(lights, axis=1)
    return first, second, np.concatenate(points), np.concatenate(weights)


def _tangents(sites: Directions) -> tuple[Directions, Directions]:
    """Return two unit vectors at right angles to each site and to each other."""
    side = np.eye(3)[np.argmin(np.abs(sites), axis=1)]
    east = np.cross(sites, side)
    east /= np.linalg.norm(east, axis=1, keepdims=True)
    return east, np.cross(sites, east)
