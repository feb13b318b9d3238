"""Stage: how the subject moved between tracking frames."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

import numpy as np

from olat.engine.stage import Grain, Stage, Under
from olat.model.condition import Tracking
from olat.model.image import Frames, RadianceImage, TrackingFlow
from olat.model.session import Frame


def reference_of(tracking: Iterable[int]) -> int:
    """Return the tracking frame that all frames are moved to: the middle one."""
    indices = sorted(tracking)
    return indices[len(indices) // 2]


class Track(Stage):
    """Optical flow from the reference tracking frame to another (Kroeger 2016, Wenger 2005)."""

    grain = Grain.FRAME
    makes = "flow"
    conditions = (Tracking,)
    leads_only = True

    flow_preset: Literal["draft", "standard", "fine"] = "standard"
    """Flow at a quarter, half or the full resolution."""

    def run(
        self, radiance: Annotated[Frames[RadianceImage], Under((Tracking,))], frame: Frame
    ) -> TrackingFlow:
        """Return the motion from the reference to one tracking frame."""
        from olat.motion.flow import flow_between

        first = reference_of(radiance)
        reference = radiance[first].radiance
        height, width = reference.shape[:2]
        if frame.index == first:
            still = np.zeros((height, width, 2), np.float32)
            return TrackingFlow(still, np.ones((height, width), np.float32), (height, width))
        flow, confidence = flow_between(
            reference, radiance[frame.index].radiance, preset=self.flow_preset
        )
        return TrackingFlow(flow, confidence, (height, width))
