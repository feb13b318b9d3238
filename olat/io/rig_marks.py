"""What a light looks like in a picture of a rig: its size, its color, its number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, UInt8

from olat.io.rig_canvas import ALARM, PANEL, Canvas, Color, Point
from olat.model.rig import LightRig
from olat.model.shapes import Array, LightColors
from olat.sensor.encoding import display_from_linear

_BOUNDS = (0.35, 2.2)
"""Smallest and largest radius, as a part of the usual one."""
_BEHIND = 0.45
"""Brightness of the rings that stand for lights behind the subject."""


@dataclass(frozen=True)
class LightMarks:
    """Discs whose area is intensity and whose color is tint."""

    radii: Float64[Array, " light"]
    """[px]"""
    colors: UInt8[Array, "light 3"]
    """Tints, the strongest channel full, as displays show them."""
    are_dark: tuple[bool, ...]
    """Whether a light gives no light in some color."""
    label_px: int
    """Size of the numbers [px]."""

    def draw(self, canvas: Canvas, light: int, place: Point, *, is_behind: bool = False) -> None:
        """Draw a light: a disc, or a ring if it is behind the subject, or a cross if it is dead."""
        radius = float(self.radii[light])
        x, y = place
        if self.are_dark[light]:
            canvas.line([(x - radius, y - radius), (x + radius, y + radius)], ALARM, 2)
            canvas.line([(x - radius, y + radius), (x + radius, y - radius)], ALARM, 2)
        elif is_behind:
            canvas.disc(place, radius, PANEL)
            canvas.disc(place, radius - 0.5, _dimmed(self.colors[light]), 1)
        else:
            canvas.disc(place, radius + 1.5, PANEL)
            canvas.disc(place, radius, _color(self.colors[light]))


def marks_of(rig: LightRig, *, usual_px: float, label_px: int) -> LightMarks:
    """Return the marks of a rig's lights; ``usual_px`` is the radius at the median intensity."""
    level = rig.intensities.mean(axis=1)
    middle = float(np.median(level[level > 0])) if (level > 0).any() else 1.0
    size = np.sqrt(np.maximum(level, 0.0) / middle)
    return LightMarks(
        radii=usual_px * np.clip(size, *_BOUNDS),
        colors=_tints(rig.intensities),
        are_dark=tuple(bool(min(color) <= 0) for color in rig.intensities),
        label_px=label_px,
    )


def _tints(colors: LightColors) -> UInt8[Array, "light 3"]:
    """Return colors without their brightness, as displays show them."""
    strongest = np.maximum(colors.max(axis=1, keepdims=True), 1e-12)
    linear = (colors / strongest).astype(np.float32)[None]
    tints: UInt8[Array, "light 3"] = display_from_linear(linear)[0]
    return tints


def _color(tint: UInt8[Array, " 3"]) -> Color:
    red, green, blue = tint.tolist()
    return red, green, blue


def _dimmed(tint: UInt8[Array, " 3"]) -> Color:
    red, green, blue = (_BEHIND * tint + (1 - _BEHIND) * np.array(PANEL)).astype(int).tolist()
    return red, green, blue
