"""Mixing the eight nearest lights by how near they are."""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Float64
from scipy.spatial import KDTree

from olat.light.quadrature import nearest_spacing
from olat.model.shapes import Array, Directions

NEIGHBORS: Final = 8
SHARPNESS: Final = 2.7
"""Fall-off: the exponent at the spacing of the lights; half of it blurs more and errs more."""


def local_weights(
    directions: Directions, toward: Float64[Array, "n 3"]
) -> Float64[Array, "n light"]:
    r"""Return weights of the nearest lights that fall with their angle.

    .. math:: w_i \propto e^{s (\omega \cdot \omega_i - 1)} - e^{s (\omega \cdot \omega_k - 1)}

    with the ninth nearest light k, so that a light fades out before another takes its place.

    Parameters
    ----------
    directions
        Unit vectors to the lights, no two the same.
    toward
        Unit vectors.

    Notes
    -----
    Wider than barycentric mixing, and so blurrier; it is what learned interpolation starts from.

    References
    ----------
    .. [1] Sun et al., Light stage super-resolution: continuous high-frequency relighting,
       SIGGRAPH Asia 2020, section 3: an active set of lights and their weights.
    """
    count = min(NEIGHBORS + 1, len(directions))
    chord, near = KDTree(directions).query(toward, k=[*range(1, count + 1)])
    sharpness = SHARPNESS / (1.0 - np.cos(nearest_spacing(directions)))
    kernel = np.exp(-sharpness * chord**2 / 2.0)
    if count > NEIGHBORS:
        kernel = kernel - kernel[:, -1:]
    weights = np.zeros((len(toward), len(directions)))
    np.put_along_axis(weights, near, kernel / kernel.sum(axis=1, keepdims=True), axis=1)
    return weights
