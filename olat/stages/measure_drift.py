"""Stage: how the lights' level changed over the sweep."""

from __future__ import annotations

import logging
from typing import Annotated

import numpy as np

from olat.engine.stage import Grain, Stage, Under
from olat.model.condition import Tracking
from olat.model.drift import LightDrift
from olat.model.image import Frames, RadianceImage
from olat.model.shapes import Mask
from olat.stages.subject import inside
from olat.stages.track import reference_of

logger = logging.getLogger(__name__)

MUCH = 0.01
"""Change of level over the capture from which on it is noted [1]."""


class MeasureDrift(Stage):
    """Level of the lights in every full-on frame: LEDs dim as they warm up."""

    grain = Grain.CAMERA
    makes = "drift"
    leads_only = True

    def run(
        self, merged: Annotated[Frames[RadianceImage], Under((Tracking,))], mask: Mask | None
    ) -> LightDrift:
        """Return the level in each full-on frame, relative to the reference."""
        from olat.light.drift import level_of, outliers

        moments = tuple(sorted(merged))
        reference = merged[reference_of(moments)]
        within = None if mask is None else inside(mask, reference.flags.shape)
        try:
            levels = np.stack([level_of(merged[moment], reference, within) for moment in moments])
        except ValueError as error:
            logger.warning("The drift of the lights is not measured, nor taken out: %s", error)
            return LightDrift((), np.zeros((0, 3)))
        steady = ~outliers(levels)
        change = float(np.ptp(levels[steady].mean(axis=1)))
        if change > MUCH:
            logger.warning(
                "The lights' level changes by %.1f %% over the sweep, as full-on frames tell: "
                "every frame is brought to their mean.",
                100.0 * change,
            )
        return LightDrift(moments, levels)
