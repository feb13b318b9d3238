"""What all pictures of a sweep have in common: a few patterns and, robustly, how much of each."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float32

from olat.model.shapes import Array

Readings = Float32[Array, "frame pixel"]

OUTLIER = 3.0
"""Residual, in standard deviations, from which on it counts a quarter."""
FEW = 1e-3
"""Least variance of a pattern; part of that of the noise."""

ALONE = 0.95
"""Part that a reading has in what is told of it, from which on others tell nothing [1]."""


@dataclass(frozen=True)
class LowRank:
    """Readings as a few patterns: ``readings = shares @ patterns + rest``."""

    shares: Float32[Array, "frame rank"]
    """How much of each pattern a frame has; orthonormal columns."""
    spread: Float32[Array, " rank"]
    """Variance of each pattern over the pixels."""
    noise: float
    """Variance of the rest."""
    weights: Readings
    """Of each reading, from 0 to its trust; small in shadows, highlights and where wrong."""
    patterns: Float32[Array, "rank pixel"]

    @property
    def inverse(self) -> Float32[Array, "pixel rank rank"]:
        """Return the covariance of each pixel's patterns, in units of the noise."""
        return _inverse(self.shares, self.weights, self.spread, self.noise)

    def told_by_others(self, readings: Readings) -> Readings:
        r"""Return what the other frames tell of each frame's readings.

        .. math:: \frac{u \cdot v - h x}{1 - h}, \quad h = w\, u^T M^{-1} u
        """
        inverse = self.inverse
        told = readings - self.rest(readings)
        for frame, share in enumerate(self.shares):
            own = self.weights[frame] * np.einsum(
                "pij,i,j->p", inverse, share, share, optimize=True
            )
            others = np.float32(1.0) - own
            # A pattern that only this frame has is told by none.
            is_told = own < ALONE
            told[frame] -= own * readings[frame]
            told[frame] = np.where(is_told, told[frame] / np.where(is_told, others, 1.0), 0.0)
        return np.asarray(told)

    def without(self, frames: Bool[Array, " frame"], readings: Readings) -> LowRank:
        """Return the same shares with patterns that some frames have no part in."""
        weights = np.where(frames[:, None], np.float32(0.0), self.weights)
        patterns = _patterns(readings, self.shares, weights, self.spread, self.noise)
        return replace(self, weights=weights, patterns=patterns)

    def rest(self, readings: Readings) -> Readings:
        """Return what the patterns do not tell of."""
        return np.asarray(readings - self.shares @ self.patterns)


def low_rank(
    readings: Readings, trust: Readings, *, rank: int, start: LowRank | None, passes: int = 3
) -> LowRank:
    r"""Fit few patterns to readings, most of which may be in shadow.

    .. math:: \min_{U, V}\; \sum_{t p} w_{t p} \left(x_{t p} - u_t \cdot v_p\right)^2
              + \sigma^2 \sum_{p k} v_{k p}^2 / \lambda_k, \quad
              w = w_0 \left(1 + \left(\frac{x - u \cdot v}{3 \sigma}\right)^2\right)^{-2}

    The columns of U are the strongest directions of the readings, in which those of little weight
    are replaced by what the others tell of them; :math:`\lambda` are their variances.

    Parameters
    ----------
    readings
        Aligned as well as is known.
    trust
        Weight of each before it is compared with the others, :math:`w_0`.
    rank
        Number of patterns.
    start
        An earlier fit of the same frames and pixels to go on from.
    passes
        Number of times that weights and patterns are found anew.

    Notes
    -----
    Assumes that a surface looks alike under most lights, but for a few ways to differ; shadow
    edges and highlights are outliers. The penalty is the quadratic bound of the logarithm of the
    determinant of the covariance, whose small values mean low rank.

    References
    ----------
    .. [1] Peng et al., RASL, PAMI 2012, sec. 2.
    .. [2] Mohan and Fazel, Iterative reweighted algorithms for matrix rank minimization, JMLR
       2012, sec. 3.
    """
    if start is None:
        shares, spread, noise = _strongest(readings * trust, rank, noise=None)
        weights = trust
    else:
        shares, spread, noise, weights = start.shares, start.spread, start.noise, start.weights
    for _ in range(passes):
        rest = readings - shares @ _patterns(readings, shares, weights, spread, noise)
        weights, noise = _weighed(rest, trust)
        filled = readings - rest * (1.0 - weights)
        shares, spread, _ = _strongest(filled, rank, noise=noise)
    patterns = _patterns(readings, shares, weights, spread, noise)
    return LowRank(shares, spread, noise, weights, patterns)


def _weighed(rest: Readings, trust: Readings) -> tuple[Readings, float]:
    """Return the weight of each reading, and the variance of what has weight."""
    sample = np.abs(rest[trust > 0.5 * trust.max()])
    scale = np.float32(1.4826 * np.median(sample)) if sample.size else np.float32(1.0)
    scale = max(scale, np.float32(1e-6))
    weights = trust / (1.0 + (rest / (np.float32(OUTLIER) * scale)) ** 2) ** 2
    noise = float(np.vdot(weights, rest * rest) / max(float(weights.sum()), 1e-12))
    return weights, max(noise, 1e-12)


def _strongest(
    readings: Readings, rank: int, *, noise: float | None
) -> tuple[Float32[Array, "frame rank"], Float32[Array, " rank"], float]:
    """Return the strongest directions, their variances, and the mean one of the others."""
    covariance = (readings @ readings.T).astype(np.float64) / readings.shape[1]
    variances, directions = np.linalg.eigh(covariance)
    rest = float(variances[:-rank].mean()) if noise is None else noise
    rest = max(rest, 1e-12)
    spread = np.maximum(variances[::-1][:rank], FEW * rest).astype(np.float32)
    return np.ascontiguousarray(directions[:, ::-1][:, :rank], np.float32), spread, rest


def _patterns(
    readings: Readings,
    shares: Float32[Array, "frame rank"],
    weights: Readings,
    spread: Float32[Array, " rank"],
    noise: float,
) -> Float32[Array, "rank pixel"]:
    inverse = _inverse(shares, weights, spread, noise)
    told = shares.T @ (weights * readings)
    return np.asarray(np.einsum("pij,jp->ip", inverse, told, optimize=True))


def _inverse(
    shares: Float32[Array, "frame rank"],
    weights: Readings,
    spread: Float32[Array, " rank"],
    noise: float,
) -> Float32[Array, "pixel rank rank"]:
    rank = shares.shape[1]
    products = (shares[:, :, None] * shares[:, None, :]).reshape(len(shares), -1)
    normal = (weights.T @ products).reshape(-1, rank, rank)
    normal += np.diag(np.float32(noise) / spread)
    return np.asarray(np.linalg.inv(normal))
