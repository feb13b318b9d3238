"""A matte ball under one lamp, distant or near, that may dim off its axis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from olat.light.ball_view import BallView, ball_box
from olat.model.image import RadianceImage

ALBEDO = 0.5


@dataclass(frozen=True)
class Lamp:
    """One lamp; near if it has a position, and then aimed at the origin."""

    direction: np.ndarray | None = None
    position: np.ndarray | None = None
    """[m]"""
    color: object = 1.0
    falloff: float = 0.0
    """Exponent of the cosine by which it dims off its axis."""


def matte_ball(
    view: BallView,
    shape: tuple[int, int],
    lamp: Lamp,
    *,
    center: object = (0.0, 0.0, 0.0),
    radius: float = 0.1,
    rng: np.random.Generator | None = None,
    noise: float = 0.0,
) -> RadianceImage:
    """Return the photograph of a ball under one lamp."""
    box = ball_box(view, shape)
    normals = np.nan_to_num(box.normals)
    if lamp.position is None:
        shade = normals @ lamp.direction
    else:
        away = lamp.position - (np.asarray(center) + radius * normals)
        distance, reach = np.linalg.norm(away, axis=2), np.linalg.norm(lamp.position)
        axis = np.maximum(away @ lamp.position / (distance * reach), 0.0)
        cosine = np.einsum("hwk,hwk->hw", normals, away) / distance
        shade = cosine * (reach / distance) ** 2 * axis**lamp.falloff
    picture = np.zeros((*shape, 3))
    picture[box.span] = ALBEDO * np.maximum(shade, 0.0)[..., None] * np.asarray(lamp.color)
    if rng is not None:
        picture += noise * rng.normal(size=picture.shape)
    return RadianceImage(picture.astype(np.float32), np.zeros(shape, np.uint8))
