"""Compiled loops of `olat.motion.joint`: the equations of two flows at once, and their relaxation.

The four unknowns of a pixel are dx, dy of the first flow, then of the second. A symmetric 4 x 4
matrix is kept as its upper triangle, row by row: ten numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from olat.motion.cubic_kernel import compiled, keys_taps

_Array = np.ndarray[Any, Any]


@compiled
def normal_equations(
    full_on: _Array,
    first: _Array,
    second: _Array,
    trust: _Array,
    epsilon: Any,
    matrix: _Array,
    right: _Array,
) -> None:
    """Fill in the equations of a step from ``r = full_on - first - second``, already warped.

    Every channel counts with ``trust^2 / sqrt((trust r)^2 + epsilon^2)``; an epsilon of infinity
    leaves plain least squares, where it counts with ``trust^2``.
    """
    height, width, channels = full_on.shape
    share = np.float32(1.0 / channels)
    robust = np.isfinite(epsilon)
    square = epsilon * epsilon
    slope = np.empty(4, np.float32)
    for y in range(height):
        up, down = max(y - 1, 0), min(y + 1, height - 1)
        for x in range(width):
            left, far = max(x - 1, 0), min(x + 1, width - 1)
            matrix[y, x, :] = 0.0
            right[y, x, :] = 0.0
            for c in range(channels):
                q = trust[y, x, c]
                if q == 0.0:
                    continue
                r = full_on[y, x, c] - first[y, x, c] - second[y, x, c]
                weight = share * q * q
                if robust:
                    weight /= np.sqrt(q * q * r * r + square)
                across, along = np.float32(1.0 / (far - left)), np.float32(1.0 / (down - up))
                slope[0] = (first[y, far, c] - first[y, left, c]) * across
                slope[1] = (first[down, x, c] - first[up, x, c]) * along
                slope[2] = (second[y, far, c] - second[y, left, c]) * across
                slope[3] = (second[down, x, c] - second[up, x, c]) * along
                at = 0
                for i in range(4):
                    right[y, x, i] += weight * r * slope[i]
                    for j in range(i, 4):
                        matrix[y, x, at] += weight * slope[i] * slope[j]
                        at += 1


@compiled
def complete(
    matrix: _Array,
    right: _Array,
    flow: _Array,
    hint: _Array,
    smoothness: Any,
    hint_weight: Any,
) -> None:
    """Turn the equations of a step into those of the flow, and the matrix into its inverse.

    With the data's matrix J and right side b, the flow f now, the hint h and n neighbors, the
    matrix becomes ``(J + (s n + p) 1)^-1`` and the right side ``b + J f + p h``.
    """
    height, width, _ = flow.shape
    full = np.empty((4, 4), np.float64)
    for y in range(height):
        for x in range(width):
            at = 0
            for i in range(4):
                for j in range(i, 4):
                    full[i, j] = matrix[y, x, at]
                    full[j, i] = full[i, j]
                    at += 1
            neighbors = (y > 0) + (y < height - 1) + (x > 0) + (x < width - 1)
            for i in range(4):
                value = np.float64(hint_weight) * hint[y, x, i]
                for j in range(4):
                    value += full[i, j] * flow[y, x, j]
                right[y, x, i] += np.float32(value)
            for i in range(4):
                full[i, i] += smoothness * neighbors + hint_weight
            _store_inverse(full, matrix[y, x])


@compiled
def _store_inverse(full: _Array, packed: _Array) -> None:
    """Invert a positive definite 4 x 4 matrix in place, by 2 x 2 blocks, and pack it."""
    a, b, c = full[0, 0], full[0, 1], full[1, 1]
    scale = 1.0 / (a * c - b * b)
    ia, ib, ic = c * scale, -b * scale, a * scale
    q00, q01, q10, q11 = full[0, 2], full[0, 3], full[1, 2], full[1, 3]
    # t = P^-1 Q and the Schur complement R - Q^T t.
    t00, t01 = ia * q00 + ib * q10, ia * q01 + ib * q11
    t10, t11 = ib * q00 + ic * q10, ib * q01 + ic * q11
    d = full[2, 2] - q00 * t00 - q10 * t10
    e = full[2, 3] - q00 * t01 - q10 * t11
    f = full[3, 3] - q01 * t01 - q11 * t11
    scale = 1.0 / (d * f - e * e)
    sd, se, sf = f * scale, -e * scale, d * scale
    k00, k01 = t00 * sd + t01 * se, t00 * se + t01 * sf
    k10, k11 = t10 * sd + t11 * se, t10 * se + t11 * sf
    packed[0] = ia + k00 * t00 + k01 * t01
    packed[1] = ib + k00 * t10 + k01 * t11
    packed[2], packed[3] = -k00, -k01
    packed[4] = ic + k10 * t10 + k11 * t11
    packed[5], packed[6] = -k10, -k11
    packed[7], packed[8], packed[9] = sd, se, sf


@compiled
def relax(
    inverse: _Array, right: _Array, smoothness: Any, sweeps: Any, over: Any, flow: _Array
) -> None:
    """Improve the flow in place by red-black over-relaxation, all four unknowns at once."""
    height, width, _ = flow.shape
    for sweep in range(2 * sweeps):
        for y in range(height):
            for x in range((y + sweep) % 2, width, 2):
                a, b, c, d = right[y, x, 0], right[y, x, 1], right[y, x, 2], right[y, x, 3]
                if y > 0:
                    a += smoothness * flow[y - 1, x, 0]
                    b += smoothness * flow[y - 1, x, 1]
                    c += smoothness * flow[y - 1, x, 2]
                    d += smoothness * flow[y - 1, x, 3]
                if y < height - 1:
                    a += smoothness * flow[y + 1, x, 0]
                    b += smoothness * flow[y + 1, x, 1]
                    c += smoothness * flow[y + 1, x, 2]
                    d += smoothness * flow[y + 1, x, 3]
                if x > 0:
                    a += smoothness * flow[y, x - 1, 0]
                    b += smoothness * flow[y, x - 1, 1]
                    c += smoothness * flow[y, x - 1, 2]
                    d += smoothness * flow[y, x - 1, 3]
                if x < width - 1:
                    a += smoothness * flow[y, x + 1, 0]
                    b += smoothness * flow[y, x + 1, 1]
                    c += smoothness * flow[y, x + 1, 2]
                    d += smoothness * flow[y, x + 1, 3]
                m = inverse[y, x]
                flow[y, x, 0] += over * (m[0] * a + m[1] * b + m[2] * c + m[3] * d - flow[y, x, 0])
                flow[y, x, 1] += over * (m[1] * a + m[4] * b + m[5] * c + m[6] * d - flow[y, x, 1])
                flow[y, x, 2] += over * (m[2] * a + m[5] * b + m[7] * c + m[8] * d - flow[y, x, 2])
                flow[y, x, 3] += over * (m[3] * a + m[6] * b + m[8] * c + m[9] * d - flow[y, x, 3])


@compiled
def pull(picture: _Array, flow: _Array, at: Any, out: _Array, trust: _Array) -> None:
    """Warp a picture by planes ``at``, ``at + 1`` of the flow; no trust beyond its border."""
    height, width, channels = picture.shape
    columns, rows = np.empty(4, np.int64), np.empty(4, np.int64)
    for y in range(height):
        for x in range(width):
            px, py = x + flow[y, x, at], y + flow[y, x, at + 1]
            if not (px >= -0.5 and px <= width - 0.5 and py >= -0.5 and py <= height - 0.5):
                for c in range(channels):
                    trust[y, x, c] = 0.0
            across, down = keys_taps(px, width, columns), keys_taps(py, height, rows)
            for c in range(channels):
                value = np.float32(0.0)
                for k in range(4):
                    row = rows[k]
                    value += down[k] * (
                        across[0] * picture[row, columns[0], c]
                        + across[1] * picture[row, columns[1], c]
                        + across[2] * picture[row, columns[2], c]
                        + across[3] * picture[row, columns[3], c]
                    )
                out[y, x, c] = value


@compiled
def gain_sums(
    full_on: _Array, first: _Array, second: _Array, trust: _Array, gains: _Array, epsilon: Any
) -> _Array:
    """Return, by channel, the robust sums of aa, ab, bb, fa and fb; a, b and f are the pictures."""
    height, width, channels = full_on.shape
    sums = np.zeros((channels, 5), np.float64)
    square = epsilon * epsilon
    for y in range(height):
        for x in range(width):
            for c in range(channels):
                q = trust[y, x, c]
                if q == 0.0:
                    continue
                a, b, f = first[y, x, c], second[y, x, c], full_on[y, x, c]
                r = f - gains[0, c] * a - gains[1, c] * b
                weight = q * q / np.sqrt(q * q * r * r + square)
                sums[c, 0] += weight * a * a
                sums[c, 1] += weight * a * b
                sums[c, 2] += weight * b * b
                sums[c, 3] += weight * f * a
                sums[c, 4] += weight * f * b
    return sums
