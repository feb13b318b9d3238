"""A head worth relighting: skin, freckles, brows, lips, eyes, hair and a shirt, all painted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from olat.model.shapes import Array
from olat.synthetic.scene import Paint
from olat.synthetic.shape import Columns, Ellipsoid, Values
from olat.synthetic.texture import RandomWaves

PORES = RandomWaves.make(1, 0.0022, count=20)
FOLDS = RandomWaves.make(2, 0.013, count=12)
BLOTCHES = RandomWaves.make(3, 0.020, count=12)
SPOTS = RandomWaves.make(4, 0.0036, count=24)
STRANDS = RandomWaves.make(5, 0.0022, count=24, stretch=(1.0, 9.0, 9.0))
CREASES = RandomWaves.make(6, 0.035, count=10)


def _color(red: float, green: float, blue: float) -> Float32[Array, "3 1"]:
    """Return a diffuse color as a column."""
    return np.array([[red], [green], [blue]], np.float32)


SKIN = _color(0.62, 0.41, 0.31)
FLUSH = _color(0.60, 0.29, 0.22)
BLOOD = _color(0.015, 0.035, 0.035)
FRECKLE = _color(0.36, 0.19, 0.115)
LIPS = _color(0.50, 0.20, 0.175)
MOUTH_LINE = _color(0.17, 0.05, 0.045)
HAIR = _color(0.075, 0.045, 0.030)
SCLERA = _color(0.74, 0.70, 0.66)
IRIS = _color(0.10, 0.17, 0.18)
SHIRT = _color(0.07, 0.15, 0.21)


@dataclass(frozen=True)
class HeadPaint:
    """Paints a head by the place of its parts, in the subject's frame."""

    hair: Ellipsoid
    ears: tuple[Ellipsoid, ...]
    eyes: tuple[Ellipsoid, ...]

    def __call__(self, points: Columns, footprint: float, eyes_open: float) -> Paint:
        """Return the paint at points [m] for pixels of a width [m]."""
        paint = self._skin(points, footprint)
        paint = paint.under(*self._lips(points, footprint))
        paint = paint.under(*self._brows(points, footprint))
        paint = paint.under(*self._hair(points, footprint))
        paint = paint.under(*self._shirt(points, footprint))
        for side, eye in zip((1.0, -1.0), self.eyes, strict=True):
            paint = self._eye(paint, eye.unit_coordinates(points), side * eyes_open)
        return paint

    def _skin(self, points: Columns, footprint: float) -> Paint:
        """Warm skin, flushed on cheeks, nose and ears, with freckles and pores."""
        x, y, z = np.abs(points[0]), points[1], points[2]
        cheeks = _bump((x - 0.040) / 0.022) * _bump((y + 0.022) / 0.020) * _step(z, 0.03, 0.05)
        nose = _bump(x / 0.016) * _bump((y + 0.026) / 0.014) * _step(z, 0.08, 0.095)
        ears = _step(-_outside(self.ears, points), -1.25, -1.05)
        flush = np.clip(0.55 * cheeks + 0.35 * nose + 0.8 * ears, 0.0, 1.0)
        albedo = SKIN + flush * (FLUSH - SKIN)
        freckled = _bump(x / 0.050) * _bump((y + 0.012) / 0.024) * _step(z, 0.04, 0.07)
        spots = freckled * _step(SPOTS.value(points, footprint), 0.9, 2.0)
        albedo = albedo + 0.75 * spots * (FRECKLE - albedo)
        albedo = albedo * (1.0 - BLOOD * BLOTCHES.value(points, footprint))
        nostrils = (
            _bump((x - 0.0062) / 0.0024) * _bump((y + 0.0325) / 0.0016) * _step(z, 0.07, 0.08)
        )
        albedo = albedo * (1.0 - 0.8 * nostrils)
        slope = 0.00003 * PORES.gradient(points, footprint)
        slope += 0.00005 * FOLDS.gradient(points, footprint)
        oily = np.clip(0.5 * _bump(x / 0.025) * _step(z, 0.06, 0.09) + nose, 0.0, 1.0)
        specular = (0.085 + 0.10 * oily).astype(np.float32)
        return Paint(albedo, specular, (13.0 + 12.0 * oily).astype(np.float32), slope)

    def _lips(self, points: Columns, footprint: float) -> tuple[Paint, Values]:
        """Redder and wetter, with a dark line between."""
        x, above = np.abs(points[0]), points[1] + 0.0590 - 3.0 * points[0] ** 2
        fullness = 1.0 - (x / 0.0225) ** 2
        upper = 0.0098 * fullness * (1.0 - 0.22 * _bump(x / 0.0035))
        inside = np.minimum(upper - above, above + 0.0122 * fullness)
        cover = _step(inside, -0.0006, 0.0012) * _step(points[2], 0.05, 0.06)
        line = 0.9 * _bump(above / 0.0009)
        albedo = LIPS + line * (MOUTH_LINE - LIPS)
        slope = 0.00005 * PORES.gradient(points, footprint)
        return Paint.coat(albedo, specular=0.16, exponent=40.0, slope=slope), cover

    def _brows(self, points: Columns, footprint: float) -> tuple[Paint, Values]:
        """Two arches of hair that thin out."""
        x, y = np.abs(points[0]), points[1]
        arch = 0.0295 + 0.0045 * np.sin(np.clip((x - 0.010) / 0.045, 0.0, 1.0) * 2.7)
        half = 0.0040 - 0.052 * np.clip(x - 0.012, 0.0, 0.045)
        ragged = 0.0005 * STRANDS.value(points, footprint)
        inside = _step(half - np.abs(y - arch) + ragged, -0.0014, 0.0022)
        reach = _step(x, 0.008, 0.018) * _step(-x, -0.056, -0.050) * _step(points[2], 0.03, 0.045)
        slope = np.zeros_like(points)
        return Paint.coat(HAIR, specular=0.05, exponent=20.0, slope=slope), 0.85 * inside * reach

    def _hair(self, points: Columns, footprint: float) -> tuple[Paint, Values]:
        """Short hair, combed back."""
        strands = STRANDS.value(points, footprint)
        outside = _outside((self.hair,), points)
        cover = _step(1.03 - outside + 0.006 * strands, 0.0, 0.012)
        slope = 0.00022 * STRANDS.gradient(points, footprint)
        albedo = HAIR * (1.0 + 0.35 * strands)
        return Paint.coat(albedo, specular=0.10, exponent=14.0, slope=slope), cover

    def _shirt(self, points: Columns, footprint: float) -> tuple[Paint, Values]:
        """Matte cloth with a round collar, lower in front."""
        below = -0.132 - 0.45 * (points[2] + 0.028) - points[1]
        collar = _step(below, 0.0, 0.001) * _step(-below, -0.0085, -0.0075)
        slope = 0.0007 * CREASES.gradient(points, footprint)
        coat = Paint.coat(SHIRT * (1.0 - 0.3 * collar), specular=0.015, exponent=8.0, slope=slope)
        return coat, _step(below, 0.0, 0.0012)

    def _eye(self, paint: Paint, local: Columns, side_open: float) -> Paint:
        """Lids with lashes, and between them a wet eyeball with an iris."""
        outward, up = np.sign(side_open) * local[0], local[1]
        is_eye = (np.linalg.norm(local, axis=0) < 1.06) & (local[2] > 0.0)
        almond = 1.0 - (outward / 0.88) ** 2
        lower = -0.40 * almond + 0.05 * outward
        upper = lower + abs(side_open) * (0.84 * almond)
        opening = np.minimum(upper - up, up - lower)
        lashes = is_eye * _step(opening, -0.16, -0.03) * _step(up, lower, lower + 0.25)
        dark = Paint.coat(HAIR, specular=0.02, exponent=20.0, slope=np.zeros_like(local))
        paint = paint.under(dark, 0.85 * lashes)
        glossy = Paint.coat(
            _eyeball(local, upper), specular=0.85, exponent=220.0, slope=np.zeros_like(local)
        )
        return paint.under(glossy, is_eye * _step(opening, 0.0, 0.03))


def _eyeball(local: Columns, upper_lid: Values) -> Columns:
    """Color the eyeball in units of its radius, darker under the upper lid."""
    across, up = local[0], local[1] - 0.05
    radius, angle = np.hypot(across, up), np.arctan2(up, across)
    fibers = np.cos(31.0 * angle + 2.0 * np.sin(7.0 * angle)) * _step(radius, 0.15, 0.3)
    iris = IRIS * (1.0 + 0.35 * fibers) * (1.6 - 1.4 * _step(radius, 0.30, 0.45))
    iris = iris * _step(radius, 0.165, 0.19)
    sclera = SCLERA * (1.0 - _color(0.05, 0.25, 0.25) * _step(np.abs(across), 0.4, 0.85))
    albedo: Columns = iris + _step(radius, 0.43, 0.47) * (sclera - iris)
    albedo *= 1.0 - 0.45 * _step(local[1], upper_lid - 0.30, upper_lid)
    return albedo


def _outside(parts: tuple[Ellipsoid, ...], points: Columns) -> Values:
    """Return the distance from the nearest of some parts' centers; 1 is on its surface."""
    square = [np.square(part.unit_coordinates(points)).sum(axis=0) for part in parts]
    radius: Values = np.sqrt(np.min(square, axis=0))
    return radius


def _step(value: Values, low: float | Values, high: float | Values) -> Values:
    """Rise smoothly from 0 to 1 between two values."""
    x = np.clip((value - low) / (high - low), 0.0, 1.0)
    risen: Values = x * x * (3.0 - 2.0 * x)
    return risen


def _bump(value: Values) -> Values:
    """Return a Gaussian bell of height 1 and deviation 1."""
    bell: Values = np.exp(-0.5 * value**2)
    return bell
