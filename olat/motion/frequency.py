"""How fast the subject moves, and what is left of it between tracking frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from olat.model.shapes import Array
from olat.motion.departures import Moments, Motions, Trusts
from olat.motion.forecast import MotionModel, drift_and_waves, model_of, shares

FEWEST = 6
"""Moments from which on a frequency is told."""
MORE = 3
"""Moments that another frequency needs."""
MOST = 2
"""Frequencies that are told: a person breathes and sways."""
STEPS = 200
"""Frequencies that are tried."""
STILL_PX = 0.1
"""Motion about a steady drift that is none [px]."""
EXPLAINED = 0.6
"""Share of the motion that one frequency has to tell of."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How motion in time compares with the interval of the tracking frames."""

    frequency: float | None
    """Of the motion of which most is left; none where it is not told [1/frame]."""
    residual_px: float | None
    """What interpolation leaves between tracking frames, rms; none if nothing tells. Mostly too
    high where no frequency is told."""
    interval: float
    """Usual distance between tracking frames [frames]."""
    ends: tuple[int, int]
    """First and last tracking frame."""
    model: MotionModel | None

    def interval_for(self, tolerated_px: float) -> int | None:
        """Return the interval that would leave no more than some error; none if this one does.

        That is 1, frame by frame, if no other one would.
        """
        if self.model is None or self.residual_px is None or self.residual_px <= tolerated_px:
            return None
        first, last = self.ends
        for interval in range(int(self.interval), 1, -1):
            if self.model.left_px(range(first, last + interval, interval)) <= tolerated_px:
                return interval
        return 1


def rhythm_of(
    moments: Moments, motions: Motions, trusts: Trusts, *, knots: Sequence[int] | None = None
) -> Rhythm:
    r"""Tell how fast the motion is, and what interpolation will leave of it.

    The motion is waves of the frequencies that are told, and a rest (`model_of`). With the
    weights :math:`w_i(t)` of the curve that motion is interpolated by
    (`olat.motion.time_curve.knot_weights`) and a rest of size :math:`r` and frequency :math:`f_n`,

    .. math::
        e^2 = \Big\langle \Big| m(t) - \sum_i w_i(t)\, m(t_i) \Big|^2 \Big\rangle
            + r^2 \Big\langle \Big| 1 - \sum_i w_i(t)\, e^{2 \pi i f_n (t_i - t)} \Big|^2
              \Big\rangle ,

    the mean over all frames :math:`t` between tracking frames, where :math:`m` are the waves.

    Parameters
    ----------
    moments, motions, trusts
        As for `departures`; three moments at least.
    knots
        Tracking frames that motion is interpolated through, if others than the moments.

    Notes
    -----
    Assumes that the subject moves as fast between tracking frames as they show. What goes and
    comes back within one interval is not seen (aliasing), and nothing here can tell of it.

    The rest is taken to be as fast as tracking frames can show, of which interpolation leaves
    most: for motion that is slower, and by errors of the flow itself, the forecast comes out too
    high. Three moments tell of one alone, at which motion may hide.
    """
    places = [int(moment) for moment in moments] if knots is None else list(knots)
    interval = float(np.median(np.diff(moments)))
    ends = places[0], places[-1]
    model = model_of(moments, motions, trusts, frequencies_of(moments, motions, trusts))
    if model is None:
        return Rhythm(None, None, interval, ends, None)
    return Rhythm(model.worst(places), model.left_px(places), interval, ends, model)


def frequencies_of(moments: Moments, motions: Motions, trusts: Trusts) -> tuple[float, ...]:
    r"""Return the frequencies that tell most of the motion about a steady drift.

    Least squares of :math:`a + b t + c \cos 2 \pi f t + d \sin 2 \pi f t` over all cells at once,
    for frequencies up to half the rate of the tracking frames; then the same with what is left.

    Parameters
    ----------
    moments, motions, trusts
        As for `departures`.

    Returns
    -------
    frequencies
        That of the largest motion first. None for fewer than `FEWEST` moments, a still subject, or
        motion without any one frequency [1/frame].

    References
    ----------
    .. [1] Lomb, Least-squares frequency analysis of unequally spaced data, Astrophysics and Space
       Science 1976.
    """
    columns = (motions * np.sqrt(shares(trusts))[:, np.newaxis]).reshape(len(moments), -1)
    found: tuple[float, ...] = ()
    energy = _left(moments, found, columns)
    while len(found) < MOST and len(moments) >= FEWEST + MORE * len(found):
        if np.sqrt(energy / len(moments)) < STILL_PX:
            break
        more = _settled(moments, (*found, _best(moments, found, columns)), columns)
        left = _left(moments, more, columns)
        if left >= (1.0 - EXPLAINED) * energy:
            break
        found, energy = more, left
    return found


def _settled(
    moments: Moments, frequencies: tuple[float, ...], columns: Float64[Array, "moment column"]
) -> tuple[float, ...]:
    """Seek each frequency again beside the others: alone it was drawn towards them."""
    found = list(frequencies)
    for place in range(len(found) if len(found) > 1 else 0):
        others = (*found[:place], *found[place + 1 :])
        found[place] = _best(moments, others, columns)
    return tuple(found)


def _best(
    moments: Moments, others: tuple[float, ...], columns: Float64[Array, "moment column"]
) -> float:
    """Return the frequency that leaves least beside others."""
    highest, span = 0.5 / float(np.median(np.diff(moments))), float(np.ptp(moments))
    tried = np.linspace(min(0.5 / span, highest / 2.0), highest, STEPS).tolist()
    return float(min(tried, key=lambda one: _left(moments, (*others, one), columns)))


def _left(
    moments: Moments, frequencies: tuple[float, ...], columns: Float64[Array, "moment column"]
) -> float:
    """Return the energy that a drift and waves do not tell."""
    modes, sizes, _ = np.linalg.svd(drift_and_waves(moments, frequencies), full_matrices=False)
    kept = modes[:, sizes / sizes[0] > 1e-9]
    return float(np.sum((columns - kept @ (kept.T @ columns)) ** 2))
