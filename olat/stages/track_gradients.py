"""Stage: how the subject moved up to a frame under a color gradient."""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import Annotated, Literal

import numpy as np

from olat.engine.stage import Grain, Stage, Under
from olat.model.condition import ColorGradient, Tracking
from olat.model.flags import PixelFlag
from olat.model.image import Frames, RadianceImage
from olat.model.motion import FrameMotion, SweepMotion, TrackingFlow
from olat.model.session import Frame
from olat.model.shapes import Flow, Radiance

logger = logging.getLogger(__name__)


class TrackGradients(Stage):
    """Flow to gradients, whose light adds up to that of a tracking frame (Wilson 2010)."""

    grain = Grain.FRAME
    makes = "gradient_flow"
    conditions = (ColorGradient,)
    leads_only = True

    flow_preset: Literal["draft", "standard", "fine"] = "standard"
    """Flow at a quarter, half or the full resolution."""

    def run(
        self,
        radiance: Annotated[Frames[RadianceImage], Under((Tracking, ColorGradient))],
        frame: Frame,
        flow: Frames[TrackingFlow] | None,
        sweep_motion: SweepMotion | None,
    ) -> TrackingFlow:
        """Return the motion from the reference to one frame under a color gradient."""
        from olat.motion.tracking import flow_at

        if flow is None or sweep_motion is None:
            return _still(radiance[frame.index])
        used = sorted({*sweep_motion.used, sweep_motion.reference})
        tracked = {
            index: flow_at(index, flow.only(used), sweep_motion.reference)
            for index in (frame.index, *_opposite(radiance, frame))
        }
        if len(tracked) < 2:
            logger.warning(
                "A color gradient has no complement, or a complement no gradient: with both, a "
                "tracking frame tells how it moved. Its motion is interpolated."
            )
            return _as_flow(tracked[frame.index])
        own, partner = tracked
        full_on = min(used, key=lambda index: (abs(index - own) + abs(index - partner), index))
        found = self._found(radiance, (own, partner, full_on), tracked, flow[full_on])
        return _with_tracked(found, tracked[own])

    def _found(
        self,
        radiance: Frames[RadianceImage],
        frames: tuple[int, int, int],
        tracked: dict[int, FrameMotion],
        to_full_on: TrackingFlow,
    ) -> TrackingFlow:
        """Return the motion from the reference by way of the full-on frame."""
        from olat.motion.composition import composed
        from olat.motion.flow import upsampled
        from olat.motion.joint import joint_flows

        own, partner, _ = frames
        joint = joint_flows(
            *(_trusted(radiance[index]) for index in frames),
            preset=self.flow_preset,
            hints=(
                tracked[own].flow - to_full_on.flow,
                tracked[partner].flow - to_full_on.flow,
            ),
        )
        grid = joint.gradient_confidence.shape
        to_grid = np.array(grid[::-1], np.float32) / np.array(to_full_on.shape[::-1], np.float32)
        moved, confidence = composed(
            upsampled(to_full_on.flow, grid) * to_grid,
            joint.to_gradient * to_grid,
            upsampled(to_full_on.confidence, grid),
            joint.gradient_confidence,
        )
        return TrackingFlow(moved / to_grid, confidence, to_full_on.shape)


def _opposite(radiance: Frames[RadianceImage], frame: Frame) -> Collection[int]:
    """Return the nearest complement of a gradient, or gradient of a complement, if there is one."""
    own = frame.condition
    is_complement = isinstance(own, ColorGradient) and own.complement
    others = radiance.under(ColorGradient(complement=not is_complement))
    return sorted(others, key=lambda index: (abs(index - frame.index), index))[:1]


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


def _as_flow(motion: FrameMotion) -> TrackingFlow:
    height, width = motion.flow.shape[:2]
    return TrackingFlow(motion.flow, motion.confidence, motion.shape or (height, width))


def _still(image: RadianceImage) -> TrackingFlow:
    logger.warning(
        "There are no tracking frames: frames under color gradients are taken as they are, not "
        "aligned, which is right for a still subject. Shoot a full-on frame beside them."
    )
    shape = image.flags.shape
    none: Flow = np.zeros((*shape, 2), np.float32)
    return TrackingFlow(none, np.ones(shape, np.float32), shape)
