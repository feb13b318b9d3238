"""What RTI models are fitted to: display-coded pictures under lights in front of the subject."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from olat.errors import UsageError
from olat.export.source import ExportSource
from olat.io.display import auto_exposure
from olat.model.field import ReflectanceField
from olat.model.shapes import Array, Directions, Matrix3, SolidAngles
from olat.model.words import counted
from olat.relight.rti_fit import Samples
from olat.sensor.working_space import converted

logger = logging.getLogger(__name__)

LOWEST = 0.02
"""Least z of a light that RTI models can hold: they know those in front of the subject."""
STRIP_BYTES = 16 << 20
"""Of half precision in a strip; what is made of it takes about ten times as much."""
LOOKED_AT = 200_000
"""Pixels that tell principal components and ranges of planes."""


@dataclass(frozen=True)
class RtiSamples:
    """A field as viewers of RTI show it."""

    field: ReflectanceField
    chosen: Bool[Array, " light"]
    """Lights in front of the subject."""
    turn: Matrix3
    """World to what viewers see: x to the right of the picture, y up, z to the camera."""
    exposure: float

    @property
    def directions(self) -> Directions:
        """Of the chosen lights, in the axes of viewers."""
        return np.asarray(self.field.header.rig.directions[self.chosen] @ self.turn.T)

    @property
    def solid_angles(self) -> SolidAngles:
        """Of the chosen lights [sr]."""
        return np.asarray(self.field.header.solid_angles[self.chosen])

    def strips(self) -> Iterator[tuple[int, int, Samples]]:
        """Yield first row, row after the last, and their display-coded values, 0 to 1."""
        for top, bottom in self.field.strips(budget=STRIP_BYTES):
            half, _ = self.field.read_rows(top, bottom)
            yield top, bottom, self.coded(half[self.chosen].astype(np.float32))

    def looks(self) -> Iterator[tuple[int, int, Samples]]:
        """Yield the same for some rows and columns, evenly spread, where there are many pixels.

        The row after the last is that up to which they stand.
        """
        _, height, width = self.field.shape
        step = math.ceil(math.sqrt(height * width / LOOKED_AT))
        if step == 1:
            yield from self.strips()
            return
        for top in range(0, height, step):
            half, _ = self.field.read_rows(top, top + 1)
            linear = half[self.chosen, :, :, step // 2 :: step].astype(np.float32)
            yield top, min(height, top + step), self.coded(linear)

    def coded(self, linear: Samples) -> Samples:
        """Return what a display shows of linear values: sRGB codes from 0 to 1.

        What is not a number becomes black.
        """
        space = self.field.header.space
        if space == "acescg":
            pixels = np.moveaxis(linear, 1, 3).reshape(len(linear), -1, 3)
            pixels = converted(np.ascontiguousarray(pixels), source=space, target="rec709")
            linear = np.moveaxis(pixels.reshape(*linear.shape[:1], *linear.shape[2:], 3), 3, 1)
        light = linear * np.float32(self.exposure)
        np.nan_to_num(light, copy=False, nan=0.0)
        np.clip(light, 0.0, 1.0, out=light)
        codes = light ** np.float32(1 / 2.4)
        codes *= np.float32(1.055)
        codes -= np.float32(0.055)
        np.copyto(codes, np.float32(12.92) * light, where=light <= 0.0031308)
        return np.asarray(np.ascontiguousarray(codes))


def samples_of(
    source: ExportSource, *, needed: int, exposure_stops: float | None, asked: str
) -> RtiSamples:
    """Choose lights and an exposure, one for all pictures.

    Parameters
    ----------
    source
        A processed camera.
    needed
        Lights in front of the subject without which there is no fit.
    exposure_stops
        None: the bright end of the brightest picture is brought to 0.8.
    asked
        What was asked for, for messages: ``rti --basis ptm``.

    Raises
    ------
    UsageError
        If fewer lights than are needed are in front of the subject.
    """
    field = source.field()
    turn = np.diag([1.0, -1.0, -1.0]) @ source.axes()
    chosen = (field.header.rig.directions @ turn.T)[:, 2] > LOWEST
    count, total = int(chosen.sum()), len(chosen)
    if count < needed:
        raise UsageError(
            f"{asked}: {count} of {counted(total, 'light')} "
            f"{'is' if count == 1 else 'are'} in front of the subject; {needed} are needed. "
            f"{_advice(count)}"
        )
    if count < total:
        logger.warning(
            "%d of %d lights are behind the subject or at its side; RTI has no place for them.",
            total - count,
            total,
        )
    stops = exposure_stops
    exposure = _exposure(field, chosen) if stops is None else 2.0**stops
    return RtiSamples(field, chosen, turn, exposure)


def _advice(count: int) -> str:
    if count >= 6:
        return "Choose rti --basis ptm or rbf9."
    if count >= 3:
        return "Choose rti --basis rbf9, which takes three or more."
    return "No basis does with so few: relight the field itself, or export its pictures (olats)."


def _exposure(field: ReflectanceField, chosen: Bool[Array, " light"]) -> float:
    """Return the factor that brings the bright end of the brightest of all pictures to 0.8."""
    _, height, _ = field.shape
    step = max(1, height // 256)
    brightest = None
    for plane, is_chosen in zip(field.planes, chosen, strict=True):
        if is_chosen:
            seen = np.nan_to_num(plane[:, ::step, ::step])
            brightest = seen if brightest is None else np.maximum(brightest, seen)
    if brightest is None:
        raise ValueError("no light was chosen")
    return auto_exposure(np.moveaxis(brightest, 0, 2).astype(np.float32))
