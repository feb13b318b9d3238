"""How sure the terms are that `olat.surface.phong_refinement_kernel` has found."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from olat.surface.phong_climb_kernel import CLAMPED, CONFUSABLE, UNDERDETERMINED
from olat.surface.phong_step_kernel import (
    BROADEST,
    MOVE,
    RESIDUAL,
    ROW,
    STANDING,
    UNKNOWNS,
    UNTRUSTED,
    WEIGHTS,
    D,
    expectation,
    factors,
    pair,
)
from olat.surface.strip_kernel import BLOCK, Numbers, compiled

PRIOR_LIGHTS, PRIOR_ERROR, PRIOR_NORMAL_ERROR = 3.0, 0.02, 0.05
HALF_CONFIDENCE, HALF_CONFIDENCE_OF_NORMAL = math.log(1.5), math.radians(5.0)

# Written where moves were.
SHARE, VARIANCE, NORMAL_TRUST = MOVE, MOVE + ROW, MOVE + 2 * ROW

_ZERO, _ONE = np.float32(0.0), np.float32(1.0)


@compiled
def add_up_trust(rows: Numbers) -> None:
    """Write the confidence of the normal, the variance of the log exponent, and the mean trust.

    They are what the readings tell: what was expected is no evidence.
    """
    for i in range(BLOCK):
        of_albedo, of_place, of_turn = expectation(rows, i)
        diagonal = (
            _without(pair(rows, 0, i), of_albedo),
            _without(pair(rows, 2, i), of_albedo),
            _without(pair(rows, 5, i), of_place),
            _without(pair(rows, 9, i), of_turn),
            _without(pair(rows, 14, i), of_turn),
        )
        (_, _, d2, d3, d4), (_, _, _, _, _, _, _, l32, l42, l43) = factors(
            diagonal,
            (
                pair(rows, 1, i),
                pair(rows, 3, i),
                pair(rows, 6, i),
                pair(rows, 10, i),
                pair(rows, 4, i),
                pair(rows, 7, i),
                pair(rows, 11, i),
                pair(rows, 8, i),
                pair(rows, 12, i),
                pair(rows, 13, i),
            ),
        )
        # The last three elements on the diagonal of the inverse.
        far = l42 - l43 * l32
        place, turn = d2 + l32 * l32 * d3 + far * far * d4, d3 + (1.0 + l43 * l43) * d4
        weights, albedo = rows[STANDING + WEIGHTS + i], np.float64(rows[D + i])
        squares = np.float64(rows[STANDING + RESIDUAL + i])
        trusted = rows[STANDING + UNTRUSTED + i]
        share = weights / (trusted if trusted > _ZERO else _ONE)
        free = weights - UNKNOWNS + PRIOR_LIGHTS
        scale = 1.0 / (free if free > 1.0 else 1.0)
        error = (squares + PRIOR_LIGHTS * (PRIOR_ERROR * albedo) ** 2) * scale
        of_normal = (squares + PRIOR_LIGHTS * (PRIOR_NORMAL_ERROR * albedo) ** 2) * scale
        rows[SHARE + i] = share
        rows[VARIANCE + i] = error * place
        rows[NORMAL_TRUST + i] = share / (
            1.0 + of_normal * turn / (HALF_CONFIDENCE_OF_NORMAL * HALF_CONFIDENCE_OF_NORMAL)
        )


@compiled
def _without(total: Any, part: Any) -> Any:
    """Return what is left of a sum of squares."""
    rest = total - np.float64(part)
    # Rounding leaves as much of nothing.
    return rest if rest > 1e-6 * total else 1e-6 * total


@compiled
def trust_in_lobe(exponent: float, highest: float, share: float, error: float) -> tuple[float, int]:
    """Return confidence and flags of a lobe from the variance of its log exponent."""
    if exponent <= 0.0:
        return 0.0, 0
    code = 0
    if exponent <= 1.0001 * BROADEST or exponent >= 0.9999 * highest:
        code |= CLAMPED
        error += math.log(2.0) ** 2
    confidence = share / (1.0 + error / HALF_CONFIDENCE**2)
    if exponent < CONFUSABLE:
        code |= UNDERDETERMINED
        confidence *= (exponent / CONFUSABLE) ** 2
    return confidence, code
