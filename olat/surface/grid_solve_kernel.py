"""Loops of `olat.surface.grid_solve`.

A grid is held by the weights of its links, to the right and down; a pixel without links is not
part of it. Red pixels and black ones, as on a chessboard, are relaxed in turns.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from olat.surface.strip_kernel import Numbers, compiled

_ZERO, _ONE = np.float32(0.0), np.float32(1.0)


@compiled
def inverse_sums(right: Numbers, below: Numbers, inverse: Numbers) -> None:
    """Write one over the sum of the weights of each pixel's links, 0 where it has none."""
    height, width = right.shape
    for y in range(height):
        for x in range(width):
            total = right[y, x] + below[y, x]
            if x > 0:
                total += right[y, x - 1]
            if y > 0:
                total += below[y - 1, x]
            inverse[y, x] = _ONE / total if total > _ZERO else _ZERO


@compiled
def halve(right: Numbers, below: Numbers, coarse_right: Numbers, coarse_below: Numbers) -> None:
    """Join 2 x 2 pixels; two of them in a row are twice as far apart, so links count half."""
    height, width = right.shape
    half = np.float32(0.5)
    coarse_right[:] = _ZERO
    coarse_below[:] = _ZERO
    for y in range(height):
        for x in range(width):
            if x % 2 == 1:
                coarse_right[y // 2, x // 2] += half * right[y, x]
            if y % 2 == 1:
                coarse_below[y // 2, x // 2] += half * below[y, x]


@compiled
def relax(
    right: Numbers, below: Numbers, inverse: Numbers, side: Numbers, color: int, field: Numbers
) -> None:
    """Solve each pixel of one color for its neighbors as they are (Gauss and Seidel)."""
    height, width = field.shape
    for y in range(height):
        first = (y + color) % 2
        for x in range(first, width, 2):
            total = side[y, x]
            if x > 0:
                total += right[y, x - 1] * field[y, x - 1]
            if x < width - 1:
                total += right[y, x] * field[y, x + 1]
            if y > 0:
                total += below[y - 1, x] * field[y - 1, x]
            if y < height - 1:
                total += below[y, x] * field[y + 1, x]
            field[y, x] = total * inverse[y, x]


@compiled
def restrict_rest(
    right: Numbers, below: Numbers, side: Numbers, field: Numbers, coarse: Numbers
) -> None:
    """Sum over 2 x 2 pixels what is left of the right side."""
    height, width = field.shape
    coarse[:] = _ZERO
    for y in range(height):
        for x in range(width):
            value, rest = field[y, x], side[y, x]
            if x > 0:
                rest -= right[y, x - 1] * (value - field[y, x - 1])
            if x < width - 1:
                rest -= right[y, x] * (value - field[y, x + 1])
            if y > 0:
                rest -= below[y - 1, x] * (value - field[y - 1, x])
            if y < height - 1:
                rest -= below[y, x] * (value - field[y + 1, x])
            coarse[y // 2, x // 2] += rest


@compiled
def add_coarse(coarse: Numbers, inverse: Numbers, field: Numbers) -> None:
    """Add to each pixel of the grid what its 2 x 2 pixels gained."""
    height, width = field.shape
    for y in range(height):
        for x in range(width):
            if inverse[y, x] > _ZERO:
                field[y, x] += coarse[y // 2, x // 2]


@compiled
def apply(right: Numbers, below: Numbers, field: Numbers, out: Numbers) -> float:
    """Write the weighted sum of differences to all neighbors; return the product with `field`."""
    height, width = field.shape
    product = 0.0
    for y in range(height):
        for x in range(width):
            value, total = field[y, x], 0.0
            if x > 0:
                total += right[y, x - 1] * (value - field[y, x - 1])
            if x < width - 1:
                total += right[y, x] * (value - field[y, x + 1])
            if y > 0:
                total += below[y - 1, x] * (value - field[y - 1, x])
            if y < height - 1:
                total += below[y, x] * (value - field[y + 1, x])
            out[y, x] = total
            product += total * value
    return product


@compiled
def advance(length: float, way: Numbers, image: Numbers, field: Numbers, rest: Numbers) -> None:
    """Go a length of the way."""
    height, width = field.shape
    for y in range(height):
        for x in range(width):
            field[y, x] += length * way[y, x]
            rest[y, x] -= length * image[y, x]


@compiled
def turn(scaled: Numbers, factor: float, way: Numbers) -> None:
    """Put ``scaled + factor way`` into the way."""
    height, width = way.shape
    for y in range(height):
        for x in range(width):
            way[y, x] = scaled[y, x] + factor * way[y, x]


@compiled
def product(first: Any, second: Any) -> float:
    """Return the sum of products."""
    total = 0.0
    height, width = first.shape
    for y in range(height):
        for x in range(width):
            total += first[y, x] * second[y, x]
    return total
