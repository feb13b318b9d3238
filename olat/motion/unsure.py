"""Where the tracking frames of a sweep tell less than elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from math import hypot

from olat.model.motion import TrackedFrame, UnsureInterval
from olat.motion.forecast import MotionModel

GAP = 1.6
"""Distance between tracking frames that is told, in usual ones: one is missing at 2."""
JUMP = 6.0**-0.5
"""Error of a straight line, in jumps: rms, if these come at any moment of an interval alike."""


def unsure_intervals(
    frames: Mapping[int, TrackedFrame], *, interval: float, model: MotionModel | None
) -> tuple[UnsureInterval, ...]:
    r"""Return intervals between used frames that are much too long, or end in a twitch.

    Parameters
    ----------
    frames
        All tracking frames, in order.
    interval
        Usual distance between them [frames].
    model
        Tells what the curve in time leaves in a long interval. Without one, which takes three used
        frames, half of what the subject moved by counts.

    Notes
    -----
    Assumes that a twitch is a jump by as much as its frame departs from its neighbors in time, at
    any moment between two tracking frames. A straight line is off it by
    :math:`1 / \sqrt 6` of that, rms.
    """
    used = [index for index, each in frames.items() if each.is_used]
    moved = max((frames[index].median_px for index in used), default=0.0)
    found = []
    for first, last in pairwise(used):
        left = 0.0
        if last - first > GAP * interval:
            left = 0.5 * moved if model is None else model.left_px(used, (first, last))
        jump = max(_jump_px(frames[index]) for index in (first, last))
        if left > 0.0 or jump > 0.0:
            found.append(UnsureInterval(first, last, hypot(left, JUMP * jump)))
    return tuple(found)


def _jump_px(frame: TrackedFrame) -> float:
    return frame.departure_px or 0.0 if frame.is_sudden else 0.0
