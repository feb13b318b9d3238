"""The reflectance field: what every pixel returns under every light."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from jaxtyping import UInt8

from olat.model.color import ColorSpace
from olat.model.rig import LightRig
from olat.model.shapes import Array, Flags, HalfPlane, HalfPlanes, HalfStrip, Plane, SolidAngles

CERTAIN = 255
"""Code of a confidence of 1."""

ConfidenceCodes: TypeAlias = UInt8[Array, "h w"]
"""Trust in the motion that brought a pixel here: the confidence times 255, rounded."""
ConfidenceStrip: TypeAlias = UInt8[Array, "light rows w"]
"""`ConfidenceCodes` of the same rows under every light."""


def confidence_codes(confidence: Plane) -> ConfidenceCodes:
    """Return confidences from 0 to 1 as they are stored; what is no number is not trusted."""
    trusted = np.nan_to_num(np.clip(confidence, 0.0, 1.0), nan=0.0)
    return np.asarray(np.rint(trusted * np.float32(CERTAIN)), np.uint8)


@dataclass(frozen=True, slots=True)
class LightPlane:
    """One light's share of a reflectance field."""

    light: int
    """Index into the rig."""
    reflectance: HalfPlanes
    """Signed; a white Lambert patch facing the light reads 1."""
    flags: Flags
    space: ColorSpace = "camera"
    """What its red, green and blue are."""
    confidence: ConfidenceCodes | None = None
    """Trust in the motion that brought it here; none where nothing was moved."""


@dataclass(frozen=True)
class FieldHeader:
    """Everything about a field but its pixels."""

    session: str
    camera: str
    height: int
    """[px]"""
    width: int
    """[px]"""
    rows: int
    """Planes that the file has room for: the lights of the whole rig."""
    rig: LightRig
    """Only the lights that the field holds, in the order of its planes."""
    lights: tuple[int, ...]
    """Index of each plane's light in the session's rig, ascending: its place in the file."""
    solid_angles: SolidAngles
    space: ColorSpace = "camera"
    """What red, green and blue of all planes are."""

    def __post_init__(self) -> None:
        counts = len(self.lights), len(self.rig), len(self.solid_angles)
        if len(set(counts)) > 1:
            raise ValueError(
                f"{counts[0]} lights, {counts[1]} in the rig and {counts[2]} solid angles "
                "do not make one field"
            )
        if list(self.lights) != sorted(set(self.lights)):
            raise ValueError(f"lights {self.lights} do not ascend")
        if self.lights and not 0 <= self.lights[0] <= self.lights[-1] < self.rows:
            raise ValueError(
                f"lights {self.lights[0]} to {self.lights[-1]} do not fit {self.rows} rows"
            )


def _nothing_moved(_y0: int, _y1: int) -> ConfidenceStrip | None:
    return None


@dataclass(frozen=True)
class ReflectanceField:
    """A field on disk, read when asked for."""

    header: FieldHeader
    planes: Sequence[HalfPlanes] = field(repr=False)
    """One array a light, mapped from its file, not copied."""
    flag_planes: Sequence[Flags] = field(repr=False)
    read_rows: Callable[[int, int], tuple[HalfStrip, UInt8[Array, "light rows w"]]] = field(
        repr=False
    )
    """Copy rows ``[y0, y1)`` of every light and their flags; memory does not stay mapped."""
    confidence_planes: Sequence[ConfidenceCodes | None] = field(default=(), repr=False)
    """One array a light, none for a light whose frame was not moved; empty where none was."""
    read_confidence: Callable[[int, int], ConfidenceStrip | None] = field(
        default=_nothing_moved, repr=False
    )
    """Copy the confidence of rows ``[y0, y1)`` of every light; none where nothing was moved."""

    read_channel: Callable[[int, int, HalfPlane], None] | None = field(default=None, repr=False)
    """Read one channel of a plane from its file into memory of one's own, leaving none of it
    cached; none where only mappings can be read."""

    @property
    def bytes(self) -> int:
        """Size of the reflectance [B]."""
        lights, height, width = self.shape
        return 6 * lights * height * width

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of lights, height, width."""
        return len(self.planes), self.header.height, self.header.width

    def strips(self, *, budget: int = 128 << 20) -> list[tuple[int, int]]:
        """Return row ranges, in multiples of 32 rows where possible, whose pixels fit a budget.

        Parameters
        ----------
        budget
            Bytes for one strip of all lights: half precision, flags and confidence [B].
        """
        lights, height, width = self.shape
        pixel_bytes = 8 if self.confidence_planes else 7
        rows = max(1, budget // max(1, lights * width * pixel_bytes))
        if rows >= 32:
            rows -= rows % 32
        starts = np.arange(0, height, rows)
        return [(int(y), min(height, int(y) + rows)) for y in starts]
