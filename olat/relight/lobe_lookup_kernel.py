"""The loop that looks convolved light up for every pixel's lobe."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numba import njit

Numbers: TypeAlias = np.ndarray[Any, Any]


@njit(nogil=True, cache=True)
def look_up(
    maps: Numbers,
    ratios: Numbers,
    axes: Numbers,
    ratio: Numbers,
    turn: float,
    light: Numbers,
) -> None:
    """Write what each lobe gathers: linear between rows, columns and ratios.

    Maps are ``(level, h + 2, w + 2, channel)`` with a border; the turn about +y is a share of 360
    degrees. The axis of a pixel is a unit vector, or zero where its ratio is.
    """
    height, width = maps.shape[1] - 2, maps.shape[2] - 2
    last = ratios.size - 2
    for pixel in range(ratio.size):
        x, y, z = axes[pixel, 0], axes[pixel, 1], axes[pixel, 2]
        row = np.arccos(min(max(y, -1.0), 1.0)) / np.pi * height + 0.5
        column = (0.5 - np.arctan2(x, z) / (2.0 * np.pi) + turn) % 1.0 * width + 0.5
        top, left = min(int(row), height), min(int(column), width)
        down, right = row - top, column - left
        level = 0
        while level < last and ratio[pixel] >= ratios[level + 1]:
            level += 1
        up = (ratio[pixel] - ratios[level]) / (ratios[level + 1] - ratios[level])
        up = min(max(up, 0.0), 1.0)
        for channel in range(maps.shape[3]):
            total = 0.0
            for k in range(2):
                upper = maps[level + k, top, left, channel] * (1.0 - right)
                upper += maps[level + k, top, left + 1, channel] * right
                lower = maps[level + k, top + 1, left, channel] * (1.0 - right)
                lower += maps[level + k, top + 1, left + 1, channel] * right
                share = up if k else 1.0 - up
                total += share * (upper * (1.0 - down) + lower * down)
            light[pixel, channel] = total
