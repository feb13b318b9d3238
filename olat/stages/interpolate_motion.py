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
from olat.model.shapes import Flow, Plane

logger = logging.getLogger(__name__)


class InterpolateMotion(Stage):
    """Motion from the reference to any frame, between tracking frames (Wenger 2005)."""

    grain = Grain.FRAME
    makes = "motion"
    is_kept = False
    conditions = (Olat, Tracking, ColorGradient)
    revision = 3

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

        if gradient_flow is not None and sweep_motion is not None:
            lead = frame.bracket[0] if frame.bracket else frame.index
            if lead in gradient_flow and _has_pair(gradient_flow, frame):
                found = gradient_flow[lead]
                return FrameMotion(found.flow, found.confidence, found.shape, "gradients")
        if registration is not None:
            return _registered(registration, frame.index)
        if flow is None or sweep_motion is None or len(sweep_motion.used) < 2:
            return _unknown(flow, sweep_motion)
        motion = flow_at(
            frame.index,
            flow.only(sweep_motion.used),
            sweep_motion.reference,
            interpolation=self.interpolation,
        )
        if not motion.is_covered:
            _note_uncovered("tracking")
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
        if not correction.frames[0] <= index <= correction.frames[-1]:
            return motion
        rest, _ = _between(correction, index)
        return replace(motion, flow=motion.flow + upsampled(rest, motion.flow.shape[:2]))


def _has_pair(gradients: Frames[TrackingFlow], frame: Frame) -> bool:
    """Tell whether there is what completes a gradient, without which no motion was found."""
    own = frame.condition
    if not isinstance(own, ColorGradient):
        return True
    return bool(gradients.under(ColorGradient(complement=not own.complement)))


def _registered(registration: SweepRegistration, index: int) -> FrameMotion:
    """Return the motion at any moment of a registered sweep."""
    is_covered = registration.frames[0] <= index <= registration.frames[-1]
    if not is_covered:
        _note_uncovered("registered")
    flow, confidence = _between(registration, index)
    return FrameMotion(flow, confidence, registration.shape, "registration", is_covered)


def _between(sweep: SweepRegistration, index: int) -> tuple[Flow, Plane]:
    """Interpolate linearly between frames that stand one or two apart; level beyond the ends.

    Exposures of a bracket, tracking and gradient frames lie between registered frames.
    """
    place = float(np.interp(index, sweep.frames, np.arange(len(sweep.frames))))
    before = int(place)
    after = min(before + 1, len(sweep.frames) - 1)
    share = np.float32(place - before)
    flow = (1 - share) * sweep.flows[before] + share * sweep.flows[after]
    return flow, np.minimum(sweep.confidence[before], sweep.confidence[after])


def _note_uncovered(kind: str) -> None:
    logger.warning(
        "Some frames lie before the first or after the last %s frame: they take the "
        "nearest one's motion, and their pixels are flagged UNTRACKED.",
        kind,
    )


def _unknown(flow: Frames[TrackingFlow] | None, sweep_motion: SweepMotion | None) -> FrameMotion:
    shots = 0 if flow is None else len(flow)
    used = shots if sweep_motion is None else len(sweep_motion.used)
    found = "is 1 tracking frame" if shots == 1 else f"are {shots or 'no'} tracking frames"
    refused = f", {shots - used} of them refused" if used < shots else ""
    logger.warning(
        "There %s%s, and two are needed to follow motion: frames are taken as they are, "
        "not aligned, which is right for a still subject.",
        found,
        refused,
    )
    return _still()


def _still() -> FrameMotion:
    nothing = np.zeros((1, 1, 2), np.float32)
    return FrameMotion(nothing, np.ones((1, 1), np.float32), None, "none")
