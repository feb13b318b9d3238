"""Which bright spot on a mirror ball is the lamp, and which are its reflections in other things."""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Bool, Float64

from olat.light.ball_view import BallBox
from olat.model.shapes import Array

FAINTEST = 10.0
"""Peak over the noise from which on a highlight is one."""
SECOND = 0.02
"""Of the highlight's peak: what is brighter is shown to people as a second reflection."""
LARGE_LAMP = 0.01
"""Solid angle above which a bright thing is less likely a lamp: 6 degrees across [sr]."""

Values = Float64[Array, "h w"]
"""Mean of the channels above the surroundings [diffuse white = 1]."""
Inside = Bool[Array, "h w"]


def weighed_spots(
    value: Values, noise: float, inside: Inside, box: BallBox
) -> tuple[Inside, float]:
    """Return the pixels of the likeliest lamp, and the weight of the runner-up beside it."""
    calm = _calm(value, inside)
    peak = float(calm.max())
    if peak < FAINTEST * noise:
        raise ValueError(
            f"nothing on the ball stands out: the brightest spot is {peak / noise:.1f} times the "
            f"noise; {FAINTEST:.0f} times is needed"
        )
    bright = (calm > max(0.2 * peak, 4.0 * noise)).astype(np.uint8)
    count, labels = cv2.connectedComponents(bright, connectivity=8)
    weights = np.array([_weight(value, labels == spot, box) for spot in range(1, count)])
    order = np.argsort(-weights)
    rival = float(weights[order[1]] / weights[order[0]]) if len(order) > 1 else 0.0
    return labels == 1 + order[0], rival


def second_reflection(
    value: Values, noise: float, inside: Inside, spots: Inside, box: BallBox
) -> Float64[Array, " 2"] | None:
    """Return where the brightest thing is that is no part of the highlight, if any [px]."""
    calm = _calm(value, inside)
    bright = calm > max(SECOND * float(calm[spots].max()), FAINTEST * noise)
    _, labels = cv2.connectedComponents(bright.astype(np.uint8), connectivity=8)
    others = bright & ~np.isin(labels, labels[spots])
    if not others.any():
        return None
    brightest = labels[np.unravel_index(np.argmax(np.where(others, calm, -np.inf)), calm.shape)]
    rows, columns = np.nonzero(labels == brightest)
    return np.asarray(box.corner + np.array([columns.mean(), rows.mean()]))


def _weight(value: Values, spot: Inside, box: BallBox) -> float:
    """Return how bright and compact a spot is."""
    energy = float(np.sum(value[spot] ** 2))
    area = box.solid_angles[spot]
    total = float(area.sum())
    if total <= 0.0:
        return 0.5 * energy
    towards = box.directions[spot]
    middle = (towards * area[:, np.newaxis]).sum(axis=0) / total
    square = float(np.sum(area * np.sum((towards - middle) ** 2, axis=1))) / total
    # A pixel is not a point: its own spread is that of a square of its size.
    square += float(area.mean()) / 6.0
    return energy * min(1.0, total / (2.0 * np.pi * square)) / (1.0 + total / LARGE_LAMP)


def _calm(value: Values, inside: Inside) -> Values:
    """Return what is seen of a ball without lone hot pixels: even the sharpest highlight is wider.

    Those have no bright neighbor.
    """
    ring = np.ones((3, 3), np.uint8)
    ring[1, 1] = 0
    return np.where(inside, np.minimum(value, 4.0 * cv2.dilate(value, ring, borderValue=0.0)), 0.0)
