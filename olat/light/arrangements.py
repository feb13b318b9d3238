"""Where the lights of a stage hang, by rule, and in what order they are lit."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int64

from olat.model.shapes import Array, Directions


def fibonacci_sphere(count: int) -> Directions:
    """Spread lights evenly over the sphere, along a spiral from the top to the bottom.

    Parameters
    ----------
    count
        Number of lights.

    Returns
    -------
    directions
        Unit vectors; each stands for nearly the same solid angle.

    Raises
    ------
    ValueError
        If there is not one light at least.

    References
    ----------
    .. [1] Swinbank and Purser, Fibonacci grids, QJRMS 2006, sec. 2.
    """
    if count < 1:
        raise ValueError(f"a sphere of {count} lights cannot be made; at least 1 is needed")
    index = np.arange(count)
    y = 1.0 - (2.0 * index + 1.0) / count
    azimuth = np.pi * (3.0 - np.sqrt(5.0)) * index
    radius = np.sqrt(1.0 - y * y)
    return np.stack([radius * np.sin(azimuth), y, radius * np.cos(azimuth)], axis=1)


def arcs(count: int, per_arc: int, *, elevations: tuple[float, float] | None = None) -> Directions:
    r"""Hang lights on upright arcs, at equal steps of azimuth and of elevation.

    Light j of arc k stands at azimuth :math:`2\pi k / \text{count}` and elevation
    :math:`-\pi/2 + \pi (j + 1/2) / \text{per\_arc}`, or in equal steps from the lower to the upper
    end of ``elevations``, both of which carry a light.

    Parameters
    ----------
    count
        Number of arcs.
    per_arc
        Lights on each.
    elevations
        Lowest and highest light [rad]; none for the whole arc, its ends half a step from the poles.

    Returns
    -------
    directions
        Arc after arc, each from the bottom to the top. Arc 0 is in front, the next one to the
        image's right.

    Raises
    ------
    ValueError
        If there is no light, or the elevations cannot be reached, or lights would coincide.
    """
    if count < 1 or per_arc < 1:
        raise ValueError(f"{count} arcs of {per_arc} lights; at least 1 of both is needed")
    if elevations is None:
        steps = (np.arange(per_arc) + 0.5) / per_arc
        elevation = np.pi * (steps - 0.5)
    else:
        elevation = np.linspace(*_checked(elevations, count, per_arc), per_arc)
    azimuth = 2.0 * np.pi * np.arange(count) / count
    grid = np.meshgrid(azimuth, elevation, indexing="ij")
    return direction_at(grid[0].ravel(), grid[1].ravel())


def _checked(elevations: tuple[float, float], count: int, per_arc: int) -> tuple[float, float]:
    """Refuse elevations that are not on the sphere, or at which lights would coincide."""
    low, high = elevations
    shown = f"elevations {np.degrees(low):g} to {np.degrees(high):g} degrees"
    if not -np.pi / 2 <= low <= high <= np.pi / 2:
        raise ValueError(f"{shown}; from low to high within -90 and 90 is needed")
    if low == high and per_arc > 1:
        raise ValueError(f"{shown} for {per_arc} lights an arc; room between the two is needed")
    if count > 1 and np.pi / 2 - max(abs(low), abs(high)) < 1e-6:
        raise ValueError(f"{shown} of {count} arcs: their lights meet in the pole; less is needed")
    return low, high


def direction_at(azimuth: Float64[Array, " n"], elevation: Float64[Array, " n"]) -> Directions:
    r"""Return unit vectors by azimuth and elevation [rad].

    .. math:: \omega = (\sin a \cos e, \; \sin e, \; \cos a \cos e)

    Azimuth 0 is the camera's side (+z) and grows to the image's right; elevation grows upwards.
    """
    flat = np.cos(elevation)
    directions = [np.sin(azimuth) * flat, np.sin(elevation), np.cos(azimuth) * flat]
    return np.stack(directions, axis=1)


def angles_of(directions: Directions) -> tuple[Float64[Array, " n"], Float64[Array, " n"]]:
    """Return azimuth, from -π to π, and elevation of unit vectors [rad]; see `direction_at`."""
    x, y, z = directions.T
    azimuth: Float64[Array, " n"] = np.arctan2(x, z)
    elevation: Float64[Array, " n"] = np.arcsin(np.clip(y, -1.0, 1.0))
    return azimuth, elevation


def above(directions: Directions, elevation: float) -> Float64[Array, "kept 3"]:
    """Leave out lights below an elevation [rad], where the floor or the subject's stand is.

    Raises
    ------
    ValueError
        If no light is left.
    """
    # A hair of room, so that lights exactly at the limit stay whatever the last digit says.
    kept: Float64[Array, "kept 3"] = directions[directions[:, 1] >= np.sin(elevation) - 1e-9]
    if not len(kept):
        raise ValueError(
            f"all {len(directions)} lights are below an elevation of {np.degrees(elevation):g} "
            "degrees; a lower limit is needed"
        )
    return kept


def spiral_order(directions: Directions) -> Int64[Array, " light"]:
    r"""Return the lights as a spiral meets them on its way from the camera's side to the back.

    So the light that is lit next hangs near by. With the angle :math:`\theta` from +z and
    :math:`\varphi` around it, and windings :math:`p` apart, a light lies on the winding
    :math:`k = \lfloor \theta / p - \varphi / 2\pi \rceil` and is met at
    :math:`k + \varphi / 2\pi`.

    Parameters
    ----------
    directions
        Unit vectors.

    Notes
    -----
    Assumes lights about as far from each other everywhere: :math:`p` is the side of the square
    that each has on average.
    """
    x, y, z = directions.T
    pitch = np.sqrt(4.0 * np.pi / len(directions))
    theta = np.arccos(np.clip(z, -1.0, 1.0))
    around = (np.arctan2(y, x) / (2.0 * np.pi)) % 1.0
    winding = np.rint(theta / pitch - around)
    order: Int64[Array, " light"] = np.argsort(np.round(winding + around, 9), kind="stable")
    return order
