"""Balls of known materials under the lights of a rig: test subjects whose answer is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Float64

from olat.model.rig import LightRig
from olat.model.shapes import Array, Mask, UnitVectors
from olat.surface.analytic_brdf import Brdf
from olat.surface.merl import Lookup, MerlTable, evaluated, half_angles
from olat.synthetic.render import see
from olat.synthetic.scene import PinholeCamera, Pose, ball

_Vectors = Float64[Array, "point 3"]


@dataclass(frozen=True)
class MaterialSphere:
    """What a camera sees of a ball, light by light."""

    planes: Float32[Array, "light 3 h w"]
    """As in a field: a white Lambert patch that faces light i reads 1 under light i."""
    normals: UnitVectors
    """World frame; zero off the ball."""
    view: UnitVectors
    """From what each pixel shows to the camera; zero off the ball."""
    mask: Mask
    """True on the ball."""
    is_missing: Bool[Array, "light h w"]
    """Where the light reaches the ball, but the material was not measured; planes are 0 there."""


def sphere_under_rig(
    material: MerlTable | Brdf,
    rig: LightRig,
    size: int = 96,
    *,
    radius: float = 0.1,
    lookup: Lookup = "trilinear",
) -> MaterialSphere:
    r"""Light a ball of one material with every light of a rig.

    .. math:: R_i = \pi f(\omega_i, v)\,(n \cdot \omega_i)^+
              \left(\tfrac{d_i}{|p_i - x|}\right)^2

    Parameters
    ----------
    material
        A measured material, or a function of directions about a normal along +z.
    rig
        The lights; near ones if it holds positions, else distant. Their intensities are left out,
        as they are from a field.
    size
        Width and height of the pictures [px].
    radius
        Of the ball at the origin [m].
    lookup
        How a measured material is read between its cells.

    Notes
    -----
    Assumes that nothing else is there to cast shadows or to bounce light, and one ray a pixel.

    References
    ----------
    .. [1] Matusik, Pfister, Brand and McMillan, A data-driven reflectance model, ACM Transactions
       on Graphics 22(3), 2003.
    """
    camera = PinholeCamera(size, field_of_view_deg=11.5, distance=1.6)
    seen = see(ball(radius), camera, Pose())
    normals, points = (vectors.T.astype(np.float64) for vectors in (seen.normals, seen.points))
    toward_camera = _unit(camera.position - points)
    planes = np.zeros((len(rig), 3, size, size), np.float32)
    is_missing = np.zeros((len(rig), size * size), bool)
    for light in range(len(rig)):
        toward_light, gain = _arriving(rig, light, points)
        facing = (normals * toward_light).sum(axis=-1)
        lit = np.flatnonzero((facing > 0.0) & ((normals * toward_camera).sum(axis=-1) > 0.0))
        frames = (normals[lit], toward_light[lit], toward_camera[lit])
        reflected, is_known = _reflectance(material, frames, lookup)
        reading = np.zeros((len(points), 3))
        reading[lit] = np.pi * reflected * (facing * gain)[lit, np.newaxis]
        planes[light] = np.moveaxis(seen.picture(reading.T.astype(np.float32)), -1, 0)
        is_missing[light, seen.pixels[lit[~is_known]]] = True
    return MaterialSphere(
        planes=planes,
        normals=seen.picture(seen.normals),
        view=seen.picture(toward_camera.T.astype(np.float32)),
        mask=seen.mask,
        is_missing=is_missing.reshape(len(rig), size, size),
    )


def _arriving(
    rig: LightRig, light: int, points: _Vectors
) -> tuple[_Vectors, Float64[Array, " point"]]:
    """Return the unit vector from each point to a light, and how much more of it arrives there."""
    if rig.positions is None:
        toward = np.broadcast_to(rig.directions[light], points.shape)
        return np.asarray(toward), np.ones(len(points))
    way = rig.positions[light] - points
    square = (way**2).sum(axis=-1)
    return _unit(way), np.asarray((rig.positions[light] ** 2).sum() / square)


def _reflectance(
    material: MerlTable | Brdf, frames: tuple[_Vectors, _Vectors, _Vectors], lookup: Lookup
) -> tuple[Float64[Array, "point 3"], Bool[Array, " point"]]:
    """Return what the material reflects for normals, lights and cameras; and where it is known."""
    if isinstance(material, MerlTable):
        return evaluated(material, half_angles(*frames), lookup=lookup)
    normals, toward_light, toward_camera = frames
    light, camera = (_about(normals, vectors) for vectors in (toward_light, toward_camera))
    return np.asarray(material(light, camera), float), np.ones(len(normals), bool)


def _about(normals: _Vectors, vectors: _Vectors) -> _Vectors:
    """Return vectors in frames whose z is the normal; x and y are any."""
    helper = np.where(np.abs(normals[:, :1]) < 0.9, [[1.0, 0.0, 0.0]], [[0.0, 1.0, 0.0]])
    x = _unit(np.cross(helper, normals))
    y = np.cross(normals, x)
    return np.stack([(vectors * axis).sum(axis=-1) for axis in (x, y, normals)], axis=-1)


def _unit(vectors: _Vectors) -> _Vectors:
    """Scale rows to unit length."""
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True))
