"""Compiled loops of `olat.motion.tracking`: curves in time, pixel by pixel.

Loops over a row are plain ones, so that they run in vectors; what needs thought is done only at
pixels where a knot is in doubt.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

_Array = np.ndarray[Any, Any]

LEAST_TRUST, FULL_TRUST = np.float32(0.25), np.float32(0.75)
"""A knot whose confidence is this part of the best one's on its side has none, or full weight."""
BEND_SHARE = np.float32(0.3)
"""Part of the bend between two knots that counts as the error of a curve."""
FLOOR, SLOPE = np.float32(1.0), np.float32(0.01)
"""Error that halves the confidence: 1 px and 1 % of the motion, as between two flows."""

_ZERO, _ONE = np.float32(0.0), np.float32(1.0)

_compiled = njit(nogil=True, cache=True, error_model="numpy")


@_compiled
def blend(
    flows: _Array,
    confidences: _Array,
    table: _Array,
    place: float,
    reference: int,
    flow: _Array,
    confidence: _Array,
) -> None:
    """Fill in flow and confidence at a place between knots from those at the knots.

    Flows are rows of x and y in turns. A reference of -1 is not among the knots.
    """
    count, height, width = confidences.shape
    certain = np.empty(count, np.float32)
    weights = np.empty(count, np.float32)
    in_doubt = np.empty(width, np.bool_)
    for y in range(height):
        _sum(flows[:, y], table[-1], flow[y])
        _doubt(confidences[:, y], reference, in_doubt)
        for x in range(width):
            if in_doubt[x]:
                for k in range(count):
                    certain[k] = confidences[k, y, x]
                _trust(certain, place, reference)
                _mix(certain, table, weights)
                dx, dy = _ZERO, _ZERO
                for k in range(count):
                    dx += weights[k] * flows[k, y, 2 * x]
                    dy += weights[k] * flows[k, y, 2 * x + 1]
                flow[y, 2 * x], flow[y, 2 * x + 1] = dx, dy
        _assure(flows[:, y], confidences[:, y], place, flow[y], confidence[y])


@_compiled
def _sum(values: _Array, weights: _Array, out: _Array) -> None:
    """Fill in the weighted sum of some rows."""
    out[:] = _ZERO
    for k in range(len(weights)):
        weight = weights[k]
        for x in range(len(out)):
            out[x] += weight * values[k, x]


@_compiled
def _doubt(confidences: _Array, reference: int, in_doubt: _Array) -> None:
    """Say where one knot is clearly less sure than another."""
    best, worst = np.zeros_like(confidences[0]), np.ones_like(confidences[0])
    for k in range(len(confidences)):
        if k != reference:
            for x in range(len(best)):
                best[x] = max(best[x], confidences[k, x])
                worst[x] = min(worst[x], confidences[k, x])
    for x in range(len(best)):
        in_doubt[x] = worst[x] < FULL_TRUST * best[x]


@_compiled
def _trust(certain: _Array, place: float, reference: int) -> None:
    """Turn the confidences of a pixel's knots into trust, from 0 to 1.

    Confidences are compared on each side of the moment by itself, so that some knot is trusted on
    both and no curve is drawn out beyond its ends.
    """
    start, end = int(np.floor(place)), int(np.ceil(place))
    before, after = _ZERO, _ZERO
    if reference >= 0:
        # That nothing moves in the reference says nothing of how well a pixel is tracked.
        certain[reference] = _ZERO
        for k in range(len(certain)):
            certain[reference] = max(certain[reference], certain[k])
    for k in range(len(certain)):
        if k <= start:
            before = max(before, certain[k])
        if k >= end:
            after = max(after, certain[k])
    for k in range(len(certain)):
        # A knot at the moment itself is on both sides; on one of them it may be alone.
        best = before if k < end else after
        if k == start and k == end:
            best = min(before, after)
        if certain[k] >= FULL_TRUST * best:
            certain[k] = _ONE
        else:
            share = (certain[k] / best - LEAST_TRUST) / (FULL_TRUST - LEAST_TRUST)
            certain[k] = max(share, _ZERO)


@_compiled
def _mix(trust: _Array, table: _Array, weights: _Array) -> None:
    """Mix the curves through the surest knots, through those and the next sure ones, and so on.

    A knot that loses trust loses its part steadily, and its part is gone when its trust is.
    """
    weights[:] = _ZERO
    level = _ZERO
    while level < _ONE:
        subset, above = 0, _ONE
        for k in range(len(trust)):
            if trust[k] > level:
                subset |= 1 << k
                above = min(above, trust[k])
        for k in range(len(trust)):
            weights[k] += (above - level) * table[subset, k]
        level = above


@_compiled
def _assure(
    flows: _Array, confidences: _Array, place: float, flow: _Array, confidence: _Array
) -> None:
    """Fill in how sure a row is: less than the knots around it, and less where motion bends."""
    start, end = int(np.floor(place)), int(np.ceil(place))
    tau = np.float32(place - start)
    left = _ONE - tau
    for x in range(len(confidence)):
        dx, dy = flow[2 * x], flow[2 * x + 1]
        bend_x = dx - left * flows[start, 2 * x] - tau * flows[end, 2 * x]
        bend_y = dy - left * flows[start, 2 * x + 1] - tau * flows[end, 2 * x + 1]
        error = BEND_SHARE * np.sqrt(bend_x * bend_x + bend_y * bend_y)
        error /= FLOOR + SLOPE * np.sqrt(dx * dx + dy * dy)
        one, other = confidences[start, x], confidences[end, x]
        sure = left * one + tau * other - left * tau * (one - other) * (one - other)
        confidence[x] = sure / (_ONE + error * error)
