"""Loops that light each pixel of mapped planes from where its own place sees a lamp."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numba import njit

from olat.relight.planes_kernel import pixel_of

Numbers: TypeAlias = np.ndarray[Any, Any]

_INSIDE = -1e-6
"""Least share of a triangle's corner at which a direction lies in it."""


@njit(nogil=True, cache=True)
def light_pixels(  # noqa: PLR0913, PLR0917  # tuples of arrays would cost what pixels do
    addresses: Numbers,
    places: Numbers,
    lamps: Numbers,
    is_near: bool,
    corners: Numbers,
    neighbors: Numbers,
    emitters: Numbers,
    start: int,
    stop: int,
    out: Numbers,
) -> int:
    """Add what emitters do to pixels ``[start, stop)``; return how many met no triangle.

    ``addresses`` are (light, channel); ``lamps`` places if they are near, else unit vectors.
    """
    met = 0
    seen = np.empty((3, 3))
    shares = np.empty(3)
    for emitter in emitters:
        facet = 0
        for pixel in range(start, stop):
            place = places[pixel]
            away = emitter[:3] - place
            square = away[0] ** 2 + away[1] ** 2 + away[2] ** 2
            if square == 0.0:
                continue
            away /= np.sqrt(square)
            sent = _sent(emitter, away) / square
            if sent == 0.0:
                continue
            facet = _walk(facet, away, place, lamps, is_near, corners, neighbors, seen, shares)
            if facet < 0:
                facet = 0
                met += 1
                light = _nearest(away, place, lamps, is_near)
                gain = sent / _gain(place, lamps[light], is_near)
                for k in range(3):
                    value = pixel_of(addresses[light, k], pixel)
                    out[pixel, k] += np.float32(gain * emitter[3 + k] * value)
                continue
            for corner in range(3):
                light = corners[facet, corner]
                gain = sent * shares[corner] / _gain(place, lamps[light], is_near)
                for k in range(3):
                    value = pixel_of(addresses[light, k], pixel)
                    out[pixel, k] += np.float32(gain * emitter[3 + k] * value)
    return met


@njit(nogil=True, cache=True)
def _sent(emitter: Numbers, away: Numbers) -> float:
    """Return the share of an emitter's intensity that it sends along a way, seen from its end."""
    cosine = -(away[0] * emitter[6] + away[1] * emitter[7] + away[2] * emitter[8])
    inner, outer = emitter[10], emitter[11]
    edge = min(max((cosine - outer) / (inner - outer), 0.0), 1.0)
    sent = edge * edge * (3.0 - 2.0 * edge)
    return float(sent * max(cosine, 0.0) if emitter[9] == 1.0 else sent)


@njit(nogil=True, cache=True)
def _gain(place: Numbers, lamp: Numbers, is_near: bool) -> float:
    """Return what a lamp of the rig sends to a place, relative to the origin."""
    if not is_near:
        return 1.0
    reach = lamp[0] ** 2 + lamp[1] ** 2 + lamp[2] ** 2
    x, y, z = lamp[0] - place[0], lamp[1] - place[1], lamp[2] - place[2]
    return float(reach / (x * x + y * y + z * z))


@njit(nogil=True, cache=True)
def _toward(place: Numbers, lamp: Numbers, is_near: bool, out: Numbers) -> None:
    """Write the unit vector from a place to a lamp."""
    if not is_near:
        out[:] = lamp
        return
    out[:] = lamp - place
    out /= np.sqrt(out[0] ** 2 + out[1] ** 2 + out[2] ** 2)


@njit(nogil=True, cache=True)
def _walk(  # noqa: PLR0913, PLR0917  # tuples of arrays would cost what pixels do
    facet: int,
    away: Numbers,
    place: Numbers,
    lamps: Numbers,
    is_near: bool,
    corners: Numbers,
    neighbors: Numbers,
    seen: Numbers,
    shares: Numbers,
) -> int:
    """Return the triangle around a direction, and write the shares of its corners; -1 if none.

    Neighboring pixels look into neighboring directions, so the last triangle is a good start.
    """
    for _ in range(2 * len(corners)):
        if not len(corners):
            return -1
        _solve(facet, away, place, lamps, is_near, corners, seen, shares)
        worst = np.argmin(shares)
        if shares[worst] >= _INSIDE:
            shares /= shares.sum()
            return facet
        facet = neighbors[facet, worst]
        if facet < 0:
            break
    for candidate in range(len(corners)):  # around a hole, or beyond the rim
        _solve(candidate, away, place, lamps, is_near, corners, seen, shares)
        if shares.min() >= _INSIDE:
            shares /= shares.sum()
            return candidate
    return -1


@njit(nogil=True, cache=True)
def _solve(  # noqa: PLR0913, PLR0917  # tuples of arrays would cost what pixels do
    facet: int,
    away: Numbers,
    place: Numbers,
    lamps: Numbers,
    is_near: bool,
    corners: Numbers,
    seen: Numbers,
    shares: Numbers,
) -> None:
    """Write the coordinates of a direction in a triangle's corners, not scaled to their sum."""
    for corner in range(3):
        _toward(place, lamps[corners[facet, corner]], is_near, seen[corner])
    a, b, c = seen[0], seen[1], seen[2]
    volume = _triple(a, b, c)
    if volume == 0.0:
        shares[:] = -1.0
        return
    shares[0] = _triple(away, b, c) / volume
    shares[1] = _triple(a, away, c) / volume
    shares[2] = _triple(a, b, away) / volume


@njit(nogil=True, cache=True)
def _triple(a: Numbers, b: Numbers, c: Numbers) -> float:
    """Return the volume that three vectors span, signed."""
    return float(
        a[0] * (b[1] * c[2] - b[2] * c[1])
        + a[1] * (b[2] * c[0] - b[0] * c[2])
        + a[2] * (b[0] * c[1] - b[1] * c[0])
    )


@njit(nogil=True, cache=True)
def _nearest(away: Numbers, place: Numbers, lamps: Numbers, is_near: bool) -> int:
    """Return the lamp that a place sees nearest to a direction."""
    best, nearest = -2.0, 0
    toward = np.empty(3)
    for light in range(len(lamps)):
        _toward(place, lamps[light], is_near, toward)
        cosine = away[0] * toward[0] + away[1] * toward[1] + away[2] * toward[2]
        if cosine > best:
            best, nearest = cosine, light
    return nearest
