"""Pictures of the whole sphere in other shapes: where a direction lies in each.

All but the mirror ball are what somebody inside sees, unmirrored. A mirror ball is what a camera
sees in it, and reads mirrored: light from image right lies right of its center.
"""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

import numpy as np
from jaxtyping import Float64

from olat.model.shapes import Array

Projection: TypeAlias = Literal["latlong", "mirror_ball", "angular", "cube", "cross"]
"""Shapes of pictures of the whole sphere."""
PROJECTIONS: tuple[Projection, ...] = get_args(Projection)

Vectors: TypeAlias = Float64[Array, "*n 3"]
Places: TypeAlias = Float64[Array, "*n 2"]

X, Y, Z = np.eye(3)
FACES = ((X, Y), (-X, Y), (Y, Z), (-Y, -Z), (Z, Y), (-Z, Y))
"""What the faces of OpenEXR's cube look at, from the top, and what is up in each."""
_BEHIND = 4
"""The face +z, which hangs upside down below a vertical cross."""
_VERTICAL = {2: (0, 1), 1: (1, 0), 5: (1, 1), 0: (1, 2), 3: (2, 1), _BEHIND: (3, 1)}
_HORIZONTAL = {2: (0, 1), 1: (1, 0), 5: (1, 1), 0: (1, 2), 3: (2, 1), _BEHIND: (1, 3)}
"""Row and column of each face of a cross."""
_RIM = 1.5
"""Nearer to the rim than that, what lies beyond it would be mixed in [px]."""


def required_shape(projection: Projection) -> str:
    """Return the proportions of a projection, in words."""
    return {
        "latlong": "twice as wide as high",
        "mirror_ball": "square, cut to the outline of the ball",
        "angular": "square",
        "cube": "six times as high as wide: the faces +x -x +y -y +z -z from the top",
        "cross": "3:4 or 4:3: six faces unfolded",
    }[projection]


def has_shape(projection: Projection, height: int, width: int) -> bool:
    """Tell whether a picture has the proportions of a projection, up to a pixel."""
    return {
        "latlong": abs(width - 2 * height) <= 1,
        "mirror_ball": abs(width - height) <= 1,
        "angular": abs(width - height) <= 1,
        "cube": height == 6 * width,
        "cross": 3 * height == 4 * width or 4 * height == 3 * width,
    }[projection]


def pixels_around(projection: Projection, height: int, width: int) -> int:
    """Return the width of a latitude-longitude map as fine as the middle of a picture [px].

    A multiple of 4, so that quarter turns are exact.
    """
    around = {
        "latlong": width,
        "mirror_ball": round(np.pi * width / 2.0),
        "angular": width,
        "cube": 4 * width,
        "cross": 4 * (min(height, width) // 3),
    }[projection]
    return max(4, -(-around // 4) * 4)


def places_of_directions(
    directions: Vectors, projection: Projection, height: int, width: int
) -> Places:
    r"""Return where unit vectors lie in a picture of the sphere.

    Parameters
    ----------
    directions
        Unit vectors in world axes.
    projection
        ``latlong``: OpenEXR's orientation, as in `latlong`.

        ``mirror_ball``: a photograph of a mirror ball that fills the picture, by the reference
        camera from far away. The normal :math:`(d + z)/|d + z|` mirrors direction d into it.

        ``angular``: Debevec's light probe. The center is -z, the right +x, and the distance from
        the center is the angle; the rim is +z.

        ``cube``: OpenEXR's, six faces from the top.

        ``cross``: the faces unfolded with -z in the middle, +x at its right; the face +z hangs
        upside down below (3:4), or stands at the right (4:3).

    Returns
    -------
    places
        Column and row; pixel centers at integers.

    References
    ----------
    .. [1] Debevec, Rendering synthetic objects into real scenes, SIGGRAPH 1998.
    .. [2] Kainz, Bogart, Technical introduction to OpenEXR: environment maps.
    """
    if projection == "latlong":
        theta = np.arccos(np.clip(directions[..., 1], -1.0, 1.0))
        u = 0.5 - np.arctan2(directions[..., 0], directions[..., 2]) / (2.0 * np.pi)
        return np.stack([u * width - 0.5, theta / np.pi * height - 0.5], axis=-1)
    if projection == "mirror_ball":
        radius = np.sin(np.arccos(np.clip(directions[..., 2], -1.0, 1.0)) / 2.0)
        return _on_disk(directions, radius, height, width)
    if projection == "angular":
        radius = np.arccos(np.clip(-directions[..., 2], -1.0, 1.0)) / np.pi
        return _on_disk(directions, radius, height, width)
    if projection == "cube":
        return _on_faces(directions, {face: (face, 0) for face in range(6)}, width, FACES)
    upright = height > width
    faces = list(FACES)
    faces[_BEHIND] = (Z, -Y if upright else Y)
    cells = _VERTICAL if upright else _HORIZONTAL
    return _on_faces(directions, cells, min(height, width) // 3, tuple(faces))


def _on_disk(directions: Vectors, radius: Float64[Array, "*n"], height: int, width: int) -> Places:
    """Return places on a disk that fills the picture; radius 1 is its rim."""
    across = np.hypot(directions[..., 0], directions[..., 1])
    lies_aside = across > 0.0
    safe = np.where(lies_aside, across, 1.0)
    inside = np.minimum(radius, 1.0 - 2.0 * _RIM / min(height, width)) / safe
    right = np.where(lies_aside, directions[..., 0], 1.0) * inside
    up = directions[..., 1] * inside
    column = (1.0 + right) * width / 2.0 - 0.5
    return np.stack([column, (1.0 - up) * height / 2.0 - 0.5], axis=-1)


def _on_faces(
    directions: Vectors,
    cells: dict[int, tuple[int, int]],
    side: int,
    faces: tuple[tuple[Array, Array], ...],
) -> Places:
    """Return places on square faces, each in its cell of the picture; never between two."""
    forwards = np.stack([forward for forward, _ in faces])
    ups = np.stack([up for _, up in faces])
    rights = np.cross(forwards, ups)
    chosen = np.argmax(directions @ forwards.T, axis=-1)
    depth = np.einsum("...k,...k->...", directions, forwards[chosen])
    right = np.einsum("...k,...k->...", directions, rights[chosen]) / depth
    up = np.einsum("...k,...k->...", directions, ups[chosen]) / depth
    corners = np.array([cells[face] for face in range(6)], np.float64)[chosen] * side
    column = np.clip((1.0 + right) * side / 2.0 - 0.5, 0.0, side - 1.0)
    row = np.clip((1.0 - up) * side / 2.0 - 0.5, 0.0, side - 1.0)
    return np.stack([corners[..., 1] + column, corners[..., 0] + row], axis=-1)
