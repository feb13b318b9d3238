"""Loops that split moments into a matte part and a white lobe, over the lights of a rig."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from olat.surface.strip_kernel import compiled

Numbers: TypeAlias = np.ndarray[Any, Any]

STEPS = 12
"""Most steps towards an exponent."""
STARTS = (1.8, 3.0, 4.2, 0.7, 0.0)
"""Logarithms of exponents to go down from where the first guess led into a wrong valley."""
ENOUGH = 10.0
"""Squared residual that is passed over, as a multiple of the noise."""
TURNS = 8
"""Most steps towards a normal."""
LEAST_NOISE = 1e-4
"""Of photographs, as a share of the light, that the prior counts against."""
LEAST, MOST = 0.2, 5.3
"""Limits of the logarithm of an exponent: 1.2 to 200."""
DEGREES = 4.0
"""Of freedom of what channels differ by: two of three by three numbers, less those of a normal."""

INTEGRAL, MATTE, EXPONENT = 0, 1, 4
"""Columns of what is found: integral of the lobe, matte albedos, log of the exponent."""
MATTE_DOUBT, LOBE_DOUBT, EXPONENT_DOUBT = 5, 6, 7
"""And of the doubts: share of the light, share of the lobe, of the logarithm."""
COLUMNS = 8


@compiled
def matte_moments(lights: Numbers, normal: Numbers, moments: Numbers, slopes: Numbers) -> None:
    """Fill in what a white matte surface gives under each pattern, and its slopes by the normal.

    Rows of lights are direction and then the light of each pattern.
    """
    moments[:], slopes[:] = 0.0, 0.0
    for light in range(len(lights)):
        x, y, z = lights[light, 0], lights[light, 1], lights[light, 2]
        cosine = normal[0] * x + normal[1] * y + normal[2] * z
        if cosine > 0.0:
            for row in range(4):
                lit = lights[light, 3 + row]
                moments[row] += lit * cosine
                slopes[0, row] += lit * x
                slopes[1, row] += lit * y
                slopes[2, row] += lit * z


@compiled
def _in_front(lights: Numbers, axis: Numbers, near: Numbers) -> int:
    """Fill in the lights before an axis: the log of the cosine, and the light of each pattern."""
    count = 0
    for light in range(len(lights)):
        cosine = (
            axis[0] * lights[light, 0] + axis[1] * lights[light, 1] + axis[2] * lights[light, 2]
        )
        if cosine > 1e-6:
            near[count, 0] = np.log(min(cosine, 1.0))
            near[count, 1:] = lights[light, 3:]
            count += 1
    return count


@compiled
def gloss_moments(near: Numbers, log_exponent: float, moments: Numbers, slopes: Numbers) -> None:
    """Fill in what a lobe of unit integral gives, and its slopes by the log of the exponent."""
    exponent = np.exp(log_exponent)
    scale, growth = (exponent + 1.0) / (2.0 * np.pi), 1.0 / (exponent + 1.0)
    # Farther out a lobe is less than a millionth of its peak.
    least = -14.0 / exponent
    moments[:], slopes[:] = 0.0, 0.0
    for light in range(len(near)):
        log = near[light, 0]
        if log > least:
            value = scale * np.exp(exponent * log)
            slope = value * (log + growth) * exponent
            for row in range(4):
                moments[row] += near[light, 1 + row] * value
                slopes[row] += near[light, 1 + row] * slope


@compiled
def turn_normals(lights: Numbers, seen: Numbers, normals: Numbers) -> None:
    """Turn normals until the matte moments of each point where seen ones do (Gauss and Newton)."""
    moments, slopes = np.zeros(4), np.zeros((3, 4))
    for pixel in range(len(normals)):
        normal = normals[pixel].astype(np.float64)
        for _ in range(TURNS):
            matte_moments(lights, normal, moments, slopes)
            share = (moments @ seen[pixel]) / (seen[pixel] @ seen[pixel])
            # The length of the moments is free: what is along them says nothing.
            along = moments / (np.sqrt(moments @ moments) + 1e-12)
            off = share * seen[pixel] - moments
            off -= (off @ along) * along
            for part in range(3):
                slopes[part] -= (along @ slopes[part]) * along
            square = slopes @ slopes.T
            # Along the normal nothing is sought; the rest is in the plane across it.
            square += np.outer(normal, normal) * (square[0, 0] + square[1, 1] + square[2, 2] + 1e-9)
            for part in range(3):
                square[part, part] += 1e-9
            turn = np.linalg.solve(square, slopes @ off)
            normal += turn
            normal /= np.sqrt(normal @ normal)
            if turn @ turn < 1e-14:
                break
        normals[pixel] = normal


@compiled
def _start(across: Numbers, pulled: Numbers, axis: Numbers) -> float:
    """Return the log of the exponent whose moments over a full sphere come closest.

    ``across`` is the unit matte vector, ``pulled`` what is seen beside it: B (1, q r) is sought.
    """
    rest = np.zeros((2, 4))
    rest[0, 0] = 1.0
    rest[1, 1:] = axis
    for part in range(2):
        rest[part] -= (across @ rest[part]) * across
    a, b, c = rest[0] @ rest[0], rest[0] @ rest[1], rest[1] @ rest[1]
    first, second = rest[0] @ pulled, rest[1] @ pulled
    integral, moment = c * first - b * second, a * second - b * first
    q = moment / integral if integral > 0.0 else 0.95
    q = min(max(q, 0.6), 0.99)
    return float(min(max(np.log(max((2.0 * q - 1.0) / (1.0 - q), 1.3)), LEAST), MOST))


@compiled
def _descend(
    near: Numbers,
    across: Numbers,
    pulled: Numbers,
    prior: tuple[float, float],
    start: float,
    fit: Numbers,
) -> float:
    """Go down from one exponent to the best near by (Gauss-Newton, the integral projected out).

    Minimizes |pulled - B g|^2 + weight (log m - expected)^2, all across the matte vector. Fills in
    B, log m, the squares of both slopes and their product, if that is better than what is there.
    """
    gloss, slope = np.zeros(4), np.zeros(4)
    expected, weight = prior
    best: Any = np.inf
    place, kept, step = start, start, 0.0
    for _ in range(STEPS):
        gloss_moments(near, place, gloss, slope)
        gloss -= (across @ gloss) * across
        slope -= (across @ slope) * across
        squared = gloss @ gloss + 1e-18
        integral: Any = max((gloss @ pulled) / squared, 0.0)
        off = pulled - integral * gloss
        cost = off @ off + weight * (place - expected) ** 2
        if cost > best:
            step *= 0.5
            place = min(max(kept + step, LEAST), MOST)
            continue
        best, kept = cost, place
        tangent = integral * slope
        shared = gloss @ tangent
        if best < fit[0]:
            fit[0], fit[1], fit[2] = best, integral, place
            fit[3], fit[4], fit[5] = squared, shared, tangent @ tangent
        tangent = tangent - shared / squared * gloss
        step = (tangent @ off - weight * (place - expected)) / (tangent @ tangent + weight)
        place = min(max(place + step, LEAST), MOST)
        if abs(place - kept) < 1e-4:
            break
    return float(best)


@compiled
def _shared(seen: Numbers, across: Numbers, pulled: Numbers) -> tuple[float, float, float]:
    """Fill in what all channels see across the matte vector: that of the lobe.

    Returns the weight of it, the square of the noise that channels differ by, relative to their
    light, and the mean light.
    """
    pulled[:] = 0.0
    weight, light, apart = 0.0, 0.0, 0.0
    for channel in range(3):
        bright: Any = max(seen[channel, 0], 1e-9)
        pulled += (seen[channel] - (across @ seen[channel]) * across) / bright**2
        weight += 1.0 / bright**2
        light += bright / 3.0
    pulled /= weight
    for channel in range(3):
        bright = max(seen[channel, 0], 1e-9)
        part = seen[channel] - (across @ seen[channel]) * across - pulled
        apart += (part @ part) / bright**2 / DEGREES
    return weight, apart, light


@compiled
def separate(
    lights: Numbers,
    seen: Numbers,
    normals: Numbers,
    view: Numbers,
    prior: tuple[float, float],
    noise: Numbers,
    found: Numbers,
) -> None:
    """Split the moments of pixels, channel by channel; fill in `COLUMNS` numbers each.

    ``noise`` is what doubts are told for at least, as a share of the light.
    """
    matte, slopes, pulled = np.zeros(4), np.zeros((3, 4)), np.zeros(4)
    gloss, growth, fit = np.zeros(4), np.zeros(4), np.zeros(6)
    room = np.zeros((len(lights), 5))
    for pixel in range(len(seen)):
        normal = normals[pixel].astype(np.float64)
        mirror = 2.0 * (normal @ view[pixel]) * normal - view[pixel]
        matte_moments(lights, normal, matte, slopes)
        squared = matte @ matte
        if squared < 1e-18:
            continue
        across = matte / np.sqrt(squared)
        weight, apart, light = _shared(seen[pixel], across, pulled)
        ridge = max(apart, LEAST_NOISE**2) / weight
        towards = (prior[0], ridge * prior[1])
        near = room[: _in_front(lights, mirror, room)]
        fit[0] = np.inf
        start = _start(across, pulled, mirror)
        for further in STARTS:
            # One valley is enough, unless it does not explain the photographs.
            if _descend(near, across, pulled, towards, start, fit) < ENOUGH * ridge:
                break
            start = further
        integral, place = fit[1], fit[2]
        gloss_moments(near, place, gloss, growth)
        found[pixel, INTEGRAL], found[pixel, EXPONENT] = integral, place
        for channel in range(3):
            rest = seen[pixel, channel] - integral * gloss
            found[pixel, MATTE + channel] = (matte @ rest) / squared
        spread = max(apart, noise[pixel] ** 2) / weight
        a, b, c = fit[3] / spread, fit[4] / spread, fit[5] / spread + prior[1]
        determinant = max(a * c - b * b, 1e-18)
        by_lobe, by_exponent = across @ gloss, integral * (across @ growth)
        matte_doubt = by_lobe**2 * c - 2.0 * by_lobe * by_exponent * b + by_exponent**2 * a
        found[pixel, MATTE_DOUBT] = np.sqrt(max(matte_doubt, 0.0) / determinant) / light
        found[pixel, LOBE_DOUBT] = np.sqrt(c / determinant) / max(integral, 1e-9)
        found[pixel, EXPONENT_DOUBT] = np.sqrt(a / determinant)
