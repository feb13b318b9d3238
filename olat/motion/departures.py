"""Tracking frames whose motion is not what their neighbors in time tell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from jaxtyping import Bool, Float64

from olat.model.shapes import Array

Moments: TypeAlias = Float64[Array, " moment"]
Motions: TypeAlias = Float64[Array, "moment cell 2"]
Trusts: TypeAlias = Float64[Array, "moment cell"]

FEWEST_DOUBTED = 5
"""Frames from which on one can be told to be off; of fewer it is not known which one is."""
OUTLIER = 6.0
"""Departure, in robust standard deviations of those of the others, that is not believed."""
LEAST_PX = 2.0
"""Departure that is always believed [px]."""
SIGMA = 1.4826
"""Standard deviation over the median of absolute departures, of a normal distribution."""
REACH = 2
"""Frames to either side that a departure is told from."""


def departures(moments: Moments, motions: Motions, trusts: Trusts) -> Moments:
    r"""Return how far the motion of each frame is from what the others tell of its moment.

    With the weights :math:`w` of the polynomial through the frames around, two to either side
    where there are two,

    .. math:: e_k = \sqrt{\langle |v_k - \sum_j w_j v_j|^2 \rangle} ,

    the mean over the cells of the subject, weighted by the least confidence that has part.

    Parameters
    ----------
    moments
        Increasing [frames].
    motions
        Mean motion of each cell [px].
    trusts
        Its confidence [1].

    Returns
    -------
    departures
        NaN for the first and the last, which nothing is told of from one side only, and where no
        cell is sure [px].

    Notes
    -----
    Assumes motion that is smooth over four tracking frames. Interpolation leaves less, as it runs
    through the frame itself too.
    """
    found = np.full(len(moments), np.nan)
    for place in range(1, len(moments) - 1):
        near = _around(place, len(moments))
        weights = weights_of_others(moments, place)
        told = np.tensordot(weights[near], motions[near], axes=1)
        weight = np.minimum(trusts[place], trusts[near].min(axis=0))
        if weight.sum() > 0.0:
            square = np.sum((motions[place] - told) ** 2, axis=1)
            found[place] = np.sqrt(np.average(square, weights=weight))
    return found


def are_off(moments: Moments, motions: Motions, trusts: Trusts) -> Bool[Array, " moment"]:
    """Tell which frames depart from their neighbors by far more than the others do.

    Parameters are those of `departures`. All false for fewer than `FEWEST_DOUBTED` frames.
    """
    kept = np.arange(len(moments))
    # One by one, the farthest off first: it makes its neighbors look as if they were off too.
    while len(kept) >= FEWEST_DOUBTED:
        off = np.nan_to_num(departures(moments[kept], motions[kept], trusts[kept]))
        worst = int(off.argmax())
        without = np.delete(kept, worst)
        usual = departures(moments[without], motions[without], trusts[without])
        known = usual[np.isfinite(usual)]
        limit = OUTLIER * SIGMA * float(np.median(known)) if known.size else np.inf
        if off[worst] <= max(limit, LEAST_PX):
            break
        kept = without
    return ~np.isin(np.arange(len(moments)), kept)


def weights_of_others(moments: Moments, place: int) -> Moments:
    """Return the weight of each frame in what is told of one of them; 0 of those not asked."""
    near = _around(place, len(moments))
    weights = np.zeros(len(moments))
    weights[near] = lagrange_weights(moments[near], moments[place])
    return weights


def lagrange_weights(knots: Moments, time: float) -> Moments:
    """Return the weight of each knot in the polynomial through all of them, at some time."""
    weights = np.ones(len(knots))
    for place, knot in enumerate(knots):
        others = np.delete(knots, place)
        weights[place] = np.prod((time - others) / (knot - others))
    return weights


def _around(place: int, count: int) -> Sequence[int]:
    """Return the places next to one, the same number on both sides."""
    reach = min(REACH, place, count - 1 - place)
    return [*range(place - reach, place), *range(place + 1, place + reach + 1)]
