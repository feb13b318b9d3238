"""Loops of `olat.synthetic.shape`."""

from __future__ import annotations

from math import inf, sqrt
from typing import Any, TypeAlias

import numpy as np
from numba import njit

Numbers: TypeAlias = np.ndarray[Any, Any]
"""Parts are rows: center, matrix to the unit sphere, that of the grown part, then two numbers."""

TO_UNIT, TO_GROWN, MELT, SHARPNESS = 3, 12, 21, 22
"""Where the columns begin; the last are its melt and one over its shortest half axis."""

STEPS = 64
"""Steps after which a ray is given up; most of those that meet the body take four."""
TOLERANCE = 1e-7
"""Distance from the surface at which a ray has arrived [m]."""
GRAZING = 0.3
"""Cosine between ray and normal below which a ray may be about to pass an edge."""
GRAZING_STEP = 3e-4
"""Least advance along a surface; what it can miss is thinner than a micrometer [m]."""

# A division that may raise would keep the compiler from doing several at once.
compiled = njit(nogil=True, cache=True, error_model="numpy")


@compiled
def into(part: Numbers, at: int, x: float, y: float, z: float) -> tuple[float, float, float]:
    """Multiply the matrix that begins in a column with a vector."""
    m = part[at : at + 9]
    return (
        m[0] * x + m[1] * y + m[2] * z,
        m[3] * x + m[4] * y + m[5] * z,
        m[6] * x + m[7] * y + m[8] * z,
    )


@compiled
def back(part: Numbers, at: int, x: float, y: float, z: float) -> tuple[float, float, float]:
    """Multiply the transpose of that matrix with a vector."""
    m = part[at : at + 9]
    return (
        m[0] * x + m[3] * y + m[6] * z,
        m[1] * x + m[4] * y + m[7] * z,
        m[2] * x + m[5] * y + m[8] * z,
    )


@compiled
def distance_at(parts: Numbers, x: float, y: float, z: float) -> tuple[float, float, float, float]:
    """Return the distance from the melted parts at a point, with its gradient."""
    value, gx, gy, gz = inf, 0.0, 0.0, 0.0
    for index in range(len(parts)):
        part = parts[index]
        u, v, w = into(part, TO_UNIT, x - part[0], y - part[1], z - part[2])
        square = max(u * u + v * v + w * w, 1e-12)
        # The distance is at least (|p| - 1) times the shortest half axis: too far to matter?
        reach = 1.0 + max(value + part[MELT], 0.0) * part[SHARPNESS]
        if square > reach * reach:
            continue
        radius = sqrt(square)
        sx, sy, sz = back(part, TO_UNIT, u, v, w)
        steepness = sqrt(sx * sx + sy * sy + sz * sz)
        other = (square - radius) / steepness
        if other >= value + part[MELT]:
            continue
        along, bend = (2.0 - 1.0 / radius) / steepness, other / (steepness * steepness)
        u, v, w = into(part, TO_UNIT, sx, sy, sz)
        bx, by, bz = back(part, TO_UNIT, u, v, w)
        overlap = max(0.0, 1.0 - abs(other - value) / part[MELT])
        share = 1.0 - overlap / 2.0 if other < value else overlap / 2.0
        value = min(value, other) - part[MELT] / 4.0 * overlap * overlap
        gx += share * (sx * along - bx * bend - gx)
        gy += share * (sy * along - by * bend - gy)
        gz += share * (sz * along - bz * bend - gz)
    return value, gx, gy, gz


@compiled
def distances(parts: Numbers, points: Numbers, values: Numbers, gradients: Numbers) -> None:
    """Write `distance_at` for many points."""
    for index in range(points.shape[1]):
        value, gx, gy, gz = distance_at(parts, points[0, index], points[1, index], points[2, index])
        values[index] = value
        gradients[0, index], gradients[1, index], gradients[2, index] = gx, gy, gz


@compiled
def hull(parts: Numbers, starts: Numbers, x: float, y: float, z: float) -> tuple[float, float]:
    """Return where a ray enters the first and leaves the last of the grown parts."""
    enter, leave = inf, -inf
    for index in range(len(parts)):
        u, v, w = into(parts[index], TO_GROWN, x, y, z)
        su, sv, sw = starts[index, 0], starts[index, 1], starts[index, 2]
        a = u * u + v * v + w * w
        b = u * su + v * sv + w * sw
        discriminant = b * b - a * (su * su + sv * sv + sw * sw - 1.0)
        if discriminant > 0.0:
            enter = min(enter, (-b - sqrt(discriminant)) / a)
            leave = max(leave, (-b + sqrt(discriminant)) / a)
    return enter, leave


@compiled
def trace(
    parts: Numbers, starts: Numbers, rays: Numbers, depths: Numbers, gradients: Numbers
) -> None:
    """Write where rays meet the melted parts and the gradients there; leave misses alone.

    `starts` are the origin of all rays: in the frame of each part, and last in that of the body.
    """
    x, y, z = starts[-1, 0], starts[-1, 1], starts[-1, 2]
    for index in range(rays.shape[1]):
        rx, ry, rz = rays[0, index], rays[1, index], rays[2, index]
        t, leave = hull(parts, starts, rx, ry, rz)
        outside, inside = 0.0, inf
        for _ in range(STEPS):
            if not t < leave:
                break
            value, gx, gy, gz = distance_at(parts, x + t * rx, y + t * ry, z + t * rz)
            if abs(value) < TOLERANCE:
                depths[index] = t
                gradients[0, index], gradients[1, index], gradients[2, index] = gx, gy, gz
                break
            if value > 0.0:
                outside = t
            else:
                inside = t
            descent = -(gx * rx + gy * ry + gz * rz)
            step = value / descent if descent > 0.0 else inf
            if value > 0.0 and descent < GRAZING:
                # A Newton step would throw a grazing ray over the edge that it is about to meet.
                step = min(step, (1.5 if descent > 0.0 else 4.0) * value + GRAZING_STEP)
            t += step
            if not outside < t < inside:
                t = (outside + inside) / 2.0


@compiled
def shade(
    parts: Numbers, points: Numbers, places: Numbers, near: float, penumbra: float, lit: Numbers
) -> None:
    """Multiply `lit` by what the parts let through from lights at unit `places` of each part."""
    units = np.empty((len(parts), 3))
    for point in range(points.shape[1]):
        x, y, z = points[0, point], points[1, point], points[2, point]
        for index in range(len(parts)):
            part = parts[index]
            units[index] = into(part, TO_UNIT, x - part[0], y - part[1], z - part[2])
        for light in range(lit.shape[0]):
            if lit[light, point] > 0.0:
                lit[light, point] *= let_through(parts, units, places, light, near, penumbra)


@compiled
def let_through(
    parts: Numbers, units: Numbers, places: Numbers, light: int, near: float, penumbra: float
) -> float:
    """Return how much of a light passes the parts on its way to a point at unit places."""
    through = 1.0
    for index in range(len(parts)):
        u, v, w = units[index, 0], units[index, 1], units[index, 2]
        lu, lv, lw = places[index, light, 0], places[index, light, 1], places[index, light, 2]
        square = u * u + v * v + w * w
        shared = u * lu + v * lv + w * lw
        ahead = near * square - shared
        if ahead <= 0.0:
            continue
        length = lu * lu + lv * lv + lw * lw + near * (square - 2.0 * shared)
        # Half the difference of squares is the gap in units of the radius, near the edge.
        softness = 2.0 * penumbra * parts[index, SHARPNESS]
        if (square - 1.0 - softness / 2.0) * length < ahead * ahead:
            clearance = square - 1.0 - ahead * ahead / length
            through = min(through, 0.5 + clearance / softness)
            if through <= 0.0:
                return 0.0
    return through
