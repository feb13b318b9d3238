"""Sums of products of derivatives, for `olat.surface.phong_refinement_kernel`."""

from __future__ import annotations

from olat.surface.phong_step_kernel import PAIRS, PULL, ROW, TRIED
from olat.surface.strip_kernel import BLOCK, WEIGHT, Numbers, compiled


@compiled
def add_two(told: Numbers, rows: Numbers) -> None:
    """Add the products of the derivatives under two lights to the sums of what is tried."""
    for i in range(BLOCK):
        a0, b0, c0 = told[i], told[ROW + i], told[2 * ROW + i]
        d0, e0, w0, p0 = (
            told[3 * ROW + i],
            told[4 * ROW + i],
            told[5 * ROW + i],
            told[6 * ROW + i],
        )
        a1, b1, c1 = told[7 * ROW + i], told[8 * ROW + i], told[9 * ROW + i]
        d1, e1, w1, p1 = (
            told[10 * ROW + i],
            told[11 * ROW + i],
            told[12 * ROW + i],
            told[13 * ROW + i],
        )
        rows[TRIED + PULL + i] += a0 * p0 + a1 * p1
        rows[TRIED + PULL + ROW + i] += b0 * p0 + b1 * p1
        rows[TRIED + PULL + 2 * ROW + i] += c0 * p0 + c1 * p1
        rows[TRIED + PULL + 3 * ROW + i] += d0 * p0 + d1 * p1
        rows[TRIED + PULL + 4 * ROW + i] += e0 * p0 + e1 * p1
        x0, x1 = a0 * w0, a1 * w1
        rows[TRIED + PAIRS + i] += a0 * x0 + a1 * x1
        rows[TRIED + PAIRS + ROW + i] += b0 * x0 + b1 * x1
        rows[TRIED + PAIRS + 3 * ROW + i] += c0 * x0 + c1 * x1
        rows[TRIED + PAIRS + 6 * ROW + i] += d0 * x0 + d1 * x1
        rows[TRIED + PAIRS + 10 * ROW + i] += e0 * x0 + e1 * x1
        x0, x1 = b0 * w0, b1 * w1
        rows[TRIED + PAIRS + 2 * ROW + i] += b0 * x0 + b1 * x1
        rows[TRIED + PAIRS + 4 * ROW + i] += c0 * x0 + c1 * x1
        rows[TRIED + PAIRS + 7 * ROW + i] += d0 * x0 + d1 * x1
        rows[TRIED + PAIRS + 11 * ROW + i] += e0 * x0 + e1 * x1
        x0, x1 = c0 * w0, c1 * w1
        rows[TRIED + PAIRS + 5 * ROW + i] += c0 * x0 + c1 * x1
        rows[TRIED + PAIRS + 8 * ROW + i] += d0 * x0 + d1 * x1
        rows[TRIED + PAIRS + 12 * ROW + i] += e0 * x0 + e1 * x1
        x0, x1 = d0 * w0, d1 * w1
        rows[TRIED + PAIRS + 9 * ROW + i] += d0 * x0 + d1 * x1
        rows[TRIED + PAIRS + 13 * ROW + i] += e0 * x0 + e1 * x1
        rows[TRIED + PAIRS + 14 * ROW + i] += e0 * (e0 * w0) + e1 * (e1 * w1)


@compiled
def add_square(told: Numbers, rows: Numbers) -> None:
    """Add one light to the weighted squares of the shading alone."""
    for i in range(BLOCK):
        rows[TRIED + PAIRS + i] += rows[WEIGHT + i] * told[i]
