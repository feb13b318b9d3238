"""Stage: every frame of the sweep in the pose of the reference."""

from __future__ import annotations

import logging
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from olat.engine.stage import Grain, Stage
from olat.errors import CalibrationError
from olat.model.calibration import LensCalibration
from olat.model.condition import ColorGradient, Olat, Tracking
from olat.model.flags import PixelFlag
from olat.model.image import Frames, RadianceImage, TrackingFlow
from olat.model.session import Frame
from olat.model.shapes import Flow
from olat.stages.track import reference_of

logger = logging.getLogger(__name__)


class Align(Stage):
    """Radiance moved into the reference pose, and undistorted, by one resampling (Wenger 2005)."""

    grain = Grain.FRAME
    makes = "aligned"
    is_kept = False
    conditions = (Olat, Tracking, ColorGradient)

    confidence_floor: Annotated[float, Field(ge=0, le=1)] = 0.5
    """Confidence of the flow below which a pixel counts as occluded [0 to 1]."""

    interpolation: Literal["linear", "cubic"] = "cubic"
    """Motion in time between two tracking frames, or through four where there are four."""

    def run(
        self,
        radiance: RadianceImage,
        frame: Frame,
        flow: Frames[TrackingFlow] | None,
        lens: LensCalibration | None,
    ) -> RadianceImage:
        """Return one frame in the pose of the reference."""
        from olat.motion.tracking import flow_at
        from olat.motion.warp import resampled, split, warped

        height, width = radiance.radiance.shape[:2]
        positions = None if lens is None else _positions(lens, height, width)

        shot = 0 if flow is None else len(flow)
        if flow is None or shot < 2:
            found = "1 tracking frame" if shot else "no tracking frames"
            logger.warning(
                "There are %s, and two are needed to follow motion: frames are taken as they are, "
                "not aligned, which is right for a still subject.",
                found,
            )
            return radiance if positions is None else resampled(radiance, *split(positions))
        motion, confidence, is_covered = flow_at(
            frame.index,
            flow,
            reference_of(flow),
            (height, width),
            interpolation=self.interpolation,
        )
        aligned = warped(
            radiance,
            motion,
            confidence,
            confidence_floor=self.confidence_floor,
            undistorted=positions,
        )
        if not is_covered:
            logger.warning(
                "Some frames lie before the first or after the last tracking frame: they take the "
                "nearest one's motion, and their pixels are flagged UNTRACKED."
            )
            np.bitwise_or(aligned.flags, np.uint8(PixelFlag.UNTRACKED), out=aligned.flags)
        return aligned


def _positions(lens: LensCalibration, height: int, width: int) -> Flow:
    """Return where each pixel of the undistorted picture lies in the photograph."""
    from olat.geometry.undistortion import undistorted_positions

    try:
        return undistorted_positions(lens, height=height, width=width)
    except ValueError as error:
        raise CalibrationError(f"align: {error}") from None
