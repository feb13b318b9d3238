"""What motion between tracking frames can be, before a picture is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from jaxtyping import Bool, Float32, Float64

from olat.model.shapes import Array, Mask
from olat.motion.time_curve import Interpolation, knot_weights, window

Modes: TypeAlias = Float32[Array, "mode h w"]
Covariance: TypeAlias = Float64[Array, "frame frame"]
Knots: TypeAlias = Float64[Array, "frame knot"]
"""What each tracking frame has in the interpolated motion of each frame; rows sum to 1."""
Coefficients: TypeAlias = Float32[Array, "frame mode 2"]
"""How much of each mode every frame moves by, in x and y [px]."""

NEGLIGIBLE = 1e-5
"""Variance that is left out, of the largest."""
LEAST_VARIANCE = 1e-8
"""Keeps a still subject's covariance from being empty [px^2]."""


@dataclass(frozen=True)
class MotionPrior:
    """Motions that are likely: unit variance in, coefficients of modes in time out."""

    roots: tuple[tuple[Float32[Array, "frame _"], ...], ...]
    """Of the covariance in time: of each mode, in x and in y."""

    @property
    def size(self) -> int:
        """Number of unknowns."""
        return sum(root.shape[1] for pair in self.roots for root in pair)

    def coefficients(self, likely: Float32[Array, " unknown"]) -> Coefficients:
        """Return the motion that some unknowns of unit variance stand for."""
        frames = self.roots[0][0].shape[0]
        out = np.empty((frames, len(self.roots), 2), np.float32)
        start = 0
        for mode, pair in enumerate(self.roots):
            for axis, root in enumerate(pair):
                out[:, mode, axis] = root @ likely[start : start + root.shape[1]]
                start += root.shape[1]
        return out

    def transposed(self, coefficients: Coefficients) -> Float32[Array, " unknown"]:
        """Return the transpose of `coefficients`."""
        parts = [
            root.T @ coefficients[:, mode, axis]
            for mode, pair in enumerate(self.roots)
            for axis, root in enumerate(pair)
        ]
        return np.concatenate(parts)


def motion_prior(
    remaining: Covariance,
    scattered: Covariance,
    spread: Float64[Array, "mode 2"],
    scatter: Float64[Array, " mode"],
) -> MotionPrior:
    r"""Return the prior of each mode, of covariance :math:`s^2 E + \sigma^2 S`.

    Parameters
    ----------
    remaining, scattered
        E and S of `remaining_covariance`.
    spread
        s: how much of each mode the subject moves by [px].
    scatter
        :math:`\sigma`: error of the tracking flows in each mode [px].
    """
    least = LEAST_VARIANCE * np.eye(len(remaining))
    return MotionPrior(
        tuple(
            tuple(_root(each**2 * remaining + error**2 * scattered + least) for each in pair)
            for pair, error in zip(spread, scatter, strict=True)
        )
    )


def remaining_covariance(
    times: Sequence[int],
    knots: Sequence[int],
    weights: Knots,
    is_tracked: Bool[Array, " knot"],
    *,
    memory: float,
) -> tuple[Covariance, Covariance]:
    r"""Return what interpolation leaves of a smooth motion of variance 1, and of scatter.

    For motion f of covariance K, known at the knots and interpolated with the weights V,

    .. math:: E = \mathrm{cov}(f_t - V f_k) = (I, -V)\, K\, (I, -V)^T, \qquad S = V V^T ,

    with K Matérn's covariance of order 5/2. E vanishes at the knots.

    Parameters
    ----------
    times, knots
        Moments of the frames and of the tracking frames.
    weights
        V.
    is_tracked
        False for the reference, whose motion is zero without scatter.
    memory
        Length over which a subject forgets how it moved [frames].

    Notes
    -----
    Assumes motion that is alike at all times, and errors of tracking flows that are independent.

    References
    ----------
    .. [1] Rasmussen and Williams, Gaussian processes for machine learning, 2006, sec. 4.2.1.
    """
    moments = np.concatenate([times, knots]).astype(np.float64)
    distance = np.sqrt(5.0) * np.abs(moments[:, None] - moments) / memory
    kernel = (1.0 + distance + distance**2 / 3.0) * np.exp(-distance)
    left = np.hstack([np.eye(len(times)), -weights])
    known = weights * is_tracked
    return left @ kernel @ left.T, known @ known.T


def knot_shares(
    times: Sequence[int], knots: Sequence[int], *, interpolation: Interpolation = "sway"
) -> Knots:
    """Return what each tracking frame has in the interpolated motion of each frame.

    As `olat.motion.tracking.flow_at` weighs them where all are sure.
    """
    shares = np.zeros((len(times), len(knots)))
    for row, time in enumerate(times):
        near = window(time, knots)
        columns = [knots.index(knot) for knot in near]
        shares[row, columns] = knot_weights(time, near, interpolation=interpolation)
    return shares


def smooth_modes(mask: Mask, *, order: int) -> Modes:
    r"""Return smooth motions: :math:`\cos(\pi i y) \cos(\pi j x)`, :math:`i + j \le` order.

    Parameters
    ----------
    mask
        x and y run from 0 to 1 over the box around it, and stay there beyond.
    order
        Half waves over the box; 0 is a shift.

    Notes
    -----
    Assumes a subject that moves as a whole and bends gently, as heads and shoulders do.
    """
    rows, columns = (_place(np.asarray(mask.any(axis=axis))) for axis in (1, 0))
    waves = [
        np.outer(np.cos(np.pi * down * rows), np.cos(np.pi * across * columns))
        for down, across in mode_numbers(order)
    ]
    return np.stack(waves).astype(np.float32)


def mode_numbers(order: int) -> list[tuple[int, int]]:
    """Return the half waves down and across of each of `smooth_modes`."""
    return [(down, across) for down in range(order + 1) for across in range(order + 1 - down)]


def _place(is_inside: Bool[Array, " place"]) -> Float64[Array, " place"]:
    inside = np.flatnonzero(is_inside)
    span = max(1, int(inside[-1] - inside[0]))
    place: Float64[Array, " place"] = np.arange(len(is_inside)) - float(inside[0])
    return np.clip(place / span, 0.0, 1.0)


def _root(covariance: Covariance) -> Float32[Array, "frame _"]:
    """Return a square root of a covariance without what is negligible."""
    variances, vectors = np.linalg.eigh(covariance)
    kept = variances > NEGLIGIBLE * variances[-1]
    return np.asarray(vectors[:, kept] * np.sqrt(variances[kept]), np.float32)
