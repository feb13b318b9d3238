"""Stage: what interpolation between tracking frames leaves of the motion."""

from __future__ import annotations

import logging
from typing import Annotated

import numpy as np
from pydantic import Field, PositiveFloat

from olat.engine.stage import Grain, Stage, Under
from olat.model.condition import Olat, Tracking
from olat.model.image import Frames, RadianceImage
from olat.model.motion import SweepMotion, SweepRegistration, TrackingFlow
from olat.model.shapes import Mask
from olat.stages.sketches import Sketches
from olat.stages.subject import inside

logger = logging.getLogger(__name__)


class RefineMotion(Stage):
    """Correction of the motion until frames under different lights tell each other best."""

    grain = Grain.CAMERA
    makes = "correction"
    leads_only = True

    megapixels: Annotated[float, Field(gt=0.01, le=2.0)] = 0.25
    """Size of the pictures that are compared [Mpx]."""
    memory: PositiveFloat = 15.0
    """Length over which the subject forgets how it moved [frames]."""
    passes: Annotated[int, Field(ge=1, le=50)] = 12
    """Solves at most; fewer where another one would not help."""

    def run(
        self,
        radiance: Annotated[Frames[RadianceImage], Under((Olat, Tracking))],
        flow: Frames[TrackingFlow],
        sweep_motion: SweepMotion,
        photo_mask: Mask | None,
    ) -> SweepRegistration:
        """Return what is to be added to the interpolated motion of each OLAT frame."""
        from olat.motion.refinement import refined

        frames = tuple(radiance.under(Olat))
        full_on = radiance[sweep_motion.reference]
        shape = full_on.flags.shape
        if len(sweep_motion.used) < 2 or len(frames) < 2:
            logger.warning("Two tracking frames and two OLAT frames are needed to refine motion.")
            return _nothing(sweep_motion.reference, shape)
        mask = None if photo_mask is None else inside(photo_mask, shape)
        sketches = Sketches.of(radiance, full_on, mask, megapixels=self.megapixels)
        motion = sketches.motion(flow, sweep_motion)
        found = refined(sketches.sweep, motion, memory=self.memory, passes=self.passes)
        if not found.is_believed:
            logger.warning(
                "Refinement found no motion that the tracking frames do not tell of; frames tell "
                "each other to %.2f %% as they are.",
                100.0 * found.residuals[0],
            )
            return _nothing(sweep_motion.reference, shape)
        return sketches.correction(found, sweep_motion.reference)


def _nothing(reference: int, shape: tuple[int, int]) -> SweepRegistration:
    flows = np.zeros((0, 1, 1, 2), np.float32)
    return SweepRegistration(reference, (), flows, np.zeros((0, 1, 1), np.float32), shape)
