r"""Measured materials on the grid of the MERL data base (Matusik et al. 2003).

An isotropic material is a number for every pair of directions, told by the half vector
:math:`h = (\omega + v)/|\omega + v|` and by how the light lies about it (Rusinkiewicz 1998):
:math:`\theta_h` between normal and half vector, :math:`\theta_d` between light and half vector, and
:math:`\phi_d`, the turn of the light about the half vector, from where the normal is opposite.
Light and camera change places by :math:`\phi_d \to \phi_d + \pi`, so a table of
:math:`\phi_d` from 0 to :math:`\pi` holds reciprocal materials only.

References
----------
.. [1] Matusik, Pfister, Brand and McMillan, A data-driven reflectance model, ACM Transactions on
   Graphics 22(3), 2003.
.. [2] Rusinkiewicz, A new change of variables for efficient BRDF representation, Eurographics
   Workshop on Rendering, 1998.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from jaxtyping import Bool, Float, Float64, Int64, Shaped

from olat.model.shapes import Array

GRID = (90, 90, 180)
"""Cells of the table: half angle, difference angle, turn about the half vector."""
NO_DATA = -1.0
"""What stands where nothing was measured; anything below zero means so."""

Lookup: TypeAlias = Literal["nearest", "trilinear"]
Angles: TypeAlias = Float[Array, "*rays"]
Vectors: TypeAlias = Float[Array, "*#rays 3"]


@dataclass(frozen=True)
class MerlTable:
    """A material's bidirectional reflectance, cell by cell."""

    values: Float64[Array, "3 90 90 180"]
    """Reflected radiance over irradiance [1/sr]; below zero where nothing was measured."""
    name: str = ""

    @property
    def is_measured(self) -> Bool[Array, "90 90 180"]:
        """Where all channels are."""
        return np.asarray((self.values >= 0.0).all(axis=0))


@dataclass(frozen=True)
class HalfAngles:
    """Where pairs of directions lie on the grid [rad]."""

    half: Angles
    """From the normal to the half vector, 0 to π/2."""
    difference: Angles
    """From the half vector to the light, 0 to π/2."""
    turn: Angles
    """Of the light about the half vector, 0 to π."""


def half_angles(normals: Vectors, toward_light: Vectors, toward_camera: Vectors) -> HalfAngles:
    r"""Return half and difference angles of directions in any frame.

    With :math:`x = (n \cdot h)\,h - n` and :math:`y = h \times x`,
    :math:`\phi_d = \mathrm{atan2}(\omega \cdot y,\ \omega \cdot x)`, half turns taken off.

    Parameters
    ----------
    normals, toward_light, toward_camera
        Unit vectors; one for all or one for each ray.

    Notes
    -----
    Where normal and half vector are one, the turn of an isotropic material is any; it is 0 then.
    """
    half = toward_light + toward_camera
    length = np.linalg.norm(half, axis=-1, keepdims=True)
    # Light and camera at opposite ends have no half vector; no surface sees both.
    half = np.divide(half, length, out=np.zeros(half.shape), where=length > 0.0)
    lean = np.clip(_dot(normals, half), -1.0, 1.0)
    along = lean[..., np.newaxis] * half - normals
    turn = np.arctan2(_dot(toward_light, np.cross(half, along)), _dot(toward_light, along))
    return HalfAngles(
        half=_angle(normals, half),
        difference=_angle(toward_light, half),
        turn=np.asarray(np.where(turn < 0.0, turn + np.pi, turn)),
    )


def cells(angles: HalfAngles) -> tuple[Int64[Array, "*rays"], ...]:
    r"""Return the cell of each ray along the three axes of the grid.

    .. math:: i_h = \lfloor 90 \sqrt{\theta_h / (\pi/2)} \rfloor, \quad
              i_d = \lfloor 90\,\theta_d / (\pi/2) \rfloor, \quad
              i_\phi = \lfloor 180\,\phi_d / \pi \rfloor

    What lies on or beyond the last edge falls into the last cell.
    """
    return tuple(
        np.clip(np.floor(place).astype(np.int64), 0, count - 1)
        for place, count in zip(_places(angles), GRID, strict=True)
    )


def cell_centers() -> HalfAngles:
    """Return the angles in the middle of every cell, ``90 90 180``."""
    half, difference, turn = (np.arange(count) + 0.5 for count in GRID)
    spread = np.meshgrid(
        np.pi / 2.0 * (half / GRID[0]) ** 2,
        np.pi / 2.0 * difference / GRID[1],
        np.pi * turn / GRID[2],
        indexing="ij",
    )
    return HalfAngles(*spread)


def directions_at(
    angles: HalfAngles,
) -> tuple[Float64[Array, "*rays 3"], Float64[Array, "*rays 3"]]:
    """Return unit vectors to light and camera that have these angles about a normal along +z."""
    sine, cosine = np.sin(angles.difference), np.cos(angles.difference)
    tilt_sine, tilt_cosine = np.sin(angles.half), np.cos(angles.half)
    across, up = sine * np.cos(angles.turn), sine * np.sin(angles.turn)
    light = np.stack(
        [
            tilt_cosine * across + tilt_sine * cosine,
            up,
            tilt_cosine * cosine - tilt_sine * across,
        ],
        axis=-1,
    )
    half = np.stack([tilt_sine, np.zeros_like(tilt_sine), tilt_cosine], axis=-1)
    return light, 2.0 * cosine[..., np.newaxis] * half - light


def evaluated(
    table: MerlTable, angles: HalfAngles, *, lookup: Lookup = "nearest"
) -> tuple[Float64[Array, "*rays 3"], Bool[Array, "*rays"]]:
    """Return what a material reflects.

    Parameters
    ----------
    table
        The material.
    angles
        Of each ray.
    lookup
        ``nearest`` takes the cell that the ray falls into, as the table's first users do;
        ``trilinear`` passes smoothly from the middle of one cell to the next, evenly in the square
        root of the half angle.

    Returns
    -------
    reflectance
        Of each channel [1/sr]; 0 where nothing was measured.
    is_known
        Where the cell that the ray falls into was measured.

    Notes
    -----
    Assumes that both directions are above the surface. Between cells only those that were measured
    count, each more than it would if all were there.
    """
    own = cells(angles)
    known = table.is_measured
    is_known = np.asarray(known[own])
    if lookup == "nearest":
        values = _values_at(table, own)
        return np.where(is_known[..., np.newaxis], values, 0.0), is_known
    total, weights = np.zeros((*is_known.shape, 3)), np.zeros(is_known.shape)
    for corner, share in _corners(angles):
        weight = share * known[corner]
        total += weight[..., np.newaxis] * _values_at(table, corner)
        weights += weight
    is_there = is_known & (weights > 0.0)
    scale = np.divide(1.0, weights, out=np.zeros_like(weights), where=is_there)
    return total * scale[..., np.newaxis], is_there


def characteristic_slice(table: MerlTable) -> Float64[Array, "90 90 3"]:
    r"""Return the part of a table that shows most of a material: :math:`\phi_d = \pi / 2`.

    Rows are half angles: the highlight is at the top. Columns are difference angles: the reflection
    that grows toward grazing light is on the right, that back to the light on the left
    (Burley, Physically based shading at Disney, SIGGRAPH courses, 2012, section 3).

    Returns
    -------
    slice
        [1/sr]; below zero where nothing was measured.
    """
    return np.ascontiguousarray(np.moveaxis(table.values[..., GRID[2] // 2], 0, -1))


def _values_at(
    table: MerlTable, cell: tuple[Int64[Array, "*rays"], ...]
) -> Float64[Array, "*rays 3"]:
    """Return what stands in the cell of each ray."""
    places = np.ravel_multi_index(cell, GRID)
    return np.stack([channel.reshape(-1)[places] for channel in table.values], axis=-1)


def _corners(
    angles: HalfAngles,
) -> list[tuple[tuple[Int64[Array, "*rays"], ...], Float64[Array, "*rays"]]]:
    """Return the eight cells around each ray, and how much of each it takes."""
    sides = []
    for axis, (place, count) in enumerate(zip(_places(angles), GRID, strict=True)):
        low = np.floor(place - 0.5)
        share = place - 0.5 - low
        pair = np.stack([low, low + 1.0]).astype(np.int64)
        # The turn closes upon itself; the other two end.
        pair = pair % count if axis == 2 else np.clip(pair, 0, count - 1)
        sides.append((pair, (1.0 - share, share)))
    return [
        (
            (sides[0][0][i], sides[1][0][j], sides[2][0][k]),
            np.asarray(sides[0][1][i] * sides[1][1][j] * sides[2][1][k], np.float64),
        )
        for i, j, k in np.ndindex(2, 2, 2)
    ]


def _places(angles: HalfAngles) -> tuple[Float64[Array, "*rays"], ...]:
    """Return where rays lie along the axes of the grid, in cells from its edge."""
    quarter = np.pi / 2.0
    return (
        np.asarray(np.sqrt(np.maximum(angles.half, 0.0) / quarter) * GRID[0], np.float64),
        np.asarray(angles.difference / quarter * GRID[1], np.float64),
        np.asarray(angles.turn / np.pi * GRID[2], np.float64),
    )


def _dot(a: Vectors, b: Vectors) -> Float[Array, "*rays"]:
    """Return the inner product of each pair of vectors."""
    return np.asarray((a * b).sum(axis=-1))


def _angle(a: Shaped[Array, "*#rays 3"], b: Shaped[Array, "*#rays 3"]) -> Angles:
    """Return the angle between unit vectors; accurate where it is small, which a cosine is not."""
    return np.asarray(
        2.0 * np.arctan2(np.linalg.norm(a - b, axis=-1), np.linalg.norm(a + b, axis=-1))
    )
