"""Loops of `olat.surface.phong_ladder`."""

from __future__ import annotations

import math

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

LADDER = np.array([4.0, 5.5, 8.0, 11.0, 16.0, 22.0, 32.0, 44.0, 64.0, 88.0, 128.0, 176.0, 256.0])
LOG_LADDER = np.log(LADDER)
SEEN = 0.25
"""Share of a lobe's peak that some light must have seen, for the lobe to be a candidate."""
PRIOR_LIGHTS, PRIOR_ERROR = 3.0, 0.02
HALF_CONFIDENCE = math.log(1.5)
CONFUSABLE = 8.0

# Rows of a block: normal, mirrored view, sums over the lights of the matte fit, squares without
# the trust in each reading, what one light leaves over of the matte fit, two lobes, and the sums of
# every rung.
NX, NY, NZ, RX, RY, RZ = (FREE + k * BLOCK for k in range(6))
SQUARES, PRODUCTS, COUNT, ERROR, MATTE = (FREE + (6 + k) * BLOCK for k in range(5))
UNTRUSTED, RESIDUAL, LOBES = (FREE + (11 + k) * BLOCK for k in range(3))
PEAK, LOBE_SQUARES, OVERLAP, LOBE_PRODUCTS = (FREE + (15 + k) * BLOCK for k in range(4))
RUNG = 4 * BLOCK
END = PEAK + LADDER.size * RUNG

_SHADOWED, _CLAMPED, _UNDERDETERMINED = 2, 64, 128
_ZERO, _ONE, _FAINT = np.float32(0.0), np.float32(1.0), np.float32(1e-12)


@compiled
def solve(
    strip: Numbers,
    doubts: tuple[Numbers, Numbers | None],
    directions: Numbers,
    geometry: tuple[Numbers, Numbers],
    limits: tuple[float, float, float, int],
    terms: tuple[Numbers, Numbers, Numbers],
    doubt: tuple[Numbers, Numbers],
) -> None:
    """Fit the pixels of a strip ``(light, 3, pixel)``.

    `doubts` are flags ``(light, pixel)`` and codes of confidence, none if all are certain;
    `directions` are ``(3, light)``; `geometry` is normals and mirrored view ``(pixel, 3)``;
    `limits` are shadow fraction, shadow floor, largest exponent and the flags that refuse a
    reading. Writes `terms`, diffuse ``(3, pixel)``, specular and exponent ``(pixel,)``, and
    `doubt`, confidence and flags ``(pixel,)``.
    """
    fraction, floor, cap, refused = limits
    diffuse, codes = terms[0], doubt[1]
    lights, pixels = doubts[0].shape
    steps = 1 + int(np.sum(LADDER[:-1] < cap))
    readings, trust = room_for_readings(doubts[1], lights), doubts[1]
    rows = np.empty(END, np.float32)
    diffuse[:] = _ZERO
    for start in range(0, pixels, BLOCK):
        gather(strip, doubts, refused, start, readings, codes)
        rows[FREE:] = _ZERO
        if set_thresholds(readings, fraction, floor, rows):
            _set_geometry(geometry, start, rows)
            for light in range(lights):
                _add_matte(readings[light], trust, directions[:, light], rows)
                add_channels(strip, light, start, rows, diffuse)
            for i in range(BLOCK):
                squares = rows[SQUARES + i]
                rows[MATTE + i] = rows[PRODUCTS + i] / squares if squares > _ZERO else _ZERO
            for light in range(lights):
                _start_lobes(readings[light], trust, directions[:, light], rows)
                for step in range(steps):
                    _add_lobe(
                        LOBES + step % 2 * BLOCK, PEAK + step * RUNG, (readings[light], trust), rows
                    )
        _write(rows, start, (floor, cap, steps), terms, doubt)


@compiled
def _set_geometry(geometry: tuple[Numbers, Numbers], start: int, rows: Numbers) -> None:
    """Write normals and mirrored views as rows."""
    normals, mirror = geometry
    for i in range(min(BLOCK, len(normals) - start)):
        for axis in range(3):
            rows[NX + axis * BLOCK + i] = normals[start + i, axis]
            rows[RX + axis * BLOCK + i] = mirror[start + i, axis]


@compiled
def _add_matte(reading: Numbers, trust: Numbers | None, direction: Numbers, rows: Numbers) -> None:
    """Add one light to the matte fit; its shading, zero where unused, weighs the channels."""
    lx, ly, lz = direction[0], direction[1], direction[2]
    for i in range(BLOCK):
        facing = rows[NX + i] * lx + rows[NY + i] * ly + rows[NZ + i] * lz
        used = (reading[i] > rows[THRESHOLD + i]) & (facing > _ZERO)
        shading = facing if used else _ZERO
        weight = shading * trusted(trust, reading, i)
        rows[WEIGHT + i] = weight
        rows[SQUARES + i] += weight * shading
        rows[PRODUCTS + i] += weight * (reading[i] if used else _ZERO)
        rows[COUNT + i] += trusted(trust, reading, i) if used else _ZERO
        rows[UNTRUSTED + i] += shading * shading


@compiled
def _start_lobes(
    reading: Numbers, trust: Numbers | None, direction: Numbers, rows: Numbers
) -> None:
    """Write what one light leaves over of the matte fit, and its lobes of exponents 4 and 5.5."""
    lx, ly, lz = direction[0], direction[1], direction[2]
    for i in range(BLOCK):
        facing = rows[NX + i] * lx + rows[NY + i] * ly + rows[NZ + i] * lz
        used = (reading[i] > rows[THRESHOLD + i]) & (facing > _ZERO)
        residual = reading[i] - rows[MATTE + i] * facing if used else _ZERO
        weight = trusted(trust, reading, i)
        used &= weight > _ZERO
        rows[WEIGHT + i] = facing * weight if used else _ZERO
        rows[RESIDUAL + i] = residual * weight
        rows[ERROR + i] += residual * weight * residual
        cosine = rows[RX + i] * lx + rows[RY + i] * ly + rows[RZ + i] * lz
        cosine = cosine if used & (cosine > _ZERO) else _ZERO
        fourth = (cosine * cosine) * (cosine * cosine)
        rows[LOBES + i] = fourth
        rows[LOBES + BLOCK + i] = fourth * cosine * np.sqrt(cosine)


@compiled
def _add_lobe(lobe: int, rung: int, told: tuple[Numbers, Numbers | None], rows: Numbers) -> None:
    """Add one light to the sums of a rung: peak, lobe x itself, shading, residual; square it.

    Shading and residual are weighted by the trust in the reading already.
    """
    reading, trust = told
    for i in range(BLOCK):
        value = rows[lobe + i]
        peak = rows[rung + i]
        rows[rung + i] = value if value > peak else peak
        square = value * value
        rows[rung + BLOCK + i] += square * trusted(trust, reading, i)
        rows[rung + 2 * BLOCK + i] += value * rows[WEIGHT + i]
        rows[rung + 3 * BLOCK + i] += value * rows[RESIDUAL + i]
        # Subnormal numbers would make the next rung a hundred times slower.
        rows[lobe + i] = square if value > _FAINT else _ZERO


@compiled
def _write(
    rows: Numbers,
    start: int,
    limits: tuple[float, float, int],
    terms: tuple[Numbers, Numbers, Numbers],
    doubt: tuple[Numbers, Numbers],
) -> None:
    """Write what was found of a block, and the reason where nothing was."""
    floor, cap, steps = limits
    diffuse, specular, exponent = terms
    confidence, codes = doubt
    ladder = np.empty((3, LADDER.size))
    for i in range(min(BLOCK, codes.size - start)):
        at = start + i
        matte, gloss, power, trust, code = _climb(rows, i, steps, cap, ladder)
        shading = rows[UNTRUSTED + i]
        share = rows[SQUARES + i] / shading if shading > _ZERO else _ONE
        specular[at], exponent[at], confidence[at] = gloss, power, trust * share
        _spread_over_channels(matte, rows[SQUARES + i], diffuse[:, at])
        if rows[SQUARES + i] > _ZERO:
            codes[at] = code
        else:
            dark = UNUSABLE < rows[BRIGHTEST + i] <= floor
            codes[at] |= _SHADOWED if dark else _UNDERDETERMINED


@compiled
def _spread_over_channels(matte: float, weight: np.float32, diffuse: Numbers) -> None:
    """Turn channel sums into albedos around the fitted mean: a white lobe cancels between them."""
    mean = (diffuse[0] + diffuse[1] + diffuse[2]) / np.float32(3.0)
    for channel in range(3):
        offset = (diffuse[channel] - mean) / weight if weight > _ZERO else _ZERO
        diffuse[channel] = max(matte + offset, 0.0)


@compiled
def _climb(
    rows: Numbers, i: int, steps: int, cap: float, ladder: Numbers
) -> tuple[float, float, float, float, int]:
    """Try every rung; return a pixel's albedo, lobe, exponent, confidence and flags."""
    albedos, lobes, costs = ladder
    albedo, count = float(rows[MATTE + i]), float(rows[COUNT + i])
    seen = 0
    while seen < steps and count >= 4.0 and rows[PEAK + seen * RUNG + i] >= SEEN:
        albedos[seen], lobes[seen], costs[seen] = _matte_and_lobe(rows, i, seen)
        seen += 1
    if seen == 0:
        return albedo, 0.0, 0.0, 0.0, _UNDERDETERMINED
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
        code |= _CLAMPED
        error += math.log(2.0) ** 2
    confidence = 1.0 / (1.0 + error / HALF_CONFIDENCE**2)
    if exponent < CONFUSABLE:
        code |= _UNDERDETERMINED
        confidence *= (exponent / CONFUSABLE) ** 2
    matte, lobe = _between(albedos[:seen], place, best), _between(lobes[:seen], place, best)
    return matte, lobe, exponent, confidence, code


@compiled
def _matte_and_lobe(rows: Numbers, i: int, rung: int) -> tuple[float, float, float]:
    """Solve 2 x 2 non-negative least squares; return albedo, lobe and squared error."""
    at = rung * RUNG + i
    squares, error, albedo = (
        float(rows[SQUARES + i]),
        float(rows[ERROR + i]),
        float(rows[MATTE + i]),
    )
    lobe_squares, overlap = float(rows[LOBE_SQUARES + at]), float(rows[OVERLAP + at])
    products = float(rows[LOBE_PRODUCTS + at])
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
