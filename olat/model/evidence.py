"""What calibrations were read from, for the picture beside each; no document holds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from jaxtyping import Float64

from olat.model.shapes import Array, Plane

Points: TypeAlias = Float64[Array, "point 2"]
"""Column and row, pixel centers at integers [px]."""

Verdict: TypeAlias = Literal["taken", "doubted", "refused"]
"""Whether a spot is the light; doubted ones are taken, but clipped, cut or nearly outshone."""


@dataclass(frozen=True)
class Spot:
    """Something bright on a mirror ball, under one light."""

    light: int
    x: float
    """[px]"""
    y: float
    """[px]"""
    radius: float
    """Root mean square distance of its light from its center [px]."""
    verdict: Verdict


@dataclass(frozen=True)
class BallEvidence:
    """A mirror ball in one place, and what was found on it."""

    picture: Plane
    """The most that each pixel shows under any light, around the ball [diffuse white = 1]."""
    outline: Points
    """Of the ball as it was fitted, in that picture."""
    spots: tuple[Spot, ...]
    """In that picture."""
    unseen: tuple[int, ...]
    """Lights of the sweep without a highlight."""
