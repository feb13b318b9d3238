"""What RTI models are fitted to: display-coded pictures under lights in front of the subject."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64

from olat.errors import UsageError
from olat.io.display import auto_exposure
from olat.model.field import ReflectanceField
from olat.model.shapes import Array, Directions, SolidAngles
from olat.relight.rti_fit import Samples
from olat.sensor.working_space import converted

logger = logging.getLogger(__name__)

LOWEST = 0.02
"""Least z of a light that RTI models can hold: they know those in front of the subject."""
STRIP_BYTES = 64 << 20


@dataclass(frozen=True)
class RtiSamples:
    """A field as viewers of RTI show it."""

    field: ReflectanceField
    chosen: Bool[Array, " light"]
    """Lights in front of the subject."""
    exposure: float

    @property
    def directions(self) -> Directions:
        """Of the chosen lights."""
        return np.asarray(self.field.header.rig.directions[self.chosen])

    @property
    def solid_angles(self) -> SolidAngles:
        """Of the chosen lights [sr]."""
        return np.asarray(self.field.header.solid_angles[self.chosen])

    def strips(self) -> Iterator[tuple[int, int, Samples]]:
        """Yield first row, row after the last, and their display-coded values, 0 to 1."""
        for top, bottom in self.field.strips(budget=STRIP_BYTES):
            half, _ = self.field.read_rows(top, bottom)
            yield top, bottom, self.coded(half[self.chosen].astype(np.float32))

    def coded(self, linear: Samples) -> Samples:
        """Return what a display shows of linear values: sRGB codes from 0 to 1."""
        space = self.field.header.space
        if space == "acescg":
            pixels = np.moveaxis(linear, 1, 3).reshape(len(linear), -1, 3)
            pixels = converted(np.ascontiguousarray(pixels), source=space, target="rec709")
            linear = np.moveaxis(pixels.reshape(*linear.shape[:1], *linear.shape[2:], 3), 3, 1)
        light = np.clip(linear * np.float32(self.exposure), 0.0, 1.0)
        powers = 1.055 * light ** np.float32(1 / 2.4) - 0.055
        return np.where(light <= 0.0031308, 12.92 * light, powers).astype(np.float32)


def samples_of(field: ReflectanceField, *, needed: int, exposure_stops: float | None) -> RtiSamples:
    """Choose lights and an exposure, one for all pictures.

    Raises
    ------
    UsageError
        If fewer lights than are needed are in front of the subject.
    """
    directions: Float64[Array, "light 3"] = field.header.rig.directions
    chosen = directions[:, 2] > LOWEST
    count = int(chosen.sum())
    if count < needed:
        raise UsageError(
            f"rti: {count} lights are in front of the subject; this basis needs {needed}. Choose a "
            "smaller one, such as --basis ptm or rbf9."
        )
    if count < len(directions):
        logger.warning(
            "%d of %d lights are behind the subject or at its side; RTI has no place for them.",
            len(directions) - count,
            len(directions),
        )
    return RtiSamples(
        field,
        chosen,
        2.0**exposure_stops if exposure_stops is not None else _exposure(field, chosen),
    )


def _exposure(field: ReflectanceField, chosen: Bool[Array, " light"]) -> float:
    """Return the factor that brings the bright end of the picture under all lights to 0.8."""
    _, height, _ = field.shape
    step = max(1, height // 256)
    brightest = np.max(
        [
            plane[:, ::step, ::step]
            for plane, is_chosen in zip(field.planes, chosen, strict=True)
            if is_chosen
        ],
        axis=0,
    )
    return auto_exposure(np.moveaxis(brightest, 0, 2).astype(np.float32))
