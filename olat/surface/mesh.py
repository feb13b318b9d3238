"""Triangles between the pixels of a depth map, open where it is torn."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float32, Int32, UInt8

from olat.model.maps import DepthMap, Mesh
from olat.model.shapes import Array, UnitVectors
from olat.model.view import ViewGeometry

TORN_PX = 1.0
"""Distance of a neighbor from the plane across both normals beyond which nothing is between."""
GRAZING = 0.1
"""Cosine between triangle and ray below which it stands for a step: steeper than 84 degrees."""
ROWS = 64
"""Rows of vertices that are joined at a time, to need little memory."""


def mesh_of_depth(
    depth: DepthMap,
    normals: UnitVectors,
    geometry: ViewGeometry,
    *,
    colors: UInt8[Array, "h w 3"] | None = None,
    every: int = 1,
) -> Mesh:
    """Join neighboring pixels to triangles.

    Parameters
    ----------
    depth
        Where it is 0 there is no vertex.
    normals
        Of the surface, world frame; they are those of the vertices.
    geometry
        The view that both are of.
    colors
        Of the vertices, as displays show them.
    every
        Only every so many rows and columns have vertices.

    Returns
    -------
    mesh
        Four neighbors make two triangles along the shorter diagonal, three make one. None spans a
        tear, which is where the places of two corners are more than a pixel off the plane across
        the sum of their normals, or the triangle is seen at a grazing angle. Vertices without a
        triangle are left out.

    Raises
    ------
    ValueError
        If `every` is not positive or sizes differ.
    """
    shape = depth.depth.shape
    if every < 1 or {normals.shape[:2], geometry.shape, shape} != {shape}:
        raise ValueError(
            f"mesh: depth {shape}, normals {normals.shape[:2]}, view {geometry.shape}, every "
            f"{every} px; one size and a positive step were needed. Pass what belongs together."
        )
    thin = (slice(None, None, every), slice(None, None, every))
    view = geometry.toward()[thin].reshape(-1, 3)
    heights = depth.depth[thin]
    places = np.ascontiguousarray(depth.places[thin]).reshape(-1, 3)
    facing = np.ascontiguousarray(normals[thin]).reshape(-1, 3)
    torn = np.full(len(places), TORN_PX * every * geometry.spacing, np.float32)
    if geometry.is_perspective:
        torn *= heights.ravel()
    rows, columns = heights.shape
    kept = [np.zeros((0, 3), np.int32)]
    for top in range(0, rows - 1, ROWS):
        faces = _triangles(heights, top, min(top + ROWS, rows - 1))
        is_whole = _is_whole(faces, places, facing, torn)
        kept.append(faces[is_whole & (_cosine(faces, places, view) > GRAZING)])
    faces = np.concatenate(kept)
    used = np.zeros(rows * columns, bool)
    used[faces] = True
    number = (np.cumsum(used) - 1).astype(np.int32)
    paint = None if colors is None else np.ascontiguousarray(colors[thin]).reshape(-1, 3)[used]
    return Mesh(places[used], facing[used], number[faces], paint)


def _triangles(
    depth: Float32[Array, "rows columns"], top: int, bottom: int
) -> Int32[Array, "face 3"]:
    """Return the corners of all triangles between these rows, counterclockwise to the camera."""
    columns = depth.shape[1]
    number = np.arange(top * columns, (bottom + 1) * columns, dtype=np.int32)
    number = number.reshape(-1, columns)
    near = depth[top : bottom + 1]
    a, b, c, d = _corners(number)
    za, zb, zc, zd = _corners(near)
    falling = np.abs(za - zd) <= np.abs(zb - zc)
    # One triangle of three known corners has the diagonal that leaves the fourth out.
    falling = np.where((zb == 0) | (zc == 0), True, falling)
    falling = np.where((za == 0) | (zd == 0), False, falling)
    first = np.where(falling[..., None], np.stack([a, c, d], -1), np.stack([a, c, b], -1))
    second = np.where(falling[..., None], np.stack([a, d, b], -1), np.stack([b, c, d], -1))
    faces = np.concatenate([first.reshape(-1, 3), second.reshape(-1, 3)])
    return np.asarray(faces[(depth.ravel()[faces] != 0).all(axis=1)])


def _corners(grid: Int32[Array, "r c"] | Float32[Array, "r c"]) -> tuple[Array, ...]:
    return grid[:-1, :-1], grid[:-1, 1:], grid[1:, :-1], grid[1:, 1:]


def _is_whole(
    faces: Int32[Array, "face 3"],
    places: Float32[Array, "vertex 3"],
    normals: Float32[Array, "vertex 3"],
    torn: Float32[Array, " vertex"],
) -> Bool[Array, " face"]:
    """Tell which triangles have no side across a tear."""
    whole = np.ones(len(faces), bool)
    for k in range(3):
        first, second = faces[:, k], faces[:, (k + 1) % 3]
        middle = normals[first] + normals[second]
        length = np.linalg.norm(middle, axis=1)
        off = np.abs(np.einsum("fk,fk->f", middle, places[second] - places[first]))
        whole &= (length > 0.0) & (off <= torn[first] * length)
    return whole


def _cosine(
    faces: Int32[Array, "face 3"],
    places: Float32[Array, "vertex 3"],
    view: Float32[Array, "vertex 3"],
) -> Float32[Array, " face"]:
    """Return the cosine between the outward normal of triangles and the ray to the camera."""
    first, second, third = (places[faces[:, k]] for k in range(3))
    outward = np.cross(second - first, third - first)
    length = np.maximum(np.linalg.norm(outward, axis=1), 1e-30)
    return np.asarray(np.einsum("fk,fk->f", outward, view[faces[:, 0]]) / length)
