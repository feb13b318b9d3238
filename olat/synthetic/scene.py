"""What stands where: the subject, its pose and the camera that looks at it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
from jaxtyping import Float32, Float64

from olat.model.shapes import Array
from olat.synthetic.lens import distorted, undistorted
from olat.synthetic.shape import NOTHING, Body, Columns, Ellipsoid, Matrix, Points, Values, rotation

Numbers = Float32[Array, "*axes point"]


@dataclass(frozen=True)
class Pose:
    """Where the subject is at one moment: world = turn @ own + shift."""

    angles: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Turn about x, then y, then z [rad]."""
    shift: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """[m]"""
    eyes_open: float = 1.0
    """1 wide open, 0 shut."""

    @property
    def turn(self) -> Matrix:
        """Rotation from the subject's frame to the world."""
        return rotation(*self.angles)

    def to_world(self, points: Points) -> Points:
        """Move points from the subject's frame to the world [m]."""
        moved: Points = self.turn @ points + np.array([self.shift]).T
        return moved

    def to_subject(self, points: Points) -> Points:
        """Move points from the world to the subject's frame [m]."""
        moved: Points = self.turn.T @ (points - np.array([self.shift]).T)
        return moved


@dataclass(frozen=True)
class PinholeCamera:
    """A square picture from +z, looking along -z."""

    size: int
    """Width and height [px]."""
    field_of_view_deg: float = 12.0
    """Horizontal [degree]."""
    distance: float = 1.6
    """From the origin to the pinhole [m]."""
    distortion: tuple[float, ...] = ()
    """k1, k2, p1, p2 of the lens in OpenCV's order; none bends nothing [1]."""

    @property
    def position(self) -> Float64[Array, " 3"]:
        """World position of the pinhole [m]."""
        return np.array([0.0, 0.0, self.distance])

    @property
    def focal_px(self) -> float:
        """Distance from the pinhole to the picture plane [px]."""
        return float(self.size / 2.0 / np.tan(np.radians(self.field_of_view_deg) / 2.0))

    @property
    def footprint(self) -> float:
        """Width of a pixel at the origin [m]."""
        return self.distance / self.focal_px

    @property
    def matrix(self) -> Matrix:
        """Focal lengths and principal point, pixel centers at integers [px]."""
        middle = (self.size - 1) / 2.0
        return np.array([[self.focal_px, 0, middle], [0, self.focal_px, middle], [0, 0, 1.0]])

    def finer(self, times: int) -> PinholeCamera:
        """Return the camera with each pixel parted into `times` by `times`."""
        return replace(self, size=self.size * times)

    def rays(self) -> Points:
        """Return the unit direction of every pixel's ray, row by row."""
        return _rays(self)

    def project(self, points: Points) -> Float64[Array, "2 point"]:
        """Return column and row at which world points [m] are seen [px]."""
        depth = self.distance - points[2]
        middle = (self.size - 1) / 2.0
        if self.distortion:
            slopes = distorted(np.stack([points[0], -points[1]]) / depth, self.distortion)
            seen: Float64[Array, "2 point"] = middle + self.focal_px * slopes
            return seen
        scale = self.focal_px / depth
        return np.stack([middle + points[0] * scale, middle - points[1] * scale])


@lru_cache(maxsize=4)
def _rays(camera: PinholeCamera) -> Points:
    """Work out a camera's rays; to straighten them takes longer than to trace a ball."""
    offsets = (np.arange(camera.size) - (camera.size - 1) / 2.0) / camera.focal_px
    right, down = np.meshgrid(offsets, offsets)
    if camera.distortion:
        bent = np.stack([right.ravel(), down.ravel()])
        right, down = undistorted(bent, camera.distortion)
    rays: Points = np.stack([right.ravel(), -down.ravel(), np.full(right.size, -1.0)])
    rays /= np.linalg.norm(rays, axis=0)
    rays.setflags(write=False)
    return rays


@dataclass(frozen=True)
class Paint:
    """How the surface reflects and how it is chased, at some of its points."""

    albedo: Float32[Array, "3 point"]
    """Diffuse reading facing a light [diffuse white = 1]."""
    specular: Values
    """Reading of the glossy lobe at its peak [diffuse white = 1]."""
    exponent: Values
    """Exponent of the cosine of the angle to the mirrored view direction."""
    slope: Columns
    """Gradient of the height that is chased into the surface [1]."""

    @classmethod
    def coat(
        cls,
        albedo: Float32[Array, "3 #point"],
        *,
        specular: float,
        exponent: float,
        slope: Columns,
    ) -> Paint:
        """Make a paint whose gloss is the same everywhere."""
        gloss = np.full((2, slope.shape[1]), [[specular], [exponent]], np.float32)
        return cls(np.broadcast_to(albedo, slope.shape), gloss[0], gloss[1], slope)

    def under(self, coat: Paint, cover: Values) -> Paint:
        """Lay a coat over this paint where it covers (0 to 1)."""

        def mix(below: Numbers, above: Numbers) -> Numbers:
            mixed: Numbers = below + cover * (above - below)
            return mixed

        return Paint(
            mix(self.albedo, coat.albedo),
            mix(self.specular, coat.specular),
            mix(self.exponent, coat.exponent),
            mix(self.slope, coat.slope),
        )


Painter = Callable[[Columns, float, float], Paint]
"""Points in the subject's frame [m], width of a pixel [m], openness of the eyes -> paint."""


@dataclass(frozen=True)
class Subject:
    """A body and its paint."""

    body: Body
    paint: Painter = field(repr=False)
    occluders: Body = NOTHING
    """What casts shadows; nothing for a convex body."""

    def without_shadows(self) -> Subject:
        """Return the subject as if no part of it hid a light from another."""
        return replace(self, occluders=NOTHING)

    def matte(self) -> Subject:
        """Return the subject without gloss: Lambert's law and nothing else."""

        def paint(points: Columns, footprint: float, eyes_open: float) -> Paint:
            glossy = self.paint(points, footprint, eyes_open)
            return replace(glossy, specular=np.zeros_like(glossy.specular))

        return replace(self, paint=paint)


def ball(
    radius: float = 0.1, *, albedo: float = 1.0, specular: float = 0.0, exponent: float = 20.0
) -> Subject:
    """Make a ball of one material at the origin; it needs no occluders."""

    def paint(points: Columns, _footprint: float, _eyes_open: float) -> Paint:
        gray = np.full((3, 1), albedo, np.float32)
        flat = np.zeros_like(points)
        return Paint.coat(gray, specular=specular, exponent=exponent, slope=flat)

    return Subject(Body((Ellipsoid((0.0, 0.0, 0.0), (radius, radius, radius)),)), paint)
