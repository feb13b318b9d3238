"""Parts of the picture that for a while are not what the reference shows: blinks, hands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from jaxtyping import Bool, Float32

from olat.model.shapes import Array, Mask

TrustOverTime: TypeAlias = Float32[Array, "moment h w"]
MaskOverTime: TypeAlias = Bool[Array, "moment h w"]
Box: TypeAlias = tuple[int, int, int, int]

FEWEST = 3
"""Moments, the reference included, from which on it can be told what is usual."""
LOW = 0.5
"""Confidence below which a place is not followed."""
USUAL = 0.75
"""Confidence that a place has at most other moments if it can be followed at all."""
SURELY_LOW = 0.25
"""Confidence of the least sure quarter of a part that is something else, not hard to follow."""
LEAST_SHARE = 1e-3
"""Of the subject that a part fills; a closed eye is three times that in a picture of a head."""
MOST = 2.0 / 3.0
"""Share of the moments from which on it is the reference that is unlike the others."""
RIM = 2
"""Widths of a band that motion uncovers at an outline, which is no such part [1]."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A part of the picture at some moments in a row."""

    first: int
    """Place of the first moment."""
    last: int
    """Place of the last one, included."""
    box: Box
    """Top, left, bottom, right; bottom and right are excluded."""
    cells: int
    """That it fills where it is largest."""


def doubts(trusts: TrustOverTime, subject: Mask, *, band: int) -> tuple[Doubt, ...]:
    """Find where confidence is low for a while and high otherwise.

    Parameters
    ----------
    trusts
        Confidence at each tracking frame that is used, the reference included, small.
    subject
        Of the reference, on that grid, without what moves out of the picture.
    band
        How far parts of the subject move against each other: along outlines a band of that width
        is hidden and comes back without anything having happened [cells].

    Returns
    -------
    doubts
        In order of time, then from the largest to the smallest.

    Notes
    -----
    Assumes that a place shows the same thing in more than half of the moments. Where it is the
    reference that shows something else, as closed eyes, confidence is low nearly always: such parts
    are told as doubtful over the whole sweep.
    """
    if len(trusts) < FEWEST:
        return ()
    low = (trusts < LOW) & subject
    others = low.sum(axis=0) / (len(trusts) - 1)
    usual = np.median(trusts, axis=0)
    once = low & (usual >= USUAL)
    least = max(LEAST_SHARE * float(subject.sum()), 1.0)
    found = _in_time([_parts(*pair, least, band) for pair in zip(once, trusts, strict=True)])
    always = _parts(others >= MOST, usual, least, band)
    found += [Doubt(0, len(trusts) - 1, _box(part), int(part.sum())) for part in always]
    return tuple(sorted(found, key=lambda doubt: (doubt.first, doubt.last, -doubt.cells)))


def _parts(low: Mask, trust: Float32[Array, "h w"], least: float, band: int) -> list[Mask]:
    """Return the parts of a mask that are wide, large and low enough."""
    side = RIM * band + 1
    square = np.ones((side, side), np.uint8)
    wide = cv2.morphologyEx(low.astype(np.uint8), cv2.MORPH_OPEN, square)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(wide, connectivity=8)
    return [
        labels == label
        for label in range(1, count)
        if stats[label, cv2.CC_STAT_AREA] >= least
        and float(np.percentile(trust[labels == label], 25.0)) <= SURELY_LOW
    ]


def _in_time(parts: list[list[Mask]]) -> list[Doubt]:
    """Join parts that overlap from one moment to the next."""
    done: list[Doubt] = []
    going: list[tuple[int, Mask, int]] = []
    for place, now in enumerate([*parts, []]):
        left = list(now)
        still: list[tuple[int, Mask, int]] = []
        for first, mask, cells in going:
            over = [index for index, part in enumerate(left) if (part & mask).any()]
            if not over:
                done.append(Doubt(first, place - 1, _box(mask), cells))
                continue
            joined = np.logical_or.reduce([mask, *(left[index] for index in over)])
            most = max(cells, *(int(left[index].sum()) for index in over))
            left = [part for index, part in enumerate(left) if index not in over]
            still.append((first, joined, most))
        going = [*still, *((place, part, int(part.sum())) for part in left)]
    return done


def _box(mask: Mask) -> Box:
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1
