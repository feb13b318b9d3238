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
    revision = 2

    flow_preset: Literal["draft", "standard", "fine"] = "standard"
    """Flow at a quarter, half or the full resolution."""
    flow_method: Literal["dis", "deepflow", "tvl1", "nvidia"] = "dis"
    """How flow is found: dense inverse search, DeepFlow, TV-L1, or NVIDIA's engine if there is."""
    normalization: Literal["gain", "local"] = "gain"
    """What is evened out before: a common level of the light, or also its local contrast."""

    def run(
        self,
        radiance: Annotated[Frames[RadianceImage], Under((Tracking,))],
        frame: Frame,
        reference: ReferenceFrame,
    ) -> TrackingFlow:
        """Return the motion from the reference to one tracking frame."""
        from olat.motion.brightness import alike_in_level
        from olat.motion.flow import flow_between
        from olat.motion.methods import flow_method
        from olat.motion.preparation import solved_size

        seen = radiance[reference.frame].radiance
        height, width = seen.shape[:2]
        if frame.index == reference.frame:
            size = solved_size(height, width, self.flow_preset)
            still = np.zeros((*size, 2), np.float32)
            return TrackingFlow(still, np.ones(size, np.float32), (height, width))
        moving = radiance[frame.index].radiance
        flow, confidence = flow_between(
            seen,
            moving,
            preset=self.flow_preset,
            method=flow_method(self.flow_method),
            normalization=self.normalization,
        )
        confidence = alike_in_level(seen, moving, flow, confidence)
        return TrackingFlow(flow, confidence, (height, width))
