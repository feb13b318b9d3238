"""What the files of a card share: its size and the names of its textures."""

from __future__ import annotations

from dataclasses import dataclass

BASE_COLOR = "base_color.png"
NORMAL = "normal_tangent_gl.png"
NORMAL_DIRECTX = "normal_tangent_dx.png"
ROUGHNESS = "roughness.png"
SPECULAR = "specular.png"

DIELECTRIC = 0.04
"""F0 of glass and skin, index of refraction 1.5: what glTF and MaterialX start from."""


@dataclass(frozen=True)
class Card:
    """A rectangle in the plane z = 0 of the world, centered, that faces the camera."""

    name: str
    width: float
    """[m]"""
    height: float
    """[m]"""
    reflectance: float
    """F0 that the brightest code of `SPECULAR` stands for."""
