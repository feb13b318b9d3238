"""Stage: what interpolation between tracking frames leaves of the motion."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import Field, PositiveFloat

from olat.engine.stage import Grain, Stage, Under
from olat.errors import SolveError
from olat.model.condition import Olat, Tracking
from olat.model.image import Frames, RadianceImage
from olat.model.motion import MotionCorrection, SweepMotion, TrackingFlow
from olat.model.session import Camera
from olat.model.shapes import Flow, Mask
from olat.stages.small_sweep import SmallSweep, averaged
from olat.stages.subject import inside

if TYPE_CHECKING:
    from olat.motion.refinement import Refinement
    from olat.motion.refinement_field import InterpolatedMotion, SweepPictures

logger = logging.getLogger(__name__)

STEP = 4
"""Small pixels between two places that a correction is told for; it is smoother than that."""


class RefineMotion(Stage):
    """Correction of the motion until frames under different lights tell each other best."""

    grain = Grain.CAMERA
    makes = "correction"
    leads_only = True
    revision = 4

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
        camera: Camera,
    ) -> MotionCorrection:
        """Return what is to be added to the interpolated motion of each OLAT frame."""
        from olat.motion.refinement import refined

        lit, full_on = radiance.under(Olat), radiance[sweep_motion.reference]
        if len(sweep_motion.used) < 2 or len(lit) < 2:
            logger.warning("Two tracking frames and two OLAT frames are needed to refine motion.")
            return _nothing(full_on.flags.shape)
        small = SmallSweep.of(lit, megapixels=self.megapixels)
        pictures = _pictures(small, full_on, sweep_motion.reference, photo_mask)
        motion = _interpolated(small, flow.only(sweep_motion.used), sweep_motion)
        try:
            found = refined(pictures, motion, memory=self.memory, passes=self.passes)
        except ValueError as error:
            raise SolveError(f"refine_motion: camera {camera.name!r}: {error}") from None
        if not found.is_believed:
            logger.warning(
                "Refinement found no motion that the tracking frames do not tell of; frames tell "
                "each other to %.2f %% as they are.",
                100.0 * found.residuals[0],
            )
            return _nothing(small.photo_shape)
        return _in_photographs(found, small)


def _pictures(
    small: SmallSweep, full_on: RadianceImage, reference: int, mask: Mask | None
) -> SweepPictures:
    """Return the sweep with its reference; without a mask the subject is what is lit there."""
    from olat.motion.looks import gray_of, lit_in
    from olat.motion.refinement_field import SweepPictures

    seen, is_seen = small.reduced(reference, full_on)
    seen[~is_seen] = np.nan
    lit = lit_in(gray_of(full_on.radiance)) if mask is None else inside(mask, small.photo_shape)
    return SweepPictures(small.pictures, small.usable, small.reduced_mask(lit), seen)


def _interpolated(
    small: SmallSweep, flow: Frames[TrackingFlow], sweep: SweepMotion
) -> InterpolatedMotion:
    """Return the interpolated motion at the size of the pictures."""
    from olat.motion.flow import upsampled
    from olat.motion.refinement_field import InterpolatedMotion
    from olat.motion.refinement_prior import knot_shares
    from olat.motion.tracking import flow_at

    half = -(-small.shape[0] // 2), -(-small.shape[1] // 2)
    known = {
        time: averaged(flow_at(time, flow, sweep.reference).flow, half) / small.to_photo
        for time in {*small.frames, *sweep.used}
    }

    def at(time: int) -> Flow:
        return upsampled(known[time], small.shape)

    weights = knot_shares(small.frames, sweep.used)
    return InterpolatedMotion(small.frames, sweep.used, sweep.reference, weights, at)


def _in_photographs(found: Refinement, small: SmallSweep) -> MotionCorrection:
    height, width = small.shape
    grid = -(-height // STEP), -(-width // STEP)
    rows = range(len(small.frames))
    flows = np.stack([averaged(found.flow(row), grid) * small.to_photo for row in rows])
    return MotionCorrection(small.frames, flows, small.photo_shape)


def _nothing(shape: tuple[int, int]) -> MotionCorrection:
    return MotionCorrection((), np.zeros((0, 1, 1, 2), np.float32), shape)
