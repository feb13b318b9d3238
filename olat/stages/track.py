"""Stage: how the subject moved between tracking frames."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np

from olat.engine.stage import Grain, Stage, Under
from olat.model.condition import Tracking
from olat.model.image import Frames, RadianceImage
from olat.model.motion import ReferenceFrame, TrackingFlow
from olat.model.session import Frame


class Track(Stage):
    """Optical flow from the reference tracking frame to another (Kroeger 2016, Wenger 2005)."""

    grain = Grain.FRAME
    makes = "flow"
    conditions = (Tracking,)
    leads_only = True

    flow_preset: Literal["draft", "standard", "fine"] = "standard"
    """Flow at a quarter, half or the full resolution."""

    def run(
        self,
        radiance: Annotated[Frames[RadianceImage], Under((Tracking,))],
        frame: Frame,
        reference: ReferenceFrame,
    ) -> TrackingFlow:
        """Return the motion from the reference to one tracking frame."""
        from olat.motion.flow import flow_between

        seen = radiance[reference.frame].radiance
        height, width = seen.shape[:2]
        if frame.index == reference.frame:
            still = np.zeros((height, width, 2), np.float32)
            return TrackingFlow(still, np.ones((height, width), np.float32), (height, width))
        moving = radiance[frame.index].radiance
        flow, confidence = flow_between(seen, moving, preset=self.flow_preset)
        return TrackingFlow(flow, confidence, (height, width))
