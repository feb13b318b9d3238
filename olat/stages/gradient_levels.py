"""Whether the photographs of a set of gradients are at one level of the lights."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from olat.errors import SolveError
from olat.model.drift import LightDrift
from olat.model.shapes import Radiance

logger = logging.getLogger(__name__)

OTHER_EXPOSURE = 0.2
"""Share by which totals of a set differ that were not exposed alike."""
UNTOLD = 10
"""Frames from a gradient to what completes it that may pass without a word on their level."""


def check_levels(pairs: Iterable[tuple[str, Radiance]], full_on: Radiance | None) -> None:
    """Refuse pairs whose sums differ as by another exposure; note what differs by less.

    Full-on light that differs from the pairs is noted only: it is not solved from.
    """
    from olat.surface.gradient_ratios import MISMATCH, mismatch

    totals = list(pairs)
    if not totals:
        return
    others = [(*total, True) for total in totals[1:]]
    if full_on is not None:
        others.append(("full-on light", full_on, False))
    for name, other, is_pair in others:
        off = mismatch(totals[0][1], other)
        more = "more" if off > 0 else "less"
        told = f"{totals[0][0]} add up to {100 * abs(off):.0f} % {more} than {name}"
        if is_pair and abs(off) > OTHER_EXPOSURE:
            raise SolveError(
                f"gradients: {told}; the same was needed. Were they exposed alike? Check [drive] "
                "and the exposures in session.toml."
            )
        if abs(off) > MISMATCH:
            logger.warning(
                "In gradients %s: normals lean if gradient and complement differ like that. Check "
                "[drive] and the exposures in session.toml.",
                told,
            )


def note_untold(
    gradient: int, partner: int, drift: LightDrift | None, *, kind: str = "the color gradient"
) -> None:
    """Note a gradient that is far from its partner where no full-on frames tell the level."""
    first, last = sorted((gradient, partner))
    untold = last - first
    if drift is not None and len(drift.moments) > 1:
        untold -= max(0, min(last, drift.moments[-1]) - max(first, drift.moments[0]))
    if untold > UNTOLD:
        logger.warning(
            "From %s to what completes it (frames %d and %d) the level of the lights is not known "
            "over %d frames: it is taken to stay. If it changes by 2 %%, normals lean by 1 or 2 "
            "degrees. Shoot the two one after the other.",
            kind,
            gradient,
            partner,
            untold,
        )
