"""What a subject is to be lit by: lamps, environments, and gains of a rig's own lights."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from olat.model.environment import EnvironmentMap
from olat.model.shapes import LightColors, Matrix3

Triple: TypeAlias = tuple[float, float, float]
"""x, y, z in the world frame, or red, green, blue."""

WHITE: Triple = (1.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class DistantLight:
    """A light so far away that all of the subject sees it in one direction."""

    toward: Triple
    """From the subject to the light; any length but 0."""
    color: Triple = WHITE
    """What a white patch reads that faces the light [diffuse white = 1]."""
    group: str = ""


@dataclass(frozen=True, slots=True)
class PointLight:
    """A small light at a finite place."""

    position: Triple
    """World frame [m]."""
    color: Triple = WHITE
    """What a white patch at the origin reads that faces the light [diffuse white = 1]."""
    group: str = ""


@dataclass(frozen=True, slots=True)
class SpotLight:
    """A small light whose cone falls on a target."""

    position: Triple
    """World frame [m]."""
    target: Triple = (0.0, 0.0, 0.0)
    """Where the middle of the cone points, world frame [m]."""
    cone_deg: float = 30.0
    """Full opening angle outside of which it is dark [degree]."""
    blend: float = 0.2
    """Share of the cone's radius over which the edge fades, 0 to 1."""
    color: Triple = WHITE
    """What a white patch on the axis, as far as the origin, reads [diffuse white = 1]."""
    group: str = ""


@dataclass(frozen=True, slots=True)
class RectangleLight:
    """A softbox: a rectangle that shines evenly, with its front, by Lambert's law."""

    center: Triple
    """World frame [m]."""
    target: Triple = (0.0, 0.0, 0.0)
    """What its front faces, world frame [m]."""
    width: float = 1.0
    """[m]"""
    height: float = 1.0
    """[m]"""
    color: Triple = WHITE
    """What a white patch at the origin reads that faces its center [diffuse white = 1]."""
    group: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class EnvironmentLight:
    """An environment map, turned and exposed."""

    map: EnvironmentMap
    rotation: Matrix3 = field(default_factory=lambda: np.eye(3))
    """World from map: columns are where the map's +x, +y, +z come to lie."""
    color: Triple = WHITE
    """Multiplies its radiance."""
    group: str = ""


Light: TypeAlias = DistantLight | PointLight | SpotLight | RectangleLight | EnvironmentLight


@dataclass(frozen=True, slots=True, eq=False)
class Lighting:
    """Lights that shine together; what they light is the sum."""

    lights: tuple[Light, ...] = ()
    gains: LightColors | None = None
    """Weights of the rig's own lights, in the order of the field's planes, that are added."""
    name: str = ""


@dataclass(frozen=True)
class Key:
    """What the light is like in one frame of a sequence."""

    frame: int
    lighting: Lighting
    ease: bool = False
    """Whether the way to the next key begins and ends gently."""
