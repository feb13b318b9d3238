"""Stage: how the subject moved between tracking frames."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np

from olat.engine.stage import Grain, Stage, Under
from olat.errors import SessionError
from olat.model.condition import Tracking
from olat.model.image import Frames, RadianceImage
from olat.model.motion import ReferenceFrame, TrackingFlow
from olat.model.session import Frame
from olat.model.shapes import Flow, Plane


class Track(Stage):
    """Optical flow from the reference tracking frame to another (Kroeger 2016, Wenger 2005)."""

    grain = Grain.FRAME
    makes = "flow"
    conditions = (Tracking,)
    leads_only = True
    revision = 4

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
        known_flow: TrackingFlow | None = None,
    ) -> TrackingFlow:
        """Return the motion from the reference to one tracking frame."""
        from olat.motion.brightness import alike_in_level
        from olat.motion.flow import flow_between
        from olat.motion.methods import flow_method
        from olat.motion.preparation import solved_size

        seen = radiance[reference.frame].radiance
        height, width = shape = seen.shape[:2]
        size = solved_size(height, width, self.flow_preset)
        if frame.index == reference.frame:
            still = np.zeros((*size, 2), np.float32)
            return TrackingFlow(still, np.ones(size, np.float32), shape)
        moving = radiance[frame.index].radiance
        if known_flow is not None:
            flow, confidence = _known(known_flow, frame, shape, size)
        else:
            flow, confidence = flow_between(
                seen,
                moving,
                preset=self.flow_preset,
                method=flow_method(self.flow_method),
                normalization=self.normalization,
            )
        confidence = alike_in_level(seen, moving, flow, confidence)
        return TrackingFlow(flow, confidence, shape)


def _known(
    found: TrackingFlow, frame: Frame, shape: tuple[int, int], size: tuple[int, int]
) -> tuple[Flow, Plane]:
    """Return motion that the session brings, on the grid that it would be solved on."""
    from olat.motion.known_flow import on_grid

    try:
        return on_grid(found, shape=shape, grid=size)
    except ValueError as error:
        raise SessionError(
            f"track: the flow file of frame {frame.index} (camera {frame.camera}): {error} Bring "
            "flow of these photographs, or leave 'flow' out of the manifest to have it solved."
        ) from None
