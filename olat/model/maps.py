"""What is known about the surface, pixel by pixel."""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Float32

from olat.model.color import ColorSpace
from olat.model.shapes import Array, Flags, Matrix3, Plane, Radiance, UnitVectors


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


@dataclass(frozen=True, slots=True)
class LobeMaps:
    """What photographs under gradients say of each pixel's cosine lobe: its moments.

    The lobes follow in closed form (`olat.surface.lobe_maps`), and the photographs come back by
    adding and halving: under the gradient along an axis, (integral + moment)/2.
    """

    integral: Radiance
    """Of the reflectance of each channel over the sphere of light; white is π [sr]."""
    moment: Float32[Array, "h w 3 *axis"]
    """Of each channel along each axis of the world; where a color gradient was shot, of what red,
    green and blue LEDs gave along x, y and z, as the channels saw it [sr]."""
    confidence: Plane
    """Of axis and exponent, from 0 (guess) to 1."""
    flags: Flags
    space: ColorSpace = "camera"
    """What its red, green and blue are."""
    primaries: Matrix3 | None = None
    """What the channels (rows) see of each LED primary; none where that is one each, or white."""
    spread: Float32[Array, "h w 2"] | None = None
    """Variance across the axis, the larger first; none where no second-order patterns were shot."""
    shadow_floor: float = 1e-3
    """Integral at or below which a channel has no lobe: its moments alone light it [sr]."""
    blur_px: float = 0.0
    """Standard deviation of the neighbors that a lobe takes its shape from [px]."""

    @property
    def is_shared(self) -> bool:
        """Whether the channels share the shape of their lobe, as under a color gradient."""
        return self.moment.ndim == 3
