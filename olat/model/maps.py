"""What is known about the surface, pixel by pixel."""

from __future__ import annotations

from dataclasses import dataclass, field

from jaxtyping import Float32, Int32, UInt8

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
    mean_depth_m: float | None = None
    """Mean depth of the subject along the camera's axis, where near lights told it [m]."""


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


@dataclass(frozen=True, slots=True)
class Mesh:
    """A surface of triangles."""

    places: Float32[Array, "vertex 3"]
    """World positions, in the unit of the depth that they are from."""
    normals: Float32[Array, "vertex 3"]
    """Unit vectors, world frame."""
    faces: Int32[Array, "face 3"]
    """Numbers of three vertices, counterclockwise as seen from outside."""
    colors: UInt8[Array, "vertex 3"] | None = None
    """Red, green and blue as displays show them."""


@dataclass(frozen=True, slots=True)
class DepthMap:
    """Where the surface is."""

    depth: Plane
    """Along the camera's axis, from its center; zero where unknown."""
    places: Radiance
    """World positions; zero where unknown."""
    confidence: Plane
    """From 0 (guess, or unknown) to 1."""
    flags: Flags
    is_metric: bool
    """Whether lengths are meters; else their unit is the width of a pixel at the origin."""
    is_perspective: bool
    """Whether pixels look along rays from one center; else along parallel ones."""
    mesh: Mesh | None = field(default=None, repr=False, compare=False)
    """The same as triangles, where it was just made; one that was read has none."""


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
