"""Stage: how the subject moved between tracking frames."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

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

    flow_preset: Literal["draft", "standard", "fine"] = "standard"
    """Flow at a quarter, half or the full resolution."""

    def run(
        self, radiance: Annotated[Frames[RadianceImage], Under((Tracking,))], frame: Frame
    ) -> TrackingFlow:
        """Return the motion from the reference to one tracking frame."""
        from olat.motion.flow import flow_between

        reference = radiance[reference_of(radiance)].radiance
        moving = radiance[frame.index].radiance
        flow, confidence = flow_between(reference, moving, preset=self.flow_preset)
        height, width = reference.shape[:2]
        return TrackingFlow(flow, confidence, (height, width))
