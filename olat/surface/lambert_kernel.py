"""Loops of `olat.surface.lambert`."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np

from olat.surface.strip_kernel import (
    BLOCK,
    UNUSABLE,
    Numbers,
    compiled,
    compiled_sums,
    gather,
    three_brightest,
    weighted_channels,
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

_SHADOWED, _UNDERDETERMINED = 2, 128
_ZERO, _ONE, _TINY = np.float32(0.0), np.float32(1.0), np.float32(1e-30)


@compiled
def solve(
    strip: Numbers,
    flags: Numbers,
    directions: Numbers,
    limits: tuple[float, float, int, int],
    surface: tuple[Numbers, Numbers],
    doubt: tuple[Numbers, Numbers],
) -> None:
    """Solve the pixels of a strip ``(light, 3, pixel)`` with flags ``(light, pixel)``.

    `directions` are ``(3, light)``; `limits` are shadow fraction, shadow floor, reweightings and
    the flags that refuse a reading. Writes `surface`, normals ``(pixel, 3)`` and albedo
    ``(3, pixel)``, and `doubt`, confidence and flags ``(pixel,)``.
    """
    fraction, floor, reweightings, refused = limits
    normals, albedo = surface
    confidence, codes = doubt
    lights, pixels = flags.shape
    readings = np.empty((BLOCK, lights), np.float32)
    weight_sums = np.empty(BLOCK, np.float32)
    for start in range(0, pixels, BLOCK):
        stop = min(start + BLOCK, pixels)
        block = readings[: stop - start]
        gather(strip, flags, refused, start, block, codes)
        for i in range(stop - start):
            brightest, _, third = three_brightest(block[i])
            threshold = np.float32(max(floor, float(fraction * third)))
            normal, trust = _solve_pixel(block[i], directions, threshold, reweightings)
            for axis in range(3):
                normals[start + i, axis] = normal[axis]
            confidence[start + i] = trust
            weight_sums[i] = _shading_weights(block[i], directions, threshold, normal)
            if trust > 0.0:
                codes[start + i] = 0
            elif UNUSABLE < brightest <= floor:
                codes[start + i] |= _SHADOWED
            else:
                codes[start + i] |= _UNDERDETERMINED
        weighted_channels(strip, block, start, albedo)
        for i in range(stop - start):
            for channel in range(3):
                albedo[channel, start + i] /= max(weight_sums[i], _TINY)


@compiled
def _solve_pixel(
    reading: Numbers, directions: Numbers, threshold: Single, reweightings: int
) -> tuple[tuple[Single, Single, Single, Single, Single], Single]:
    """Return the unit normal, albedo and inverse scale of doubt, and the confidence."""
    found = (_ZERO, _ZERO, _ZERO, _ZERO, _ZERO)
    confidence = _ZERO
    for _ in range(reweightings + 1):
        sums = _normal_equations(reading, directions, threshold, found)
        x, y, z, direction_variance = _solution(sums)
        albedo = math.sqrt(x * x + y * y + z * z)
        if direction_variance <= 0.0 or albedo == 0.0:
            break
        count = sums[9]
        squares = max(sums[10] - x * sums[6] - y * sums[7] - z * sums[8], 0.0)
        doubted = max(math.sqrt(squares / count), LEAST_DOUBTED * albedo)
        inverse_scale = 1.0 / doubted if reweightings > 0 else 0.0
        found = (
            np.float32(x / albedo),
            np.float32(y / albedo),
            np.float32(z / albedo),
            np.float32(albedo),
            np.float32(inverse_scale),
        )
        relative = squares / albedo**2 + PRIOR_LIGHTS * PRIOR_ERROR**2
        # Variances add up: residual over degrees of freedom (three are spent) and prior.
        error = direction_variance * relative / max(count - 3.0 + PRIOR_LIGHTS, 1.0)
        confidence = np.float32(1.0 / (1.0 + error / HALF_CONFIDENCE**2))
    return found, confidence


@compiled_sums
def _normal_equations(
    reading: Numbers,
    directions: Numbers,
    threshold: Single,
    found: tuple[Single, Single, Single, Single, Single],
) -> tuple[Single, ...]:
    """Return the weighted sums xx xy xz yy yz zz, xv yv zv, 1, vv over the lights."""
    lx, ly, lz = directions[0], directions[1], directions[2]
    ex, ey, ez = found[0] * found[3], found[1] * found[3], found[2] * found[3]
    xx = xy = xz = yy = yz = zz = xv = yv = zv = ones = vv = _ZERO
    for i in range(reading.size):
        lit = reading[i] > threshold
        # A sum in any order may square the value first: it must not overflow where unusable.
        value = reading[i] if lit else _ZERO
        residual = (value - (ex * lx[i] + ey * ly[i] + ez * lz[i])) * found[4]
        weight = _weight(residual) if lit else _ZERO
        wx, wy, wz, wv = weight * lx[i], weight * ly[i], weight * lz[i], weight * value
        xx += wx * lx[i]
        xy += wx * ly[i]
        xz += wx * lz[i]
        yy += wy * ly[i]
        yz += wy * lz[i]
        zz += wz * lz[i]
        xv += wx * value
        yv += wy * value
        zv += wz * value
        ones += weight
        vv += wv * value
    return xx, xy, xz, yy, yz, zz, xv, yv, zv, ones, vv


@compiled
def _weight(residual: Single) -> Single:
    """Return the weight of Geman and McClure, milder below the fit than above it."""
    doubt = residual if residual > _ZERO else residual * SHORTFALL
    root = _ONE / (_ONE + doubt * doubt)
    return root * root


@compiled
def _solution(sums: tuple[Single, ...]) -> tuple[float, float, float, float]:
    """Solve the symmetric 3 x 3 system; return x, y, z and the variance of the direction.

    The variance is that of the unit normal for residuals as large as the albedo; zero says that
    the lights lie in a plane.
    """
    xx, xy, xz = float(sums[0]), float(sums[1]), float(sums[2])
    yy, yz, zz = float(sums[3]), float(sums[4]), float(sums[5])
    bx, by, bz, count = float(sums[6]), float(sums[7]), float(sums[8]), float(sums[9])
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


@compiled_sums
def _shading_weights(
    reading: Numbers,
    directions: Numbers,
    threshold: Single,
    found: tuple[Single, Single, Single, Single, Single],
) -> Single:
    """Replace the readings by weighted shading, whose sums give the albedo; return the divisor."""
    lx, ly, lz = directions[0], directions[1], directions[2]
    total = _ZERO
    for i in range(reading.size):
        shading = max(found[0] * lx[i] + found[1] * ly[i] + found[2] * lz[i], _ZERO)
        lit = reading[i] > threshold
        value = reading[i] if lit else _ZERO
        residual = (value - found[3] * shading) * found[4]
        weight = _weight(residual) * shading if lit else _ZERO
        reading[i] = weight
        total += weight * shading
    return total
