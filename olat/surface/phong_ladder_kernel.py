"""Loops of `olat.surface.phong_ladder`."""

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

LADDER = np.array([4.0, 5.5, 8.0, 11.0, 16.0, 22.0, 32.0, 44.0, 64.0, 88.0, 128.0, 176.0, 256.0])
LOG_LADDER = np.log(LADDER)
SEEN = 0.25
"""Share of a lobe's peak that some light must have seen, for the lobe to be a candidate."""
PRIOR_LIGHTS, PRIOR_ERROR = 3.0, 0.02
HALF_CONFIDENCE = math.log(1.5)
CONFUSABLE = 8.0

_SHADOWED, _CLAMPED, _UNDERDETERMINED = 2, 64, 128
_ZERO, _FAINT = np.float32(0.0), np.float32(1e-12)


@compiled
def solve(
    strip: Numbers,
    flags: Numbers,
    directions: Numbers,
    geometry: tuple[Numbers, Numbers],
    limits: tuple[float, float, float, int],
    terms: tuple[Numbers, Numbers, Numbers],
    doubt: tuple[Numbers, Numbers],
) -> None:
    """Fit the pixels of a strip ``(light, 3, pixel)`` with flags ``(light, pixel)``.

    `directions` are ``(3, light)``; `geometry` is normals and mirrored view ``(pixel, 3)``;
    `limits` are shadow fraction, shadow floor, largest exponent and the flags that refuse a
    reading. Writes `terms`, diffuse ``(3, pixel)``, specular and exponent ``(pixel,)``, and
    `doubt`, confidence and flags ``(pixel,)``.
    """
    normals, mirror = geometry
    fraction, floor, cap, refused = limits
    diffuse, specular, exponent = terms
    confidence, codes = doubt
    lights, pixels = flags.shape
    readings = np.empty((BLOCK, lights), np.float32)
    work = np.empty((4, lights), np.float32)
    fits = np.empty((BLOCK, 2), np.float32)
    for start in range(0, pixels, BLOCK):
        stop = min(start + BLOCK, pixels)
        block = readings[: stop - start]
        gather(strip, flags, refused, start, block, codes)
        for i in range(stop - start):
            at = start + i
            brightest, _, third = three_brightest(block[i])
            threshold = np.float32(max(floor, float(fraction * third)))
            sums = _prepare(block[i], directions, normals[at], mirror[at], threshold, work)
            matte, gloss, power, trust, code = _climb(sums, work, cap)
            fits[i, 0], fits[i, 1] = matte, sums[0]
            specular[at], exponent[at], confidence[at] = gloss, power, trust
            if sums[0] > 0.0:
                codes[at] = code
            else:
                dark = UNUSABLE < brightest <= floor
                codes[at] |= _SHADOWED if dark else _UNDERDETERMINED
        weighted_channels(strip, block, start, diffuse)
        _spread_over_channels(fits, diffuse[:, start:stop])


@compiled
def _spread_over_channels(fits: Numbers, diffuse: Numbers) -> None:
    """Turn channel sums into albedos around the fitted mean: a white lobe cancels between them."""
    for i in range(diffuse.shape[1]):
        matte, weight = fits[i]
        mean = (diffuse[0, i] + diffuse[1, i] + diffuse[2, i]) / np.float32(3.0)
        for channel in range(3):
            offset = (diffuse[channel, i] - mean) / weight if weight > _ZERO else _ZERO
            diffuse[channel, i] = max(matte + offset, _ZERO)


@compiled_sums
def _prepare(
    reading: Numbers,
    directions: Numbers,
    normal: Numbers,
    mirror: Numbers,
    threshold: Single,
    work: Numbers,
) -> tuple[Single, Single, Single, Single]:
    """Fit the matte part alone; write shading, residual and the first two lobes to `work`.

    Replaces the readings by shading, zero where the light is not used. Returns the sums of
    shading squared and residual squared, the albedo and the number of lights.
    """
    lx, ly, lz = directions[0], directions[1], directions[2]
    nx, ny, nz = normal[0], normal[1], normal[2]
    rx, ry, rz = mirror[0], mirror[1], mirror[2]
    shading, residual, fourth, higher = work[0], work[1], work[2], work[3]
    squares = products = count = error = _ZERO
    for i in range(reading.size):
        facing = nx * lx[i] + ny * ly[i] + nz * lz[i]
        used = reading[i] > threshold and facing > _ZERO
        shading[i] = facing if used else _ZERO
        residual[i] = reading[i] if used else _ZERO
        squares += shading[i] * shading[i]
        products += shading[i] * residual[i]
        count += np.float32(1.0) if used else _ZERO
        cosine = max(rx * lx[i] + ry * ly[i] + rz * lz[i], _ZERO) if used else _ZERO
        fourth[i] = cosine * cosine * cosine * cosine
        higher[i] = fourth[i] * cosine * np.sqrt(cosine)
        reading[i] = shading[i]
    albedo = products / squares if squares > _ZERO else _ZERO
    for i in range(reading.size):
        residual[i] -= albedo * shading[i]
        error += residual[i] * residual[i]
    return squares, error, albedo, count


@compiled
def _climb(
    sums: tuple[Single, Single, Single, Single], work: Numbers, cap: float
) -> tuple[float, float, float, float, int]:
    """Try every exponent of the ladder; return albedo, lobe, exponent, confidence and flags."""
    albedo, count = sums[2], sums[3]
    costs = np.full(LADDER.size, np.inf)
    albedos, lobes = np.zeros(LADDER.size), np.zeros(LADDER.size)
    steps = 0
    for step in range(LADDER.size):
        if step > 0 and LADDER[step - 1] >= cap:
            break
        peak, lobe_squares, overlap, products = _lobe_sums(work[0], work[1], work[2 + step % 2])
        if count < 4 or peak < SEEN:
            break
        albedos[step], lobes[step], costs[step] = _matte_and_lobe(
            sums, lobe_squares, overlap, products
        )
        steps = step + 1
    best = int(np.argmin(costs))
    if steps == 0 or lobes[best] <= 0.0:
        return albedo, 0.0, 0.0, 0.0, _UNDERDETERMINED if steps == 0 else 0
    variance = (costs[best] + PRIOR_LIGHTS * (PRIOR_ERROR * albedo) ** 2) / count
    place, curvature = _vertex(costs[:steps], best)
    place = min(place, math.log(cap))
    exponent = math.exp(place)
    code = 0
    error = variance / curvature if curvature > 0.0 else np.inf
    if place <= LOG_LADDER[0] or place >= min(LOG_LADDER[steps - 1], math.log(cap)):
        code |= _CLAMPED
        error += math.log(2.0) ** 2
    confidence = 1.0 / (1.0 + error / HALF_CONFIDENCE**2)
    if exponent < CONFUSABLE:
        code |= _UNDERDETERMINED
        confidence *= (exponent / CONFUSABLE) ** 2
    return (
        _between(albedos[:steps], place, best),
        _between(lobes[:steps], place, best),
        exponent,
        confidence,
        code,
    )


@compiled_sums
def _lobe_sums(
    shading: Numbers, residual: Numbers, lobe: Numbers
) -> tuple[Single, Single, Single, Single]:
    """Return peak, lobe squared, lobe x shading, lobe x residual; then square the lobe."""
    peak = squares = overlap = products = _ZERO
    for i in range(lobe.size):
        value = lobe[i]
        peak = max(peak, value)
        squares += value * value
        overlap += value * shading[i]
        products += value * residual[i]
    for i in range(lobe.size):
        value = lobe[i]
        # Subnormal numbers would make the next rung a hundred times slower.
        lobe[i] = value * value if value > _FAINT else _ZERO
    return peak, squares, overlap, products


@compiled
def _matte_and_lobe(
    sums: tuple[Single, Single, Single, Single],
    lobe_squares: float,
    overlap: float,
    products: float,
) -> tuple[float, float, float]:
    """Solve 2 x 2 non-negative least squares; return albedo, lobe and squared error."""
    squares, error, albedo, _ = sums
    own = lobe_squares - overlap * overlap / squares
    if own <= 1e-4 * lobe_squares or products <= 0.0:
        return albedo, 0.0, error
    lobe = products / own
    matte = albedo - lobe * overlap / squares
    if matte >= 0.0:
        return matte, lobe, error - lobe * products
    lobe = (products + albedo * overlap) / lobe_squares
    return 0.0, lobe, error + albedo**2 * squares - lobe**2 * lobe_squares


@compiled
def _vertex(costs: Numbers, best: int) -> tuple[float, float]:
    """Return log exponent and curvature of the parabola through the best rung and its neighbors."""
    if costs.size < 3:
        return LOG_LADDER[best], 0.0
    middle = min(max(best, 1), costs.size - 2)
    x0, x1, x2 = LOG_LADDER[middle - 1], LOG_LADDER[middle], LOG_LADDER[middle + 1]
    left = (costs[middle] - costs[middle - 1]) / (x1 - x0)
    right = (costs[middle + 1] - costs[middle]) / (x2 - x1)
    curvature = (right - left) / (x2 - x0)
    if curvature <= 0.0 or best != middle:
        return LOG_LADDER[best], curvature
    return 0.5 * (x0 + x1 - left / curvature), curvature


@compiled
def _between(values: Numbers, place: float, best: int) -> float:
    """Interpolate between the rungs on either side of a log exponent."""
    other = best + 1 if place > LOG_LADDER[best] else best - 1
    if other < 0 or other >= values.size:
        return float(values[best])
    share = (place - LOG_LADDER[best]) / (LOG_LADDER[other] - LOG_LADDER[best])
    return float(values[best] + share * (values[other] - values[best]))
