"""What the lights did in frames that nobody described: dark, full-on, gradients, one light."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64

from olat.model.shapes import Array

_FULL_ON = 0.97
"""Cosine between a full-on frame and the sum of all frames, at least."""
_GAP = 2.0
"""How many times farther from the sum single lights are than full-on frames, at least."""
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
    outside: tuple[int, ...] = ()
    """Frames before the first or after the last tracking frame that no light is left for."""
    period: int = 0
    """Usual distance of the tracking frames; 0 if they have no rhythm."""

    @property
    def extras(self) -> frozenset[int]:
        """Every frame that is not lit by a single light."""
        pairs = (*self.gradient, *self.complement)
        return frozenset((*self.tracking, *pairs, *self.dark, *self.outside))


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
    Assumes that most frames are lit by one light. Lights behind the subject leave frames as black
    as dark ones; only as many are called dark as there are frames too many, or those at the ends.
    """
    flat = small.reshape(len(small), -1).astype(np.float64)
    total = _balanced_sum(flat, flat.mean(axis=1))
    tracking = _tracking(_cosines(flat, total), flat.mean(axis=1))
    roles = _roles_around(small, tracking, total, lights=lights)
    if roles.period or len(small) - len(roles.extras) == lights:
        return roles
    # Frames without rhythm that do not make the numbers match were just lit from the front.
    return _roles_around(small, [], total, lights=lights)


def _roles_around(
    small: Float32[Array, "frame size size 3"],
    tracking: list[int],
    total: Float64[Array, " value"],
    *,
    lights: int,
) -> FrameRoles:
    """Return all roles, given the tracking frames."""
    flat = small.reshape(len(small), -1).astype(np.float64)
    level = flat.mean(axis=1)
    full_on = flat[tracking].mean(axis=0) if tracking else total
    gradient, complement = _gradient_pair(small, level, full_on, taken=set(tracking))
    taken = {*tracking, *gradient, *complement}
    dark = _dark(level, missing=len(small) - lights - len(taken))
    taken |= set(dark)
    outside = _outside(len(small), tracking, taken, missing=len(small) - lights - len(taken))
    return FrameRoles(tuple(tracking), gradient, complement, dark, outside, period_of(tracking))


def drives(
    small: Float32[Array, "frame size size 3"], roles: FrameRoles
) -> tuple[float | None, float | None]:
    """Return the level of the lights in tracking and in gradient frames relative to OLAT frames.

    At level 1 a full-on frame, or a gradient and its complement together, are the sum of all
    frames lit by one light.

    Returns
    -------
    tracking, gradient
        None where there are no such frames.
    """
    level = small.mean(axis=(1, 2, 3), dtype=np.float64)
    olat = [frame for frame in range(len(small)) if frame not in roles.extras]
    dark = float(np.mean(level[list(roles.dark)])) if roles.dark else 0.0
    everything = float(np.nansum(level[olat] - dark))
    if everything <= 0:
        return None, None
    tracking = np.mean(level[list(roles.tracking)] - dark) if roles.tracking else None
    pair = level[list(roles.gradient + roles.complement)] - dark
    return (
        None if tracking is None else float(tracking) / everything,
        float(pair.sum()) / everything if len(pair) == 2 else None,
    )


def _balanced_sum(
    frames: Float64[Array, "frame value"], level: Float64[Array, " frame"]
) -> Float64[Array, " value"]:
    """Return the sum of frames in which no bright one, such as a flat field, outweighs the rest."""
    usual = np.nanpercentile(level, 90)
    weights = np.minimum(1.0, usual / np.maximum(level, 1e-12))
    return np.asarray(np.nansum(weights[:, None] * frames, axis=0))


def _dark(level: Float64[Array, " frame"], *, missing: int) -> tuple[int, ...]:
    """Return the black frames if they are as many as are missing, else those at the ends."""
    black = (level < _DARK * np.nanmedian(level)).tolist()
    if sum(black) == missing:
        return tuple(np.flatnonzero(black).tolist())
    before = [*black, False].index(False)
    after = [*black[::-1], False].index(False)
    ends = (*range(before), *range(len(black) - after, len(black)))
    return ends if len(ends) <= missing else ()


def _outside(count: int, tracking: list[int], taken: set[int], *, missing: int) -> tuple[int, ...]:
    """Return the frames outside the tracking frames if they are as many as are missing."""
    if not period_of(tracking):
        return ()
    ends = (*range(tracking[0]), *range(tracking[-1] + 1, count))
    outside = tuple(frame for frame in ends if frame not in taken)
    return outside if len(outside) == missing else ()


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
    """Return the frames that are much more like the sum than the others and equally bright."""
    order = np.argsort(-np.nan_to_num(likeness))
    distance = np.maximum(1.0 - np.nan_to_num(likeness[order]), 1e-6)
    leaps = distance[1:] / distance[:-1]
    leaps[distance[:-1] > 1.0 - _FULL_ON] = 0.0
    if not np.any(leaps >= _GAP):
        return []
    alike = np.sort(order[: int(np.argmax(leaps)) + 1])
    usual = np.median(level[alike])
    return [int(frame) for frame in alike if abs(level[frame] / usual - 1.0) < _SAME_LEVEL]


def _gradient_pair(
    small: Float32[Array, "frame size size 3"],
    level: Float64[Array, " frame"],
    full_on: Float64[Array, " value"],
    *,
    taken: set[int],
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return neighbors that are full-on together and colored alone: gradient, complement.

    The gradient is redder than white light on the right.
    """
    white = full_on.reshape(small.shape[1:])
    bright = np.flatnonzero(level >= np.nanmedian(level))
    candidates = [int(frame) for frame in bright if frame not in taken]
    for first in candidates:
        for second in (frame for frame in candidates if first < frame <= first + 2):
            pair = (small[first] + small[second]).reshape(1, -1).astype(np.float64)
            if _cosines(pair, full_on)[0] < _FULL_ON:
                continue
            leans = [_red_lean(small[frame], white) for frame in (first, second)]
            if min(map(abs, leans)) > _COLORED and leans[0] * leans[1] < 0:
                pair_of = (first, second) if leans[0] > 0 else (second, first)
                return pair_of[:1], pair_of[1:]
    return (), ()


def _red_lean(frame: Float32[Array, "size size 3"], white: Float64[Array, "size size 3"]) -> float:
    """Return the correlation of redness, relative to white light, with the place to the right."""
    lit = white.min(axis=2) > 0.2 * white.max()
    tint = np.maximum(frame[lit], 0.0) / white[lit]
    right = np.nonzero(lit)[1].astype(np.float64)
    redness = tint[:, 0] / np.maximum(tint.sum(axis=1), 1e-6)
    if len(right) < 2 or right.std() == 0 or redness.std() < 1e-3:
        return 0.0
    return float(np.corrcoef(redness, right)[0, 1])
