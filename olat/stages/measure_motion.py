"""Stage: what the tracking frames tell of the motion over a sweep."""

from __future__ import annotations

import numpy as np

from olat.engine.stage import Grain, Stage
from olat.model.image import Frames
from olat.model.motion import ReferenceFrame, SweepMotion, TrackedFrame, TrackingFlow

SURE = 0.5
"""Confidence from which on a flow is believed."""


class MeasureMotion(Stage):
    """How far the subject moved, and which tracking frames can be believed."""

    grain = Grain.CAMERA
    makes = "sweep_motion"

    def run(self, flow: Frames[TrackingFlow], reference: ReferenceFrame) -> SweepMotion:
        """Return the motion of a camera's sweep."""
        frames = tuple(_tracked(index, flow[index]) for index in flow)
        return SweepMotion(reference.frame, frames)


def _tracked(index: int, found: TrackingFlow) -> TrackedFrame:
    sure = found.confidence >= SURE
    length = np.linalg.norm(found.flow[sure], axis=-1)
    median, largest = np.percentile(length, (50.0, 99.0)) if length.size else (0.0, 0.0)
    return TrackedFrame(index, float(sure.mean()), float(median), float(largest))
