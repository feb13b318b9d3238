"""A light that the rig does not have, mixed from those around it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64
from scipy.spatial import ConvexHull, QhullError

from olat.light.quadrature import SAME_LIGHT, distinct, reach
from olat.model.shapes import Array, Directions

_BLOCK = 1 << 23
"""Pairs of direction and triangle looked at together: 64 MB."""


@dataclass(frozen=True)
class DirectionWeights:
    """How to mix the lights of a rig into one from a direction between them."""

    weights: Float64[Array, " light"]
    """Not negative; they sum to 1."""
    is_interpolated: bool
    """False where no neighbors surround the direction and the nearest light stands in."""
    nearest_deg: float
    """Angle to the nearest light [degree]."""


def weights_for_direction(directions: Directions, toward: Float64[Array, "3"]) -> DirectionWeights:
    r"""Mix the three lights around a direction by its barycentric coordinates.

    The lights i, j, k of the spherical Delaunay triangle that holds the direction get

    .. math:: (b_i, b_j, b_k) \propto [\omega_i\, \omega_j\, \omega_k]^{-1} \omega, \quad
              b_i + b_j + b_k = 1 .

    Parameters
    ----------
    directions
        Unit vectors to the lights.
    toward
        Direction from the subject to the wanted light; any length but 0.

    Returns
    -------
    DirectionWeights
        At light i exactly 1 for i. Where the rig has no lights around the direction, 1 for the
        nearest one and `is_interpolated` false.

    Raises
    ------
    ValueError
        If the direction has no length, or there are no lights.

    Notes
    -----
    Assumes that appearance varies little between neighbors: highlights and shadow edges
    narrower than the spacing of the lights fade from one place to the next instead of moving.

    References
    ----------
    .. [1] Debevec et al., Acquiring the reflectance field of a human face, SIGGRAPH 2000, sec. 3.
    """
    length = np.linalg.norm(toward)
    if not (np.isfinite(length) and length > 0.0):
        raise ValueError(
            f"direction {tuple(map(float, toward))} points nowhere; a length is needed"
        )
    if not len(directions):
        raise ValueError("a rig without lights cannot light anything; at least 1 light is needed")
    unit = toward / length
    distance = np.linalg.norm(directions - unit, axis=1)
    nearest = int(np.argmin(distance))
    corners, shares, inside = Triangulation(directions).locate(unit[None])
    weights = np.zeros(len(directions))
    is_light = bool(distance[nearest] < SAME_LIGHT)
    if inside[0] and not is_light:
        weights[corners[0]] = shares[0]
    else:
        weights[nearest] = 1.0
    return DirectionWeights(
        weights=weights,
        is_interpolated=bool(inside[0]) or is_light,
        nearest_deg=float(np.rad2deg(2.0 * np.arcsin(min(1.0, distance[nearest] / 2.0)))),
    )


class Triangulation:
    """Spherical Delaunay triangles of a rig, without those that span its holes."""

    def __init__(self, directions: Directions) -> None:
        self.corners, planes = _facets(directions)
        vertices = directions[self.corners]
        edges = np.linalg.norm(vertices - np.roll(vertices, 1, axis=1), axis=2)
        longest = 2.0 * np.sin(min(reach(directions), np.pi / 2.0))
        self._narrow = edges.max(axis=1, initial=0.0) <= longest + 1e-9
        self._poles = planes
        self._to_shares = np.linalg.inv(vertices)

    def locate(
        self, toward: Float64[Array, "n 3"]
    ) -> tuple[Int64[Array, "n 3"], Float64[Array, "n 3"], Bool[Array, " n"]]:
        """Return for unit vectors the lights around them, their shares, and whether there are any.

        A ray from the origin leaves the hull through the plane ``q·x = 1`` with the largest
        ``q·ω``.
        """
        if not len(self.corners):
            nothing = np.zeros((len(toward), 3))
            return nothing.astype(np.int64), nothing, np.zeros(len(toward), dtype=bool)
        blocks = np.array_split(toward, 1 + toward.shape[0] * len(self._poles) // _BLOCK)
        facet = np.concatenate([np.argmax(block @ self._poles.T, axis=1) for block in blocks])
        shares = np.einsum("nk,nkc->nc", toward, self._to_shares[facet])
        inside = self._narrow[facet] & (shares > -1e-9).all(axis=1)
        shares = np.maximum(shares, 0.0)
        total = shares.sum(axis=1, keepdims=True)
        shares = np.divide(shares, total, out=np.zeros_like(shares), where=total > 0.0)
        return self.corners[facet], shares, inside


def _facets(directions: Directions) -> tuple[Int64[Array, "facet 3"], Float64[Array, "facet 3"]]:
    """Return the outer triangles of the hull of origin and lights, and q of their planes q·x = 1.

    The origin is among the points so that three lights, or a ring of them, have a hull too.
    """
    kept, _ = distinct(directions)
    origin = len(kept)
    try:
        hull = ConvexHull(np.vstack([directions[kept], np.zeros(3)]))
    except (QhullError, ValueError):  # one or two lights, or all in a plane with the origin
        return np.zeros((0, 3), dtype=np.int64), np.zeros((0, 3))
    distance = -hull.equations[:, 3]
    outer = (hull.simplices != origin).all(axis=1) & (distance > 1e-9)
    corners = kept[hull.simplices[outer]]
    return corners, hull.equations[outer, :3] / distance[outer, None]
