"""Latitude-longitude maps turned, rolled, and made from other pictures of the sphere."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from jaxtyping import Float, Float32, Float64

from olat.light.footprints import CONVENTIONS
from olat.light.latlong_cells import energy_of_map
from olat.light.map_projections import Projection, pixels_around, places_of_directions
from olat.model.shapes import Array, Matrix3, Radiance

MAP_CONVENTIONS = {**CONVENTIONS, "usd": 0.0}
"""Degrees about +y by which maps of a program are turned against OpenEXR's."""

Picture: TypeAlias = Float[Array, "h w 3"]
Resized: TypeAlias = Float32[Array, "h2 w2 3"]

_ROWS_AT_ONCE = 1 << 19
"""Samples that are taken together: their arrays stay near the processor."""
_FINEST = 6
"""Samples a pixel, each way, at most."""
_EXACT = 1e-9
"""What a whole number of pixels may be off."""


def rolled(radiance: Picture, degrees: float) -> tuple[Radiance, bool]:
    """Turn a map about +y, right-handed: at 90 what came from +z comes from +x.

    Returns
    -------
    map
        Moved sideways, to the left for positive angles. Between pixels, neighbors share: the
        energy of every row is conserved.
    is_exact
        Whether it moved by whole pixels, so that turning back gives the same map.
    """
    width = radiance.shape[1]
    shift = -degrees / 360.0 * width
    whole = round(shift)
    if abs(shift - whole) < _EXACT * max(1, width):
        return np.roll(radiance, whole, axis=1).astype(np.float32, copy=False), True
    whole = int(np.floor(shift))
    part = shift - whole
    moved = (1.0 - part) * np.roll(radiance, whole, axis=1)
    moved += part * np.roll(radiance, whole + 1, axis=1)
    return moved.astype(np.float32), False


def between_conventions(radiance: Picture, source: str, target: str) -> tuple[Radiance, bool]:
    """Take a map from one program's orientation to another's; both are in `MAP_CONVENTIONS`.

    Returns
    -------
    map
        The same light.
    is_exact
        Whether it moved by whole pixels.
    """
    return rolled(radiance, MAP_CONVENTIONS[source] - MAP_CONVENTIONS[target])


def rotated(radiance: Picture, turn: Matrix3) -> Radiance:
    r"""Turn a map in OpenEXR orientation: :math:`E'(\omega) = E(Q^{-1}\omega)`.

    Each pixel becomes the mean over its own part of the turned sphere. The energy of each channel
    is what it was: the sum over pixels and solid angles is scaled to it.

    Parameters
    ----------
    radiance
        Latitude-longitude map.
    turn
        Q, a rotation: light from d comes from Q d.
    """
    height, width = radiance.shape[:2]
    turned = averaged(radiance, "latlong", height, width, turn=turn)
    before, after = energy_of_map(radiance), energy_of_map(turned)
    scale = np.divide(before, after, out=np.ones(3), where=after != 0.0)
    return np.asarray(turned * scale, np.float32)


def latlong_from(picture: Picture, projection: Projection, height: int) -> Resized:
    """Return the latitude-longitude map of another picture of the sphere, in OpenEXR orientation.

    Parameters
    ----------
    picture
        Radiance; its shape is that of the projection.
    projection
        One of `places_of_directions`.
    height
        Of the map; it is twice as wide [px].

    Notes
    -----
    A mirror ball shows little of what lies behind it: the outer 2 % of its radius hold the last
    23 degrees around -z. Of an angular map the rim is +z.
    """
    return averaged(picture, projection, height, 2 * height).astype(np.float32)


def averaged(
    picture: Picture,
    projection: Projection,
    height: int,
    width: int,
    *,
    turn: Matrix3 | None = None,
) -> Float64[Array, "h2 w2 3"]:
    """Average a picture of the sphere over the pixels of a latitude-longitude grid."""
    finer = pixels_around(projection, *picture.shape[:2]) / width
    each = int(np.clip(np.ceil(2.0 * finer), 2, _FINEST))
    result = np.empty((height, width, 3))
    step = max(1, _ROWS_AT_ONCE // (width * each * each))
    for top in range(0, height, step):
        rows = np.arange(top, min(top + step, height))
        toward = _subdirections(rows, height, width, each)
        if turn is not None:
            toward = toward @ turn  # the inverse of a rotation, applied to rows
        samples = sampled(picture, toward, projection)
        result[rows] = samples.reshape(len(rows), each, width, each, 3).mean(axis=(1, 3))
    return result


def averaged_along(
    picture: Picture,
    rays: Callable[[Float64[Array, "h w"], Float64[Array, "h w"]], Float64[Array, "h w 3"]],
    height: int,
    width: int,
    *,
    each: int,
) -> Float64[Array, "h2 w2 3"]:
    """Average what a picture sees of a latitude-longitude map, over the area of its pixels.

    Parameters
    ----------
    picture
        The map, in OpenEXR orientation.
    rays
        Unit vectors to look along, of columns and rows; pixel centers at integers.
    each
        Samples a pixel, each way.
    """
    offsets = (np.arange(each) + 0.5) / each - 0.5
    columns = (np.arange(width)[:, None] + offsets).ravel()
    result = np.empty((height, width, 3))
    step = max(1, _ROWS_AT_ONCE // (width * each * each))
    for top in range(0, height, step):
        rows = np.arange(top, min(top + step, height))
        x, y = np.meshgrid(columns, (rows[:, None] + offsets).ravel())
        samples = sampled(picture, rays(x, y), "latlong")
        result[rows] = samples.reshape(len(rows), each, width, each, 3).mean(axis=(1, 3))
    return result


def sampled(
    picture: Picture, directions: Float64[Array, "*n 3"], projection: Projection = "latlong"
) -> Float64[Array, "*n 3"]:
    """Read a picture of the sphere in directions, mixed from the four pixels around.

    Latitude-longitude maps close at their sides, and over the poles.
    """
    height, width = picture.shape[:2]
    places = places_of_directions(directions, projection, height, width)
    first = np.floor(places).astype(np.int64)
    share = places - first
    mixed = np.zeros(directions.shape)
    for right, down in ((0, 0), (1, 0), (0, 1), (1, 1)):
        column, row = first[..., 0] + right, first[..., 1] + down
        if projection == "latlong":
            beyond = (row < 0) | (row >= height)
            column = (column + beyond * (width // 2)) % width
        across = share[..., 0] if right else 1.0 - share[..., 0]
        along = share[..., 1] if down else 1.0 - share[..., 1]
        pixels = picture[np.clip(row, 0, height - 1), np.clip(column, 0, width - 1)]
        mixed += pixels * (across * along)[..., np.newaxis]
    return mixed


def _subdirections(
    rows: Array, height: int, width: int, each: int
) -> Float64[Array, "rows columns 3"]:
    """Return directions that part each pixel of some rows evenly by solid angle."""
    edges = np.cos(np.pi * np.arange(height + 1) / height)
    parts = (np.arange(each) + 0.5) / each
    cosine = (edges[rows, None] + parts * (edges[rows + 1] - edges[rows])[:, None]).ravel()
    sine = np.sqrt(1.0 - cosine**2)[:, None]
    phi = 2.0 * np.pi * (0.5 - (np.arange(width * each) + 0.5) / (width * each))
    x, z = sine * np.sin(phi), sine * np.cos(phi)
    return np.stack([x, np.broadcast_to(cosine[:, None], x.shape), z], axis=-1)
