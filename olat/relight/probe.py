"""Chrome and gray balls under a lighting, as on a film set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from jaxtyping import Bool, Float, Float64

from olat.light.latlong import directions_of_pixels, resized, solid_angles_of_pixels
from olat.light.latlong_cells import radiance_of_weights
from olat.light.latlong_resampling import averaged_along
from olat.model.shapes import Array, Directions, LightColors, Matrix3, Plane, Radiance

MIDDLE_GRAY = 0.18
"""Albedo of the gray ball [1]."""
Corner: TypeAlias = Literal["top left", "top right", "bottom left", "bottom right"]

_MAP_HEIGHT = 64
"""Of the map that lights matte balls [px]: each pixel is lit by all of its 8192."""
_CELL_HEIGHT = 256
"""Of the map of lights that a chrome ball mirrors [px]."""
_EDGE = 4
"""Samples a pixel, each way."""
_MAP_WIDTHS = 8
"""Width of a map in diameters of a chrome ball, at most: 5 pixels for one of its middle."""
_AT_ONCE = 4096
"""Pixels that are shaded together."""


@dataclass(frozen=True)
class ProbePicture:
    """Balls before nothing."""

    radiance: Radiance
    """Linear, already multiplied by alpha [diffuse white = 1]."""
    alpha: Plane
    """1 inside the balls, 0 outside, shares at their edges."""


def probe_under_map(
    environment: Float[Array, "h w 3"],
    *,
    size: int,
    rotation: Matrix3 | None = None,
    gray: float = MIDDLE_GRAY,
) -> ProbePicture:
    """Show a chrome ball and, at its right, a gray ball in an environment.

    Parameters
    ----------
    environment
        Latitude-longitude map in OpenEXR orientation.
    size
        Height of the picture and diameter of the balls; it is twice as wide [px].
    rotation
        Turns the environment: light from d comes from ``rotation @ d``.
    gray
        Albedo of the gray ball [1].

    Notes
    -----
    Seen by the reference camera from far away. Chrome reflects all; both are lit by distant light
    alone, not by each other.
    """
    chrome = chrome_ball(environment, size=size, rotation=rotation)
    return _side_by_side(chrome, matte_ball(environment, size=size, rotation=rotation) * gray)


def probe_under_lights(
    directions: Directions, weights: LightColors, *, size: int, gray: float = MIDDLE_GRAY
) -> ProbePicture:
    """Show a chrome and a gray ball under the lights of a rig.

    Parameters
    ----------
    directions
        Unit vectors to the lights.
    weights
        Factor of each light; a white Lambert surface that faces a light of weight 1 reads 1.
    size, gray
        As of `probe_under_map`.

    Notes
    -----
    The chrome ball shows each light as large as its cell; the gray ball is the sum of all lights.
    """
    chrome = chrome_ball(radiance_of_weights(directions, weights, height=_CELL_HEIGHT), size=size)
    return _side_by_side(chrome, _lit_by(directions, weights, size) * gray)


def chrome_ball(
    environment: Float[Array, "h w 3"], *, size: int, rotation: Matrix3 | None = None
) -> Float64[Array, "size size 3"]:
    r"""Return a mirror ball that fills a square, as the reference camera sees it; 0 outside.

    At normal n it shows the light from :math:`2 (n \cdot z) n - z`.
    """
    turn = np.eye(3) if rotation is None else rotation

    def mirrored(x: Float64[Array, "h w"], y: Float64[Array, "h w"]) -> Float64[Array, "h w 3"]:
        normals, _ = _normals(x, y, size)
        ways: Float64[Array, "h w 3"] = 2.0 * normals[..., 2:] * normals - (0.0, 0.0, 1.0)
        return np.asarray(ways @ turn)

    seen = averaged_along(_no_finer(environment, size), mirrored, size, size, each=_EDGE)
    return np.asarray(seen * _coverage(size)[..., np.newaxis])


def matte_ball(
    environment: Float[Array, "h w 3"], *, size: int, rotation: Matrix3 | None = None
) -> Float64[Array, "size size 3"]:
    """Return a white Lambert ball that fills a square, as the reference camera sees it.

    In a uniform environment of radiance 1 it reads 1; 0 outside.
    """
    height, width = _MAP_HEIGHT, 2 * _MAP_HEIGHT
    toward = directions_of_pixels(height, width).reshape(-1, 3)
    if rotation is not None:
        toward = toward @ rotation.T
    solid = solid_angles_of_pixels(height, width).reshape(-1, 1)
    energy = resized(np.asarray(environment, np.float32), height, width).reshape(-1, 3) * solid
    return _lit_by(toward, energy / np.pi, size)


def placed_in_corner(
    picture: Radiance, probe: ProbePicture, *, corner: Corner = "bottom left", margin: int = 8
) -> Radiance:
    """Lay a probe over a corner of a picture.

    Raises
    ------
    ValueError
        If the picture is smaller than the probe and its margin.
    """
    height, width = probe.alpha.shape
    if height + margin > picture.shape[0] or width + margin > picture.shape[1]:
        raise ValueError(
            f"balls of {width} x {height} px do not fit into {picture.shape[1]} x "
            f"{picture.shape[0]} px; smaller ones are needed"
        )
    top = margin if corner.startswith("top") else picture.shape[0] - height - margin
    left = margin if corner.endswith("left") else picture.shape[1] - width - margin
    result = picture.copy()
    under = result[top : top + height, left : left + width]
    under *= 1.0 - probe.alpha[..., np.newaxis]
    under += probe.radiance
    return result


def _no_finer(environment: Float[Array, "h w 3"], size: int) -> Float[Array, "h2 w2 3"]:
    """Average a map that is so fine that samples of a ball would miss its lamps."""
    if environment.shape[1] <= _MAP_WIDTHS * size:
        return environment
    width = _MAP_WIDTHS * size
    return resized(np.asarray(environment, np.float32), width // 2, width)


def _lit_by(toward: Directions, weights: LightColors, size: int) -> Float64[Array, "s s 3"]:
    """Return a white Lambert ball under distant lights, 0 outside."""
    y, x = np.mgrid[:size, :size].astype(np.float64)
    normals, _ = _normals(x, y, size)
    coverage = _coverage(size)
    shown = np.flatnonzero(coverage)
    white = np.zeros((size * size, 3))
    lit = weights.any(axis=1)
    flat = normals.reshape(-1, 3)
    for start in range(0, len(shown), _AT_ONCE):
        span = shown[start : start + _AT_ONCE]
        white[span] = np.maximum(flat[span] @ toward[lit].T, 0.0) @ weights[lit]
    return np.asarray(white.reshape(size, size, 3) * coverage[..., np.newaxis])


def _normals(
    x: Float64[Array, "h w"], y: Float64[Array, "h w"], size: int
) -> tuple[Float64[Array, "h w 3"], Bool[Array, "h w"]]:
    """Return the normals at places of a ball that fills a square, those of its rim outside."""
    right, up = (2.0 * x + 1.0) / size - 1.0, 1.0 - (2.0 * y + 1.0) / size
    radius = np.hypot(right, up)
    scale = np.maximum(radius, 1.0)
    right, up = right / scale, up / scale
    depth = np.sqrt(np.maximum(1.0 - right**2 - up**2, 0.0))
    return np.stack([right, up, depth], axis=-1), radius <= 1.0


def _coverage(size: int) -> Float64[Array, "size size"]:
    """Return the share of each pixel that lies inside of the ball."""
    places = (np.arange(size * _EDGE) + 0.5) / _EDGE - 0.5
    x, y = np.meshgrid(places, places)
    _, inside = _normals(x, y, size)
    share: Float64[Array, "size size"] = inside.reshape(size, _EDGE, size, _EDGE).mean(axis=(1, 3))
    return share


def _side_by_side(
    left: Float64[Array, "size size 3"], right: Float64[Array, "size size 3"]
) -> ProbePicture:
    """Return two balls beside each other, and where they are."""
    coverage = _coverage(len(left)).astype(np.float32)
    radiance = np.concatenate([left, right], axis=1).astype(np.float32)
    return ProbePicture(radiance, np.concatenate([coverage, coverage], axis=1))
