"""Fits of RTI models to pictures: coefficients a pixel, by strips of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from jaxtyping import Float32, Float64

from olat.model.shapes import Array, SolidAngles

Samples: TypeAlias = Float32[Array, "light 3 rows w"]
"""Display-coded values of some rows under every light, 0 to 1."""
Coefficients: TypeAlias = Float32[Array, "plane rows w"]
Strips: TypeAlias = Callable[[], Iterator[tuple[int, int, Samples]]]
"""Yields first row, row after the last, and what is in them; may be called again."""

RIDGE = 1e-4
"""Of the largest entry of the normal equations: holds terms that the lights do not tell."""


@dataclass(frozen=True)
class LinearModel:
    """Planes that are linear in the samples of a pixel, and what a viewer makes of them."""

    to_planes: Float64[Array, "plane sample"]
    """Multiplies samples: those of a light after the other, three channels each."""
    offset: Float64[Array, " plane"]
    """What is subtracted then."""
    mean: Float64[Array, " node"]
    """What viewers add for a pixel whose planes are 0, of three channels for each of their nodes;
    empty where they have none."""
    from_planes: Float64[Array, "node plane"]
    """What each plane adds to it."""

    def planes(self, samples: Samples) -> Coefficients:
        """Return the planes of some rows."""
        count, _, rows, width = samples.shape
        found = self.to_planes.astype(np.float32) @ samples.reshape(3 * count, -1)
        found -= self.offset.astype(np.float32)[:, None]
        return np.asarray(found.reshape(-1, rows, width))


def least_squares_model(
    basis: Float64[Array, "light term"], solid_angles: SolidAngles
) -> LinearModel:
    r"""Return the weighted ridge fit of a basis to each channel by itself.

    .. math:: c = (B^T W B + \epsilon I)^{-1} B^T W x

    Planes are those of the first term in red, green and blue, then of the second, and so on.
    """
    weighted = basis * solid_angles[:, None]
    normal = basis.T @ weighted
    fit = np.linalg.solve(normal + RIDGE * normal.max() * np.eye(len(normal)), weighted.T)
    planes = 3 * len(fit)
    return LinearModel(
        np.kron(fit, np.eye(3)), np.zeros(planes), np.zeros(0), np.zeros((0, planes))
    )


def principal_model(strips: Strips, mix: Float64[Array, "place light"], count: int) -> LinearModel:
    """Return the principal components of what pixels show at the places that a viewer mixes.

    Parameters
    ----------
    strips
        Samples of all pixels; they pass once.
    mix
        How the samples of the lights give those of the places.
    count
        Components kept.

    References
    ----------
    .. [1] Ponchio, Corsini and Scopigno, A compact representation of relightable images for the
       web, ACM Web3D 2018.
    """
    wide = np.kron(mix, np.eye(3))
    total = np.zeros(wide.shape[0])
    products = np.zeros((wide.shape[0],) * 2)
    pixels = 0
    for _, _, samples in strips():
        nodes = wide @ samples.reshape(wide.shape[1], -1).astype(np.float64)
        total += nodes.sum(axis=1)
        products += nodes @ nodes.T
        pixels += nodes.shape[1]
    mean = total / pixels
    _, vectors = np.linalg.eigh(products / pixels - np.outer(mean, mean))
    kept = vectors[:, ::-1][:, :count]
    return LinearModel(kept.T @ wide, kept.T @ mean, mean, kept)
