"""Compiled loops of `olat.motion.thin_plate`: the data of a cell, and conjugate gradients.

The data of a cell is the upper triangle of its matrix and its right side: aa, ab, bb, a, b.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

_Array = np.ndarray[Any, Any]

# A division that may raise would keep a loop scalar.
compiled = njit(nogil=True, cache=True, error_model="numpy")


@compiled
def cell_data(
    reference: _Array, rest: _Array, trust: _Array, contrast: Any, error: Any, data: _Array
) -> None:
    """Sum the equations of the pixels of each cell (see `olat.motion.thin_plate.polished`)."""
    height, width = reference.shape
    side = -(-height // data.shape[0])
    half, quarter = np.float32(0.5), np.float32(0.25)
    least, square = contrast * contrast, error * error
    data[:] = 0.0
    for y in range(1, height - 1):
        row = data[y // side]
        for x in range(1, width - 1):
            q = trust[y, x]
            if q == 0.0:
                continue
            # Slopes of the mean of both pictures, of which the rest is the difference.
            r = rest[y, x]
            a = half * (reference[y, x + 1] - reference[y, x - 1])
            a += quarter * (rest[y, x + 1] - rest[y, x - 1])
            b = half * (reference[y + 1, x] - reference[y - 1, x])
            b += quarter * (rest[y + 1, x] - rest[y - 1, x])
            slope = a * a + b * b + least
            q *= square / (square * slope + r * r)
            cell = row[x // side]
            cell[0] += q * a * a
            cell[1] += q * a * b
            cell[2] += q * b * b
            cell[3] -= q * a * r
            cell[4] -= q * b * r


@compiled
def _bend(field: _Array, turns: _Array) -> None:
    """Take the second differences of both parts: xx, yy and xy; 0 where a border is in the way."""
    height, width, _ = field.shape
    two = np.float32(2.0)
    turns[:] = 0.0
    for y in range(height):
        for x in range(width):
            for c in range(2):
                value = field[y, x, c]
                if 0 < x < width - 1:
                    turns[y, x, c] = field[y, x - 1, c] + field[y, x + 1, c] - two * value
                if 0 < y < height - 1:
                    turns[y, x, 2 + c] = field[y - 1, x, c] + field[y + 1, x, c] - two * value
                if y < height - 1 and x < width - 1:
                    right, below = field[y, x + 1, c], field[y + 1, x, c]
                    turns[y, x, 4 + c] = value - right - below + field[y + 1, x + 1, c]


@compiled
def _unbend(turns: _Array, out: _Array) -> None:
    """Apply the transpose of `_bend`, with xy twice: the slope of the energy of bending, halved."""
    height, width, _ = out.shape
    two = np.float32(2.0)
    for y in range(height):
        for x in range(width):
            for c in range(2):
                mixed = turns[y, x, 4 + c]
                value = -two * (turns[y, x, c] + turns[y, x, 2 + c])
                if x > 0:
                    value += turns[y, x - 1, c]
                    mixed -= turns[y, x - 1, 4 + c]
                if x < width - 1:
                    value += turns[y, x + 1, c]
                if y > 0:
                    value += turns[y - 1, x, 2 + c]
                    mixed -= turns[y - 1, x, 4 + c]
                    if x > 0:
                        mixed += turns[y - 1, x - 1, 4 + c]
                if y < height - 1:
                    value += turns[y + 1, x, 2 + c]
                out[y, x, c] = value + two * mixed


@compiled
def descend(data: _Array, hold: _Array, bending: Any, steps: Any, field: _Array) -> None:
    """Improve a field in place by conjugate gradients, each cell scaled by its own matrix.

    Solves ``(J + P + b B) u = g`` with the matrices J and right sides g of ``data``, the weights P
    of ``hold``, the weight b of ``bending`` and its energy ``u B u = sum xx^2 + 2 xy^2 + yy^2``.
    """
    inverse = _inverses(data, hold, bending)
    image = np.empty_like(field)
    turns = np.empty((field.shape[0], field.shape[1], 6), np.float32)
    _apply(data, hold, bending, field, turns, image)
    rest = data[:, :, 3:] - image
    scaled = np.empty_like(field)
    energy = _scale(inverse, rest, scaled)
    way = scaled.copy()
    for _ in range(steps):
        if energy <= 1e-20:
            break
        _apply(data, hold, bending, way, turns, image)
        length = np.float32(energy / _product(way, image))
        _add(field, length, way, field)
        _add(rest, -length, image, rest)
        before = energy
        energy = _scale(inverse, rest, scaled)
        _add(scaled, np.float32(energy / before), way, way)


@compiled
def _inverses(data: _Array, hold: _Array, bending: Any) -> _Array:
    """Invert each cell's own 2 x 2 matrix; 20 is what bending has on its diagonal."""
    height, width = hold.shape
    inverse = np.empty((height, width, 3), np.float32)
    for y in range(height):
        for x in range(width):
            own = hold[y, x] + np.float32(20.0) * bending
            a, b, c = data[y, x, 0] + own, data[y, x, 1], data[y, x, 2] + own
            scale = np.float32(1.0) / (a * c - b * b)
            inverse[y, x, 0], inverse[y, x, 1], inverse[y, x, 2] = c * scale, -b * scale, a * scale
    return inverse


@compiled
def _add(first: _Array, factor: Any, second: _Array, out: _Array) -> None:
    """Put ``first + factor second`` into ``out``, which may be either."""
    height, width, _ = first.shape
    for y in range(height):
        for x in range(width):
            out[y, x, 0] = first[y, x, 0] + factor * second[y, x, 0]
            out[y, x, 1] = first[y, x, 1] + factor * second[y, x, 1]


@compiled
def _apply(
    data: _Array,
    hold: _Array,
    bending: Any,
    field: _Array,
    turns: _Array,
    out: _Array,
) -> None:
    _bend(field, turns)
    _unbend(turns, out)
    height, width, _ = field.shape
    for y in range(height):
        for x in range(width):
            u, v, p = field[y, x, 0], field[y, x, 1], hold[y, x]
            out[y, x, 0] = bending * out[y, x, 0] + (data[y, x, 0] + p) * u + data[y, x, 1] * v
            out[y, x, 1] = bending * out[y, x, 1] + data[y, x, 1] * u + (data[y, x, 2] + p) * v


@compiled
def _scale(inverse: _Array, rest: _Array, scaled: _Array) -> float:
    """Multiply by the cells' inverse matrices; return the product of both."""
    height, width, _ = rest.shape
    total = 0.0
    for y in range(height):
        for x in range(width):
            a, b = rest[y, x, 0], rest[y, x, 1]
            u = inverse[y, x, 0] * a + inverse[y, x, 1] * b
            v = inverse[y, x, 1] * a + inverse[y, x, 2] * b
            scaled[y, x, 0], scaled[y, x, 1] = u, v
            total += u * a + v * b
    return total


@compiled
def _product(first: _Array, second: _Array) -> float:
    height, width, _ = first.shape
    total = 0.0
    for y in range(height):
        for x in range(width):
            total += first[y, x, 0] * second[y, x, 0] + first[y, x, 1] * second[y, x, 1]
    return total
