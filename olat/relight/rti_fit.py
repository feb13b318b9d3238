"""Fits of RTI models to pictures: coefficients a pixel, by strips of rows."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from jaxtyping import Float32, Float64

from olat.model.shapes import Array, SolidAngles

logger = logging.getLogger(__name__)

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


def least_squares_fit(
    basis: Float64[Array, "light term"], solid_angles: SolidAngles
) -> Float64[Array, "term light"]:
    r"""Return what multiplies the values of a pixel to give the coefficients of a basis.

    .. math:: c = (B^T W B + \epsilon I)^{-1} B^T W x

    Notes
    -----
    The ridge decides where lights do not: it is said in the log.
    """
    weighted = basis * solid_angles[:, None]
    normal = basis.T @ weighted
    ridge = RIDGE * normal.max()
    untold = int((np.linalg.eigvalsh(normal) < ridge).sum())
    if untold:
        logger.warning(
            "%d of %d terms of the basis are not told by the lights, which leave parts of the "
            "hemisphere out or lie on few rings; there the fit is a guess.",
            untold,
            len(normal),
        )
    return np.asarray(np.linalg.solve(normal + ridge * np.eye(len(normal)), weighted.T))


def least_squares_model(
    basis: Float64[Array, "light term"], solid_angles: SolidAngles
) -> LinearModel:
    """Return `least_squares_fit` of each channel by itself.

    Planes are those of the first term in red, green and blue, then of the second, and so on.
    """
    fit = least_squares_fit(basis, solid_angles)
    planes = 3 * len(fit)
    return LinearModel(
        np.kron(fit, np.eye(3)), np.zeros(planes), np.zeros(0), np.zeros((0, planes))
    )


def principal_model(
    strips: Strips, mix: Float64[Array, "place light"] | None, count: int
) -> LinearModel:
    """Return the principal components of what pixels show at the places that a viewer mixes.

    Parameters
    ----------
    strips
        Samples of pixels that stand for all; they pass once.
    mix
        How the samples of the lights give those of the places; none: the lights are the places.
    count
        Components kept.

    References
    ----------
    .. [1] Ponchio, Corsini and Scopigno, A compact representation of relightable images for the
       web, ACM Web3D 2018.
    """
    total: Float64[Array, " node"] | float = 0.0
    products: Float64[Array, "node node"] | float = 0.0
    pixels = 0
    wide = None if mix is None else np.kron(mix, np.eye(3))
    for _, _, samples in strips():
        values = samples.reshape(3 * len(samples), -1).astype(np.float64)
        nodes = values if wide is None else wide @ values
        total = total + nodes.sum(axis=1)
        products = products + nodes @ nodes.T
        pixels += nodes.shape[1]
    if pixels == 0:
        raise ValueError("no pixels were given")
    mean = np.asarray(total) / pixels
    _, vectors = np.linalg.eigh(np.asarray(products) / pixels - np.outer(mean, mean))
    kept = vectors[:, ::-1][:, :count]
    to_planes = kept.T if wide is None else kept.T @ wide
    return LinearModel(np.asarray(to_planes), kept.T @ mean, mean, kept)
