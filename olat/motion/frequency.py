"""How fast the subject moves, and what is left of it between tracking frames."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from olat.model.shapes import Array
from olat.motion.departures import Moments, Motions, Trusts, departures

FEWEST = 6
"""Moments from which on a frequency is told."""
STEPS = 200
"""Frequencies that are tried."""
STILL_PX = 0.1
"""Motion about a steady drift that is none [px]."""
EXPLAINED = 0.6
"""Share of the motion that one frequency has to tell of."""
UNKNOWN_SHARE = 0.5
"""Of what interpolation leaves over twice the interval, where no frequency is known."""
LINEAR_SHARE = 0.25
"""The same where there are so few frames that lines or parabolas are all that is left."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How motion in time compares with the interval of the tracking frames."""

    frequency: float | None
    """Of the motion about a steady drift; none where it is not told [1/frame]."""
    residual_px: float | None
    """What interpolation is expected to leave between tracking frames; none if nothing tells."""
    interval: float
    """Usual distance between tracking frames [frames]."""

    def interval_for(self, tolerated_px: float) -> int | None:
        """Return the interval that would leave no more than some error; none if this one does."""
        if self.residual_px is None or self.residual_px <= tolerated_px:
            return None
        for interval in range(int(np.ceil(self.interval)) - 1, 1, -1):
            if self.residual_px * self._share(float(interval)) <= tolerated_px:
                return interval
        return 1

    def _share(self, interval: float) -> float:
        """Return the error at another interval over that at this one."""
        if self.frequency is None:
            return float((interval / self.interval) ** 2)
        own = gap_error(self.frequency * self.interval)
        return gap_error(self.frequency * interval) / max(own, 1e-12)


def rhythm_of(moments: Moments, motions: Motions, trusts: Trusts) -> Rhythm:
    r"""Tell how fast the motion is, and what interpolation will leave of it.

    Each tracking frame is predicted from the others (`departures`), which is interpolation over
    twice the interval :math:`T`. With the error :math:`q` of the cubic between samples of a sine,

    .. math:: e_T = e_{2T}\, q(f T) / q(2 f T), \qquad
              q(\nu) = \left|1 - \tfrac98 \cos(\pi \nu) + \tfrac18 \cos(3 \pi \nu)\right| .

    Parameters
    ----------
    moments, motions, trusts
        As for `departures`; three moments at least.

    Notes
    -----
    Assumes that the subject moves as fast between tracking frames as they show. What goes and
    comes back within one interval is not seen (aliasing), and nothing here can tell of it.
    """
    interval = float(np.median(np.diff(moments)))
    off = departures(moments, motions, trusts)
    known = off[np.isfinite(off)]
    frequency = frequency_of(moments, motions, trusts)
    if not known.size:
        return Rhythm(frequency, None, interval)
    share = LINEAR_SHARE if len(moments) < FEWEST else UNKNOWN_SHARE
    if frequency is not None:
        share = gap_error(frequency * interval) / max(gap_error(2.0 * frequency * interval), 1e-12)
    left = float(np.sqrt(np.mean(known**2))) * min(share, 1.0)
    return Rhythm(frequency, left, interval)


def frequency_of(moments: Moments, motions: Motions, trusts: Trusts) -> float | None:
    r"""Return the frequency that tells most of the motion about a steady drift.

    Least squares of :math:`a + b t + c \cos 2 \pi f t + d \sin 2 \pi f t` over all cells at once,
    for frequencies up to half the rate of the tracking frames.

    Parameters
    ----------
    moments, motions, trusts
        As for `departures`.

    Returns
    -------
    frequency
        None for fewer than `FEWEST` moments, a still subject, or motion without any one frequency
        [1/frame].

    References
    ----------
    .. [1] Lomb, Least-squares frequency analysis of unequally spaced data, Astrophysics and Space
       Science 1976.
    """
    if len(moments) < FEWEST:
        return None
    weight = trusts.min(axis=0)
    if weight.sum() <= 0.0:
        return None
    columns = (motions * np.sqrt(weight / weight.sum())[:, np.newaxis]).reshape(len(moments), -1)
    middle, span = moments.mean(), float(np.ptp(moments))
    times = moments - middle
    line = np.column_stack([np.ones_like(times), times / span])
    energy = _left(line, columns)
    if np.sqrt(energy / len(moments)) < STILL_PX:
        return None
    highest = 0.5 / float(np.median(np.diff(moments)))
    tried = np.linspace(min(0.5 / span, highest / 2.0), highest, STEPS)
    left = []
    for frequency in tried.tolist():
        phase = 2.0 * np.pi * frequency * times
        left.append(_left(np.column_stack([line, np.cos(phase), np.sin(phase)]), columns))
    best = int(np.argmin(left))
    return float(tried[best]) if left[best] < (1.0 - EXPLAINED) * energy else None


def gap_error(cycles: float) -> float:
    """Return the error of a cubic midway between samples of a sine, by cycles per interval."""
    turn = np.pi * cycles
    return float(abs(1.0 - 9.0 / 8.0 * np.cos(turn) + np.cos(3.0 * turn) / 8.0))


def _left(basis: Float64[Array, "moment part"], columns: Float64[Array, "moment column"]) -> float:
    """Return the energy that a basis does not tell."""
    modes, sizes, _ = np.linalg.svd(basis, full_matrices=False)
    kept = modes[:, sizes / sizes[0] > 1e-9]
    return float(np.sum((columns - kept @ (kept.T @ columns)) ** 2))
