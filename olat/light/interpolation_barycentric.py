"""Mixing the three lights around a direction: smooth, never negative, and local."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from olat.light.spherical_delaunay import Triangulation
from olat.model.shapes import Array, Directions


def barycentric_weights(
    directions: Directions, toward: Float64[Array, "n 3"]
) -> Float64[Array, "n light"]:
    r"""Return the barycentric coordinates of directions in the triangles of lights around them.

    The lights i, j, k of the spherical Delaunay triangle that holds a direction get

    .. math:: (b_i, b_j, b_k) \propto [\omega_i\, \omega_j\, \omega_k]^{-1} \omega, \quad
              b_i + b_j + b_k = 1 .

    Parameters
    ----------
    directions
        Unit vectors to the lights, no two the same.
    toward
        Unit vectors that lights surround.

    Notes
    -----
    Continuous over the edges of triangles. A highlight narrower than the spacing is seen at up to
    three places at once, each fainter.

    References
    ----------
    .. [1] Debevec et al., Acquiring the reflectance field of a human face, SIGGRAPH 2000, sec. 3.
    """
    corners, shares, _ = Triangulation(directions).locate(toward)
    weights = np.zeros((len(toward), len(directions)))
    np.put_along_axis(weights, corners, shares, axis=1)
    return weights
