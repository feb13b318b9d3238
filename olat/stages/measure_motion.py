"""Stage: what the tracking frames tell of the motion over a sweep."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from olat.engine.stage import Grain, Stage, Under
from olat.errors import SolveError
from olat.model.condition import Tracking
from olat.model.image import Frames, RadianceImage
from olat.model.motion import ReferenceFrame, SweepMotion, TrackingFlow
from olat.model.session import Camera
from olat.model.shapes import Mask
from olat.stages.motion_notes import note_sweep, unusable
from olat.stages.subject import inside


class MeasureMotion(Stage):
    """How far the subject moved, which tracking frames can be believed, and what is doubtful."""

    grain = Grain.CAMERA
    makes = "sweep_motion"
    leads_only = True
    revision = 5

    least_agreement: Annotated[float, Field(ge=0, le=1)] = 0.3
    """Share of the subject's pixels that must be followed for a tracking frame to be used [1]."""
    least_share: Annotated[float, Field(ge=0, le=1)] = 0.3
    """The same over all tracking frames together, for the work to go on [1]."""

    def run(
        self,
        flow: Frames[TrackingFlow],
        radiance: Annotated[Frames[RadianceImage], Under((Tracking,))],
        reference: ReferenceFrame,
        photo_mask: Mask | None,
        camera: Camera,
    ) -> SweepMotion:
        """Return the motion of a camera's sweep."""
        from olat.motion.followed import followed
        from olat.motion.looks import gray_of, lit_in
        from olat.motion.refusal import refusal
        from olat.motion.sweep import Sweep, sweep_motion

        seen = radiance[reference.frame]
        shape = seen.flags.shape
        subject = (
            lit_in(gray_of(seen.radiance)) if photo_mask is None else inside(photo_mask, shape)
        )
        found = {
            index: followed(flow[index], subject) for index in flow if index != reference.frame
        }

        def reason(index: int, otherwise: str) -> str:
            outside = found[index].outside
            return refusal(seen, radiance[index], subject, outside=outside) or otherwise

        refused = {
            index: reason(index, f"only {each.agreement:.0%} of the subject agrees")
            for index, each in found.items()
            if each.agreement < self.least_agreement
        }
        motion, rhythm = sweep_motion(
            Sweep(reference.frame, found, refused, subject, shape), reason
        )
        if motion.share < self.least_share:
            raise SolveError(unusable(motion, camera.name, self.least_share))
        note_sweep(motion, rhythm)
        return motion
