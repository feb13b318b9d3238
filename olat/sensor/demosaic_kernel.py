"""Compiled loops of `olat.sensor.demosaic`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

_Array = np.ndarray[Any, Any]

# Whole numbers beside float32 would make numba compute in float64, at half the speed.
_SIXTEENTH, _EIGHTH, _QUARTER, _HALF = (np.float32(2.0**-k) for k in (4, 3, 2, 1))
_THREE_16, _FIVE_8, _SIX_8 = np.float32(3 / 16), np.float32(5 / 8), np.float32(6 / 8)


@njit(nogil=True, cache=True)
def _fill_line(line: _Array, row: _Array, black: _Array, scale: _Array) -> None:
    """Scale one row of counts, with two sites mirrored beyond either end."""
    width = row.size
    for x in range(width):
        site = x & 1
        line[x + 2] = (np.float32(row[x]) - black[site]) * scale[site]
    line[1], line[0] = line[3], line[4]
    line[width + 2], line[width + 3] = line[width], line[width - 1]


@njit(nogil=True, cache=True)
def _malvar_row(lines: _Array, rows: _Array, pattern: _Array, planes: _Array) -> None:
    """Interpolate one row from five scaled lines; `pattern` holds the channels of its sites.

    Every candidate is computed everywhere: without a branch, the loop runs in vectors.
    """
    n2, n1, here = lines[rows[0]], lines[rows[1]], lines[rows[2]]
    s1, s2 = lines[rows[3]], lines[rows[4]]
    # The row's own color (red or blue), and the other of the two.
    own = 0 if pattern[0] == 0 or pattern[1] == 0 else 2
    first, green, second = planes[own], planes[1], planes[2 - own]
    green_site = 0 if pattern[0] == 1 else 1
    for x in range(green.size):
        i = x + 2
        c = here[i]
        near_h, near_v = here[i - 1] + here[i + 1], n1[i] + s1[i]
        far_h, far_v = here[i - 2] + here[i + 2], n2[i] + s2[i]
        corners = n1[i - 1] + n1[i + 1] + s1[i - 1] + s1[i + 1]
        far = far_h + far_v
        cross = _HALF * c + _QUARTER * (near_h + near_v) - _EIGHTH * far
        diagonal = _SIX_8 * c + _QUARTER * corners - _THREE_16 * far
        along = _FIVE_8 * c + _HALF * near_h - _EIGHTH * (corners + far_h) + _SIXTEENTH * far_v
        across = _FIVE_8 * c + _HALF * near_v - _EIGHTH * (corners + far_v) + _SIXTEENTH * far_h
        at_green = (x & 1) == green_site
        first[x] = along if at_green else c
        green[x] = c if at_green else cross
        second[x] = across if at_green else diagonal


@njit(nogil=True, cache=True)
def _interleave(planes: _Array, out: _Array) -> None:
    """Copy three rows of one channel each into one row of pixels."""
    red, green, blue = planes[0], planes[1], planes[2]
    for x in range(out.shape[0]):
        out[x, 0] = red[x]
        out[x, 1] = green[x]
        out[x, 2] = blue[x]


@njit(nogil=True, cache=True)
def malvar(counts: _Array, pattern: _Array, black: _Array, scale: _Array, out: _Array) -> None:
    """Subtract black, scale and interpolate a mosaic, five rows in flight."""
    height, width = counts.shape
    lines = np.empty((5, width + 4), np.float32)
    planes = np.empty((3, width), np.float32)
    rows = np.empty(5, np.int64)
    for y in range(-2, 2):
        _fill_line(lines[y % 5], counts[abs(y)], black[y & 1], scale[y & 1])
    for y in range(height):
        ahead = y + 2
        source = ahead if ahead < height else 2 * (height - 1) - ahead
        _fill_line(lines[ahead % 5], counts[source], black[source & 1], scale[source & 1])
        for k in range(5):
            rows[k] = (y - 2 + k) % 5
        _malvar_row(lines, rows, pattern[y & 1], planes)
        _interleave(planes, out[y])


@njit(nogil=True, cache=True)
def bin_quads(counts: _Array, pattern: _Array, black: _Array, scale: _Array, out: _Array) -> None:
    """Make one pixel of every 2 x 2 sites; the two greens are averaged."""
    out[:] = 0
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            for j in range(2):
                for i in range(2):
                    channel = pattern[j, i]
                    value = (np.float32(counts[2 * y + j, 2 * x + i]) - black[j, i]) * scale[j, i]
                    out[y, x, channel] += value * (
                        np.float32(0.5) if channel == 1 else np.float32(1)
                    )
