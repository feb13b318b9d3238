"""Stage: the tracking frame that all frames are moved to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from olat.engine.stage import Grain, Stage, Under
from olat.model.condition import Tracking
from olat.model.image import Frames, RadianceImage
from olat.model.motion import ReferenceFrame


def middle_of(tracking: Iterable[int]) -> int:
    """Return the middle one of some frames."""
    indices = sorted(tracking)
    return indices[len(indices) // 2]


class ChooseReference(Stage):
    """The pose that the whole sweep is moved to: that of the middle tracking frame."""

    grain = Grain.CAMERA
    makes = "reference"
    leads_only = True

    def run(self, radiance: Annotated[Frames[RadianceImage], Under((Tracking,))]) -> ReferenceFrame:
        """Return the reference of a camera."""
        return ReferenceFrame(middle_of(radiance), "middle")
