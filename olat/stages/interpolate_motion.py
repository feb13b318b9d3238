"""Stage: the motion of one frame, from what is known around it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from math import ceil
from typing import Literal

import numpy as np
from jaxtyping import Float32

from olat.engine.stage import Grain, Stage
from olat.errors import SolveError
from olat.model.condition import ON_SUBJECT, Polarized, complement_of, full_on_of
from olat.model.image import Frames
from olat.model.motion import (
    FrameMotion,
    MotionCorrection,
    SweepMotion,
    SweepRegistration,
    TrackingFlow,
)
from olat.model.session import Frame
from olat.model.shapes import Array, Flow

logger = logging.getLogger(__name__)


class InterpolateMotion(Stage):
    """Motion from the reference to any frame, between tracking frames (Wenger 2005)."""

    grain = Grain.FRAME
    makes = "motion"
    is_kept = False
    conditions = ON_SUBJECT
    revision = 7

    interpolation: Literal["sway", "spline", "catmull_rom", "linear"] = "sway"
    """Curve in time: through six tracking frames, through six, through four, through two."""

    def run(
        self,
        frame: Frame,
        flow: Frames[TrackingFlow] | None,
        sweep_motion: SweepMotion | None,
        gradient_flow: Frames[TrackingFlow] | None = None,
        registration: SweepRegistration | None = None,
        correction: MotionCorrection | None = None,
    ) -> FrameMotion:
        """Return the motion of one frame, from the first of these that tells it.

        That found for the gradient itself, that of the registered sweep, the tracking frames.
        """
        found = _of_gradient(frame, gradient_flow)
        if found is not None:
            return FrameMotion(found.flow, found.confidence, found.shape, "gradients")
        if registration is not None:
            return _registered(registration, frame.index)
        if flow is None or sweep_motion is None or len(sweep_motion.used) < 2:
            return _unknown(flow, sweep_motion)
        tracked = self._tracked(frame.index, flow, sweep_motion)
        # What is measured is left: the motion of tracking frames, and that the reference has none.
        if correction is None or frame.index in (*sweep_motion.used, sweep_motion.reference):
            return tracked
        return _corrected(tracked, correction, frame.index)

    def clash(self, others: Sequence[Stage]) -> str:
        """Say that what a correction was found for is not what it would be added to."""
        refines = next((other for other in others if other.makes == "correction"), None)
        if refines is None or self.interpolation == "sway":
            return ""
        return (
            f"[interpolate_motion] interpolation = {self.interpolation!r}, but "
            f"{refines.verb()!r} corrects what 'sway' leaves. Take 'sway', or leave "
            f"{refines.verb()!r} out."
        )

    def _tracked(
        self, index: int, flow: Frames[TrackingFlow], sweep_motion: SweepMotion
    ) -> FrameMotion:
        """Return the motion on a curve through the tracking frames."""
        from olat.motion.tracking import flow_at

        motion = flow_at(
            index,
            flow.only(sweep_motion.used),
            sweep_motion.reference,
            interpolation=self.interpolation,
            error_px=sweep_motion.error_px(index),
        )
        if not motion.is_covered:
            _note_uncovered("tracking")
        return motion


def _of_gradient(frame: Frame, gradients: Frames[TrackingFlow] | None) -> TrackingFlow | None:
    """Return the motion found for a gradient, or for the first of its bracket, if there is one.

    Where nothing completes a gradient no motion was found for it, nor where full-on light behind
    its polarizer is missing.
    """
    partner = complement_of(frame.condition)
    if gradients is None or partner is None or not gradients.under(partner):
        return None
    is_polarized = isinstance(frame.condition, Polarized)
    if is_polarized and not gradients.under(full_on_of(frame.condition)):
        return None
    return gradients[frame.bracket[0] if frame.bracket else frame.index]


def _corrected(motion: FrameMotion, correction: MotionCorrection, index: int) -> FrameMotion:
    """Add what the sweep itself tells; beyond its first and last frame it tells nothing."""
    from olat.motion.flow import upsampled

    if not _spans(correction.frames, index):
        return motion
    if correction.shape != motion.shape:
        sizes = (correction.shape, motion.shape or (0, 0))
        found, needed = (f"{width} x {height}" for height, width in sizes)
        raise SolveError(
            f"interpolate_motion: the correction is of frames of {found} px, the motion of "
            f"{needed} px; needed is one size. Refine again."
        )
    rest = _between(correction.flows, *_around(correction.frames, index))
    return replace(motion, flow=motion.flow + upsampled(rest, motion.flow.shape[:2]))


def _registered(registration: SweepRegistration, index: int) -> FrameMotion:
    """Return the motion at any moment of a registered sweep."""
    is_covered = _spans(registration.frames, index)
    if not is_covered:
        _note_uncovered("registered")
    before, after, share = _around(registration.frames, index)
    flow = _between(registration.flows, before, after, share)
    confidence = np.minimum(registration.confidence[before], registration.confidence[after])
    return FrameMotion(flow, confidence, registration.shape, "registration", is_covered)


def _spans(frames: Sequence[int], index: int) -> bool:
    return bool(frames) and frames[0] <= index <= frames[-1]


def _around(frames: Sequence[int], index: int) -> tuple[int, int, float]:
    """Return which of some frames a moment lies between, and how far along; ends hold beyond.

    OLAT frames are told. Exposures of a bracket, tracking and gradient frames lie between them.
    """
    place = float(np.interp(index, frames, range(len(frames))))
    before = int(place)
    return before, ceil(place), place - before


def _between(
    flows: Float32[Array, "frame grid_h grid_w 2"], before: int, after: int, share: float
) -> Flow:
    return np.asarray(np.float32(1.0 - share) * flows[before] + np.float32(share) * flows[after])


def _note_uncovered(kind: str) -> None:
    logger.warning(
        "Some frames lie before the first or after the last %s frame: they take the "
        "nearest one's motion, and their pixels are flagged UNTRACKED.",
        kind,
    )


def _unknown(flow: Frames[TrackingFlow] | None, sweep_motion: SweepMotion | None) -> FrameMotion:
    """Return no motion, and say why."""
    shots = 0 if flow is None else len(flow)
    used = shots if sweep_motion is None else len(sweep_motion.used)
    found = "is 1 tracking frame" if shots == 1 else f"are {shots or 'no'} tracking frames"
    refused = f", {shots - used} of them refused" if used < shots else ""
    logger.warning(
        "There %s%s, and two are needed to follow motion: frames are taken as they are, "
        "not aligned, which is right for a still subject. register_sweep, in the pipeline "
        "untracked, finds how a moving one moved from its OLAT frames.",
        found,
        refused,
    )
    nothing = np.zeros((1, 1, 2), np.float32)
    return FrameMotion(nothing, np.ones((1, 1), np.float32), None, "none")
