"""Triangles between the lights of a rig, and which of them a direction lies in."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64, Int64
from scipy.spatial import ConvexHull, QhullError

from olat.light.quadrature import distinct, reach
from olat.model.shapes import Array, Directions

_BLOCK = 1 << 23
"""Pairs of direction and triangle looked at together: 64 MB."""


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

    def for_walks(self) -> tuple[Int64[Array, "facet 3"], Int64[Array, "facet 3"]]:
        """Return the triangles and, for each of their corners, the one behind the other two.

        -1 where there is none: at a hole, or at the rim.
        """
        corners = self.corners[self._narrow]
        sides: dict[tuple[int, ...], list[tuple[int, int]]] = {}
        for facet, triangle in enumerate(corners.tolist()):
            for corner in range(3):
                side = tuple(sorted(triangle[:corner] + triangle[corner + 1 :]))
                sides.setdefault(side, []).append((facet, corner))
        neighbors = np.full_like(corners, -1)
        for pair in sides.values():
            if len(pair) == 2:
                (one, at), (other, there) = pair
                neighbors[one, at], neighbors[other, there] = other, one
        return corners, neighbors

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
