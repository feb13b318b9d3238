"""Triangles between the lights of a rig, and which of them a direction lies in."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64, Int64
from scipy.spatial import ConvexHull, QhullError

from olat.light.quadrature import distinct, reach
from olat.model.shapes import Array, Directions

_BLOCK = 1 << 23
"""Pairs of direction and triangle looked at together: 64 MB."""
_ON_EDGE = 1e-9
"""Share below 0 that is rounding, not another triangle."""
_SAME_PLANE = 1e-7
"""Relative difference of heights at which triangles lie in one plane."""


class Triangulation:
    """Spherical Delaunay triangles of a rig, without those that span its holes.

    A triangle spans a hole if its middle is out of `reach` of its lights, and one of its sides is
    longer than that.
    """

    def __init__(self, directions: Directions) -> None:
        self.corners, planes = _facets(directions)
        vertices = directions[self.corners]
        edges = np.linalg.norm(vertices - np.roll(vertices, 1, axis=1), axis=2)
        farthest = min(reach(directions), np.pi / 2.0)
        # The plane q·x = 1 cuts a circle of this angular radius out of the sphere.
        radius = np.arccos(np.clip(1.0 / np.linalg.norm(planes, axis=1), 0.0, 1.0))
        is_small = edges.max(axis=1, initial=0.0) <= 2.0 * np.sin(farthest) + 1e-9
        self._narrow = is_small | (radius <= farthest)
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
        ``q·ω``. Where several triangles lie in that plane, it is in the one that has no negative
        share.
        """
        if not len(self.corners):
            nothing = np.zeros((len(toward), 3))
            return nothing.astype(np.int64), nothing, np.zeros(len(toward), dtype=bool)
        blocks = np.array_split(toward, 1 + toward.shape[0] * len(self._poles) // _BLOCK)
        facet = np.concatenate([self._facet(block) for block in blocks])
        shares = self._shares(toward, facet)
        inside = self._narrow[facet] & (shares > -_ON_EDGE).all(axis=1)
        shares = np.maximum(shares, 0.0)
        total = shares.sum(axis=1, keepdims=True)
        shares = np.divide(shares, total, out=np.zeros_like(shares), where=total > 0.0)
        return self.corners[facet], shares, inside

    def _facet(self, toward: Float64[Array, "n 3"]) -> Int64[Array, " n"]:
        """Return the triangle through which each ray leaves the hull."""
        heights = toward @ self._poles.T
        facet: Int64[Array, " n"] = np.argmax(heights, axis=1)
        missed = np.flatnonzero((self._shares(toward, facet) <= -_ON_EDGE).any(axis=1))
        if not missed.size:
            return facet
        top = heights[missed].max(axis=1, keepdims=True)
        # Of lights on a circle, as on arcs, any of their triangles may be the largest by rounding.
        ray, other = np.nonzero(heights[missed] >= top - _SAME_PLANE * np.abs(top))
        least = self._shares(toward[missed[ray]], other).min(axis=1)
        order = np.lexsort((-least, ray))
        first = np.unique(ray[order], return_index=True)[1]
        facet[missed] = other[order[first]]
        return facet

    def _shares(
        self, toward: Float64[Array, "n 3"], facet: Int64[Array, " n"]
    ) -> Float64[Array, "n 3"]:
        """Return barycentric coordinates, up to their sum."""
        return np.asarray(np.einsum("nk,nkc->nc", toward, self._to_shares[facet]))


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
