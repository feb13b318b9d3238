"""Compiled loops over the sites of a sensor: from counts to signed light, and its variance."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

_Array = np.ndarray[Any, Any]

_HALF = np.float32(0.5)
# Numba infers float32 from constants like this one, and float64 from a bare 0.
_ZERO = np.float32(0.0)


class Sites(NamedTuple):
    """What each site's count is turned into light with."""

    black: _Array
    """``2 2`` [DN]."""
    scale: _Array
    """``2 2``, light per count [1/DN]."""
    dark: _Array
    """``h w`` in place of black; ``0 0`` where the sensor is not calibrated [DN]."""
    flat: _Array
    """``h w``, as large as the dark [1]."""
    starts: _Array
    """``h + 1``: the first repaired site of each row, and the end; empty if none is repaired."""
    columns: _Array
    """Of the repaired sites, row by row."""
    values: _Array
    """What the repaired sites are set to: light, or its variance."""


@njit(nogil=True, cache=True)
def fill_plain(line: _Array, row: _Array, black: _Array, scale: _Array) -> None:
    """Subtract the black level of each site and scale, from the third place of a line on."""
    for x in range(row.size):
        site = x & 1
        line[x + 2] = (np.float32(row[x]) - black[site]) * scale[site]


@njit(nogil=True, cache=True)
def fill_calibrated(line: _Array, row: _Array, dark: _Array, flat: _Array, scale: _Array) -> None:
    """Subtract the dark of each site, scale, and divide by its response."""
    for x in range(row.size):
        line[x + 2] = (np.float32(row[x]) - dark[x]) * scale[x & 1] / flat[x]


@njit(nogil=True, cache=True)
def mirror_ends(line: _Array, width: int) -> None:
    """Mirror two sites beyond either end of a line about the outermost ones."""
    line[1], line[0] = line[3], line[4]
    line[width + 2], line[width + 3] = line[width], line[width - 1]


@njit(nogil=True, cache=True)
def repair_line(line: _Array, y: int, sites: Sites) -> None:
    """Put what they are set to in the places of a row's repaired sites."""
    if sites.starts.size > 0:
        for k in range(sites.starts[y], sites.starts[y + 1]):
            line[sites.columns[k] + 2] = sites.values[k]


@njit(nogil=True, cache=True)
def fill_line(line: _Array, counts: _Array, y: int, sites: Sites) -> None:
    """Turn one row of counts into light, in a line with two free places at either end."""
    if sites.dark.shape[0] == 0:
        fill_plain(line, counts[y], sites.black[y & 1], sites.scale[y & 1])
    else:
        fill_calibrated(line, counts[y], sites.dark[y], sites.flat[y], sites.scale[y & 1])
    repair_line(line, y, sites)


@njit(nogil=True, cache=True)
def _variance(light: np.float32, unit: np.float32, slope: np.float32, read: np.float32) -> Any:
    """Return the variance of one site's light; noise below black cannot take it all away."""
    floor = read * unit * unit
    return max(slope * light * unit + floor, _HALF * floor)


@njit(nogil=True, cache=True)
def fill_variance(
    line: _Array, counts: _Array, y: int, sites: Sites, slope: np.float32, read: np.float32
) -> None:
    """Write the variance of a calibrated row's light [light^2]."""
    dark, flat, scale = sites.dark[y], sites.flat[y], sites.scale[y & 1]
    row = counts[y]
    for x in range(row.size):
        unit = scale[x & 1] / flat[x]
        light = (np.float32(row[x]) - dark[x]) * unit
        line[x + 2] = _variance(light, unit, slope, read)
    repair_line(line, y, sites)


@njit(nogil=True, cache=True)
def light_of_sites(counts: _Array, sites: Sites, out: _Array) -> None:
    """Turn all counts into light, one number a site."""
    height, width = counts.shape
    line = np.empty(width + 4, np.float32)
    for y in range(height):
        fill_line(line, counts, y, sites)
        out[y] = line[2 : width + 2]


@njit(nogil=True, cache=True)
def variance_of_sites(
    counts: _Array, sites: Sites, slope: np.float32, read: np.float32, out: _Array
) -> None:
    """Write the variance of each site's light."""
    height, width = counts.shape
    line = np.empty(width + 4, np.float32)
    for y in range(height):
        fill_variance(line, counts, y, sites, slope, read)
        out[y] = line[2 : width + 2]


@njit(nogil=True, cache=True)
def repair(
    counts: _Array,
    pattern: _Array,
    sites: Sites,
    defects: _Array,
    reach: int,
    noise: _Array,
    found: tuple[_Array, _Array, _Array, _Array, _Array],
) -> None:
    """Set defective sites to the mean of good ones of their color, near ones counting more.

    `found` holds rows, columns, and room for light, its variance, and whether to doubt them.
    """
    height, width = counts.shape
    rows, columns, values, variances, doubts = found
    for k in range(rows.size):
        y, x = rows[k], columns[k]
        color = pattern[y & 1, x & 1]
        total, spread, weights = _ZERO, _ZERO, _ZERO
        good, around = 0, 0
        for j in range(max(0, y - reach), min(height, y + reach + 1)):
            for i in range(max(0, x - reach), min(width, x + reach + 1)):
                if pattern[j & 1, i & 1] != color or (j == y and i == x):
                    continue
                around += 1
                if defects[j, i]:
                    continue
                good += 1
                weight = np.float32(1.0) / np.float32((j - y) * (j - y) + (i - x) * (i - x))
                unit = sites.scale[j & 1, i & 1] / sites.flat[j, i]
                light = (np.float32(counts[j, i]) - sites.dark[j, i]) * unit
                total += weight * light
                spread += weight * weight * _variance(light, unit, noise[0], noise[1])
                weights += weight
        values[k] = total / weights if good else _ZERO
        variances[k] = spread / (weights * weights) if good else _ZERO
        doubts[k] = 2 * good < around
