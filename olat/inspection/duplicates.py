"""Photographs that are there twice, under different lights."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from olat.inspection.glances import Sweep
from olat.inspection.order_check import refusal
from olat.inspection.verdict import SequenceFinding
from olat.io.frame_expression import format_frames

_BLACK = 0.01
"""Brightness relative to the median below which pictures are the same because they are black."""


def duplicate_findings(sweep: Sweep, hashes: Mapping[int, str]) -> list[SequenceFinding]:
    """Return the files that were stored twice: one of their lights has no picture.

    Parameters
    ----------
    sweep
        The OLAT frames.
    hashes
        Digest of the content of frames, by number.
    """
    level = sweep.level / max(float(np.median(sweep.level)), 1e-12)
    same: dict[str, list[int]] = {}
    for place, frame in enumerate(sweep.frames):
        if frame in hashes and level[place] > _BLACK:
            same.setdefault(hashes[frame], []).append(place)
    return [_doubled(sweep, places) for places in same.values() if len(places) > 1]


def _doubled(sweep: Sweep, places: list[int]) -> SequenceFinding:
    """Say which frames are the same photograph."""
    frames = [sweep.frames[place] for place in places]
    lights = [int(sweep.lights[place]) for place in places]
    words = (
        f"doubled: they are the same photograph under different lights ({format_frames(lights)}); "
        "one was stored twice or shot by mistake. Copy the right file from the card, or leave the "
        f"wrong frame out: `skip = true` for it under [[override]]."
    )
    return refusal("doubled", sweep, frames, lights, words)
