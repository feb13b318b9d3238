"""Weighted normal equations of the pixels of a block: rows, solution, and what they are worth."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np

from olat.surface.fused_kernel import fused
from olat.surface.strip_kernel import BLOCK, BRIGHTEST, FREE, UNUSABLE, Numbers, compiled, inlined

Single: TypeAlias = Any
"""A float32."""
Beam: TypeAlias = tuple[Single, Single, Single]

LEAST_DOUBTED = 0.02
"""Residual, relative to the albedo, below which no reading is doubted."""
LEAST_SPREAD = 1e-4
"""Smallest eigenvalue of the mean outer product of light directions that do not lie in a plane."""
PRIOR_LIGHTS, PRIOR_ERROR = 3.0, 0.05
HALF_CONFIDENCE = math.radians(5.0)

# Rows of a block: the limits of what is read first, the fit (albedo times normal), one over the
# scale of doubt, confidence, sums for the albedo, its divisor with and without the trust in each
# reading, and the sums over the lights.
LOW, HIGH, X, Y, Z, DOUBT, TRUST = (FREE + k * BLOCK for k in range(7))
RED, GREEN, BLUE, DIVISOR, UNTRUSTED = (FREE + (7 + k) * BLOCK for k in range(5))
XX, XY, XZ, YY, YZ, ZZ, XV, YV, ZV, ONES, VV = (FREE + (12 + k) * BLOCK for k in range(11))
END = VV + BLOCK
"""Where rows begin that only one method needs."""

_SHADOWED, _UNDERDETERMINED = 2, 128
_ZERO, _ONE, _TINY = np.float32(0.0), np.float32(1.0), np.float32(1e-30)


@inlined
def add_reading(rows: Numbers, i: int, beam: Beam, weight: Single, value: Single) -> None:
    """Add one weighted reading to the sums of a pixel."""
    lx, ly, lz = beam
    wx, wy, wz, wv = weight * lx, weight * ly, weight * lz, weight * value
    rows[XX + i] = fused(wx, lx, rows[XX + i])
    rows[XY + i] = fused(wx, ly, rows[XY + i])
    rows[XZ + i] = fused(wx, lz, rows[XZ + i])
    rows[YY + i] = fused(wy, ly, rows[YY + i])
    rows[YZ + i] = fused(wy, lz, rows[YZ + i])
    rows[ZZ + i] = fused(wz, lz, rows[ZZ + i])
    rows[XV + i] = fused(wv, lx, rows[XV + i])
    rows[YV + i] = fused(wv, ly, rows[YV + i])
    rows[ZV + i] = fused(wv, lz, rows[ZV + i])
    rows[ONES + i] += weight
    rows[VV + i] = fused(wv, value, rows[VV + i])


@compiled
def refit(rows: Numbers, scale: float) -> None:
    """Solve the sums of every pixel; where they determine nothing, the last fit stays.

    What the fit leaves over, times `scale`, is what the next pass doubts by half; a scale of zero
    doubts nothing.
    """
    for i in range(BLOCK):
        x, y, z, variance = solution(rows, i)
        length = np.sqrt(x * x + y * y + z * z)
        found = variance > 0.0
        divisor = length if found else 1.0
        count = np.float64(rows[ONES + i])
        explained = x * rows[XV + i] + y * rows[YV + i] + z * rows[ZV + i]
        squares = max(rows[VV + i] - explained, 0.0)
        spread = scale * np.sqrt(squares / (count if found else 1.0))
        doubt = 1.0 / max(spread, LEAST_DOUBTED * divisor) if scale > 0.0 else 0.0
        rows[X + i] = np.float32(x) if found else rows[X + i]
        rows[Y + i] = np.float32(y) if found else rows[Y + i]
        rows[Z + i] = np.float32(z) if found else rows[Z + i]
        rows[DOUBT + i] = np.float32(doubt) if found else rows[DOUBT + i]
        trust = _trust(variance, squares / (divisor * divisor), count)
        rows[TRUST + i] = np.float32(trust) if found else rows[TRUST + i]


@inlined
def _trust(variance: float, relative: float, count: float) -> float:
    """Return the confidence of a normal: variances of residual and prior add up."""
    relative += PRIOR_LIGHTS * PRIOR_ERROR**2
    # Three degrees of freedom are spent.
    error = variance * relative / max(count - 3.0 + PRIOR_LIGHTS, 1.0)
    return 1.0 / (1.0 + error / HALF_CONFIDENCE**2)


@compiled
def trust_fit(rows: Numbers) -> None:
    """Write the confidence of the fit as it is, from sums that it did not come from."""
    for i in range(BLOCK):
        _, _, _, variance = solution(rows, i)
        x, y, z = np.float64(rows[X + i]), np.float64(rows[Y + i]), np.float64(rows[Z + i])
        square = x * x + y * y + z * z
        known = (variance > 0.0) and (square > 0.0)
        fitted = x * (x * rows[XX + i] + 2.0 * (y * rows[XY + i] + z * rows[XZ + i]))
        fitted += y * (y * rows[YY + i] + 2.0 * z * rows[YZ + i]) + z * z * rows[ZZ + i]
        explained = 2.0 * (x * rows[XV + i] + y * rows[YV + i] + z * rows[ZV + i]) - fitted
        squares = max(rows[VV + i] - explained, 0.0)
        trust = _trust(variance, squares / (square if known else 1.0), np.float64(rows[ONES + i]))
        rows[TRUST + i] = np.float32(trust) if known else _ZERO


@inlined
def solution(rows: Numbers, i: int) -> tuple[float, float, float, float]:
    """Solve a pixel's symmetric 3 x 3 system; return x, y, z and the variance of the direction.

    The variance is that of the unit normal for residuals as large as the albedo; zero says that
    the lights lie in a plane, or that the solution is zero.
    """
    xx, xy, xz = np.float64(rows[XX + i]), np.float64(rows[XY + i]), np.float64(rows[XZ + i])
    yy, yz, zz = np.float64(rows[YY + i]), np.float64(rows[YZ + i]), np.float64(rows[ZZ + i])
    bx, by, bz = np.float64(rows[XV + i]), np.float64(rows[YV + i]), np.float64(rows[ZV + i])
    count = np.float64(rows[ONES + i])
    axx, axy, axz = yy * zz - yz * yz, xz * yz - xy * zz, xy * yz - xz * yy
    ayy, ayz, azz = xx * zz - xz * xz, xy * xz - xx * yz, xx * yy - xy * xy
    minors = axx + ayy + azz
    determinant = xx * axx + xy * axy + xz * axz
    least = LEAST_SPREAD * count
    # One number instead of two answers, because loops with branches stay scalar.
    margin = min(minors - least * count, (determinant - least * minors) / (count + 1e-30))
    enough = margin > 0.0
    inverse = 1.0 / (determinant if enough else 1.0)
    x = (axx * bx + axy * by + axz * bz) * inverse
    y = (axy * bx + ayy * by + ayz * bz) * inverse
    z = (axz * bx + ayz * by + azz * bz) * inverse
    square = x * x + y * y + z * z
    along = axx * x * x + ayy * y * y + azz * z * z
    along += 2.0 * (axy * x * y + axz * x * z + ayz * y * z)
    variance = (minors - along / (square if square > 0.0 else 1.0)) * inverse
    return x, y, z, variance if enough & (square > 0.0) else 0.0


@compiled
def write(
    rows: Numbers,
    start: int,
    floor: float,
    surface: tuple[Numbers, Numbers],
    doubt: tuple[Numbers, Numbers],
) -> None:
    """Write what was found of a block, and the reason where nothing was."""
    normals, albedo = surface
    confidence, codes = doubt
    _scale(rows)
    for i in range(min(BLOCK, codes.size - start)):
        at = start + i
        normals[at, 0], normals[at, 1], normals[at, 2] = rows[X + i], rows[Y + i], rows[Z + i]
        for channel in range(len(albedo)):
            albedo[channel, at] = rows[RED + channel * BLOCK + i]
        confidence[at] = rows[TRUST + i]
        if rows[TRUST + i] > _ZERO:
            codes[at] = 0
        elif UNUSABLE < rows[BRIGHTEST + i] <= floor:
            codes[at] |= _SHADOWED
        else:
            codes[at] |= _UNDERDETERMINED


@compiled
def _scale(rows: Numbers) -> None:
    """Make unit vectors of the fit, albedos of the sums, and confidences of the trust."""
    for i in range(BLOCK):
        x, y, z = np.float64(rows[X + i]), np.float64(rows[Y + i]), np.float64(rows[Z + i])
        length = np.sqrt(x * x + y * y + z * z)
        scale = 1.0 / length if length > 0.0 else 0.0
        rows[X + i], rows[Y + i], rows[Z + i] = x * scale, y * scale, z * scale
        divisor = rows[DIVISOR + i]
        share = length / (divisor if divisor > _TINY else _TINY)
        rows[RED + i] *= share
        rows[GREEN + i] *= share
        rows[BLUE + i] *= share
        shading = rows[UNTRUSTED + i]
        trusted = divisor / (shading if shading > _ZERO else _ONE)
        rows[TRUST + i] *= trusted if shading > _ZERO else _ONE
