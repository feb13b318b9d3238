"""The middle of a pixel's lit readings.

Darker ones lie in shadows cast by other parts, brighter ones are highlights. The limits are found by halving their bracket, not by sorting: a pass over the readings counts how
many lie below, for all pixels of a block at once.
"""

from __future__ import annotations

import numpy as np

from olat.surface.normal_equations_kernel import END, HIGH, LOW
from olat.surface.strip_kernel import BLOCK, BRIGHTEST, THRESHOLD, Numbers, Place, compiled

DARKEST, BRIGHTER = np.float32(0.4), np.float32(0.8)
"""Shares of the lit readings between which they are taken."""
LEAST_KEPT = np.float32(8.0)
"""Readings in the middle below which all lit ones are taken."""
HALVINGS = 8
"""A bracket spans up to ten octaves, and so the limits are right to a twenty-fifth of one."""

NOTHING_TRIMMED = np.float32(3e30)
_DIMMEST = np.float32(1e-3)
_ZERO, _ONE = np.float32(0.0), np.float32(1.0)

# The other ends of the two brackets, their middles, how many readings lie below these, how many
# below the limits, and how many are lit.
LOW_TOP, HIGH_BOTTOM, LOW_MIDDLE, HIGH_MIDDLE = (END + k * BLOCK for k in range(4))
BELOW_LOW, BELOW_HIGH, DARKER, NOT_BRIGHTER, LIT = (END + (4 + k) * BLOCK for k in range(5))
MIDDLE_END = LIT + BLOCK


@compiled
def keep_all(rows: Numbers) -> None:
    """Take all lit readings."""
    for i in range(BLOCK):
        rows[LOW + i] = rows[THRESHOLD + i]
        rows[HIGH + i] = NOTHING_TRIMMED


@compiled
def keep_middle(values: Numbers, lights: int, rows: Numbers) -> None:
    """Find between which limits the middle of each pixel's lit readings lies."""
    room = values.size // lights
    rows[LIT:MIDDLE_END] = _ZERO
    for light in range(lights):
        _count_lit(values, Place(light * room), rows)
    _start(rows)
    for _ in range(HALVINGS):
        _halve(rows)
        for light in range(lights):
            _count_below(values, Place(light * room), rows)
        _narrow(rows)
    for i in range(BLOCK):
        kept = rows[NOT_BRIGHTER + i] - rows[DARKER + i] >= LEAST_KEPT
        rows[LOW + i] = rows[LOW + i] if kept else rows[THRESHOLD + i]
        rows[HIGH + i] = rows[HIGH + i] if kept else NOTHING_TRIMMED


@compiled
def _count_lit(values: Numbers, at: Place, rows: Numbers) -> None:
    for i in range(BLOCK):
        rows[LIT + i] += _ONE if values[at + Place(i)] > rows[THRESHOLD + i] else _ZERO


@compiled
def _start(rows: Numbers) -> None:
    for i in range(BLOCK):
        top = rows[BRIGHTEST + i] if rows[BRIGHTEST + i] > _ZERO else _ZERO
        bottom = rows[THRESHOLD + i]
        bottom = bottom if bottom > _DIMMEST * top else _DIMMEST * top
        rows[LOW + i] = rows[HIGH_BOTTOM + i] = bottom
        rows[HIGH + i] = rows[LOW_TOP + i] = top
        rows[DARKER + i] = _ZERO
        rows[NOT_BRIGHTER + i] = rows[LIT + i]


@compiled
def _halve(rows: Numbers) -> None:
    for i in range(BLOCK):
        rows[LOW_MIDDLE + i] = np.sqrt(rows[LOW + i] * rows[LOW_TOP + i])
        rows[HIGH_MIDDLE + i] = np.sqrt(rows[HIGH + i] * rows[HIGH_BOTTOM + i])
        rows[BELOW_LOW + i] = rows[BELOW_HIGH + i] = _ZERO


@compiled
def _count_below(values: Numbers, at: Place, rows: Numbers) -> None:
    for i in range(BLOCK):
        value = values[at + Place(i)]
        value = value if value > rows[THRESHOLD + i] else NOTHING_TRIMMED
        rows[BELOW_LOW + i] += _ONE if value <= rows[LOW_MIDDLE + i] else _ZERO
        rows[BELOW_HIGH + i] += _ONE if value <= rows[HIGH_MIDDLE + i] else _ZERO


@compiled
def _narrow(rows: Numbers) -> None:
    for i in range(BLOCK):
        low, below_low = rows[LOW_MIDDLE + i], rows[BELOW_LOW + i]
        few = below_low <= DARKEST * rows[LIT + i]
        rows[LOW + i] = low if few else rows[LOW + i]
        rows[DARKER + i] = below_low if few else rows[DARKER + i]
        rows[LOW_TOP + i] = rows[LOW_TOP + i] if few else low
        high, below_high = rows[HIGH_MIDDLE + i], rows[BELOW_HIGH + i]
        many = below_high >= BRIGHTER * rows[LIT + i]
        rows[HIGH + i] = high if many else rows[HIGH + i]
        rows[NOT_BRIGHTER + i] = below_high if many else rows[NOT_BRIGHTER + i]
        rows[HIGH_BOTTOM + i] = rows[HIGH_BOTTOM + i] if many else high
