"""Relighting: cosine lobes under distant lights and under environments."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from olat.model.maps import LobeMaps
from olat.model.shapes import Array, Directions, LightColors, Plane, Radiance
from olat.relight.lobe_environment import LobeEnvironment
from olat.surface.cosine_lobe import CosineLobes
from olat.surface.lobe_maps import lobes_of
from olat.surface.lobe_residual import MissingMoments, Visibility, missing_moments

STRIP = 1 << 16
"""Pixels lit at a time, so that what is in between stays small [px]."""


def lobes_under_lights(
    maps: LobeMaps,
    directions: Directions,
    weights: LightColors,
    *,
    visibility: Visibility | None = None,
    exact: bool = False,
) -> Radiance:
    r"""Light the lobes by distant lights, one by one.

    .. math:: L_c = \sum_i w_{ic} \big( V_i\,R_c(\omega_i) + e_c(\omega_i) \big)

    with R the lobe and e what it lacks of the photographs (`olat.surface.lobe_residual`).

    Parameters
    ----------
    maps
        Moments of the photographs.
    directions
        Unit vectors to the lights.
    weights
        Of each light: 1 makes white that faces it read 1.
    visibility
        Share of a light that reaches each pixel, :math:`V_i`; none means all of it.
    exact
        Whether e is added: then photographs come back under the light that they were taken in, and
        grain of theirs lies faintly over what turns away from the light. Else e is 0.

    Returns
    -------
    radiance
        Linear; below zero in places where e is.

    Raises
    ------
    ValueError
        If lights and weights differ in number.

    References
    ----------
    .. [1] Fyffe and Debevec, Cosine lobe based relighting from gradient illumination
       photographs, Journal of Virtual Reality and Broadcasting 9(2), 2012.
    """
    if len(directions) != len(weights):
        raise ValueError(
            f"lobes: {len(directions)} lights and {len(weights)} weights; one for each is needed."
        )
    height, width, _ = maps.integral.shape
    radiance = np.zeros((height, width, 3), np.float32)
    whole = lobes_of(maps)
    seen = {} if visibility is None else {i: visibility(d) for i, d in enumerate(directions)}
    for top, bottom in _strips(height, width):
        lobes = _rows(whole, top, bottom)
        missing = _missing(maps, lobes, top, bottom) if exact else None
        for light, (direction, weight) in enumerate(zip(directions, weights, strict=True)):
            if not weight.any():
                continue
            reading = lobes.reading(direction)
            if light in seen:
                reading *= seen[light][top:bottom, :, np.newaxis]
            if missing is not None:
                reading += missing.reading(direction)
            radiance[top:bottom] += (reading * weight).astype(np.float32)
    return radiance


def lobes_under_environment(
    maps: LobeMaps, environment: LobeEnvironment, *, exact: bool = False
) -> Radiance:
    r"""Light the lobes by an environment that was convolved with lobes before.

    .. math:: L_c = \frac{1}{\pi} \int E_c\,(R_c + e_c)\,d\omega

    so that white reads 1 under a uniform map of radiance 1. Nothing casts shadows.

    Parameters
    ----------
    maps
        Moments of the photographs, in the color of the environment.
    environment
        Light that lobes of any axis and ratio gather.
    exact
        Whether e is added, as in `lobes_under_lights`.
    """
    height, width, _ = maps.integral.shape
    radiance = np.empty((height, width, 3), np.float32)
    first = environment.first_moment
    whole = lobes_of(maps)
    for top, bottom in _strips(height, width):
        lobes = _rows(whole, top, bottom)
        missing = _missing(maps, lobes, top, bottom) if exact else None
        lit = lobes.integral * environment.gathered(lobes.axis, lobes.ratio)
        if missing is not None:
            lit += missing.integral * (environment.integral / (4.0 * np.pi)).astype(np.float32)
            lit += np.einsum("hwcj,cj->hwc", missing.moment, 3.0 / (4.0 * np.pi) * first)
        radiance[top:bottom] = lit / np.pi
    return radiance


def visible_share(
    visibility: Plane | Visibility, direction: Float64[Array, "3"], shape: tuple[int, int]
) -> Plane:
    """Return what share of one light reaches each pixel, from a plane or from what tells it.

    Raises
    ------
    ValueError
        If it is not one number from 0 to 1 for each pixel.
    """
    share = visibility(direction) if callable(visibility) else visibility
    if share.shape != shape or not ((share >= 0.0) & (share <= 1.0)).all():
        raise ValueError(
            f"visibility: shape {share.shape}, {share.min():g} to {share.max():g}; needed are "
            f"numbers from 0 to 1 for {shape[1]} x {shape[0]} px, as for the lobes."
        )
    return np.asarray(share, np.float32)


def _strips(height: int, width: int) -> list[tuple[int, int]]:
    """Return first row and end of strips of some `STRIP` pixels."""
    rows = max(1, STRIP // width)
    return [(top, min(top + rows, height)) for top in range(0, height, rows)]


def _rows(lobes: CosineLobes, top: int, bottom: int) -> CosineLobes:
    """Return the lobes of some rows."""
    rows = slice(top, bottom)
    return CosineLobes(lobes.axis[rows], lobes.ratio[rows], lobes.integral[rows], lobes.flags[rows])


def _missing(maps: LobeMaps, lobes: CosineLobes, top: int, bottom: int) -> MissingMoments:
    """Return what the lobes of some rows lack."""
    shot = maps.integral[top:bottom], maps.moment[top:bottom]
    return missing_moments(lobes, *shot, primaries=maps.primaries)
