"""One step of the motion of a sweep towards what its pictures have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from jaxtyping import Float32, Float64, Int64
from scipy.sparse import csr_matrix
from scipy.sparse.linalg import LinearOperator, cg

from olat.model.shapes import Array
from olat.motion.low_rank_basis import TimeBasis, bend
from olat.motion.low_rank_model import LowRank, Readings

Numbers: TypeAlias = Float64[Array, "control axis_knot"]
"""Of the motion: for each place of the basis, x at each knot, then y."""

BATCH = 8192
"""Pixels whose slopes are multiplied out at a time."""


@dataclass(frozen=True)
class Slopes:
    """How readings change if the subject moves, for sorted blocks of pixels."""

    x: Readings
    """[1/px]"""
    y: Readings
    starts: Int64[Array, " block"]
    """First pixel of each block."""


@dataclass(frozen=True)
class Normals:
    """Normal equations of the motion of each block, patterns eliminated."""

    matrix: Float64[Array, "block axis_knot axis_knot"]
    right: Float64[Array, "block axis_knot"]


def normal_equations(
    readings: Readings, model: LowRank, slopes: Slopes, basis: TimeBasis
) -> Normals:
    r"""Ask what motion makes readings of lower rank, whatever the patterns then are.

    With slopes :math:`J_p`, weights :math:`W_p` and shares U, a block's equations are the sums of

    .. math:: H_p = J_p^T \left(W_p - W_p U M_p^{-1} U^T W_p\right) J_p, \quad
              M_p = U^T W_p U + \sigma^2 \Lambda^{-1}, \quad
              g_p = -J_p^T W_p (x_p - U v_p) .

    Notes
    -----
    Assumes motion that is the same within a block, and small against detail. Patterns are
    eliminated together with the motion (variable projection), else each step would be held back by
    patterns that have taken up the motion.

    References
    ----------
    .. [1] Golub and Pereyra, The differentiation of pseudo-inverses and nonlinear least squares
       problems whose variables separate, SIAM J. Numer. Anal. 1973.
    """
    knots, blocks = 2 * basis.shape[1], len(slopes.starts)
    weights = model.weights
    pulls = weights * model.rest(readings)
    right = np.concatenate(
        [basis.T @ _summed(slope * pulls, slopes.starts) for slope in (slopes.x, slopes.y)]
    )
    matrix = _plain(weights, slopes, basis)
    ends = np.append(slopes.starts[1:], readings.shape[1])
    halves = np.linalg.cholesky(model.inverse.astype(np.float64)).astype(np.float32)
    first = 0
    while first < blocks:
        reach = int(np.searchsorted(ends, slopes.starts[first] + BATCH, side="right"))
        after = max(first + 1, reach)
        pixels = slice(int(slopes.starts[first]), int(ends[after - 1]))
        taken = _taken(slopes, weights, model.shares, basis, pixels) @ halves[pixels]
        for block in range(first, after):
            own = slice(slopes.starts[block] - pixels.start, ends[block] - pixels.start)
            part = taken[own].transpose(1, 0, 2).reshape(knots, -1)
            matrix[block] -= part @ part.T
        first = after
    return Normals(matrix, -right.T)


def solved(
    normals: Normals,
    places: csr_matrix,
    start: Numbers,
    *,
    bending: csr_matrix,
    stiffness: tuple[float, float],
) -> Numbers:
    r"""Return the change of the numbers that the normal equations ask for.

    .. math:: \left(S^T H S + \mu (\alpha L + \beta T)\right) \delta
              = S^T g - \mu (\alpha L + \beta T)\,\theta

    Parameters
    ----------
    normals
        Of each block.
    places
        Basis over the picture at each block, S.
    start
        Numbers so far, :math:`\theta`.
    bending
        Penalty over the picture, L.
    stiffness
        Weight of the bending over the picture and in time, :math:`\alpha, \beta`, both relative to
        the evidence :math:`\mu` of a place that has a typical amount of it [1].
    """
    count, knots = start.shape
    squares = places.multiply(places)
    diagonal = squares.T @ np.einsum("bkk->bk", normals.matrix)
    informed = diagonal[diagonal > 1e-9 * diagonal.max(initial=0.0)]
    scale = float(np.median(informed)) if informed.size else 1.0
    in_time = np.kron(np.eye(2), bend(knots // 2))
    over, along = stiffness[0] * scale, stiffness[1] * scale

    def penalized(numbers: Numbers) -> Numbers:
        bent = over * (bending @ numbers) + along * (numbers @ in_time)
        return np.asarray(bent + 1e-6 * scale * numbers)

    def applied(flat: Float64[Array, " number"]) -> Float64[Array, " number"]:
        numbers = flat.reshape(count, knots)
        moved = np.einsum("bij,bj->bi", normals.matrix, places @ numbers)
        return np.asarray((places.T @ moved + penalized(numbers)).ravel())

    steady = over * bending.diagonal()[:, None] + along * np.diag(in_time) + 1e-6 * scale
    preconditioner = 1.0 / (diagonal + steady)
    size = count * knots
    change, _ = cg(
        LinearOperator((size, size), matvec=applied, dtype=np.float64),
        (places.T @ normals.right - penalized(start)).ravel(),
        rtol=1e-3,
        maxiter=200,
        M=LinearOperator(
            (size, size), matvec=lambda flat: preconditioner.ravel() * flat.ravel(), dtype=float
        ),
    )
    return np.asarray(change.reshape(count, knots))


def _plain(
    weights: Readings, slopes: Slopes, basis: TimeBasis
) -> Float64[Array, "block axis_knot axis_knot"]:
    """Return the sum over each block's pixels of the squared slopes, between knots."""
    knots = basis.shape[1]
    pairs = (basis[:, :, None] * basis[:, None, :]).reshape(len(basis), -1)

    def part(product: Readings) -> Float64[Array, "block knot knot"]:
        return np.asarray((_summed(product, slopes.starts).T @ pairs).reshape(-1, knots, knots))

    x, y = weights * slopes.x, weights * slopes.y
    mixed = part(x * slopes.y)
    top = np.concatenate([part(x * slopes.x), mixed], axis=2)
    bottom = np.concatenate([mixed, part(y * slopes.y)], axis=2)
    return np.concatenate([top, bottom], axis=1)


def _taken(
    slopes: Slopes,
    weights: Readings,
    shares: Float32[Array, "frame rank"],
    basis: TimeBasis,
    pixels: slice,
) -> Float32[Array, "batch axis_knot rank"]:
    """Return how motion at each knot looks like the patterns, pixel by pixel."""
    products = (basis[:, :, None] * shares[:, None, :]).astype(np.float32)
    flat = products.reshape(len(basis), -1)
    shape = (-1, basis.shape[1], shares.shape[1])
    weight = weights[:, pixels]
    parts = [
        ((weight * slope[:, pixels]).T @ flat).reshape(shape) for slope in (slopes.x, slopes.y)
    ]
    return np.concatenate(parts, axis=1)


def _summed(readings: Readings, starts: Int64[Array, " block"]) -> Float64[Array, "frame block"]:
    return np.add.reduceat(readings, starts, axis=1).astype(np.float64)
