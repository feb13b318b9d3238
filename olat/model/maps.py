"""What is known about the surface, pixel by pixel."""

from __future__ import annotations

from dataclasses import dataclass

from olat.model.color import ColorSpace
from olat.model.shapes import Flags, Plane, Radiance, UnitVectors


@dataclass(frozen=True, slots=True)
class NormalMap:
    """Surface normals."""

    normals: UnitVectors
    """World frame, unit length; zero where unknown."""
    confidence: Plane
    """From 0 (guess) to 1."""
    flags: Flags


@dataclass(frozen=True, slots=True)
class PhongMaps:
    """Diffuse and glossy reflection in Phong's terms."""

    diffuse_albedo: Radiance
    """Reading of the diffuse part facing a light [diffuse white = 1]."""
    specular_albedo: Radiance
    """Reading of the lobe at its peak under the same light [diffuse white = 1]."""
    exponent: Plane
    """Exponent of the cosine of the angle to the mirrored view direction."""
    confidence: Plane
    """From 0 (guess) to 1."""
    flags: Flags
    space: ColorSpace = "camera"
    """What red, green and blue of the albedos are."""
    normals: UnitVectors | None = None
    """World frame, unit length, zero where unknown; where the terms were refined with them."""
    normal_confidence: Plane | None = None
    """Trust in these normals, from 0 (guess) to 1."""
    openness: Plane | None = None
    """Reading under flat light over what the terms predict without shadows; 0 where unknown."""
