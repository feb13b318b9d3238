"""The lights of a stage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from olat.model.color import ColorSpace
from olat.model.condition import (
    LED_PRIMARIES,
    ColorGradient,
    Condition,
    Dark,
    Olat,
    Target,
    Tracking,
)
from olat.model.shapes import Directions, LightColors


@dataclass(frozen=True)
class LightRig:
    """Lights around the origin, in rig order, counted from 0."""

    name: str
    directions: Directions
    """Unit vectors from the subject to the lights, world frame."""
    intensities: LightColors
    """Irradiance at the origin relative to the rig's white [1]."""
    positions: Directions | None = None
    """World positions [m], where they are known."""
    names: tuple[str, ...] = ()
    """What the light file called the lights; empty if it did not."""
    space: ColorSpace | None = None
    """Color that the intensities were measured in; none if a light file tells them."""

    def __post_init__(self) -> None:
        count = len(self.directions)
        if self.intensities.shape != (count, 3):
            raise ValueError(f"{count} lights have {len(self.intensities)} intensities")
        if self.is_located and not np.allclose(
            np.linalg.norm(self.directions, axis=1), 1.0, atol=1e-6
        ):
            raise ValueError("light directions are not unit vectors")
        for array in (self.directions, self.intensities, self.positions):
            if array is not None:
                array.setflags(write=False)

    @classmethod
    def unlocated(cls, name: str, count: int) -> LightRig:
        """Return a rig of which no more is known than how many lights it has."""
        return cls(name, np.full((count, 3), np.nan), np.ones((count, 3)))

    @property
    def is_located(self) -> bool:
        """Whether it is known where the lights are."""
        return not np.isnan(self.directions).all()

    def __len__(self) -> int:
        return len(self.directions)

    def pattern(self, condition: Condition) -> LightColors:
        """Return the drive of every light and color under a condition, from 0 to 1."""
        count = len(self)
        match condition:
            case Olat(light=light) | Target(light=int(light)):
                drive = np.zeros((count, 3))
                drive[light] = 1.0
                return drive
            case Target(kind=kind) if kind in LED_PRIMARIES:
                return np.tile(np.eye(3)[LED_PRIMARIES.index(kind)], (count, 1))
            case Tracking() | Target():
                return np.ones((count, 3))
            case ColorGradient(complement=complement):
                sign = -1.0 if complement else 1.0
                return (1.0 + sign * self.directions) / 2.0
            case Dark():
                return np.zeros((count, 3))
