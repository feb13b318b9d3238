"""Radial basis functions around the lights, as RTI viewers mix them."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from olat.light.quadrature import nearest_spacing
from olat.model.shapes import Array, Directions

WIDTH = 0.6
"""Of the Gaussian over the spacing of the lights: a neighbor has 6 percent at a light."""


def radial_sigma(directions: Directions) -> float:
    """Return the width of the Gaussians, a length on the unit sphere."""
    return float(WIDTH * 2.0 * np.sin(nearest_spacing(directions) / 2.0))


def radial_mix(
    directions: Directions, toward: Float64[Array, "n 3"], sigma: float
) -> Float64[Array, "n light"]:
    r"""Return the weights of lights for directions: :math:`e^{-d^2/\sigma^2}`, normalized."""
    square = ((toward[:, None] - directions[None]) ** 2).sum(axis=2)
    kernel = np.exp(-(square - square.min(axis=1, keepdims=True)) / sigma**2)
    return np.asarray(kernel / kernel.sum(axis=1, keepdims=True))
