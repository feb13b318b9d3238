"""Stage: one photograph from the exposures of a bracket."""

from __future__ import annotations

import logging
from typing import Annotated

import numpy as np
from pydantic import Field, NonNegativeFloat

from olat.engine.stage import Bracket, Grain, Stage
from olat.errors import SessionError
from olat.model.condition import ON_SUBJECT
from olat.model.image import Frames, RadianceImage
from olat.model.session import Frame

logger = logging.getLogger(__name__)

MANY_GHOSTS = 0.3
"""Share of pixels in which exposures disagree that is noted."""


class Merge(Stage):
    """Exposures of one condition merged by inverse variance (Hasinoff 2010)."""

    grain = Grain.FRAME
    makes = "merged"
    is_kept = False
    conditions = ON_SUBJECT
    leads_only = True
    revision = 3

    ghost_sigmas: NonNegativeFloat = 3.0
    """Spreads of noise beyond which an exposure is left out; 0 keeps all [standard deviation]."""
    ghost_tolerance: Annotated[float, Field(ge=0, le=1)] = 0.1
    """Part of the radiance by which exposures may differ on top of noise [1]."""

    def run(
        self, aligned: Annotated[Frames[RadianceImage], Bracket()], frame: Frame
    ) -> RadianceImage:
        """Return the radiance of one condition; that of the frame itself where it is alone."""
        from olat.sensor.bracket_merge import merged

        if len(aligned) == 1:
            return aligned[frame.index]
        image, is_ghost = merged(
            list(aligned.values()),
            exposures_s=[_exposure(shot) for shot in aligned.shots.values()],
            ghost_sigmas=self.ghost_sigmas or np.inf,
            ghost_tolerance=self.ghost_tolerance,
        )
        if image.variance is None:
            logger.warning(
                "Exposures are weighted by their time, which is right where light is noisier than "
                "the sensor: there is no sensor calibration that tells its noise."
            )
        if (share := float(is_ghost.mean())) > MANY_GHOSTS:
            logger.warning(
                "Frame %d (camera %s): its exposures disagree in %.0f%% of the pixels, which take "
                "the best of them alone. The subject moved, or exposure times, black level or "
                "encoding are not what the session says.",
                frame.index,
                frame.camera,
                100 * share,
            )
        return image


def _exposure(shot: Frame) -> float:
    if shot.exposure_s is None:
        raise SessionError(
            f"camera {shot.camera!r}: frame {shot.index} belongs to a bracket, but its exposure "
            "time is not told; needed is one for each frame of it."
        )
    return shot.exposure_s
