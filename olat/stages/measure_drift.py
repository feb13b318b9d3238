"""Stage: how the lights' level changed over the sweep."""

from __future__ import annotations

import logging
from typing import Annotated

import numpy as np

from olat.engine.stage import Grain, Stage, Under
from olat.model.condition import Tracking
from olat.model.drift import LightDrift
from olat.model.image import Frames, RadianceImage
from olat.model.motion import ReferenceFrame
from olat.model.shapes import Mask
from olat.stages.subject import inside

logger = logging.getLogger(__name__)

MUCH = 0.01
"""Change of level over the capture, or of one frame, from which on it is noted [1]."""
UNSURE = " With fewer than 4 of them it may also be a blink of the lights in one. Shoot more."


class MeasureDrift(Stage):
    """Level of the lights in every full-on frame: LEDs dim as they warm up."""

    grain = Grain.CAMERA
    makes = "drift"
    revision = 2
    leads_only = True

    def run(
        self,
        merged: Annotated[Frames[RadianceImage], Under((Tracking,))],
        mask: Mask | None,
        reference: ReferenceFrame,
    ) -> LightDrift:
        """Return the level in each full-on frame, relative to the reference."""
        from olat.light.drift import FEWEST_DOUBTED, is_guessed, level_of, outliers

        moments, full_on = tuple(sorted(merged)), merged[reference.frame]
        within = None if mask is None else inside(mask, full_on.flags.shape)
        try:
            levels = np.stack([level_of(merged[moment], full_on, within) for moment in moments])
        except ValueError as error:
            return _nothing(str(error))
        drift, doubted = LightDrift(moments, levels), outliers(moments, levels)
        if not (levels[~doubted] > 0.0).all():
            return _nothing("the subject gives no light back in a full-on frame.")
        _note(drift, np.flatnonzero(doubted).tolist())
        change = float(np.ptp(levels[~doubted].mean(axis=1)))
        if change > MUCH:
            logger.warning(
                "The lights' level changes by %.1f %% over the sweep, as full-on frames tell: "
                "every frame is brought to their mean.%s",
                100.0 * change,
                UNSURE if len(moments) < FEWEST_DOUBTED else "",
            )
        if is_guessed(moments, levels):
            _note_first(drift)
        return drift


def _nothing(reason: str) -> LightDrift:
    logger.warning("The drift of the lights is not measured, nor taken out: %s", reason)
    return LightDrift((), np.zeros((0, 3)))


def _note_first(drift: LightDrift) -> None:
    """Say that a warm-up is taken for granted, where that makes much of a difference."""
    first, second = drift.levels[:2].mean(axis=1)
    if first - second > MUCH * second:
        logger.warning(
            "Full-on frame %d, the first, is %.1f %% brighter than the next, and the lights are "
            "steadier after it: taken for their warm-up, which a single bright blink would look "
            "like. Let the lights warm up, or shoot full-on frames closer together at the start.",
            drift.moments[0],
            100.0 * (first / second - 1.0),
        )


def _note(drift: LightDrift, doubted: list[int]) -> None:
    """Name the full-on frames that are left out, where that makes much of a difference."""
    from olat.light.drift import drift_gains, gains_at

    usual = drift_gains(drift.moments, drift.levels, drift.moments)
    off = np.abs(gains_at(drift, drift.moments) / usual - 1.0).max(axis=1)
    for place in (place for place in doubted if off[place] > MUCH):
        logger.warning(
            "Full-on frame %d is off the level of those around it by %.1f %%: the lights blinked, "
            "or something else happened. It is left out of the drift.",
            drift.moments[place],
            100.0 * off[place],
        )
