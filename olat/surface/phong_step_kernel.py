"""Steps of Levenberg and Marquardt on the Phong terms of the pixels of a block.

Five unknowns a pixel: matte albedo d, peak of the lobe s, logarithm p of the exponent, and the
turn of the normal about two tangents.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from olat.surface.strip_kernel import BLOCK, FREE, Numbers, compiled

UNKNOWNS = 5
ROW = BLOCK + 16
"""From row to row: rows that lay a divisor of 4 kB apart would push each other out of the cache."""

# Rows of a block: the terms that stand (normal, d, s, p), those that are tried, the view.
NX, NY, NZ, D, S, P = (FREE + k * ROW for k in range(6))
STATE, TRIAL, VIEW = FREE, FREE + 6 * ROW, FREE + 12 * ROW
# Of what is tried: two tangents, mirrored view, its change with a turn about either; the exponent.
TANGENT, MIRROR, CHANGE, EXPONENT = (FREE + k * ROW for k in (15, 21, 24, 30))
# One over the scale of doubt, damping (negative: the pixel is done), then sums of what is tried
# and of what stands: products of the derivatives, derivatives times residual, cost, weights,
# weighted squares, weights without trust.
DOUBT, DAMPING = FREE + 31 * ROW, FREE + 32 * ROW
PAIRS, PULL, COST, WEIGHTS, RESIDUAL, UNTRUSTED = (k * ROW for k in (0, 15, 20, 21, 22, 23))
TRIED = FREE + 33 * ROW
STANDING = TRIED + 24 * ROW
MOVE = STANDING + 24 * ROW
# The terms to begin with.
FIRST = MOVE + 5 * ROW
END = FIRST + 6 * ROW

LEAST_DOUBTED = 0.02
"""Residual, relative to the matte albedo, below which no reading is doubted."""
BEYOND_NOISE = 2.0
"""Residuals are doubted from this many times their weighted root mean square."""
FIRST_DAMPING, LAST_DAMPING, GAIN = 1e-3, 1e4, 1e-3
LEAST_WEIGHT = 7.0
"""Readings, each as much as it is trusted, below which five unknowns are not sought."""
BROADEST = 4.0
LARGEST_TURN = np.float32(0.2)
"""Turn of the normal in one step [rad]."""
EXPECTED_PLACE = np.float32(math.log(2.0) ** -2)
EXPECTED_TURN = np.float32(math.radians(5.0) ** -2)
"""One over the square by which exponent (logarithm) and normal [rad] are expected to be off."""
LEAST_SQUARE = 1e-9

_ONE, _ZERO = np.float32(1.0), np.float32(0.0)


@compiled
def set_out(
    terms: tuple[Numbers, Numbers, Numbers, Numbers], view: Numbers, start: int, rows: Numbers
) -> None:
    """Write the terms to begin with; a pixel without a lobe is done."""
    normals, diffuse, specular, exponent = terms
    for i in range(BLOCK):
        at = min(start + i, len(normals) - 1)
        is_lobe = start + i < len(normals) and specular[at] > _ZERO and exponent[at] > _ZERO
        for axis in range(3):
            rows[NX + axis * ROW + i] = normals[at, axis]
            rows[VIEW + axis * ROW + i] = view[at, axis]
        rows[D + i] = (diffuse[0, at] + diffuse[1, at] + diffuse[2, at]) / np.float32(3.0)
        rows[S + i] = specular[at]
        rows[P + i] = math.log(exponent[at]) if is_lobe else _ZERO
        rows[DAMPING + i] = FIRST_DAMPING if is_lobe else -1.0
    rows[TRIAL : TRIAL + 6 * ROW] = rows[STATE : STATE + 6 * ROW]
    rows[FIRST : FIRST + 6 * ROW] = rows[STATE : STATE + 6 * ROW]


@compiled
def lean(rows: Numbers) -> None:
    """Write tangents and mirrored view of what is tried, and how the latter turns with it."""
    for i in range(BLOCK):
        x, y, z = rows[TRIAL + i], rows[TRIAL + ROW + i], rows[TRIAL + 2 * ROW + i]
        sign = _ONE if z >= _ZERO else -_ONE
        a = -_ONE / (sign + z)
        b = x * y * a
        tangents = (_ONE + sign * x * x * a, sign * b, -sign * x, b, sign + y * y * a, -y)
        vx, vy, vz = rows[VIEW + i], rows[VIEW + ROW + i], rows[VIEW + 2 * ROW + i]
        facing = np.float32(2.0) * (x * vx + y * vy + z * vz)
        rows[MIRROR + i] = facing * x - vx
        rows[MIRROR + ROW + i] = facing * y - vy
        rows[MIRROR + 2 * ROW + i] = facing * z - vz
        for k in range(2):
            tx, ty, tz = tangents[3 * k], tangents[3 * k + 1], tangents[3 * k + 2]
            turned = np.float32(2.0) * (tx * vx + ty * vy + tz * vz)
            at = 3 * k * ROW + i
            rows[TANGENT + at] = tx
            rows[TANGENT + ROW + at] = ty
            rows[TANGENT + 2 * ROW + at] = tz
            rows[CHANGE + at] = turned * x + facing * tx
            rows[CHANGE + ROW + at] = turned * y + facing * ty
            rows[CHANGE + 2 * ROW + at] = turned * z + facing * tz
        rows[EXPONENT + i] = math.exp(rows[TRIAL + 5 * ROW + i])


@compiled
def set_doubt(rows: Numbers) -> None:
    """Write one over the scale beyond which readings are doubted, from their squared residuals."""
    for i in range(BLOCK):
        weights = rows[TRIED + WEIGHTS + i]
        if weights < LEAST_WEIGHT:
            rows[DAMPING + i] = -1.0
        if rows[DAMPING + i] > _ZERO:
            spread = BEYOND_NOISE * math.sqrt(rows[TRIED + RESIDUAL + i] / weights)
            rows[DOUBT + i] = 1.0 / max(spread, LEAST_DOUBTED * rows[D + i], 1e-6)


@compiled
def expectation(rows: Numbers, i: int) -> tuple[Any, Any, Any]:
    """Return how much a square of albedos, of the log exponent and of the normal's turn weighs.

    A residual at the scale of doubt weighs as much as a term that is off by what is expected.
    """
    doubt = rows[DOUBT + i]
    weight = _ONE / (doubt * doubt) if doubt > _ZERO else _ZERO
    whole = rows[FIRST + 3 * ROW + i] + rows[FIRST + 4 * ROW + i]
    of_albedo = weight / (whole * whole) if whole > _ZERO else _ZERO
    return of_albedo, weight * EXPECTED_PLACE, weight * EXPECTED_TURN


@compiled
def add_expectation(rows: Numbers) -> None:
    """Add to the sums that the terms are expected about where they began."""
    for i in range(BLOCK):
        of_albedo, of_place, of_turn = expectation(rows, i)
        albedo = rows[TRIAL + 3 * ROW + i] - rows[FIRST + 3 * ROW + i]
        peak = rows[TRIAL + 4 * ROW + i] - rows[FIRST + 4 * ROW + i]
        place = rows[TRIAL + 5 * ROW + i] - rows[FIRST + 5 * ROW + i]
        x, y, z = rows[FIRST + i], rows[FIRST + ROW + i], rows[FIRST + 2 * ROW + i]
        dx, dy, dz = (
            rows[TRIAL + i] - x,
            rows[TRIAL + ROW + i] - y,
            rows[TRIAL + 2 * ROW + i] - z,
        )
        rows[TRIED + COST + i] += (
            of_albedo * (albedo * albedo + peak * peak)
            + of_place * place * place
            + of_turn * (dx * dx + dy * dy + dz * dz)
        )
        rows[TRIED + PAIRS + i] += of_albedo
        rows[TRIED + PAIRS + 2 * ROW + i] += of_albedo
        rows[TRIED + PAIRS + 5 * ROW + i] += of_place
        rows[TRIED + PAIRS + 9 * ROW + i] += of_turn
        rows[TRIED + PAIRS + 14 * ROW + i] += of_turn
        rows[TRIED + PULL + i] -= of_albedo * albedo
        rows[TRIED + PULL + ROW + i] -= of_albedo * peak
        rows[TRIED + PULL + 2 * ROW + i] -= of_place * place
        for k in range(2):
            at = TANGENT + 3 * k * ROW + i
            toward = rows[at] * x + rows[at + ROW] * y + rows[at + 2 * ROW] * z
            rows[TRIED + PULL + (3 + k) * ROW + i] += of_turn * toward


@compiled
def accept(rows: Numbers, is_first: bool) -> bool:
    """Let what was tried stand where it costs less; tell whether any pixel goes on."""
    goes_on = False
    for i in range(BLOCK):
        damping = rows[DAMPING + i]
        if damping < _ZERO:
            continue
        cost, stood = rows[TRIED + COST + i], rows[STANDING + COST + i]
        if is_first or cost < stood:
            for k in range(6):
                rows[STATE + k * ROW + i] = rows[TRIAL + k * ROW + i]
            for k in range(24):
                rows[STANDING + k * ROW + i] = rows[TRIED + k * ROW + i]
            is_done = not is_first and stood - cost <= GAIN * stood
            rows[DAMPING + i] = -1.0 if is_done else max(0.1 * damping, 1e-7)
        else:
            rows[DAMPING + i] = -1.0 if damping > LAST_DAMPING else 10.0 * damping
        goes_on |= rows[DAMPING + i] > _ZERO
    return goes_on


@compiled
def step(rows: Numbers, highest: float) -> None:
    """Write the terms to try next."""
    low, high = np.float32(math.log(BROADEST)), np.float32(math.log(highest))
    _solve_damped(rows, low, high)
    for i in range(BLOCK):
        albedo, peak = rows[D + i] + rows[MOVE + i], rows[S + i] + rows[MOVE + ROW + i]
        place = rows[P + i] + _within(rows[MOVE + 2 * ROW + i], -_ONE, _ONE)
        rows[TRIAL + 3 * ROW + i] = albedo if albedo > _ZERO else _ZERO
        rows[TRIAL + 4 * ROW + i] = peak if peak > _ZERO else _ZERO
        rows[TRIAL + 5 * ROW + i] = _within(place, low, high)
        first, second = rows[MOVE + 3 * ROW + i], rows[MOVE + 4 * ROW + i]
        turn = np.sqrt(first * first + second * second)
        share = LARGEST_TURN / turn if turn > LARGEST_TURN else _ONE
        first, second = first * share, second * share
        x = rows[NX + i] + first * rows[TANGENT + i] + second * rows[TANGENT + 3 * ROW + i]
        y = rows[NY + i] + first * rows[TANGENT + ROW + i] + second * rows[TANGENT + 4 * ROW + i]
        z = rows[NZ + i] + first * rows[TANGENT + 2 * ROW + i]
        z += second * rows[TANGENT + 5 * ROW + i]
        shrink = _ONE / np.sqrt(x * x + y * y + z * z)
        rows[TRIAL + i], rows[TRIAL + ROW + i] = x * shrink, y * shrink
        rows[TRIAL + 2 * ROW + i] = z * shrink


@compiled
def _within(value: Any, low: Any, high: Any) -> Any:
    """Return the number of a range nearest to a value."""
    held = value if value > low else low
    return held if held < high else high


@compiled
def _solve_damped(rows: Numbers, low: Any, high: Any) -> None:
    """Write the damped move of each pixel; unknowns that would leave their range stay."""
    for i in range(BLOCK):
        p0, p1, p2 = _pull(rows, 0, i), _pull(rows, 1, i), _pull(rows, 2, i)
        place = rows[P + i]
        # One where the unknown is free.
        h0 = 0.0 if (rows[D + i] <= _ZERO) & (p0 < 0.0) else 1.0
        h1 = 0.0 if (rows[S + i] <= _ZERO) & (p1 < 0.0) else 1.0
        leaves = ((place <= low) & (p2 < 0.0)) | ((place >= high) & (p2 > 0.0))
        h2 = 0.0 if leaves else 1.0
        growth = 1.0 + np.float64(rows[DAMPING + i])
        a00 = pair(rows, 0, i) * growth
        a10, a11 = pair(rows, 1, i) * h0 * h1, pair(rows, 2, i) * growth
        a20, a21 = pair(rows, 3, i) * h2 * h0, pair(rows, 4, i) * h2 * h1
        a22 = pair(rows, 5, i) * growth
        a30, a31, a32 = pair(rows, 6, i) * h0, pair(rows, 7, i) * h1, pair(rows, 8, i) * h2
        a40, a41, a42 = pair(rows, 10, i) * h0, pair(rows, 11, i) * h1, pair(rows, 12, i) * h2
        a33, a43, a44 = pair(rows, 9, i) * growth, pair(rows, 13, i), pair(rows, 14, i) * growth
        factorized = factors(
            (a00, a11, a22, a33, a44), (a10, a20, a30, a40, a21, a31, a41, a32, a42, a43)
        )
        (d0, d1, d2, d3, d4), (l10, l20, l30, l40, l21, l31, l41, l32, l42, l43) = factorized
        y0 = p0 * h0
        y1 = p1 * h1 - l10 * y0
        y2 = p2 * h2 - l20 * y0 - l21 * y1
        y3 = _pull(rows, 3, i) - l30 * y0 - l31 * y1 - l32 * y2
        y4 = _pull(rows, 4, i) - l40 * y0 - l41 * y1 - l42 * y2 - l43 * y3
        x4 = y4 * d4
        x3 = y3 * d3 - l43 * x4
        x2 = y2 * d2 - l32 * x3 - l42 * x4
        x1 = y1 * d1 - l21 * x2 - l31 * x3 - l41 * x4
        x0 = y0 * d0 - l10 * x1 - l20 * x2 - l30 * x3 - l40 * x4
        rows[MOVE + i], rows[MOVE + ROW + i] = x0, x1
        rows[MOVE + 2 * ROW + i], rows[MOVE + 3 * ROW + i] = x2, x3
        rows[MOVE + 4 * ROW + i] = x4


@compiled
def pair(rows: Numbers, k: int, i: int) -> Any:
    """Return a sum of products of derivatives that stands."""
    return np.float64(rows[STANDING + PAIRS + k * ROW + i])


@compiled
def _pull(rows: Numbers, k: int, i: int) -> Any:
    """Return a sum of derivatives times residual that stands."""
    return np.float64(rows[STANDING + PULL + k * ROW + i])


@compiled
def factors(diagonal: tuple[Any, ...], below: tuple[Any, ...]) -> tuple[Any, Any]:
    """Factorize five equations, columns of `below` one after the other: L D L^T.

    Returns one over D, and L below its diagonal. An unknown that nothing tells of stays: its
    square is not quite zero.
    """
    a00, a11, a22, a33, a44 = diagonal
    a10, a20, a30, a40, a21, a31, a41, a32, a42, a43 = below
    d0 = 1.0 / (a00 + LEAST_SQUARE)
    l10, l20, l30, l40 = a10 * d0, a20 * d0, a30 * d0, a40 * d0
    d1 = 1.0 / (a11 - l10 * a10 + LEAST_SQUARE)
    b21, b31, b41 = a21 - l20 * a10, a31 - l30 * a10, a41 - l40 * a10
    l21, l31, l41 = b21 * d1, b31 * d1, b41 * d1
    d2 = 1.0 / (a22 - l20 * a20 - l21 * b21 + LEAST_SQUARE)
    b32, b42 = a32 - l30 * a20 - l31 * b21, a42 - l40 * a20 - l41 * b21
    l32, l42 = b32 * d2, b42 * d2
    d3 = 1.0 / (a33 - l30 * a30 - l31 * b31 - l32 * b32 + LEAST_SQUARE)
    b43 = a43 - l40 * a30 - l41 * b31 - l42 * b32
    l43 = b43 * d3
    d4 = 1.0 / (a44 - l40 * a40 - l41 * b41 - l42 * b42 - l43 * b43 + LEAST_SQUARE)
    return (d0, d1, d2, d3, d4), (l10, l20, l30, l40, l21, l31, l41, l32, l42, l43)
