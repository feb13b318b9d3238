"""Latitude-longitude pictures of the sphere, in the orientation of OpenEXR.

Seen from inside: the top row is +y, the picture center +z, a quarter of the width +x. With the
column ``u`` and row ``v`` as fractions of width and height, a direction is ``x = sin θ sin φ``,
``y = cos θ``, ``z = sin θ cos φ`` with ``θ = π v`` and ``φ = 2π (0.5 - u)``. Pixel ``i`` of ``W``
has its center at ``(i + 0.5)/W``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64, Int64
from scipy import sparse

from olat.model.shapes import Array, Matrix3, Radiance


def directions_of_pixels(height: int, width: int) -> Float64[Array, "h w 3"]:
    """Return the unit direction of every pixel center."""
    theta = np.pi * (np.arange(height) + 0.5)[:, None] / height
    phi = 2.0 * np.pi * (0.5 - (np.arange(width) + 0.5)[None, :] / width)
    x, y, z = np.sin(theta) * np.sin(phi), np.cos(theta), np.sin(theta) * np.cos(phi)
    return np.stack(np.broadcast_arrays(x, y, z), axis=-1)


def solid_angles_of_pixels(height: int, width: int) -> Float64[Array, "h w"]:
    r"""Return the exact solid angle of every pixel [sr]; they sum to the whole sphere.

    .. math:: \Delta\omega = \frac{2\pi}{W} (\cos\theta_\text{top} - \cos\theta_\text{bottom})
    """
    return np.repeat(np.diff(_edges(height))[:, None] * (2.0 * np.pi / width), width, axis=1)


def pixel_of_direction(
    directions: Float64[Array, "n 3"], height: int, width: int
) -> tuple[Int64[Array, " n"], Int64[Array, " n"]]:
    """Return row and column of the pixel that each direction falls into."""
    unit = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    v = np.arccos(np.clip(unit[:, 1], -1.0, 1.0)) / np.pi
    u = 0.5 - np.arctan2(unit[:, 0], unit[:, 2]) / (2.0 * np.pi)
    row = np.minimum((v * height).astype(np.int64), height - 1)
    return row, (u * width).astype(np.int64) % width


def turned(directions: Float64[Array, "*n 3"], rotation: float | Matrix3) -> Float64[Array, "*n 3"]:
    """Turn directions by a matrix, or about +y, right-handed: +z moves to +x at 90 degrees."""
    result: Float64[Array, "*n 3"] = directions @ matrix_of(rotation).T
    return result


def matrix_of(rotation: float | Matrix3) -> Matrix3:
    """Return the matrix of a rotation, which may be an angle about +y [degree].

    Raises
    ------
    ValueError
        If a matrix is no rotation.
    """
    if not isinstance(rotation, np.ndarray):
        return rotation_about((0.0, 1.0, 0.0), float(rotation))
    if not np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-6) or np.linalg.det(rotation) < 0:
        raise ValueError("the matrix does not rotate: it mirrors, shears or scales")
    return rotation


def rotation_about(axis: str | Sequence[float], degrees: float) -> Matrix3:
    """Return the right-handed rotation about an axis; quarters are exact.

    The axis is ``x``, ``y`` or ``z`` of the world, or a vector of any length but 0.

    Raises
    ------
    ValueError
        If the axis has no length.
    """
    way: Sequence[float] = np.eye(3)["xyz".index(axis)].tolist() if isinstance(axis, str) else axis
    length = float(np.linalg.norm(way))
    if not (np.isfinite(length) and length > 0.0):
        raise ValueError(f"axis {tuple(way)} points nowhere; a length is needed")
    x, y, z = (part / length for part in way)
    quarters, rest = divmod(degrees, 90.0)
    cosine, sine = float(np.cos(np.deg2rad(rest))), float(np.sin(np.deg2rad(rest)))
    for _ in range(int(quarters) % 4):
        cosine, sine = -sine, cosine
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    along = np.outer([x, y, z], [x, y, z])
    return np.asarray(cosine * np.eye(3) + sine * cross + (1.0 - cosine) * along)


def resized(radiance: Radiance, height: int, width: int) -> Float64[Array, "h2 w2 3"]:
    """Average a map over the pixels of another grid, each by the solid angle that they share.

    The energy of every channel is conserved; where the new grid is finer, pixels are repeated.
    """
    rows = _shares(_edges(len(radiance)), _edges(height))
    columns = _shares(np.linspace(0, 1, radiance.shape[1] + 1), np.linspace(0, 1, width + 1))
    averaged = [(rows @ radiance[..., k].astype(np.float64)) @ columns.T for k in range(3)]
    return np.stack(averaged, axis=-1)


def _edges(height: int) -> Float64[Array, " edge"]:
    """Return minus the cosine of the edges of the rows: their distance is solid angle / 2π."""
    return -np.cos(np.linspace(0.0, np.pi, height + 1))


def _shares(
    old: Float64[Array, " edge"], new: Float64[Array, " edge2"]
) -> sparse.csr_array[np.float64]:
    """Return the share that each old interval (column) has in each new one (row)."""
    cuts = np.union1d(old, new)
    middles, lengths = (cuts[1:] + cuts[:-1]) / 2.0, np.diff(cuts)
    row = np.clip(np.searchsorted(new, middles) - 1, 0, len(new) - 2)
    column = np.clip(np.searchsorted(old, middles) - 1, 0, len(old) - 2)
    share = lengths / np.diff(new)[row]
    return sparse.csr_array((share, (row, column)), shape=(len(new) - 1, len(old) - 1))
