"""Lamps at finite places as points that shine: what each sends where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from jaxtyping import Float64

from olat.model.lighting import PointLight, RectangleLight, SpotLight
from olat.model.shapes import Array

NearLight: TypeAlias = PointLight | SpotLight | RectangleLight

SIDE: Final = 8
"""Points along each side of a rectangle."""
NEAREST_M: Final = 1e-3
"""Distance of a lamp from the origin below which its color means nothing [m]."""


@dataclass(frozen=True)
class Emitters:
    r"""Points that shine.

    On the place X each has an irradiance, where white faces it, of

    .. math:: E = \frac{I}{|Y - X|^2}\, \cos^{c}\epsilon\;
              \operatorname{smooth}\Big(\frac{\cos\epsilon - o}{i - o}\Big)

    where :math:`\epsilon` is the angle between a point's axis and the way to X, c is 0 or 1, and
    smooth runs from 0 to 1 as :math:`3t^2 - 2t^3`.
    """

    positions: Float64[Array, "point 3"]
    """World frame [m]."""
    intensities: Float64[Array, "point 3"]
    """Radiant intensity by channel, in readings of white at 1 m [m²]."""
    axes: Float64[Array, "point 3"]
    """Unit vectors."""
    cosine_power: float = 0.0
    """c: 1 of a surface that shines by Lambert's law, 0 of a point."""
    cone: tuple[float, float] = (-2.0, -3.0)
    """Cosines within which the light is whole, i, and beyond which there is none, o."""

    @property
    def table(self) -> Float64[Array, "point 12"]:
        """Position, intensity, axis, power and cone of each point, a row each."""
        count = len(self.positions)
        rest = np.tile([self.cosine_power, *self.cone], (count, 1))
        return np.hstack([self.positions, self.intensities, self.axes, rest])


def emitters_of(light: NearLight) -> Emitters:
    """Return a lamp as points that shine.

    Parameters
    ----------
    light
        A point, a spot or a rectangle; a rectangle becomes 8 x 8 points in the middle of its
        parts.

    Raises
    ------
    ValueError
        If the lamp is at the origin, where its color cannot be met, or has no size or aim.

    Notes
    -----
    A white patch at the origin that faces a point light reads its color; that faces the center of
    a rectangle reads the color of the rectangle; a spot's color is read on its axis, as far away
    as the origin is.
    """
    if isinstance(light, RectangleLight):
        return _rectangle(light)
    place = np.array(light.position, float)
    square = _squared_distance(place)
    intensity = np.array([light.color], float) * square
    if isinstance(light, PointLight):
        return Emitters(place[None], intensity, np.array([[0.0, 0.0, 1.0]]))
    axis = _aim(place, light.target)
    if not (0.0 < light.cone_deg < 360.0 and 0.0 <= light.blend <= 1.0):
        raise ValueError(
            f"spot: a cone of {light.cone_deg:g} degrees with a blend of {light.blend:g}; a cone "
            "between 0 and 360 and a blend from 0 to 1 are needed"
        )
    half = np.deg2rad(light.cone_deg) / 2.0
    inner = float(np.cos(half * (1.0 - light.blend)))
    outer = float(np.cos(half))
    # A sharp edge is a narrow smooth one.
    return Emitters(place[None], intensity, axis[None], cone=(max(inner, outer + 1e-9), outer))


def _rectangle(light: RectangleLight) -> Emitters:
    center = np.array(light.center, float)
    _squared_distance(center)
    if not (light.width > 0.0 and light.height > 0.0):
        raise ValueError(
            f"rectangle: {light.width:g} x {light.height:g} m; sides longer than 0 are needed"
        )
    axis = _aim(center, light.target)
    across, up = _sides(axis)
    steps = (np.arange(SIDE) + 0.5) / SIDE - 0.5
    offsets = steps[:, None, None] * light.height * up + steps[:, None] * light.width * across
    places = (center + offsets).reshape(-1, 3)
    # How much a patch at the origin that faces the center reads of points of intensity 1.
    square = (places**2).sum(axis=1)
    away = places / np.sqrt(square)[:, None]
    leaving = np.maximum(-away @ axis, 0.0)
    reading = (leaving * np.maximum(away @ center / np.linalg.norm(center), 0.0) / square).sum()
    if not reading > 0.0:
        raise ValueError(
            f"rectangle at {light.center}: its front does not face the origin; needed is a target "
            "from which it lights the subject"
        )
    intensities = np.tile(np.array(light.color, float) / reading, (len(places), 1))
    return Emitters(places, intensities, np.tile(axis, (len(places), 1)), cosine_power=1.0)


def _sides(axis: Float64[Array, "3"]) -> tuple[Float64[Array, "3"], Float64[Array, "3"]]:
    """Return the directions of width and height: level and upright where the axis is level."""
    level = np.array([0.0, 1.0, 0.0]) if abs(axis[1]) < 0.999 else np.array([0.0, 0.0, 1.0])
    across = np.cross(level, axis)
    across /= np.linalg.norm(across)
    return across, np.cross(axis, across)


def _aim(place: Float64[Array, "3"], target: tuple[float, float, float]) -> Float64[Array, "3"]:
    """Return the unit vector from a place to a target."""
    way = np.array(target, float) - place
    length = float(np.linalg.norm(way))
    if not (np.isfinite(length) and length > 0.0):
        raise ValueError(
            f"lamp at {tuple(place.tolist())}: its target is {target}; another place is needed"
        )
    return np.asarray(way / length)


def _squared_distance(place: Float64[Array, "3"]) -> float:
    """Return the squared distance from the origin [m²]."""
    square = float(place @ place)
    if not (np.isfinite(square) and square > NEAREST_M**2):
        raise ValueError(
            f"lamp at {tuple(place.tolist())}: a place off the origin, where the subject is, is "
            "needed [m]"
        )
    return square
