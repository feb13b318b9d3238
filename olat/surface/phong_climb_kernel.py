"""The best of the rungs that `olat.surface.phong_ladder_kernel` has summed, pixel by pixel."""

from __future__ import annotations

import math

import numpy as np

from olat.surface.strip_kernel import BLOCK, Numbers, compiled

LADDER = np.array([4.0, 5.5, 8.0, 11.0, 16.0, 22.0, 32.0, 44.0, 64.0, 88.0, 128.0, 176.0, 256.0])
LOG_LADDER = np.log(LADDER)
SEEN = 0.25
"""Share of a lobe's peak that some light must have seen, for the lobe to be a candidate."""
PRIOR_LIGHTS, PRIOR_ERROR = 3.0, 0.02
HALF_CONFIDENCE = math.log(1.5)
CONFUSABLE = 8.0

SQUARES, PRODUCTS, COUNT, ERROR, MATTE = range(5)
"""Sums of the matte fit of a pixel, and the fit."""
LOBE_SQUARES, OVERLAP, LOBE_PRODUCTS, RUNG = 0, BLOCK, 2 * BLOCK, 3 * BLOCK
"""Sums of a rung, lobe times itself, shading, residual, and where the next rung's begin."""

CLAMPED, UNDERDETERMINED = 64, 128


@compiled
def climb(
    matte_fit: Numbers,
    rungs: Numbers,
    i: int,
    nearest: float,
    limits: tuple[int, float],
    ladder: Numbers,
) -> tuple[float, float, float, float, int]:
    """Try every rung; return albedo, lobe, exponent, confidence and flags of a block's pixel i.

    `matte_fit` and `rungs` are the sums of the block, `nearest` is the largest cosine of a light
    in use to the mirrored view; `limits` are how many rungs were summed, and the largest exponent.
    `ladder` is room for three numbers a rung.
    """
    steps, cap = limits
    albedos, lobes, costs = ladder
    albedo, count = np.float64(matte_fit[MATTE, i]), np.float64(matte_fit[COUNT, i])
    sharpest = _sharpest_seen(nearest) if count >= 4.0 else 0.0
    seen = 0
    while seen < steps and LADDER[seen] <= sharpest:
        albedos[seen], lobes[seen], costs[seen] = _matte_and_lobe(matte_fit, rungs, seen * RUNG, i)
        seen += 1
    if seen == 0:
        return albedo, 0.0, 0.0, 0.0, UNDERDETERMINED
    best = int(np.argmin(costs[:seen]))
    if lobes[best] <= 0.0:
        return albedo, 0.0, 0.0, 0.0, 0
    variance = (costs[best] + PRIOR_LIGHTS * (PRIOR_ERROR * albedo) ** 2) / count
    place, curvature = _vertex(costs[:seen], best)
    place = min(place, math.log(cap))
    exponent = math.exp(place)
    code = 0
    error = variance / curvature if curvature > 0.0 else np.inf
    if place <= LOG_LADDER[0] or place >= min(LOG_LADDER[seen - 1], math.log(cap)):
        code |= CLAMPED
        error += math.log(2.0) ** 2
    confidence = 1.0 / (1.0 + error / HALF_CONFIDENCE**2)
    if exponent < CONFUSABLE:
        code |= UNDERDETERMINED
        confidence *= (exponent / CONFUSABLE) ** 2
    matte, lobe = _between(albedos[:seen], place, best), _between(lobes[:seen], place, best)
    return matte, lobe, exponent, confidence, code


@compiled
def _sharpest_seen(cosine: float) -> float:
    """Return the exponent at which the light nearest to the peak still shows a share of it."""
    if cosine <= 0.0:
        return 0.0
    return np.inf if cosine >= 1.0 else math.log(SEEN) / math.log(cosine)


@compiled
def _matte_and_lobe(
    matte_fit: Numbers, rungs: Numbers, rung: int, i: int
) -> tuple[float, float, float]:
    """Solve 2 x 2 non-negative least squares; return albedo, lobe and squared error."""
    squares, error = np.float64(matte_fit[SQUARES, i]), np.float64(matte_fit[ERROR, i])
    albedo, products = np.float64(matte_fit[MATTE, i]), np.float64(rungs[rung + LOBE_PRODUCTS + i])
    lobe_squares, overlap = (
        np.float64(rungs[rung + LOBE_SQUARES + i]),
        np.float64(rungs[rung + OVERLAP + i]),
    )
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
        return np.float64(values[best])
    share = (place - LOG_LADDER[best]) / (LOG_LADDER[other] - LOG_LADDER[best])
    return float(values[best] + share * (values[other] - values[best]))
