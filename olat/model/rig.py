"""The lights of a stage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from olat.model.color import ColorSpace
from olat.model.condition import (
    LED_PRIMARIES,
    AxisGradient,
    ColorGradient,
    Condition,
    Dark,
    Olat,
    Polarized,
    SecondOrder,
    Target,
    Tracking,
)
from olat.model.shapes import Array, Directions, LightColors


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
        if isinstance(condition, Polarized):
            condition = condition.pattern
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
            case AxisGradient() | SecondOrder():
                return np.repeat(self._white(condition)[:, np.newaxis], 3, axis=1)
            case Dark():
                return np.zeros((count, 3))

    def _white(self, pattern: AxisGradient | SecondOrder) -> Float64[Array, " light"]:
        """Return the drive of every light under a pattern of white light, from 0 to 1."""
        if isinstance(pattern, SecondOrder):
            first, second = (self.directions[:, "xyz".index(axis)] for axis in pattern.axes)
            is_square = pattern.axes[0] == pattern.axes[1]
            return np.asarray(first * second if is_square else (1.0 + 2.0 * first * second) / 2.0)
        along = self.directions[:, "xyz".index(pattern.axis)]
        along = -along if pattern.complement else along
        # A light on the border counts to the complement, so that each is in one of the two.
        if pattern.is_binary:
            return np.asarray(along >= 0 if pattern.complement else along > 0, np.float64)
        return np.asarray((1.0 + along) / 2.0)
