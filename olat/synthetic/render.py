"""See a subject once, then light it in many ways."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float32, Int64

from olat.model.rig import LightRig
from olat.model.shapes import Array, Flow, LightColors, Mask, Radiance
from olat.synthetic.scene import Paint, PinholeCamera, Pose, Subject
from olat.synthetic.shape import Columns, Points, Values

PAIRS_AT_ONCE = 1 << 18
"""Points times lights that are shaded together: their arrays stay in the cache."""


@dataclass(frozen=True)
class View:
    """Everything that a camera sees of a subject in one pose, before any light."""

    size: int
    """[px]"""
    pixels: Int64[Array, " point"]
    """Place of each point in the picture, row by row."""
    own: Points
    """Positions in the subject's frame [m]."""
    points: Columns
    """World positions [m]."""
    outward: Columns
    """Normals of the bare shape, world frame."""
    normals: Columns
    """Normals of the chased surface, which are the ones that shade."""
    mirrored: Columns
    """View directions mirrored at the normals."""
    paint: Paint
    subject: Subject
    pose: Pose
    footprint: float
    """Width of a pixel [m]."""

    def picture(self, values: Float32[Array, "channel point"]) -> Float32[Array, "h w channel"]:
        """Lay values out as a picture, 0 where the subject is not."""
        picture = np.zeros((self.size * self.size, len(values)), np.float32)
        picture[self.pixels] = values.T
        return picture.reshape(self.size, self.size, -1)

    @property
    def mask(self) -> Mask:
        """True inside the subject."""
        mask = np.zeros(self.size * self.size, bool)
        mask[self.pixels] = True
        return mask.reshape(self.size, self.size)


def see(subject: Subject, camera: PinholeCamera, pose: Pose) -> View:
    """Find what every pixel sees of a subject in a pose."""
    pinhole = pose.to_subject(camera.position[:, None])[:, 0]
    rays = pose.turn.T @ camera.rays()
    depth, gradient = subject.body.trace(pinhole, rays)
    pixels = np.flatnonzero(np.isfinite(depth))
    own = pinhole[:, None] + depth[pixels] * rays[:, pixels]
    outward = _unit(gradient[:, pixels].astype(np.float32))
    paint = subject.paint(own.astype(np.float32), camera.footprint, pose.eyes_open)
    chased = _unit(outward - paint.slope + outward * _dot(outward, paint.slope))
    toward = -rays[:, pixels].astype(np.float32)
    mirrored = 2.0 * _dot(chased, toward) * chased - toward
    turn = pose.turn.astype(np.float32)
    return View(
        size=camera.size,
        pixels=pixels,
        own=own,
        points=pose.to_world(own).astype(np.float32),
        outward=turn @ outward,
        normals=turn @ chased,
        mirrored=turn @ mirrored,
        paint=paint,
        subject=subject,
        pose=pose,
        footprint=camera.footprint,
    )


def radiance_under(view: View, rig: LightRig, drive: LightColors) -> Radiance:
    r"""Light a view with all lights at once.

    .. math:: R = \sum_i e_i V_i \left(\tfrac{d_i}{|p_i - x|}\right)^2
              \left(\rho\,(n \cdot \omega_i)_+ + \rho_s\,(r_v \cdot \omega_i)_+^m\right)

    Parameters
    ----------
    view
        What the camera sees.
    rig
        The lights; near ones if it holds positions, else distant.
    drive
        Level of every light and color; multiplies the rig's intensities [1].

    Returns
    -------
    radiance
        0 where the subject is not [diffuse white = 1].
    """
    weights = (drive * rig.intensities).astype(np.float32)
    lit = np.flatnonzero(weights.any(axis=1))
    radiance = np.zeros_like(view.paint.albedo)
    step = max(1024, PAIRS_AT_ONCE // max(1, len(lit)))
    for start in range(0, len(view.pixels) if lit.size else 0, step):
        span = slice(start, start + step)
        diffuse, glossy = _response(view, rig, lit, span)
        radiance[:, span] = view.paint.albedo[:, span] * (weights[lit].T @ diffuse)
        radiance[:, span] += weights[lit].T @ glossy
    return view.picture(radiance)


def shadows(view: View, rig: LightRig) -> Bool[Array, "light h w"]:
    """Return where each light does not reach the subject; false off the subject.

    Cast shadows and the side turned away, by the shape before chasing.
    """
    dark = np.zeros((len(rig), view.size * view.size), bool)
    for light in range(len(rig)):
        rays = _LightRays.towards(view, rig, np.array([light]), slice(None))
        dark[light, view.pixels] = rays.reach[0] < 0.5
    return dark.reshape(len(rig), view.size, view.size)


def flow_between(view: View, pose: Pose, camera: PinholeCamera) -> Flow:
    """Follow every visible point of a view into another pose [px]; 0 off the subject."""
    before = camera.project(view.pose.to_world(view.own))
    after = camera.project(pose.to_world(view.own))
    return view.picture((after - before).astype(np.float32))


@dataclass(frozen=True)
class _LightRays:
    """The way from some points of a view to some lights."""

    points: Columns
    sources: Float32[Array, "3 light"]
    """Positions [m], or directions of distant lights."""
    distant: bool
    inverse: Float32[Array, "light point"] | Float32[Array, ""]
    """One over the way's length [1/m]; 1 for distant lights."""
    reach: Float32[Array, "light point"]
    """How much of each light arrives: 1 if unshadowed, 0 if the point faces away."""

    @classmethod
    def towards(
        cls, view: View, rig: LightRig, lights: Int64[Array, " light"], span: slice
    ) -> _LightRays:
        """Follow the rays from `span` of the points to `lights` of the rig."""
        points = view.points[:, span]
        distant = rig.positions is None
        places = (rig.directions if rig.positions is None else rig.positions)[lights].T
        sources = places.astype(np.float32)
        inverse = np.ones((), np.float32)
        if not distant:
            square = _dot(sources, sources)[:, None] - 2.0 * (sources.T @ points)
            inverse = 1.0 / np.sqrt(square + _dot(points, points))
        rays = cls(points, sources, distant, inverse, np.ones((), np.float32))
        reach = (rays.cosine(view.outward[:, span]) > 0.0).astype(np.float32)
        view.subject.occluders.shade(
            reach,
            view.own[:, span],
            view.pose.turn.T @ places if distant else view.pose.to_subject(places),
            distant=distant,
            penumbra=view.footprint,
        )
        return replace(rays, reach=reach)

    def cosine(self, vectors: Columns) -> Float32[Array, "light point"]:
        """Return the cosine between one vector a point and the rays, where positive."""
        along: Float32[Array, "light point"] = self.sources.T @ vectors
        if not self.distant:
            along -= _dot(self.points, vectors)
        along *= self.inverse
        np.maximum(along, 0.0, out=along)
        return along

    @property
    def falloff(self) -> Float32[Array, "light point"] | Float32[Array, ""]:
        """Irradiance relative to that at the origin."""
        if self.distant:
            return self.inverse
        square = _dot(self.sources, self.sources)[:, None]
        falloff: Float32[Array, "light point"] = square * self.inverse**2
        return falloff


def _response(
    view: View, rig: LightRig, lights: Int64[Array, " light"], span: slice
) -> tuple[Float32[Array, "light point"], Float32[Array, "light point"]]:
    """Return the diffuse reading for albedo 1 and the glossy reading under lights of 1."""
    rays = _LightRays.towards(view, rig, lights, span)
    arriving = rays.reach * rays.falloff
    diffuse = rays.cosine(view.normals[:, span]) * arriving
    glossy = rays.cosine(view.mirrored[:, span])
    specular, exponent = view.paint.specular[span], view.paint.exponent[span]
    with np.errstate(divide="ignore", under="ignore"):
        glossy = np.exp(exponent * np.log(glossy))
    return diffuse, glossy * specular * arriving


def _dot(a: Columns, b: Columns) -> Values:
    """Return the inner product of each pair of columns."""
    product: Values = np.einsum("ip,ip->p", a, b)
    return product


def _unit(vectors: Columns) -> Columns:
    """Scale columns to unit length."""
    unit: Columns = vectors / np.sqrt(_dot(vectors, vectors))
    return unit
