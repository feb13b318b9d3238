"""Loops of `olat.surface.normal_integration`.

Steps and scales are those of the links from a pixel to its right neighbor and to the one below;
lengths are widths of a pixel. A scale of 0 says that there is no equation.
"""

from __future__ import annotations

import math

import numpy as np

from olat.surface.strip_kernel import Numbers, compiled

_ZERO = np.float32(0.0)


@compiled
def tell_steps(
    normals: Numbers,
    trust: Numbers,
    view: Numbers,
    limits: tuple[bool, float, float],
    steps: tuple[Numbers, Numbers],
    scales: tuple[Numbers, Numbers],
) -> None:
    """Write how much deeper each neighbor is, and how sharply its normals tell that.

    `view` has the rays in rows: corner, across, down, axis. `limits` are whether the camera is
    perspective, the width of a pixel at unit depth, and the least cosine to the ray.
    """
    height, width = trust.shape
    for y in range(height):
        for x in range(width):
            steps[0][y, x] = steps[1][y, x] = _ZERO
            scales[0][y, x] = scales[1][y, x] = _ZERO
            if trust[y, x] <= _ZERO:
                continue
            if x < width - 1 and trust[y, x + 1] > _ZERO:
                step, scale = _step(normals[y, x], normals[y, x + 1], view, view[1], x, y, limits)
                steps[0][y, x], scales[0][y, x] = step, scale
            if y < height - 1 and trust[y + 1, x] > _ZERO:
                step, scale = _step(normals[y, x], normals[y + 1, x], view, view[2], x, y, limits)
                steps[1][y, x], scales[1][y, x] = step, scale


@compiled
def _step(
    first: Numbers,
    second: Numbers,
    view: Numbers,
    shift: Numbers,
    x: int,
    y: int,
    limits: tuple[bool, float, float],
) -> tuple[float, float]:
    """Return the step from a pixel to the one that is `shift` further, and its scale."""
    is_perspective, spacing, least = limits
    # Products with the ray count towards the camera, those with the shift away from it.
    one = two = along_one = along_two = length = norm = 0.0
    for k in range(3):
        ray = view[3, k]
        if is_perspective:
            ray = view[0, k] + x * view[1, k] + y * view[2, k]
        one -= first[k] * ray
        two -= second[k] * ray
        along_one += first[k] * shift[k]
        along_two += second[k] * shift[k]
        length += ray * ray
        norm += (first[k] + second[k]) ** 2
    if min(one, two) < least * math.sqrt(length):
        return 0.0, 0.0
    # The chord between both places is perpendicular to the sum of both normals.
    step = (along_one + along_two) / (one + two)
    if is_perspective:
        if step >= 1.0:
            return 0.0, 0.0
        step = -math.log1p(-step)
    apart = (along_one / one - along_two / two) / spacing
    cosine = (one + two) ** 2 / (length * norm)
    return step / spacing, cosine / (1.0 + apart * apart)


@compiled
def weigh(
    depth: Numbers,
    trust: Numbers,
    steps: tuple[Numbers, Numbers],
    scales: tuple[Numbers, Numbers],
    doubt: float,
    links: tuple[Numbers, Numbers],
) -> None:
    """Weigh each link by its scale, the trust in both ends, and what it leaves over.

    `doubt` is one over the square of what halves a weight; 0 doubts nothing.
    """
    height, width = depth.shape
    for axis in range(2):
        dy, dx = axis, 1 - axis
        step, scale, link = steps[axis], scales[axis], links[axis]
        link[:] = _ZERO
        for y in range(height - dy):
            for x in range(width - dx):
                if scale[y, x] > _ZERO:
                    a, b = trust[y, x], trust[y + dy, x + dx]
                    both = np.float32(2.0) * a * b / (a + b)
                    rest = _rest(depth, step, scale, y, x, dy, dx)
                    link[y, x] = both * scale[y, x] / (1.0 + doubt * rest)


@compiled
def _rest(depth: Numbers, step: Numbers, scale: Numbers, y: int, x: int, dy: int, dx: int) -> float:
    """Return the square of what a link leaves over [px squared]."""
    rest = depth[y + dy, x + dx] - depth[y, x] - step[y, x]
    return float(scale[y, x] * rest * rest)


@compiled
def gather_steps(
    steps: tuple[Numbers, Numbers], links: tuple[Numbers, Numbers], side: Numbers
) -> None:
    """Write the right side: what the links of each pixel say together."""
    height, width = side.shape
    side[:] = 0.0
    for y in range(height):
        for x in range(width):
            if x < width - 1:
                push = float(links[0][y, x]) * steps[0][y, x]
                side[y, x] -= push
                side[y, x + 1] += push
            if y < height - 1:
                push = float(links[1][y, x]) * steps[1][y, x]
                side[y, x] -= push
                side[y + 1, x] += push


@compiled
def number_pieces(links: tuple[Numbers, Numbers], least: float, pieces: Numbers) -> int:
    """Count pieces of pixels that links above the least weight join; single ones are none, -1."""
    height, width = pieces.shape
    pieces[:] = -1
    stack = np.empty(height * width, np.int64)
    count = 0
    for start in range(height * width):
        if pieces[start // width, start % width] >= 0:
            continue
        size, members = 1, 0
        stack[0] = start
        pieces[start // width, start % width] = count
        while size > 0:
            size -= 1
            members += 1
            size = _spread(links, least, stack[size], count, stack, size, pieces)
        if members == 1:
            pieces[start // width, start % width] = -1
        else:
            count += 1
    return count


@compiled
def _spread(
    links: tuple[Numbers, Numbers],
    least: float,
    place: int,
    number: int,
    stack: Numbers,
    size: int,
    pieces: Numbers,
) -> int:
    """Give neighbors without a number that of their pixel; return the size of the stack."""
    height, width = pieces.shape
    y, x = place // width, place % width
    for axis in range(2):
        for sign in (-1, 1):
            y2, x2 = y + sign * axis, x + sign * (1 - axis)
            if y2 < 0 or x2 < 0 or y2 >= height or x2 >= width or pieces[y2, x2] >= 0:
                continue
            if links[axis][min(y, y2), min(x, x2)] > least:
                pieces[y2, x2] = number
                stack[size] = y2 * width + x2
                size += 1
    return size


@compiled
def left_over(
    depth: Numbers,
    steps: tuple[Numbers, Numbers],
    scales: tuple[Numbers, Numbers],
    links: tuple[Numbers, Numbers],
    rest: Numbers,
) -> None:
    """Write the mean square that the links of each pixel leave over, by their weights [px²]."""
    height, width = depth.shape
    weight = np.zeros((height, width), np.float32)
    rest[:] = _ZERO
    for axis in range(2):
        dy, dx = axis, 1 - axis
        for y in range(height - dy):
            for x in range(width - dx):
                link = links[axis][y, x]
                if link > _ZERO:
                    square = np.float32(_rest(depth, steps[axis], scales[axis], y, x, dy, dx))
                    for y2, x2 in ((y, x), (y + dy, x + dx)):
                        weight[y2, x2] += link
                        rest[y2, x2] += link * square
    for y in range(height):
        for x in range(width):
            if weight[y, x] > _ZERO:
                rest[y, x] /= weight[y, x]
