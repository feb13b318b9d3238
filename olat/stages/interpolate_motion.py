"""Stage: the motion of one frame, from what is known around it."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Literal

import numpy as np

from olat.engine.stage import Grain, Stage
from olat.errors import SolveError
from olat.model.condition import ColorGradient, Olat, Tracking
from olat.model.image import Frames
from olat.model.motion import FrameMotion, SweepMotion, SweepRegistration, TrackingFlow
from olat.model.session import Frame

logger = logging.getLogger(__name__)


class InterpolateMotion(Stage):
    """Motion from the reference to any frame, between tracking frames (Wenger 2005)."""

    grain = Grain.FRAME
    makes = "motion"
    is_kept = False
    conditions = (Olat, Tracking, ColorGradient)
    revision = 2

    interpolation: Literal["sway", "spline", "catmull_rom", "linear"] = "sway"
    """Curve in time: through six tracking frames, through six, through four, through two."""

    def run(
        self,
        frame: Frame,
        flow: Frames[TrackingFlow] | None,
        sweep_motion: SweepMotion | None,
        gradient_flow: Frames[TrackingFlow] | None = None,
        registration: SweepRegistration | None = None,
        correction: SweepRegistration | None = None,
    ) -> FrameMotion:
        """Return the motion of one frame."""
        from olat.motion.tracking import flow_at

        if gradient_flow is not None and frame.index in gradient_flow:
            found = gradient_flow[frame.index]
            return FrameMotion(found.flow, found.confidence, found.shape, "gradients")
        if registration is not None:
            return _registered(registration, frame.index)
        if flow is None or sweep_motion is None or len(sweep_motion.used) < 2:
            return _unknown(0 if flow is None else len(flow))
        motion = flow_at(
            frame.index,
            flow.only(sweep_motion.used),
            sweep_motion.reference,
            interpolation=self.interpolation,
        )
        if not motion.is_covered:
            logger.warning(
                "Some frames lie before the first or after the last tracking frame: they take the "
                "nearest one's motion, and their pixels are flagged UNTRACKED."
            )
        return motion if correction is None else self._corrected(motion, correction, frame.index)

    def _corrected(
        self, motion: FrameMotion, correction: SweepRegistration, index: int
    ) -> FrameMotion:
        from olat.motion.flow import upsampled

        if self.interpolation != "sway":
            raise SolveError(
                f"interpolate_motion: interpolation = {self.interpolation!r}, but refine_motion "
                "corrects what 'sway' leaves. Take 'sway', or leave refine_motion out."
            )
        if index not in correction.frames:
            return motion
        rest = correction.flows[correction.frames.index(index)]
        return replace(motion, flow=motion.flow + upsampled(rest, motion.flow.shape[:2]))


def _registered(registration: SweepRegistration, index: int) -> FrameMotion:
    if index not in registration.frames:
        logger.warning(
            "Only OLAT frames were registered: tracking and gradient frames are taken as they are, "
            "not aligned."
        )
        return _still()
    row = registration.frames.index(index)
    return FrameMotion(
        registration.flows[row], registration.confidence[row], registration.shape, "registration"
    )


def _unknown(shots: int) -> FrameMotion:
    found = f"{shots} tracking frame" if shots == 1 else f"{shots or 'no'} tracking frames"
    logger.warning(
        "There are %s, and two are needed to follow motion: frames are taken as they are, "
        "not aligned, which is right for a still subject.",
        found,
    )
    return _still()


def _still() -> FrameMotion:
    nothing = np.zeros((1, 1, 2), np.float32)
    return FrameMotion(nothing, np.ones((1, 1), np.float32), None, "none")
