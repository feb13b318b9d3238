"""Loops of `olat.surface.cast_shadows`: walks over the picture towards the light.

Nearness, one over depth for a perspective camera and minus depth for an orthographic one, changes
evenly along the picture of any straight line; far below 0 stands for what is not known.
"""

from __future__ import annotations

import math

import numpy as np

from olat.surface.strip_kernel import Numbers, compiled

TILE = 8
"""Side of the squares that a walk may pass in one step [px]."""
NOTHING = np.float32(-1e30)
_KNOWN = np.float32(-1e29)


@compiled
def nearest_around(near: Numbers, tiles: Numbers) -> None:
    """Write the largest nearness in each tile and the eight around it."""
    height, width = near.shape
    rows, columns = tiles.shape
    tiles[:] = NOTHING
    for y in range(height):
        for x in range(width):
            value, row, column = near[y, x], y // TILE, x // TILE
            for r in range(max(row - 1, 0), min(row + 2, rows)):
                for c in range(max(column - 1, 0), min(column + 2, columns)):
                    tiles[r, c] = max(tiles[r, c], value)


@compiled
def walk(
    near: Numbers,
    tiles: Numbers,
    light: tuple[float, float, float],
    kind: tuple[bool, bool],
    widths: tuple[float, float, float],
    visibility: Numbers,
) -> None:
    """Write how much of a light each pixel sees.

    `light` is, in the coordinates of the picture, the direction towards it or its place; `kind`
    tells whether the camera is perspective and whether the light is distant; `widths` are those of
    a pixel at unit depth, and of bias and penumbra [px].
    """
    height, width = near.shape
    nearest = near.max()
    for y in range(height):
        for x in range(width):
            visibility[y, x] = 1.0
            if near[y, x] > _KNOWN:
                start = (float(x), float(y), float(near[y, x]))
                way = _way(start, light, kind)
                if way[3] > 0.0:
                    excess = _largest_excess(near, tiles, nearest, start, way, kind[0], widths)
                    visibility[y, x] = 1.0 - min(max(excess, 0.0), 1.0)


@compiled
def _way(
    start: tuple[float, float, float],
    light: tuple[float, float, float],
    kind: tuple[bool, bool],
) -> tuple[float, float, float, float]:
    """Return the direction in the picture, change of nearness a pixel, and length [px]."""
    x, y, near = start
    is_perspective, is_distant = kind
    lx, ly, lz = light
    depth = 1.0 / near if is_perspective else -near
    if not is_distant:
        share = depth if is_perspective else 1.0
        lx, ly, lz = lx - x * share, ly - y * share, lz - depth
    length = 1e30
    if is_perspective:
        vx, vy = (lx - x * lz) * near, (ly - y * lz) * near
        change = -lz * near * near
        # Where the light, or the vanishing point of its direction, is seen: if it is in front.
        ahead = lz if is_distant else lz + depth
        if ahead > 0.0:
            length = math.hypot(vx, vy) / (ahead * near)
    else:
        vx, vy, change = lx, ly, -lz
        if not is_distant:
            length = math.hypot(vx, vy)
    speed = math.hypot(vx, vy)
    if speed <= 1e-9 * abs(lz):
        return 0.0, 0.0, 0.0, 0.0
    return vx / speed, vy / speed, change / speed, length


@compiled
def _largest_excess(
    near: Numbers,
    tiles: Numbers,
    nearest: float,
    start: tuple[float, float, float],
    way: tuple[float, float, float, float],
    is_perspective: bool,
    widths: tuple[float, float, float],
) -> float:
    """Return how far the surface stands before the ray, in penumbras beyond the bias, at most 1."""
    height, width = near.shape
    x0, y0, first = start
    dx, dy, change, length = way
    spacing, bias, penumbra = widths
    largest, at = 0.0, 1.0
    while at < length:
        x, y, ray = x0 + at * dx, y0 + at * dy, first + at * change
        if x < 0.0 or y < 0.0 or x > width - 1 or y > height - 1:
            break
        if ray > nearest and change >= 0.0:
            break
        column, row = int(x), int(y)
        if min(ray, ray + TILE * change) > tiles[row // TILE, column // TILE]:
            at += TILE
            continue
        found = _between(near, x, y, row, column)
        if found > _KNOWN:
            unit = spacing * found if is_perspective else spacing
            largest = max(largest, ((found - ray) / unit - bias) / penumbra)
            if largest >= 1.0:
                break
        at += 1.0
    return largest


@compiled
def _between(near: Numbers, x: float, y: float, row: int, column: int) -> float:
    """Interpolate in a square of pixels, all of which must be known."""
    height, width = near.shape
    below, right = min(row + 1, height - 1), min(column + 1, width - 1)
    a, b = near[row, column], near[row, right]
    c, d = near[below, column], near[below, right]
    if min(a, b, c, d) <= _KNOWN:
        return float(NOTHING)
    u, v = x - column, y - row
    return float((a * (1.0 - u) + b * u) * (1.0 - v) + (c * (1.0 - u) + d * u) * v)
