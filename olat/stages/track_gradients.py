"""Stage: how the subject moved up to a frame under a color gradient."""

from __future__ import annotations

import logging
from collections.abc import Iterable
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
    revision = 2

    flow_preset: Literal["draft", "standard", "fine"] = "standard"
    """Flow at a quarter, half or the full resolution."""

    def run(
        self,
        radiance: Annotated[Frames[RadianceImage], Under((Tracking, ColorGradient))],
        frame: Frame,
        flow: Frames[TrackingFlow],
        sweep_motion: SweepMotion,
    ) -> TrackingFlow:
        """Return the motion from the reference to one frame under a color gradient."""
        from olat.motion.tracking import flow_at

        reference, own = sweep_motion.reference, frame.index
        full_on_frames = sorted({*sweep_motion.used, reference})
        known = flow.only(full_on_frames)
        tracked = flow_at(own, known, reference, error_px=sweep_motion.error_px(own))
        partner = _partner(radiance, frame)
        if partner is None:
            logger.warning(
                "A color gradient has no complement, or a complement no gradient: with both, a "
                "tracking frame tells how it moved. Its motion is interpolated."
            )
            return TrackingFlow(tracked.flow, tracked.confidence, known[reference].shape)
        full_on = min(full_on_frames, key=lambda at: (abs(at - own) + abs(at - partner), at))
        to_full_on = known[full_on]
        hints = (
            tracked.flow - to_full_on.flow,
            flow_at(partner, known, reference).flow - to_full_on.flow,
        )
        photos = (radiance[index] for index in (own, partner, full_on))
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


def _partner(radiance: Frames[RadianceImage], frame: Frame) -> int | None:
    """Return the nearest complement of a gradient, or gradient of a complement, if there is one."""
    own = frame.condition
    is_complement = isinstance(own, ColorGradient) and own.complement
    others = radiance.under(ColorGradient(complement=not is_complement))
    return min(others, key=lambda index: (abs(index - frame.index), index), default=None)


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
