"""Loops that simulate a lobe under a rig's gradients, solve for it, and look solutions up."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from olat.surface.strip_kernel import compiled

Numbers: TypeAlias = np.ndarray[Any, Any]

STEPS = 12
"""Most steps of a solve."""
CLOSE = 1e-5
"""Distance of ratios at which a solve ends."""


@compiled
def lobe(cosine: float, length: float) -> tuple[float, float, float]:
    """Return a lobe of unit integral, its slope along the cosine, and along the ratio length.

    Mixed of a hemispherical and a spherical lobe as in `olat.surface.cosine_lobe`.
    """
    share = min(max((0.6 - length) / 0.1, 0.0), 1.0)
    shift = -10.0 if 0.0 < share < 1.0 else 0.0
    growth = 1.0 / (1.0 - length) ** 2
    value, across, along = 0.0, 0.0, 0.0
    if share < 1.0 and cosine > 1e-12:
        exponent = max((2.0 * length - 1.0) / (1.0 - length), 0.0)
        log = np.log(cosine)
        power = np.exp(exponent * log) / (2.0 * np.pi)
        part = (exponent + 1.0) * power
        value += (1.0 - share) * part
        across += (1.0 - share) * part * exponent / cosine
        along += (1.0 - share) * growth * (power + part * log) - shift * part
    if share > 0.0:
        base = max((1.0 + cosine) / 2.0, 1e-12)
        exponent = 2.0 * length / (1.0 - length)
        log = np.log(base)
        power = np.exp(exponent * log) / (4.0 * np.pi)
        part = (exponent + 1.0) * power
        value += share * part
        across += share * part * exponent / (2.0 * base)
        along += share * 2.0 * growth * (power + part * log) + shift * part
    return value, across, along


@compiled
def simulate(
    directions: Numbers,
    difference: Numbers,
    total: Numbers,
    ideal: Numbers,
    lengths: tuple[float, float],
    ratio: Numbers,
    slopes: Numbers,
) -> float:
    """Fill in the ratio that a lobe gives under a rig, and its slopes; return the least total.

    Outside of the least and largest length of lobes the ratio goes in proportion.
    """
    length = np.sqrt(ideal[0] ** 2 + ideal[1] ** 2 + ideal[2] ** 2)
    reached = max(length, 1e-9)
    x, y, z = ideal[0] / reached, ideal[1] / reached, ideal[2] / reached
    length = min(max(length, lengths[0]), lengths[1])
    turn = 1.0 / max(length, 1e-9)
    above, below = np.zeros(3), np.zeros(3)
    up, down = np.zeros((3, 3)), np.zeros((3, 3))
    for light in range(len(directions)):
        wx, wy, wz = directions[light, 0], directions[light, 1], directions[light, 2]
        cosine = min(max(x * wx + y * wy + z * wz, -1.0), 1.0)
        value, across, along = lobe(cosine, length)
        if value == 0.0:
            continue
        across *= turn
        along -= across * cosine
        sx, sy, sz = across * wx + along * x, across * wy + along * y, across * wz + along * z
        for axis in range(3):
            lit, sum_ = difference[light, axis], total[light, axis]
            above[axis] += lit * value
            below[axis] += sum_ * value
            up[axis, 0] += lit * sx
            up[axis, 1] += lit * sy
            up[axis, 2] += lit * sz
            down[axis, 0] += sum_ * sx
            down[axis, 1] += sum_ * sy
            down[axis, 2] += sum_ * sz
    least = min(below[0], below[1], below[2])
    if least <= 0.0:
        ratio[:], slopes[:] = 0.0, 0.0
        return 0.0
    for axis in range(3):
        ratio[axis] = above[axis] / below[axis]
        for part in range(3):
            slopes[axis, part] = (up[axis, part] - ratio[axis] * down[axis, part]) / below[axis]
    if reached != length:
        _scale(ratio, slopes, np.array([x, y, z]), reached, length)
    return float(least)


@compiled
def _scale(ratio: Numbers, slopes: Numbers, axis: Numbers, reached: float, length: float) -> None:
    """Take a ratio and its slopes from a lobe of one length to another, in proportion."""
    for row in range(3):
        outward = slopes[row] @ axis
        for part in range(3):
            slopes[row, part] += (ratio[row] / length - outward) * axis[part]
        ratio[row] *= reached / length


@compiled
def _step(slopes: Numbers, off: Numbers, damping: float, step: Numbers) -> None:
    """Fill in the damped Gauss-Newton step, by Cramer's rule."""
    square = slopes.T @ slopes
    for part in range(3):
        square[part, part] += damping
    pull = slopes.T @ off
    first = np.cross(square[1], square[2])
    second = np.cross(square[2], square[0])
    third = np.cross(square[0], square[1])
    determinant = square[0] @ first
    for part in range(3):
        step[part] = (
            first[part] * pull[0] + second[part] * pull[1] + third[part] * pull[2]
        ) / determinant


@compiled
def solve(
    directions: Numbers,
    difference: Numbers,
    total: Numbers,
    wanted: Numbers,
    lengths: tuple[float, float],
    guesses: Numbers,
) -> tuple[Numbers, Numbers, Numbers]:
    """Find the ideal ratios whose lobes give the wanted ratios under a rig (Levenberg, Marquardt).

    Returns them, how far each ended from what was wanted, and the slopes there.
    """
    count = len(wanted)
    ideals, distances, slopes_of = guesses.copy(), np.zeros(count), np.zeros((count, 3, 3))
    ratio, slopes = np.zeros(3), np.zeros((3, 3))
    tried, tried_slopes, step = np.zeros(3), np.zeros((3, 3)), np.zeros(3)
    for node in range(count):
        ideal = ideals[node].copy()
        simulate(directions, difference, total, ideal, lengths, ratio, slopes)
        off = wanted[node] - ratio
        cost, damping = off @ off, 1e-4
        for _ in range(STEPS):
            if cost < CLOSE * CLOSE:
                break
            _step(slopes, off, damping, step)
            trial = ideal + step
            least = simulate(directions, difference, total, trial, lengths, tried, tried_slopes)
            tried_off = wanted[node] - tried
            tried_cost = tried_off @ tried_off
            if least > 0.0 and tried_cost < cost:
                gain = cost - tried_cost
                ideal, off, cost = trial, tried_off, tried_cost
                slopes[:], damping = tried_slopes, max(damping / 10.0, 1e-12)
                if gain < 1e-2 * cost:
                    break
            else:
                damping *= 10.0
                if damping > 1e3:
                    break
        ideals[node], distances[node], slopes_of[node] = ideal, np.sqrt(cost), slopes
    return ideals, distances, slopes_of


@compiled
def look_up(table: Numbers, reach: float, shell: float, ratios: Numbers, found: Numbers) -> None:
    """Interpolate a grid over the cube from -reach to reach at some ratios.

    Of the columns of a node the first three are interpolated by cubics (Catmull and Rom 1974), the
    others linearly. Ratios longer than 1 are looked up at length 1; with a shell, all are looked up
    at its length, and what is found is scaled back.
    """
    count = table.shape[0]
    weights, base, part = np.empty((3, 4), np.float32), np.empty(3, np.int64), np.empty(3)
    per_unit = (count - 1) / (2.0 * reach)
    for pixel in range(len(ratios)):
        u, v, w = ratios[pixel, 0], ratios[pixel, 1], ratios[pixel, 2]
        length = max(np.sqrt(u * u + v * v + w * w), 1e-9)
        back = length / shell if shell > 0.0 else max(length, 1.0)
        for axis in range(3):
            at = (ratios[pixel, axis] / back + reach) * per_unit
            low = np.int64(at)
            base[axis], part[axis] = low, at - low
            t = np.float32(at - low)
            half = np.float32(0.5) * t
            weights[axis, 0] = -half * (t - 1) * (t - 1)
            weights[axis, 1] = half * t * (3 * t - 5) + 1
            weights[axis, 2] = half * ((4 - 3 * t) * t + 1)
            weights[axis, 3] = half * t * (t - 1)
        i0, j0, k0 = base[0] - 1, base[1] - 1, base[2] - 1
        x, y, z = np.float32(0.0), np.float32(0.0), np.float32(0.0)
        for i in range(4):
            for j in range(4):
                pair = weights[0, i] * weights[1, j]
                for k in range(4):
                    weight = pair * weights[2, k]
                    x += weight * table[i0 + i, j0 + j, k0 + k, 0]
                    y += weight * table[i0 + i, j0 + j, k0 + k, 1]
                    z += weight * table[i0 + i, j0 + j, k0 + k, 2]
        found[pixel, 0], found[pixel, 1], found[pixel, 2] = x * back, y * back, z * back
        found[pixel, 3] = _linear(table, base, part, 3)
        found[pixel, 4] = _linear(table, base, part, 4)


@compiled
def _linear(table: Numbers, base: Numbers, part: Numbers, column: int) -> float:
    """Return one column of a grid, interpolated linearly."""
    value = 0.0
    for i in range(2):
        along = part[0] if i else 1.0 - part[0]
        for j in range(2):
            pair = along * (part[1] if j else 1.0 - part[1])
            for k in range(2):
                weight = pair * (part[2] if k else 1.0 - part[2])
                value += weight * table[base[0] + i, base[1] + j, base[2] + k, column]
    return value
