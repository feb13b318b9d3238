"""Loops of `olat.surface.lambert`."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np

from olat.surface.strip_kernel import (
    BLOCK,
    BRIGHTEST,
    FREE,
    THRESHOLD,
    UNUSABLE,
    WEIGHT,
    Numbers,
    add_channels,
    compiled,
    gather,
    room_for_readings,
    set_thresholds,
    trusted,
)

Single: TypeAlias = Any
"""A float32."""

LEAST_DOUBTED = 0.02
"""Residual, relative to the albedo, below which no reading is doubted."""
SHORTFALL = np.float32(0.6)
"""How much a reading below the fit is doubted beside one as far above it."""
LEAST_SPREAD = 1e-4
"""Smallest eigenvalue of the mean outer product of light directions that do not lie in a plane."""
PRIOR_LIGHTS, PRIOR_ERROR = 3.0, 0.05
HALF_CONFIDENCE = math.radians(5.0)

# Rows of a block: the fit (albedo times normal), one over the scale of doubt, confidence, the
# divisor of the albedo with and without the trust in each reading, and sums.
X, Y, Z, DOUBT, TRUST, DIVISOR, UNTRUSTED = (FREE + k * BLOCK for k in range(7))
XX, XY, XZ, YY, YZ, ZZ, XV, YV, ZV, ONES, VV = (FREE + (7 + k) * BLOCK for k in range(11))
END = VV + BLOCK

_SHADOWED, _UNDERDETERMINED = 2, 128
_ZERO, _ONE, _TINY = np.float32(0.0), np.float32(1.0), np.float32(1e-30)


@compiled
def solve(
    strip: Numbers,
    doubts: tuple[Numbers, Numbers | None],
    directions: Numbers,
    limits: tuple[float, float, int, int],
    surface: tuple[Numbers, Numbers],
    doubt: tuple[Numbers, Numbers],
) -> None:
    """Solve the pixels of a strip ``(light, 3, pixel)``.

    `doubts` are flags ``(light, pixel)`` and codes of confidence, none if all are certain;
    `directions` are ``(3, light)``; `limits` are shadow fraction, shadow floor, reweightings and
    the flags that refuse a reading. Writes `surface`, normals ``(pixel, 3)`` and albedo
    ``(3, pixel)``, and `doubt`, confidence and flags ``(pixel,)``.
    """
    fraction, floor, reweightings, refused = limits
    albedo, codes = surface[1], doubt[1]
    lights, pixels = doubts[0].shape
    readings, trust = room_for_readings(doubts[1], lights), doubts[1]
    rows = np.empty(END, np.float32)
    albedo[:] = _ZERO
    for start in range(0, pixels, BLOCK):
        gather(strip, doubts, refused, start, readings, codes)
        rows[FREE:] = _ZERO
        if set_thresholds(readings, fraction, floor, rows):
            for _ in range(reweightings + 1):
                rows[XX:] = _ZERO
                for light in range(lights):
                    _add_normal_equations(readings[light], trust, directions[:, light], rows)
                _refit(rows, reweightings > 0)
            for light in range(lights):
                _weigh_shading(readings[light], trust, directions[:, light], rows)
                add_channels(strip, light, start, rows, albedo)
        _write(rows, start, floor, surface, doubt)


@compiled
def _write(
    rows: Numbers,
    start: int,
    floor: float,
    surface: tuple[Numbers, Numbers],
    doubt: tuple[Numbers, Numbers],
) -> None:
    """Write what was found of a block, and the reason where nothing was."""
    normals, albedo = surface
    confidence, codes = doubt
    for i in range(min(BLOCK, codes.size - start)):
        at = start + i
        x, y, z = float(rows[X + i]), float(rows[Y + i]), float(rows[Z + i])
        length = math.sqrt(x * x + y * y + z * z)
        scale = 1.0 / length if length > 0.0 else 0.0
        normals[at, 0], normals[at, 1], normals[at, 2] = x * scale, y * scale, z * scale
        for channel in range(3):
            albedo[channel, at] *= length / max(rows[DIVISOR + i], _TINY)
        shading = rows[UNTRUSTED + i]
        confidence[at] = rows[TRUST + i] * (
            rows[DIVISOR + i] / shading if shading > _ZERO else _ONE
        )
        if confidence[at] > 0.0:
            codes[at] = 0
        elif UNUSABLE < rows[BRIGHTEST + i] <= floor:
            codes[at] |= _SHADOWED
        else:
            codes[at] |= _UNDERDETERMINED


@compiled
def _refit(rows: Numbers, is_reweighted: bool) -> None:
    """Solve the sums of every pixel; where they determine nothing, the last fit stays."""
    for i in range(BLOCK):
        x, y, z, direction_variance = _solution(rows, i)
        albedo = math.sqrt(x * x + y * y + z * z)
        if direction_variance <= 0.0 or albedo == 0.0:
            continue
        count = rows[ONES + i]
        explained = x * rows[XV + i] + y * rows[YV + i] + z * rows[ZV + i]
        squares = max(rows[VV + i] - explained, 0.0)
        rows[X + i], rows[Y + i], rows[Z + i] = x, y, z
        if is_reweighted:
            rows[DOUBT + i] = 1.0 / max(math.sqrt(squares / count), LEAST_DOUBTED * albedo)
        relative = squares / albedo**2 + PRIOR_LIGHTS * PRIOR_ERROR**2
        # Variances add up: residual over degrees of freedom (three are spent) and prior.
        error = direction_variance * relative / max(count - 3.0 + PRIOR_LIGHTS, 1.0)
        rows[TRUST + i] = 1.0 / (1.0 + error / HALF_CONFIDENCE**2)


@compiled
def _add_normal_equations(
    reading: Numbers, trust: Numbers | None, direction: Numbers, rows: Numbers
) -> None:
    """Add one light to the weighted sums xx xy xz yy yz zz, xv yv zv, 1, vv of a block."""
    lx, ly, lz = direction[0], direction[1], direction[2]
    for i in range(BLOCK):
        lit = reading[i] > rows[THRESHOLD + i]
        # Whatever stands for an unusable reading must not overflow when it is squared.
        value = reading[i] if lit else _ZERO
        fit = rows[X + i] * lx + rows[Y + i] * ly + rows[Z + i] * lz
        weight = (
            _weight((value - fit) * rows[DOUBT + i]) * trusted(trust, reading, i) if lit else _ZERO
        )
        wx, wy, wz, wv = weight * lx, weight * ly, weight * lz, weight * value
        rows[XX + i] += wx * lx
        rows[XY + i] += wx * ly
        rows[XZ + i] += wx * lz
        rows[YY + i] += wy * ly
        rows[YZ + i] += wy * lz
        rows[ZZ + i] += wz * lz
        rows[XV + i] += wx * value
        rows[YV + i] += wy * value
        rows[ZV + i] += wz * value
        rows[ONES + i] += weight
        rows[VV + i] += wv * value


@compiled
def _weight(residual: Single) -> Single:
    """Return the weight of Geman and McClure, milder below the fit than above it."""
    doubt = residual if residual > _ZERO else residual * SHORTFALL
    root = _ONE / (_ONE + doubt * doubt)
    return root * root


@compiled
def _solution(rows: Numbers, i: int) -> tuple[float, float, float, float]:
    """Solve a pixel's symmetric 3 x 3 system; return x, y, z and the variance of the direction.

    The variance is that of the unit normal for residuals as large as the albedo; zero says that
    the lights lie in a plane.
    """
    xx, xy, xz = float(rows[XX + i]), float(rows[XY + i]), float(rows[XZ + i])
    yy, yz, zz = float(rows[YY + i]), float(rows[YZ + i]), float(rows[ZZ + i])
    bx, by, bz = float(rows[XV + i]), float(rows[YV + i]), float(rows[ZV + i])
    count = float(rows[ONES + i])
    axx, axy, axz = yy * zz - yz * yz, xz * yz - xy * zz, xy * yz - xz * yy
    ayy, ayz, azz = xx * zz - xz * xz, xy * xz - xx * yz, xx * yy - xy * xy
    minors = axx + ayy + azz
    determinant = xx * axx + xy * axy + xz * axz
    if minors <= LEAST_SPREAD * count**2 or determinant <= LEAST_SPREAD * count * minors:
        return 0.0, 0.0, 0.0, 0.0
    x = (axx * bx + axy * by + axz * bz) / determinant
    y = (axy * bx + ayy * by + ayz * bz) / determinant
    z = (axz * bx + ayz * by + azz * bz) / determinant
    square = x * x + y * y + z * z
    along = axx * x * x + ayy * y * y + azz * z * z
    along += 2.0 * (axy * x * y + axz * x * z + ayz * y * z)
    return x, y, z, (minors - along / square) / determinant if square > 0.0 else 0.0


@compiled
def _weigh_shading(
    reading: Numbers, trust: Numbers | None, direction: Numbers, rows: Numbers
) -> None:
    """Write one light's weights: channels times them sum up to divisor times relative albedo."""
    lx, ly, lz = direction[0], direction[1], direction[2]
    for i in range(BLOCK):
        fit = rows[X + i] * lx + rows[Y + i] * ly + rows[Z + i] * lz
        bright = fit if fit > _ZERO else _ZERO
        lit = reading[i] > rows[THRESHOLD + i]
        residual = ((reading[i] if lit else _ZERO) - bright) * rows[DOUBT + i]
        untrusted = _weight(residual) * bright if lit else _ZERO
        weight = untrusted * trusted(trust, reading, i)
        rows[WEIGHT + i] = weight
        rows[DIVISOR + i] += weight * bright
        rows[UNTRUSTED + i] += untrusted * bright
