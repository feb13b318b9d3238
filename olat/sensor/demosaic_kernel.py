"""Compiled loops of `olat.sensor.demosaic`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from olat.sensor.sites_kernel import Sites, fill_line, fill_variance, mirror_ends

_Array = np.ndarray[Any, Any]


@njit(nogil=True, cache=True)
def _malvar_row(
    lines: _Array, rows: _Array, pattern: _Array, weights: _Array, planes: _Array
) -> None:
    """Interpolate one row from five lines; `pattern` holds the channels of its sites.

    Every candidate is computed everywhere: without a branch, the loop runs in vectors.
    """
    half, quarter, far_1, own_6 = weights[0], weights[1], weights[2], weights[3]
    far_3, own_5, far_half = weights[4], weights[5], weights[6]
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
        cross = half * c + quarter * (near_h + near_v) + far_1 * far
        diagonal = own_6 * c + quarter * corners + far_3 * far
        along = own_5 * c + half * near_h + far_1 * (corners + far_h) + far_half * far_v
        across = own_5 * c + half * near_v + far_1 * (corners + far_v) + far_half * far_h
        at_green = (x & 1) == green_site
        first[x] = along if at_green else c
        green[x] = c if at_green else cross
        second[x] = across if at_green else diagonal


@njit(nogil=True, cache=True)
def _bilinear_row(
    lines: _Array, rows: _Array, pattern: _Array, weights: _Array, planes: _Array
) -> None:
    """Interpolate one row from the three lines in the middle of five, as `_malvar_row` does."""
    half, quarter = weights[0], weights[1]
    north, here, south = lines[rows[1]], lines[rows[2]], lines[rows[3]]
    own = 0 if pattern[0] == 0 or pattern[1] == 0 else 2
    first, green, second = planes[own], planes[1], planes[2 - own]
    green_site = 0 if pattern[0] == 1 else 1
    for x in range(green.size):
        i = x + 2
        c = here[i]
        near_h, near_v = here[i - 1] + here[i + 1], north[i] + south[i]
        corners = north[i - 1] + north[i + 1] + south[i - 1] + south[i + 1]
        at_green = (x & 1) == green_site
        first[x] = half * near_h if at_green else c
        green[x] = c if at_green else quarter * (near_h + near_v)
        second[x] = half * near_v if at_green else quarter * corners


@njit(nogil=True, cache=True)
def _interleave(planes: _Array, out: _Array) -> None:
    """Copy three rows of one channel each into one row of pixels."""
    red, green, blue = planes[0], planes[1], planes[2]
    for x in range(out.shape[0]):
        out[x, 0] = red[x]
        out[x, 1] = green[x]
        out[x, 2] = blue[x]


@njit(nogil=True, cache=True)
def _fill(line: _Array, counts: _Array, y: int, sites: Sites, noise: _Array) -> None:
    """Fill a line with light, or with its variance where the noise is given."""
    if noise.size == 0:
        fill_line(line, counts, y, sites)
    else:
        fill_variance(line, counts, y, sites, noise[0], noise[1])


@njit(nogil=True, cache=True)
def interpolate(
    counts: _Array, pattern: _Array, sites: Sites, noise: _Array, weights: _Array, out: _Array
) -> None:
    """Turn counts into light and interpolate it, five rows in flight.

    With the squared weights of a method and the noise (slope, read variance) of a site, the
    variance of what the method makes.
    """
    height, width = counts.shape
    lines = np.empty((5, width + 4), np.float32)
    planes = np.empty((3, width), np.float32)
    rows = np.empty(5, np.int64)
    for y in range(-2, height + 2):
        source = abs(y) if y < height else 2 * (height - 1) - y
        _fill(lines[y % 5], counts, source, sites, noise)
        mirror_ends(lines[y % 5], width)
        if y < 2:
            continue
        for k in range(5):
            rows[k] = (y - 4 + k) % 5
        if weights.size == 2:
            _bilinear_row(lines, rows, pattern[y & 1], weights, planes)
        else:
            _malvar_row(lines, rows, pattern[y & 1], weights, planes)
        _interleave(planes, out[y - 2])


@njit(nogil=True, cache=True)
def bin_quads(
    counts: _Array, pattern: _Array, sites: Sites, noise: _Array, shares: _Array, out: _Array
) -> None:
    """Make one pixel of every 2 x 2 sites; `shares` tells how much of itself each channel takes."""
    lines = np.empty((2, counts.shape[1] + 4), np.float32)
    out[:] = 0
    for y in range(out.shape[0]):
        for j in range(2):
            _fill(lines[j], counts, 2 * y + j, sites, noise)
        for x in range(out.shape[1]):
            for j in range(2):
                for i in range(2):
                    channel = pattern[j, i]
                    out[y, x, channel] += lines[j, 2 * x + i + 2] * shares[channel]
