"""What share of the sphere each light stands for."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int64
from scipy.spatial import ConvexHull, KDTree, QhullError, SphericalVoronoi

from olat.model.shapes import Array, Directions, SolidAngles

SAME_LIGHT = 1e-5
"""Lights closer than this are one direction [rad]."""
LEAST_REACH = np.deg2rad(30.0)
"""Least reach of a light [rad]."""
_AZIMUTHS = 720


def distinct(directions: Directions) -> tuple[Int64[Array, " cell"], Int64[Array, " light"]]:
    """Return one light for each distinct direction, and the place of every light among them."""
    tree = KDTree(directions)
    first = np.array([min(near) for near in tree.query_ball_point(directions, SAME_LIGHT)])
    kept, group = np.unique(first, return_inverse=True)
    return kept, group


def reach(directions: Directions) -> float:
    """Return how far around itself a light may stand for the sphere [rad].

    Twice the typical angle between neighboring lights, and 30 degrees at least: holes in a rig
    wider than that are dark rather than lit by far lights.
    """
    sites = directions[distinct(directions)[0]]
    if len(sites) == 1:
        return float(LEAST_REACH)
    return max(float(LEAST_REACH), 2.0 * nearest_spacing(sites))


def nearest_spacing(sites: Directions) -> float:
    """Return the typical angle from a light to its nearest neighbor; two lights at least [rad]."""
    chord = KDTree(sites).query(sites, k=2)[0][:, 1]
    return float(np.median(_angle(chord)))


def solid_angles(directions: Directions) -> SolidAngles:
    r"""Share the sphere among lights: each direction belongs to the nearest light in reach.

    Where the rig surrounds the subject these are the areas of the spherical Voronoi cells, which
    sum to 4π. Elsewhere cells end at `reach`; with the distance :math:`r(\varphi)` from a light
    to the edge of its cell,

    .. math:: \Delta\omega = \int_0^{2\pi} (1 - \cos r(\varphi)) \, d\varphi .

    Parameters
    ----------
    directions
        Unit vectors to the lights; any number, anywhere. Equal directions share a cell.

    Returns
    -------
    solid_angles
        Steradian, one per light [sr].

    Raises
    ------
    ValueError
        If there are no lights.

    References
    ----------
    .. [1] Caroli et al., Robust and efficient Delaunay triangulations of points on or close to a
       sphere, INRIA RR-7004, 2009 (through `scipy.spatial.SphericalVoronoi`).
    """
    if not len(directions):
        raise ValueError("a rig without lights shares nothing; at least 1 light is needed")
    kept, group = distinct(directions)
    sites = directions[kept] / np.linalg.norm(directions[kept], axis=1, keepdims=True)
    areas = _cells(sites, reach(directions))
    shared: SolidAngles = (areas / np.bincount(group))[group]
    return shared


def coverage(directions: Directions) -> float:
    """Return the share of the sphere that lies within reach of a light."""
    return float(solid_angles(directions).sum() / (4.0 * np.pi))


def _cells(sites: Directions, limit: float) -> SolidAngles:
    """Return the areas of the cells of distinct sites, cut off at a distance of ``limit``."""
    if _surrounds(sites):
        voronoi = SphericalVoronoi(sites)
        radii = _angle(KDTree(sites).query(voronoi.vertices)[0])
        if radii.max() <= limit:
            return np.asarray(voronoi.calculate_areas())
    return np.array([_clipped_cell(sites, index, limit) for index in range(len(sites))])


def _surrounds(sites: Directions) -> bool:
    """Tell whether the origin lies inside the hull of the sites."""
    try:
        hull = ConvexHull(sites)
    except (QhullError, ValueError):  # fewer than four, or all in one plane
        return False
    return bool((hull.equations[:, 3] < -1e-9).all())


def _clipped_cell(sites: Directions, index: int, limit: float) -> float:
    """Return the area of one cell, by summing over the azimuth around its light.

    The plane halfway to light j crosses azimuth φ, with tangent t, where
    ``cot r = t·ω_j / (1 - ω_i·ω_j)``: the nearest edge is the largest cotangent.
    """
    site, others = sites[index], np.delete(sites, index, axis=0)
    side = np.eye(3)[np.argmin(np.abs(site))]
    right = np.cross(site, side) / np.linalg.norm(np.cross(site, side))
    up = np.cross(site, right)
    azimuth = np.linspace(0.0, 2.0 * np.pi, _AZIMUTHS, endpoint=False)[:, None]
    tangents = np.cos(azimuth) * right + np.sin(azimuth) * up
    others = others[others @ site >= np.cos(min(2.0 * limit, np.pi))]
    cotangents = (tangents @ others.T) / (1.0 - others @ site)
    nearest = cotangents.max(axis=1, initial=-np.inf)
    edge = np.minimum(np.pi / 2.0 - np.arctan(nearest), limit)
    return float(2.0 * np.pi * np.mean(1.0 - np.cos(edge)))


def _angle(chord: Float64[Array, " n"]) -> Float64[Array, " n"]:
    """Return the angle whose chord on the unit sphere this is [rad]."""
    return np.asarray(2.0 * np.arcsin(np.minimum(chord / 2.0, 1.0)))
