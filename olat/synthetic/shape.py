"""Ellipsoids that melt into one another: distance, gradient, rays and shadows in closed form.

Points are columns (``3 point``): one coordinate of many points lies together in memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from jaxtyping import Float32, Float64

from olat.model.shapes import Array
from olat.synthetic import shape_kernel

Columns: TypeAlias = Float32[Array, "3 point"]
"""Positions [m] or vectors, one a column."""
Points: TypeAlias = Float64[Array, "3 point"]
"""Positions [m] or vectors where single precision would show."""
Matrix: TypeAlias = Float64[Array, "3 3"]
Values: TypeAlias = Float32[Array, " point"]
"""One number per point."""

CREASE = 1e-6
"""Melt of parts that do not melt [m]."""


@dataclass(frozen=True)
class Ellipsoid:
    """One part of a subject, in the subject's own frame."""

    center: tuple[float, float, float]
    """[m]"""
    radii: tuple[float, float, float]
    """Half axes along x, y, z before turning [m]."""
    softness: float = 0.0
    """Width over which the part melts into those before it; 0 leaves a crease [m]."""
    tilt_deg: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Turn about x, then y, then z [degree]."""

    @cached_property
    def to_unit(self) -> Matrix:
        """Matrix that takes offsets from the center to the unit sphere [1/m]."""
        about_x, about_y, about_z = np.radians(self.tilt_deg)
        matrix: Matrix = rotation(about_x, about_y, about_z).T / np.array([self.radii]).T
        return matrix

    def unit_coordinates(self, points: Columns) -> Columns:
        """Return points in the frame where the ellipsoid is the unit sphere."""
        return self.unit_vectors(points - np.array([self.center], np.float32).T)

    def unit_vectors(self, vectors: Columns) -> Columns:
        """Return vectors in that frame."""
        turned: Columns = self.to_unit.astype(np.float32) @ vectors
        return turned

    @property
    def grown(self) -> Ellipsoid:
        """The ellipsoid with the room that melting can take."""
        return self.inflated(self.softness / 2.0)

    def inflated(self, margin: float) -> Ellipsoid:
        """Return the ellipsoid grown on all sides [m]."""
        radii = (self.radii[0] + margin, self.radii[1] + margin, self.radii[2] + margin)
        return Ellipsoid(self.center, radii, self.softness, self.tilt_deg)


def rotation(about_x: float, about_y: float, about_z: float) -> Matrix:
    """Return the matrix that turns about x, then y, then z [rad]."""
    (cx, cy, cz), (sx, sy, sz) = (f([about_x, about_y, about_z]) for f in (np.cos, np.sin))
    x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    turn: Matrix = z @ y @ x
    return turn


@dataclass(frozen=True)
class Body:
    """Parts that melt into one another, each into those before it."""

    parts: tuple[Ellipsoid, ...]

    def distance(self, points: Points) -> tuple[Float64[Array, " point"], Points]:
        r"""Measure how far points lie outside the body, and the gradient of that.

        One part is :math:`f = |p| (|p| - 1) / |M^T p|` with :math:`p = M (x - c)`, a distance to
        first order; two melt by :math:`\min(f, g) - \tfrac{s}{4} h^2` with
        :math:`h = \max(0, 1 - |f - g| / s)`.

        References
        ----------
        .. [1] Quílez, Smooth minimum, quadratic polynomial; Ellipsoid distance bound.
           iquilezles.org.
        """
        values, gradients = np.empty(points.shape[1]), np.empty_like(points)
        shape_kernel.distances(self._table, points, values, gradients)
        return values, gradients

    def trace(
        self, origin: Float64[Array, " 3"], rays: Points
    ) -> tuple[Float64[Array, " point"], Points]:
        """Find where rays first meet the body.

        Parameters
        ----------
        origin
            Where all rays start [m].
        rays
            Unit vectors.

        Returns
        -------
        depth
            Distance along each ray; infinite where it misses [m].
        gradient
            Of the distance at the hits: their outward normals, not normalized.
        """
        depths, gradients = np.full(rays.shape[1], np.inf), np.zeros_like(rays)
        starts = [part.grown.to_unit @ (origin - np.array(part.center)) for part in self.parts]
        shape_kernel.trace(self._table, np.array([*starts, origin]), rays, depths, gradients)
        return depths, gradients

    def shade(
        self,
        lit: Float32[Array, "light point"],
        points: Points,
        sources: Float64[Array, "3 light"],
        *,
        distant: bool,
        penumbra: float,
    ) -> None:
        r"""Darken what the parts hide from lights; they do so each for itself, unmelted.

        On the way :math:`p + t\,d` to a light, in the frame where a part is the unit sphere, the
        squared distance of closest approach is :math:`|p|^2 - (p \cdot d)^2 / |d|^2`.

        Parameters
        ----------
        lit
            How much of each light arrives; multiplied in place, and not touched where 0.
        points
            Places on the surface [m].
        sources
            Positions of the lights [m], or unit vectors towards them if they are distant.
        distant
            What `sources` are.
        penumbra
            Width of the shadow's edge [m].
        """
        near = 0.0 if distant else 1.0
        places = np.empty((len(self.parts), sources.shape[1], 3))
        for index, part in enumerate(self.parts):
            offsets = sources if distant else sources - np.array([part.center]).T
            places[index] = (part.to_unit @ offsets).T
        shape_kernel.shade(self._table, points, places, near, penumbra, lit)

    @cached_property
    def _table(self) -> Float64[Array, "part 23"]:
        """All parts in the layout of the kernel."""
        rows = [
            (
                *part.center,
                *part.to_unit.ravel(),
                *part.grown.to_unit.ravel(),
                max(part.softness, CREASE),
                1.0 / min(part.radii),
            )
            for part in self.parts
        ]
        return np.array(rows).reshape(-1, 23)


NOTHING = Body(())
"""A body without parts."""
