"""What the lights did in frames that nobody described: dark, full-on, gradients, one light."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64

from olat.model.shapes import Array

_FULL_ON = 0.99
"""Cosine between a full-on frame and the sum of all frames; single lights stay below it."""
_SAME_LEVEL = 0.25
"""Part by which the levels of full-on frames may differ."""
_COLORED = 0.3
"""Correlation of color with place that white light does not reach."""
_DARK = 0.02
"""Level below which a frame may be dark, relative to the median."""


@dataclass(frozen=True)
class FrameRoles:
    """Places, in the order of the frames, of those that are not lit by a single light."""

    tracking: tuple[int, ...] = ()
    gradient: tuple[int, ...] = ()
    complement: tuple[int, ...] = ()
    dark: tuple[int, ...] = ()
    period: int = 0
    """Usual distance of the tracking frames; 0 if they have no rhythm."""

    @property
    def extras(self) -> frozenset[int]:
        """Every frame that is not lit by a single light."""
        return frozenset((*self.tracking, *self.gradient, *self.complement, *self.dark))


def roles_by_brightness(small: Float32[Array, "frame size size 3"], *, lights: int) -> FrameRoles:
    r"""Tell from small linear pictures which frames are not lit by one light.

    Light adds up, so a frame with all lights on is proportional to the sum of all others: the
    cosine between the two, taken as vectors, is 1. A gradient and its complement are so only
    together.

    Parameters
    ----------
    small
        Small linear pictures in the order of capture; NaN where one cannot be read, which then
        counts as lit by one light.
    lights
        Number of lights, which says how many frames are something else.

    Notes
    -----
    Assumes that most frames are lit by one light. Dark frames can only be told from lights behind
    the subject by their number, so none is reported where the number does not fit.
    """
    flat = small.reshape(len(small), -1).astype(np.float64)
    likeness = _cosines(flat, np.nansum(flat, axis=0))
    level = flat.mean(axis=1)
    tracking = _tracking(likeness, level)
    gradient, complement = _gradient_pair(small, level, taken=set(tracking))
    taken = {*tracking, *gradient, *complement}
    missing = len(small) - lights - len(taken)
    dark = [frame for frame in np.flatnonzero(level < _DARK * np.nanmedian(level)) if missing > 0]
    return FrameRoles(
        tuple(tracking),
        gradient,
        complement,
        tuple(int(frame) for frame in dark) if len(dark) == missing else (),
        period=period_of(tracking),
    )


def period_of(frames: list[int]) -> int:
    """Return the usual distance of frames if at least half of the distances are it, else 0."""
    if len(frames) < 3:
        return 0
    distance, count = Counter(np.diff(frames).tolist()).most_common(1)[0]
    return int(distance) if 2 * count >= len(frames) - 1 and distance > 1 else 0


def _cosines(
    frames: Float64[Array, "frame value"], other: Float64[Array, " value"]
) -> Float64[Array, " frame"]:
    """Return the cosine between each frame and another one; 0 for black."""
    lengths = np.linalg.norm(frames, axis=1) * np.linalg.norm(other)
    cosines = np.zeros(len(frames))
    np.divide(frames @ other, lengths, out=cosines, where=lengths > 0)
    return cosines


def _tracking(likeness: Float64[Array, " frame"], level: Float64[Array, " frame"]) -> list[int]:
    """Return the frames that look like the sum of all and are equally bright."""
    alike = np.flatnonzero((likeness >= _FULL_ON) & (level >= np.nanmedian(level)))
    if len(alike) == 0:
        return []
    usual = np.median(level[alike])
    return [int(frame) for frame in alike if abs(level[frame] / usual - 1.0) < _SAME_LEVEL]


def _gradient_pair(
    small: Float32[Array, "frame size size 3"],
    level: Float64[Array, " frame"],
    *,
    taken: set[int],
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return neighbors that are full-on together and colored alone: gradient, complement.

    The gradient is redder than white light on the right.
    """
    total = np.asarray(np.nansum(small, axis=0, dtype=np.float64))
    bright = np.flatnonzero(level >= np.nanmedian(level))
    candidates = [int(frame) for frame in bright if frame not in taken]
    for first in candidates:
        for second in (frame for frame in candidates if first < frame <= first + 2):
            pair = (small[first] + small[second]).reshape(1, -1).astype(np.float64)
            if _cosines(pair, total.ravel())[0] < _FULL_ON:
                continue
            leans = [_red_lean(small[frame], total) for frame in (first, second)]
            if min(map(abs, leans)) > _COLORED and leans[0] * leans[1] < 0:
                pair_of = (first, second) if leans[0] > 0 else (second, first)
                return pair_of[:1], pair_of[1:]
    return (), ()


def _red_lean(frame: Float32[Array, "size size 3"], white: Float64[Array, "size size 3"]) -> float:
    """Return the correlation of redness, relative to white light, with the place to the right."""
    lit = white.min(axis=2) > 0.05 * white.mean()
    tint = frame[lit] / white[lit]
    total = tint.sum(axis=1)
    lit_too = total > 0
    right = np.nonzero(lit)[1][lit_too].astype(np.float64)
    redness = tint[lit_too, 0] / total[lit_too]
    if len(right) < 2 or right.std() == 0 or redness.std() < 1e-3:
        return 0.0
    return float(np.corrcoef(redness, right)[0, 1])
