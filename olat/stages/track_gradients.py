"""Stage: how the subject moved up to a frame under a gradient."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Annotated, Literal

import numpy as np

from olat.engine.stage import Grain, Stage, Under
from olat.model.condition import (
    AxisGradient,
    ColorGradient,
    Polarized,
    SecondOrder,
    Tracking,
    complement_of,
    full_on_of,
)
from olat.model.flags import PixelFlag
from olat.model.image import Frames, RadianceImage
from olat.model.motion import FrameMotion, SweepMotion, TrackingFlow
from olat.model.roles import PATTERNS
from olat.model.session import Frame
from olat.model.shapes import Flow, Radiance

logger = logging.getLogger(__name__)

_POLARIZED = tuple(
    condition
    for condition in PATTERNS.values()
    if isinstance(condition, Polarized) and not isinstance(condition.pattern, SecondOrder)
)
"""Gradients behind a polarizer, and the full-on light that they add up to."""


class TrackGradients(Stage):
    """Flow to gradients, whose light adds up to that of a full-on frame (Wilson 2010)."""

    grain = Grain.FRAME
    makes = "gradient_flow"
    conditions = (ColorGradient, AxisGradient, *_POLARIZED)
    leads_only = True
    revision = 2

    flow_preset: Literal["draft", "standard", "fine"] = "standard"
    """Flow at a quarter, half or the full resolution."""

    def run(
        self,
        radiance: Annotated[
            Frames[RadianceImage], Under((Tracking, ColorGradient, AxisGradient, *_POLARIZED))
        ],
        frame: Frame,
        flow: Frames[TrackingFlow],
        sweep_motion: SweepMotion,
    ) -> TrackingFlow:
        """Return the motion from the reference to one frame under a gradient.

        To a full-on frame behind a polarizer it is what tracking frames tell: gradients behind
        that polarizer are followed from there.
        """
        known = flow.only({*sweep_motion.used, sweep_motion.reference})
        tracked = _interpolated(frame.index, known, sweep_motion)
        pair = _completing(radiance, frame, known)
        if pair is None:
            shape = known[sweep_motion.reference].shape
            return TrackingFlow(tracked.flow, tracked.confidence, shape)
        partner, full_on = pair
        to_full_on = _to_full_on(full_on, known, sweep_motion)
        to_partner = _interpolated(partner, known, sweep_motion)
        hints = (tracked.flow - to_full_on.flow, to_partner.flow - to_full_on.flow)
        photos = (radiance[index] for index in (frame.index, partner, full_on))
        return _with_tracked(self._found(photos, hints, to_full_on), tracked)

    def _found(
        self, photos: Iterable[RadianceImage], hints: tuple[Flow, Flow], to_full_on: TrackingFlow
    ) -> TrackingFlow:
        """Return the motion from the reference by way of the full-on frame."""
        from olat.motion.composition import composed
        from olat.motion.flow import upsampled
        from olat.motion.joint import joint_flows

        joint = joint_flows(*map(_trusted, photos), preset=self.flow_preset, hints=hints)
        grid = joint.gradient_confidence.shape
        to_grid = np.array(grid[::-1], np.float32) / np.array(to_full_on.shape[::-1], np.float32)
        moved, confidence = composed(
            upsampled(to_full_on.flow, grid) * to_grid,
            joint.to_gradient * to_grid,
            upsampled(to_full_on.confidence, grid),
            joint.gradient_confidence,
        )
        return TrackingFlow(moved / to_grid, confidence, to_full_on.shape)


def _completing(
    radiance: Frames[RadianceImage], frame: Frame, known: Frames[TrackingFlow]
) -> tuple[int, int] | None:
    """Return the nearest complement and full-on frame of a gradient; nothing if one is missing."""
    wanted = complement_of(frame.condition)
    if wanted is None:
        return None
    own = frame.index
    others = radiance.under(wanted)
    partner = min(others, key=lambda index: (abs(index - own), index), default=None)
    if partner is None:
        logger.warning(
            "A gradient has no complement, or a complement no gradient: with both, a "
            "full-on frame tells how it moved. Its motion is interpolated."
        )
        return None
    is_polarized = isinstance(frame.condition, Polarized)
    lit = radiance.under(full_on_of(frame.condition)) if is_polarized else known
    full_on = min(lit, key=lambda at: (abs(at - own) + abs(at - partner), at), default=None)
    if full_on is None:
        logger.warning(
            "Gradients behind a polarizer have no full-on frame behind the same one, which would "
            "tell how they moved. Their motion is interpolated."
        )
        return None
    return partner, full_on


def _interpolated(index: int, known: Frames[TrackingFlow], sweep: SweepMotion) -> FrameMotion:
    """Return what the tracking frames tell of a frame."""
    from olat.motion.tracking import flow_at

    return flow_at(index, known, sweep.reference, error_px=sweep.error_px(index))


def _to_full_on(index: int, known: Frames[TrackingFlow], sweep: SweepMotion) -> TrackingFlow:
    """Return the motion to a full-on frame; nothing sure of one that no tracking frames span."""
    tracked = known.get(index)
    if tracked is not None:
        return tracked
    motion = _interpolated(index, known, sweep)
    confidence = motion.confidence if motion.is_covered else np.zeros_like(motion.confidence)
    return TrackingFlow(motion.flow, confidence, known[sweep.reference].shape)


def _trusted(image: RadianceImage) -> Radiance:
    """Return the radiance, NaN where the sensor was full or defective."""
    lost = image.flags & np.uint8(PixelFlag.SATURATED | PixelFlag.DEAD) != 0
    return np.where(lost[..., None], np.float32(np.nan), image.radiance)


def _with_tracked(found: TrackingFlow, tracked: FrameMotion) -> TrackingFlow:
    """Mix what was found with what the tracking frames on both sides tell."""
    from olat.motion.composition import mixed
    from olat.motion.flow import upsampled

    if not tracked.is_covered:
        return found
    grid = found.confidence.shape
    flow, confidence = mixed(
        found.flow,
        upsampled(tracked.flow, grid),
        found.confidence,
        upsampled(tracked.confidence, grid),
    )
    return TrackingFlow(flow, confidence, found.shape)
