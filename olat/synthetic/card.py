"""Flat things in front of the camera: a gray card, a color chart, a chessboard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import cv2
import numpy as np
from jaxtyping import Float32, Float64

from olat.model.rig import LightRig
from olat.model.shapes import Array, LightColors, Radiance
from olat.synthetic.scene import PinholeCamera, Pose
from olat.synthetic.shape import Points

Places = Float64[Array, "2 point"]
"""To the right and up on a card, from its middle [m]."""
Reflectances = Float32[Array, "3 point"]
"""Linear Rec.709 [diffuse white = 1]."""


@dataclass(frozen=True)
class Card:
    """A plane that faces +z until it is turned."""

    pose: Pose
    paint: Callable[[Places], Reflectances] = field(repr=False)
    """What its places reflect; nothing beyond its edge."""

    def in_world(self, places: Places) -> Points:
        """Return where places of the card are [m]."""
        return self.pose.to_world(np.stack([*places, np.zeros_like(places[0])]))

    def seen(self, camera: PinholeCamera) -> Places:
        """Find what place of the card's plane each pixel of a camera sees, row by row."""
        eye = self.pose.to_subject(camera.position[:, None])
        rays = self.pose.turn.T @ camera.rays()
        seen: Places = eye[:2] - rays[:2] * (eye[2] / rays[2])
        return seen

    def reflectance(self, camera: PinholeCamera, *, parts: int = 1) -> Radiance:
        """Return what every pixel sees of the card's paint, averaged over parts of the pixel."""
        size = camera.size * parts
        fine = np.ascontiguousarray(self.paint(self.seen(camera.finer(parts))).T)
        return averaged(fine.reshape(size, size, 3), parts)


def irradiance(
    card: Card, camera: PinholeCamera, rig: LightRig, drive: LightColors
) -> Float64[Array, "#h #w 3"]:
    r"""Return the light on what each pixel sees of a card's plane.

    .. math:: E = \sum_i e_i \left(\tfrac{d_i}{|p_i - x|}\right)^2 (n \cdot \omega_i)_+

    One value for all under distant lights; a white card facing one light reads 1.
    """
    normal, weights = card.pose.turn[:, 2], drive * rig.intensities
    if rig.positions is None:
        even = np.maximum(rig.directions @ normal, 0.0) @ weights
        return np.asarray(even)[None, None]
    points = card.in_world(card.seen(camera))
    light = np.zeros((points.shape[1], 3))
    for place, weight in zip(rig.positions, weights, strict=True):
        way = place[:, None] - points
        square = np.einsum("ip,ip->p", way, way)
        facing = np.maximum(normal @ way, 0.0) * (place @ place) / square**1.5
        light += facing[:, None] * weight
    return np.asarray(light.reshape(camera.size, camera.size, 3))


def averaged(fine: Radiance, parts: int) -> Radiance:
    """Average the parts of each pixel."""
    if parts == 1:
        return fine
    height, width = fine.shape[0] // parts, fine.shape[1] // parts
    return np.asarray(cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA))


def gray_card(reflectance: float) -> Card:
    """Make a gray card that fills the picture."""

    def paint(places: Places) -> Reflectances:
        return np.full((3, places.shape[1]), reflectance, np.float32)

    return Card(Pose(), paint)
