"""Stage: the tracking frame that all frames are moved to."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from olat.engine.stage import Grain, Stage, Under
from olat.errors import SessionError, SolveError
from olat.io.frame_expression import format_frames
from olat.model.condition import Tracking
from olat.model.image import Frames, RadianceImage
from olat.model.motion import ReferenceFrame
from olat.model.session import Camera
from olat.model.words import counted

if TYPE_CHECKING:
    from olat.motion.best_look import Looks

logger = logging.getLogger(__name__)


def outward(tracking: Iterable[int]) -> Iterator[int]:
    """Go through some frames from the middle one outward."""
    indices = sorted(tracking)
    middle = len(indices) // 2
    places = sorted(range(len(indices)), key=lambda place: (abs(place - middle), place))
    return (indices[place] for place in places)


class ChooseReference(Stage):
    """The pose that the whole sweep is moved to: that of a sound tracking frame near the middle."""

    grain = Grain.CAMERA
    makes = "reference"
    leads_only = True
    revision = 2

    choice: Literal["middle", "sharpest"] = "middle"
    """The first sound frame from the middle outward, or the sharpest of all."""
    frame: Annotated[int, Field(ge=0)] | None = None
    """The one to take, whatever it looks like; none: the one that the session tells, or choose."""

    def run(
        self, radiance: Annotated[Frames[RadianceImage], Under((Tracking,))], camera: Camera
    ) -> ReferenceFrame:
        """Return the reference of a camera."""
        from olat.motion.best_look import Looks

        looks = Looks(lambda frame: radiance[frame], tuple(outward(radiance)))
        told = camera.reference if self.frame is None else self.frame
        if told is not None:
            return _told(told, looks, camera)
        try:
            chosen = looks.sharpest() if self.choice == "sharpest" else looks.middle()
        except ValueError as error:
            raise SolveError(
                f"choose_reference: camera {camera.name!r}: {error} Leave tracking frames out "
                "(skip under [[override]]) to take all frames as they are, or shoot them again."
            ) from None
        passed_over = looks.before(chosen)
        for frame, reason in passed_over.items():
            logger.warning(
                "Tracking frame %d is %s: it is not the reference; frame %d is.",
                frame,
                reason,
                chosen,
            )
        if looks.fault(chosen):
            logger.warning(
                "Tracking frame %d, the reference, is %s, and no other shows more: expose tracking "
                "frames for the skin.",
                chosen,
                looks.fault(chosen),
            )
        faults = [f"frame {frame} is {why}" for frame, why in passed_over.items()]
        return ReferenceFrame(chosen, ", ".join(faults) or self.choice, looks.looks)


def _told(frame: int, looks: Looks, camera: Camera) -> ReferenceFrame:
    """Take the frame that the user names; say what is wrong with it."""
    if frame not in looks.frames:
        known = format_frames(looks.frames)
        raise SessionError(
            f"choose_reference: frame {frame} is not a tracking frame of camera {camera.name!r}; "
            f"{counted(len(looks.frames), 'tracking frame')}: {known}. Name one of them."
        )
    if camera.flows and frame != camera.reference:
        raise SessionError(
            f"choose_reference: frame = {frame}, but the flow files of camera {camera.name!r} "
            f"start from its reference, frame {camera.reference}. Leave out one or the other."
        )
    fault = looks.fault(frame)
    if fault:
        logger.warning(
            "Tracking frame %d is %s, but it is the reference, as was told.", frame, fault
        )
    return ReferenceFrame(frame, "told", looks.looks)
