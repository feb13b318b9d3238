"""The geodesic dome: an icosahedron whose faces are cut into triangles."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from jaxtyping import Float64

from olat.model.shapes import Array, Directions

_SAME = 9
"""Decimals to which points that two faces share agree."""


def geodesic_sphere(frequency: int) -> Directions:
    r"""Hang lights on the corners of a geodesic sphere of class I.

    Each edge of an icosahedron is cut into :math:`f` equal parts, each face along the lines
    between them, and the corners are pushed out to the sphere:

    .. math:: \omega \propto (i\,a + j\,b + k\,c) / f, \quad i + j + k = f

    for the corners :math:`a, b, c` of each face. There are :math:`10 f^2 + 2` lights.

    Parameters
    ----------
    frequency
        Parts of an edge: 6 makes 362 lights, a common frame of large stages.

    Returns
    -------
    directions
        Unit vectors, from the top to the bottom, each ring from the camera's side to the image's
        right. There is a light at the very top.

    Raises
    ------
    ValueError
        If the frequency is not 1 at least.

    References
    ----------
    .. [1] Kenner, Geodesic math and how to use it, 1976, ch. 8 (class I, method 1).
    """
    if frequency < 1:
        raise ValueError(f"a geodesic sphere of frequency {frequency}; 1 or more is needed")
    corners = _icosahedron()
    near = corners @ corners.T > 0.4  # neighbors stand at 63.4 degrees, others at 116.6 and more
    faces = [
        face
        for face in combinations(range(12), 3)
        if all(near[pair] for pair in combinations(face, 2))
    ]
    steps = [
        (i, j, frequency - i - j) for i in range(frequency + 1) for j in range(frequency + 1 - i)
    ]
    points = np.concatenate([np.array(steps) @ corners[list(face)] for face in faces])
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    return _sorted_once(points)


def _icosahedron() -> Float64[Array, "12 3"]:
    """Return the corners of an icosahedron: one at the top, one at the bottom, two rings."""
    turn = 2.0 * np.pi * np.arange(5) / 5.0
    flat, high = 2.0 / np.sqrt(5.0), 1.0 / np.sqrt(5.0)
    ring = np.stack([flat * np.sin(turn), np.full(5, high), flat * np.cos(turn)], axis=1)
    top = np.array([[0.0, 1.0, 0.0]])
    return np.concatenate([top, ring, -ring, -top])


def _sorted_once(points: Float64[Array, "n 3"]) -> Directions:
    """Return each point once, from the top to the bottom and around."""
    first = np.unique(np.round(points, _SAME), axis=0, return_index=True)[1]
    points = points[first]
    turn = np.round(np.arctan2(points[:, 0], points[:, 2]) % (2.0 * np.pi), _SAME)
    turn[turn >= np.round(2.0 * np.pi, _SAME)] = 0.0
    return points[np.lexsort((turn, -np.round(points[:, 1], _SAME)))]
