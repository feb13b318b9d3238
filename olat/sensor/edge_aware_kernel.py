"""Compiled loops of the edge-directed method in `olat.sensor.demosaic`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

_Array = np.ndarray[Any, Any]

MARGIN = 8
"""Sites mirrored around the mosaic, so that no loop meets its end; even [px]."""

_QUARTER, _HALF, _TWO, _THREE = (np.float32(v) for v in (0.25, 0.5, 2.0, 3.0))


@njit(nogil=True, cache=True)
def _green_both_ways(light: _Array, pattern: _Array, along: _Array, across: _Array) -> None:
    """Write site minus green, interpolated along rows and along columns; 0 at green sites."""
    height, width = light.shape
    along[:] = 0
    across[:] = 0
    for y in range(2, height - 2):
        first = 0 if pattern[y & 1, 0] != 1 else 1
        for x in range(2 + first, width - 2, 2):
            twice = _TWO * light[y, x]
            row = _HALF * (light[y, x - 1] + light[y, x + 1])
            row += _QUARTER * (twice - light[y, x - 2] - light[y, x + 2])
            column = _HALF * (light[y - 1, x] + light[y + 1, x])
            column += _QUARTER * (twice - light[y - 2, x] - light[y + 2, x])
            along[y, x] = light[y, x] - row
            across[y, x] = light[y, x] - column


@njit(nogil=True, cache=True)
def _step_along(plane: _Array, y: int, x: int) -> Any:
    """Return how much a difference changes over two sites of a row, before and after."""
    return abs(plane[y, x + 2] - plane[y, x]) + abs(plane[y, x] - plane[y, x - 2])


@njit(nogil=True, cache=True)
def _step_across(plane: _Array, y: int, x: int) -> Any:
    """Return how much a difference changes over two sites of a column, before and after."""
    return abs(plane[y + 2, x] - plane[y, x]) + abs(plane[y, x] - plane[y - 2, x])


@njit(nogil=True, cache=True)
def _choose(
    pattern: _Array, along: _Array, across: _Array, by_row: _Array, difference: _Array
) -> None:
    """Choose the way with the smaller changes around each red and blue site (equations 5, 6)."""
    height, width = along.shape
    difference[:] = 0
    for y in range(4, height - 4):
        first = 0 if pattern[y & 1, 0] != 1 else 1
        for x in range(4 + first, width - 4, 2):
            row = _THREE * _step_along(along, y, x)
            row += _step_along(along, y - 2, x) + _step_along(along, y + 2, x)
            column = _THREE * _step_across(across, y, x)
            column += _step_across(across, y, x - 2) + _step_across(across, y, x + 2)
            for j in (-1, 1):
                row += abs(along[y + j, x + 1] - along[y + j, x - 1])
                column += abs(across[y + 1, x + j] - across[y - 1, x + j])
            by_row[y, x] = row <= column
            difference[y, x] = along[y, x] if row <= column else across[y, x]


@njit(nogil=True, cache=True)
def _colors_at_green(light: _Array, pattern: _Array, difference: _Array, out: _Array) -> None:
    """Write all three colors at green sites, and green everywhere."""
    height, width = light.shape
    for y in range(5, height - 5):
        for x in range(5, width - 5):
            if pattern[y & 1, x & 1] != 1:
                out[y, x, 1] = light[y, x] - difference[y, x]
                continue
            beside = pattern[y & 1, (x + 1) & 1]
            green = light[y, x]
            out[y, x, 1] = green
            out[y, x, beside] = green + _HALF * (difference[y, x - 1] + difference[y, x + 1])
            out[y, x, 2 - beside] = green + _HALF * (difference[y - 1, x] + difference[y + 1, x])


@njit(nogil=True, cache=True)
def _colors_at_others(light: _Array, pattern: _Array, by_row: _Array, out: _Array) -> None:
    """Write red and blue at blue and red sites, from green sites the chosen way."""
    height, width = light.shape
    for y in range(6, height - 6):
        first = 0 if pattern[y & 1, 0] != 1 else 1
        for x in range(6 + first, width - 6, 2):
            own = pattern[y & 1, x & 1]
            j, i = (0, 1) if by_row[y, x] else (1, 0)
            before = out[y - j, x - i, 2 - own] - out[y - j, x - i, own]
            after = out[y + j, x + i, 2 - own] - out[y + j, x + i, own]
            out[y, x, own] = light[y, x]
            out[y, x, 2 - own] = light[y, x] + _HALF * (before + after)


@njit(nogil=True, cache=True)
def edge_aware(light: _Array, pattern: _Array) -> _Array:
    """Interpolate light behind a filter; what lies within `MARGIN` of the border is not made."""
    along, across, difference = np.empty_like(light), np.empty_like(light), np.empty_like(light)
    by_row = np.zeros(light.shape, np.bool_)
    out = np.zeros((light.shape[0], light.shape[1], 3), np.float32)
    _green_both_ways(light, pattern, along, across)
    _choose(pattern, along, across, by_row, difference)
    _colors_at_green(light, pattern, difference, out)
    _colors_at_others(light, pattern, by_row, out)
    return out
