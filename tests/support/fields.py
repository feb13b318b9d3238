"""Fields and gradient photographs in memory, made from surfaces with known answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from olat.light.quadrature import solid_angles
from olat.model.condition import ColorGradient, Condition, Polarized, Tracking
from olat.model.field import FieldHeader, ReflectanceField
from olat.model.image import Frames, RadianceImage
from olat.model.rig import LightRig
from olat.model.session import Frame
from tests.surface.readings import Surface


def rig_of(directions: np.ndarray, intensities: object = 1.0) -> LightRig:
    """Return a rig; one intensity, or one for each channel or light, holds for all."""
    colors = np.array(np.broadcast_to(intensities, (len(directions), 3)), dtype=float)
    return LightRig("rig", directions, colors)


def field_of(
    readings: np.ndarray, rig: LightRig, flags: np.ndarray | None = None
) -> ReflectanceField:
    """Return a field of readings ``(light, 3, h, w)``."""
    count, _, height, width = readings.shape
    half = readings.astype(np.float16)
    doubts = np.zeros((count, height, width), np.uint8) if flags is None else flags
    header = FieldHeader(
        session="s",
        camera="A",
        height=height,
        width=width,
        rows=count,
        rig=rig,
        lights=tuple(range(count)),
        solid_angles=solid_angles(rig.directions),
    )
    return ReflectanceField(
        header,
        list(half),
        list(doubts),
        lambda top, bottom: (half[:, :, top:bottom], doubts[:, top:bottom]),
    )


def photographs_of(
    surface: Surface, rig: LightRig, conditions: Sequence[Condition]
) -> Frames[RadianceImage]:
    """Photograph a surface under patterns; behind polarizers, by what passes them."""
    readings = surface.readings(rig.directions)
    below = replace(surface, lobe=0.0).readings(rig.directions)
    passing = {"crossed": below / 2.0, "parallel": readings - below / 2.0}
    frames = {
        index: Frame("A", index, condition, Path(f"{index}.exr"))
        for index, condition in enumerate(conditions)
    }

    def load(frame: Frame) -> RadianceImage:
        shot = frame.condition
        seen = passing[shot.polarizer] if isinstance(shot, Polarized) else readings
        drive = rig.pattern(shot) * rig.intensities
        radiance = np.einsum("lchw,lc->hwc", seen, drive).astype(np.float32)
        return RadianceImage(radiance, np.zeros(radiance.shape[:2], np.uint8))

    return Frames(frames, load)


def gradients_of(
    surface: Surface, rig: LightRig, *, full_on: bool = False
) -> Frames[RadianceImage]:
    """Photograph a surface under the gradient, and under its complement or full-on light."""
    partner = Tracking() if full_on else ColorGradient(complement=True)
    return photographs_of(surface, rig, [ColorGradient(), partner])
