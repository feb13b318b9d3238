"""Stage: every frame of the sweep in the pose of the reference."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from olat.engine.stage import Grain, Stage
from olat.errors import CalibrationError, SolveError
from olat.model.calibration import LensCalibration
from olat.model.condition import ON_SUBJECT
from olat.model.flags import PixelFlag
from olat.model.image import RadianceImage
from olat.model.motion import FrameMotion
from olat.model.shapes import Flow


class Align(Stage):
    """Radiance moved into the reference pose, and undistorted, by one resampling (Wenger 2005)."""

    grain = Grain.FRAME
    makes = "aligned"
    is_kept = False
    conditions = ON_SUBJECT
    revision = 4

    confidence_floor: Annotated[float, Field(ge=0, le=1)] = 0.5
    """Confidence of the flow below which a pixel counts as occluded [0 to 1]."""

    def run(
        self, radiance: RadianceImage, motion: FrameMotion, lens: LensCalibration | None
    ) -> RadianceImage:
        """Return one frame in the pose of the reference."""
        from olat.motion.flow import upsampled
        from olat.motion.warp import resampled, split, warped
        from olat.motion.warp_confidence import untorn

        height, width = radiance.radiance.shape[:2]
        positions = None if lens is None else _positions(lens, height, width)
        if motion.source == "none" or motion.shape is None:
            return radiance if positions is None else resampled(radiance, *split(positions))
        if motion.shape != (height, width):
            raise SolveError(
                f"align: motion was found in frames of {motion.shape[1]} x {motion.shape[0]} px, "
                f"but the frame has {width} x {height} px; needed one size. Track again."
            )
        trust = untorn(motion.flow, motion.confidence, shape=motion.shape)
        aligned = warped(
            radiance,
            upsampled(motion.flow, motion.shape),
            upsampled(motion.confidence, motion.shape),
            trust=upsampled(trust, motion.shape),
            confidence_floor=self.confidence_floor,
            undistorted=positions,
        )
        if not motion.is_covered:
            np.bitwise_or(aligned.flags, np.uint8(PixelFlag.UNTRACKED), out=aligned.flags)
        return aligned


def _positions(lens: LensCalibration, height: int, width: int) -> Flow:
    """Return where each pixel of the undistorted picture lies in the photograph."""
    from olat.geometry.undistortion import undistorted_positions

    try:
        return undistorted_positions(lens, height=height, width=width)
    except ValueError as error:
        raise CalibrationError(f"align: {error}") from None
