"""Curves in time through the moments at which something is known."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias

import numpy as np
from jaxtyping import Float32, Float64

from olat.model.shapes import Array

Interpolation: TypeAlias = Literal["sway", "spline", "catmull_rom", "linear"]

WINDOW = 6
"""Knots around a moment that a curve runs through; those farther off do not count."""
SWAY_MEMORY = 2.0
"""Distance over which a sway forgets where it was, in intervals between knots."""
SWAY_GAP = 3.0
"""An interval longer than so many usual ones is crossed straight: of a sway nothing is known in it,
and what scatters at the knots beside it would be enlarged."""
SWAY_SCATTER = 1e-4
"""Variance of what is known at a knot, in that of the motion."""


def window(time: float | int, knots: Sequence[int]) -> tuple[int, ...]:
    """Return the knots that a curve needs at one moment: three on each side where there are.

    Parameters
    ----------
    time
        Moment; outside of the knots only the nearest one is needed.
    knots
        Increasing moments at which the value is known.
    """
    after = bisect_right(knots, time)
    if after == 0 or time > knots[-1]:
        return (knots[0] if after == 0 else knots[-1],)
    first = max(0, min(after - WINDOW // 2, len(knots) - WINDOW))
    return tuple(knots[first : first + WINDOW])


def place_between(time: float | int, knots: Sequence[int]) -> float:
    """Return where a moment lies among knots that span it: 2.5 is midway from the third on."""
    return float(np.interp(time, knots, range(len(knots))))


def knot_weights(
    time: float | int, knots: Sequence[int], *, interpolation: Interpolation
) -> Float64[Array, " knot"]:
    r"""Return the weight of each knot in the interpolated value; they sum to 1.

    ``spline`` and ``sway`` are :math:`w = (w_1 \dots w_n)` of

    .. math::
        \begin{pmatrix} C & X \\ X^T & 0 \end{pmatrix}
        \begin{pmatrix} w \\ m \end{pmatrix} = \begin{pmatrix} c \\ x \end{pmatrix}, \qquad
        C_{ij} = k(t_i - t_j),\; c_i = k(t_i - t),\; X_i = (1, t_i),\; x = (1, t),

    which runs through all knots, keeps steady motion as it is and errs least where motion about
    it has the covariance k: :math:`|d|^3` for a natural cubic spline; for a sway Matérn's of
    order 7/2, which holds no more fast motion than a body can make. In an interval of more than 3
    times the median one `sway` is a straight line.

    Parameters
    ----------
    time
        Moment; outside of the knots the nearest one has all the weight.
    knots
        Increasing moments at which the value is known.
    interpolation
        ``sway`` or ``spline``; ``catmull_rom``: a cubic with each knot's slope taken between its
        neighbors, linear in the first and the last interval; or ``linear``. All of them are
        linear through two knots.

    References
    ----------
    .. [1] Rasmussen and Williams, Gaussian processes for machine learning, 2006, sec. 2.7, 4.2.1
       and 6.3.
    """
    after = bisect_right(knots, time)
    if after == 0 or after == len(knots):
        return np.asarray(np.eye(len(knots))[min(after, len(knots) - 1)])
    intervals = np.diff(knots)
    is_lost = interpolation == "sway" and intervals[after - 1] > SWAY_GAP * np.median(intervals)
    if interpolation in ("sway", "spline") and len(knots) > 2 and not is_lost:
        kernel = _matern if interpolation == "sway" else _cubed
        return _least_error(time, np.asarray(knots, float), kernel)
    weights = np.zeros(len(knots))
    span = slice(after - 1, after + 1)
    if interpolation == "catmull_rom" and 2 <= after <= len(knots) - 2:
        span = slice(after - 2, after + 2)
        weights[span] = _catmull_rom(time, *knots[span])
    else:
        start, end = knots[span]
        weights[span] = (end - time) / (end - start), (time - start) / (end - start)
    return weights


def subset_weights(
    time: float | int, knots: Sequence[int], *, interpolation: Interpolation
) -> Float32[Array, "subset knot"]:
    """Return the weights of curves that leave some of the knots out.

    Parameters
    ----------
    time
        Moment between the first and the last knot.
    knots
        At most `WINDOW` increasing moments.
    interpolation
        See `knot_weights`.

    Returns
    -------
    weights
        Row :math:`b` is of the curve through the knots :math:`i` of which bit :math:`2^i` is set
        in :math:`b`. Zero where they do not lie on both sides of the moment.
    """
    weights = np.zeros((1 << len(knots), len(knots)), np.float32)
    numbers = np.arange(len(knots))
    for row in range(len(weights)):
        kept = numbers[(row >> numbers & 1) > 0]
        through = [knots[number] for number in kept]
        if through and through[0] <= time <= through[-1]:
            weights[row, kept] = knot_weights(time, through, interpolation=interpolation)
    return weights


def _catmull_rom(
    time: float | int, before: int, start: int, end: int, beyond: int
) -> tuple[float, float, float, float]:
    tau = (time - start) / (end - start)
    # Hermite polynomials of the slopes at both ends.
    rise = (end - start) * tau * (1.0 - tau) ** 2 / (end - before)
    fall = (end - start) * tau**2 * (tau - 1.0) / (beyond - start)
    blend = tau**2 * (3.0 - 2.0 * tau)
    return -rise, 1.0 - blend - fall, blend + rise, fall


def _least_error(
    time: float | int,
    knots: Float64[Array, " knot"],
    kernel: Callable[[Float64[Array, "..."]], Float64[Array, "..."]],
) -> Float64[Array, " knot"]:
    """Solve for the weights that err least for motions of a covariance."""
    count = len(knots)
    # Intervals between knots are the unit of time, as the covariances count it.
    unit = np.median(np.diff(knots))
    moments = (knots - time) / unit
    system = np.zeros((count + 2, count + 2))
    system[:count, :count] = kernel(moments[:, None] - moments)
    system[count, :count] = system[:count, count] = 1.0
    system[count + 1, :count] = system[:count, count + 1] = moments
    told = np.concatenate([kernel(moments), [1.0, 0.0]])
    return np.asarray(np.linalg.solve(system, told)[:count])


def _cubed(distance: Float64[Array, "..."]) -> Float64[Array, "..."]:
    return np.asarray(np.abs(distance) ** 3)


def _matern(distance: Float64[Array, "..."]) -> Float64[Array, "..."]:
    """Tell how alike a sway is at two moments; what scatters at a knot is alike only to itself."""
    r = np.sqrt(7.0) / SWAY_MEMORY * np.abs(distance)
    smooth = (1.0 + r + 0.4 * r**2 + r**3 / 15.0) * np.exp(-r)
    return np.asarray(smooth + SWAY_SCATTER * (distance == 0))
