"""What a curve through tracking frames leaves in between, of motion that is known in full."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex128, Float64

from olat.model.shapes import Array
from olat.motion.departures import Moments, Motions, Trusts, departures, weights_of_others
from olat.motion.time_curve import Interpolation, knot_weights, window

CURVE: Interpolation = "sway"
"""What motion is interpolated by unless the user says otherwise."""
FIRM = 0.05
"""Size of a direction among waves, in the largest one, below which moments do not tell of it."""
FEW = 6
"""Moments from which on departures count only where there are two neighbors on either side."""


@dataclass(frozen=True, slots=True)
class Told:
    """Moments, and the weights by which other moments tell the motion there."""

    times: Float64[Array, " time"]
    knots: Float64[Array, " knot"]
    weights: Float64[Array, "time knot"]

    def off(self, frequency: float) -> Complex128[Array, " time"]:
        """Return how far what is told is off; real where motion is a cosine, imaginary a sine."""
        turn = 2j * np.pi * frequency
        return np.asarray(np.exp(turn * self.times) - self.weights @ np.exp(turn * self.knots))

    def gain(self, frequency: float) -> float:
        """Return that error, rms over moments and phases, over the rms of the motion."""
        return float(np.sqrt(np.mean(np.abs(self.off(frequency)) ** 2))) if self.times.size else 0.0


def by_curve(knots: Sequence[int], ends: tuple[int, int] | None = None) -> Told:
    """Return what interpolation tells of all frames between tracking frames, or between two."""
    first, last = ends or (knots[0], knots[-1])
    times = sorted(set(range(first, last)).difference(knots))
    weights = np.zeros((len(times), len(knots)))
    for row, time in enumerate(times):
        near = window(time, knots)
        start = knots.index(near[0])
        weights[row, start : start + len(near)] = knot_weights(time, near, interpolation=CURVE)
    return Told(np.asarray(times, np.float64), np.asarray(knots, np.float64), weights)


def by_others(moments: Moments, places: Sequence[int]) -> Told:
    """Return what `departures` compares some of the tracking frames with."""
    weights = np.stack([weights_of_others(moments, place) for place in places])
    return Told(moments[list(places)], moments, weights)


@dataclass(frozen=True, slots=True)
class Wave:
    """Motion of one frequency in every part of the subject."""

    frequency: float
    """[1/frame]"""
    sizes: Float64[Array, "2 column"]
    """Of cosine and sine; squares are summed over the columns [px]."""


@dataclass(frozen=True, slots=True)
class MotionModel:
    """Motion at any moment of a sweep, as far as tracking frames tell of it."""

    waves: tuple[Wave, ...]
    rest_px: float
    """Size of what no wave tells of, rms, if it has the frequency beside."""
    rest_frequency: float
    """The fastest that the tracking frames can show [1/frame]."""

    def left_px(self, knots: Sequence[int], ends: tuple[int, int] | None = None) -> float:
        """Return what the curve through tracking frames leaves in the frames between; rms.

        Those between two neighbors among them, if ends are told.
        """
        curve = by_curve(knots, ends)
        square = (self.rest_px * curve.gain(self.rest_frequency)) ** 2
        return float(np.sqrt(square + _square(curve, self.waves)))

    def worst(self, knots: Sequence[int]) -> float | None:
        """Return the frequency of the wave of which most is left; none if there is no wave."""
        curve = by_curve(knots)
        left = {wave.frequency: _square(curve, (wave,)) for wave in self.waves}
        return max(left, key=lambda frequency: left[frequency]) if left else None


def model_of(
    moments: Moments, motions: Motions, trusts: Trusts, frequencies: Sequence[float]
) -> MotionModel | None:
    r"""Fit waves to the motion, and tell how large the rest can be.

    Least squares of a drift and waves :math:`c \cos 2 \pi f t + d \sin 2 \pi f t`. With the
    departures :math:`e_k` of the rest from what neighbors in time tell (`departures`, by weights
    :math:`w`), and the frequency :math:`f_n` of half the rate of the tracking frames, the rest has

    .. math:: r = \sqrt{\langle e_k^2 \rangle} \Big/
              \sqrt{\langle |1 - \sum_j w_{kj} e^{2 \pi i f_n (t_j - t_k)}|^2 \rangle} .

    Parameters
    ----------
    moments, motions, trusts
        As for `departures`.
    frequencies
        Of the waves; none is allowed [1/frame].

    Returns
    -------
    model
        None where no part of the subject is followed.
    """
    columns = motions.reshape(len(moments), -1)
    basis = drift_and_waves(moments, frequencies)
    fitted = np.linalg.lstsq(basis, columns, rcond=FIRM)[0]
    rest = (columns - basis @ fitted).reshape(motions.shape)
    reach = 2 if len(moments) >= FEW else 1
    off = departures(moments, rest, trusts)
    places = [int(place) for place in np.flatnonzero(np.isfinite(off))]
    if not places:
        return None
    inner = [place for place in places if reach <= place < len(moments) - reach] or places
    fastest = 0.5 / float(np.median(np.diff(moments)))
    size = np.sqrt(np.mean(off[inner] ** 2)) / by_others(moments, inner).gain(fastest)
    scale = np.sqrt(np.repeat(shares(trusts), 2))
    waves = tuple(
        Wave(frequency, fitted[2 + 2 * place : 4 + 2 * place] * scale)
        for place, frequency in enumerate(frequencies)
    )
    return MotionModel(waves, float(size), fastest)


def drift_and_waves(
    moments: Moments, frequencies: Sequence[float]
) -> Float64[Array, "moment part"]:
    """Return a drift and waves as columns: 1, time, then cosine and sine of each frequency."""
    span = float(np.ptp(moments))
    parts = [np.ones_like(moments), (moments - moments.mean()) / span]
    for frequency in frequencies:
        phase = 2.0 * np.pi * frequency * moments
        parts += [np.cos(phase), np.sin(phase)]
    return np.column_stack(parts)


def shares(trusts: Trusts) -> Float64[Array, " cell"]:
    """Return what each cell counts for, by the least confidence it has; 0 if none has any."""
    least = trusts.min(axis=0)
    return np.asarray(least / max(float(least.sum()), 1e-12))


def _square(told: Told, waves: Sequence[Wave]) -> float:
    """Return the mean square of what is left of waves, with the phases that they have."""
    if not waves or not told.times.size:
        return 0.0
    off = [told.off(wave.frequency) for wave in waves]
    left = sum(
        np.outer(each.real, wave.sizes[0]) + np.outer(each.imag, wave.sizes[1])
        for each, wave in zip(off, waves, strict=True)
    )
    return float(np.mean(np.sum(np.square(left), axis=1)))
