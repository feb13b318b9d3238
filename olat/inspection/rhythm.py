"""The rhythm of the full-on frames, and by how much a capture is offset from its plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64
from scipy.stats import rankdata

from olat.model.shapes import Array

_LIKELY = 0.8
"""Correlation with the planned pattern below which nothing can be said."""
_CLEAR = 0.9
"""How much the second best offset may reach of the best one's correlation."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Frames ``start + k * period``, and those that are out of it."""

    start: int
    """First frame in the rhythm."""
    period: int
    """Distance of the frames; 0 if they have no rhythm."""
    exceptions: tuple[int, ...]
    """Frames out of the rhythm, such as the first after a shorter block."""


@dataclass(frozen=True, slots=True)
class OffsetReading:
    """By how many frames a capture comes later than its plan."""

    offset: int
    """The likeliest."""
    score: float
    """Correlation of the pictures with the plan at this offset, from 0 to 1."""
    candidates: tuple[int, ...]
    """Offsets that are nearly as likely, itself the first."""

    @property
    def is_clear(self) -> bool:
        """Whether the best offset beats all others clearly."""
        return self.score >= _LIKELY and len(self.candidates) == 1


def rhythm_of(frames: Sequence[int]) -> Rhythm:
    """Find the rhythm that most frames keep.

    Parameters
    ----------
    frames
        Numbers of the full-on frames.

    Returns
    -------
    Rhythm
        Of period 0, with all frames as exceptions, unless half of the distances are the same.
    """
    ordered = sorted(set(frames))
    none = Rhythm(ordered[0] if ordered else 0, 0, tuple(ordered))
    if len(ordered) < 3:
        return none
    period, count = Counter(np.diff(ordered).tolist()).most_common(1)[0]
    if 2 * count < len(ordered) - 1 or period < 2:
        return none
    phase = Counter(frame % period for frame in ordered).most_common(1)[0][0]
    kept = [frame for frame in ordered if frame % period == phase]
    rest = tuple(frame for frame in ordered if frame % period != phase)
    return Rhythm(kept[0], int(period), rest)


def sequence_offset(
    measure: Float64[Array, " frame"], planned: Sequence[int], *, reach: int | None = None
) -> OffsetReading:
    r"""Find the offset at which what was measured follows the plan.

    .. math:: c(d) = |2 P(m_i > m_j) - 1|,\quad i - d \in \mathrm{plan},\ j - d \notin \mathrm{plan}

    The rank correlation of Mann and Whitney: 1 if all full-on frames are brighter than all others,
    or all darker, however bright those are.

    Parameters
    ----------
    measure
        One number a frame that full-on frames differ in: their brightness, or how like the sum of
        all others they are. Which way they differ does not matter; NaN where nothing is known.
    planned
        Places of the full-on frames in the plan.
    reach
        Offsets that are tried, in both directions; by default up to half of the smallest distance
        of the planned frames, as an offset by a whole period looks the same.

    Raises
    ------
    ValueError
        If no frame, or every frame, is planned.

    Notes
    -----
    Assumes that the plan has no second rhythm inside `reach`. Full-on frames that are as bright as
    single lights need another measure than brightness.

    References
    ----------
    .. [1] Mann and Whitney, On a test of whether one of two random variables is stochastically
       larger than the other, Annals of Mathematical Statistics 1947, sec. 1.
    """
    count = len(measure)
    places = sorted({place for place in planned if 0 <= place < count})
    if not 0 < len(places) < count:
        raise ValueError(f"{len(places)} of {count} frames are planned; some, but not all, can be")
    if reach is None:
        reach = (int(np.min(np.diff(places), initial=count)) - 1) // 2
    scores = {d: _separation(measure, np.add(places, d)) for d in range(-reach, reach + 1)}
    # At the same score the smaller offset is the likelier.
    order = sorted(scores, key=lambda d: (-round(scores[d], 9), abs(d)))
    best = order[0]
    near = [d for d in order if scores[d] >= _CLEAR * scores[best]]
    return OffsetReading(best, scores[best], tuple(near))


def _separation(values: Float64[Array, " frame"], places: Int64[Array, " place"]) -> float:
    """Return how well frames at some places are told from all others, from 0 to 1."""
    known = np.isfinite(values)
    planned = np.zeros(len(values), dtype=np.bool_)
    planned[places[(places >= 0) & (places < len(values))]] = True
    inside = planned[known]
    count, others = int(inside.sum()), int((~inside).sum())
    if not count or not others:
        return 0.0
    wins = float(rankdata(values[known])[inside].sum()) - count * (count + 1) / 2.0
    return abs(2.0 * wins / (count * others) - 1.0)
