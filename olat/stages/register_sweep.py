"""Stage: motion of a sweep that has no tracking frames."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Annotated

import numpy as np
from jaxtyping import Float32
from pydantic import Field

from olat.engine.stage import Grain, Stage, Under
from olat.errors import SolveError
from olat.io.frame_expression import format_frames
from olat.model.condition import Olat
from olat.model.image import Frames, RadianceImage
from olat.model.motion import SweepRegistration
from olat.model.session import Camera
from olat.model.shapes import Array, Mask
from olat.stages.small_sweep import SmallSweep
from olat.stages.subject import inside

if TYPE_CHECKING:
    from olat.motion.low_rank import Registration

logger = logging.getLogger(__name__)


class RegisterSweep(Stage):
    """Motion of OLAT frames, found from themselves: after it they are of low rank (Peng 2012)."""

    grain = Grain.CAMERA
    makes = "registration"
    leads_only = True
    revision = 4

    megapixels: Annotated[float, Field(ge=0.02, le=0.5)] = 0.15
    """Size of the pictures that are compared [Mpx]."""
    knots_every: Annotated[float, Field(ge=3, le=100)] = 8.0
    """Time over which motion is smooth [frames]."""
    rank: Annotated[int, Field(ge=1, le=20)] = 6
    """Patterns that make up what a surface looks like under the lights."""
    least_agreement: Annotated[float, Field(ge=0, le=1)] = 0.6
    """A frame that agrees with the others by less is named [1]."""

    def run(
        self,
        radiance: Annotated[Frames[RadianceImage], Under((Olat,))],
        photo_mask: Mask | None,
        camera: Camera,
    ) -> SweepRegistration:
        """Return the motion from the middle OLAT frame to every other one."""
        from olat.motion.low_rank import registered

        small = SmallSweep.of(radiance, megapixels=self.megapixels)
        pictures = np.where(small.usable, small.pictures, np.float32(np.nan))
        try:
            found = registered(
                pictures,
                times=np.array(small.frames, np.float64),
                mask=_subject(small, photo_mask),
                rank=self.rank,
                every=self.knots_every,
            )
        except ValueError as error:
            raise SolveError(f"register_sweep: camera {camera.name!r}: {error}") from None
        self._note(found, small)
        return SweepRegistration(
            small.frames[found.reference],
            small.frames,
            found.flows * small.to_photo,
            self._trusted(found),
            small.photo_shape,
        )

    def _trusted(self, found: Registration) -> Float32[Array, "frame grid_h grid_w"]:
        """Return the confidence; nothing is doubted about frames that stay as they are.

        It would tell of motion that is not taken, as of highlights that few lights do not explain.
        """
        if found.moved_px > 0.0:
            return found.confidence
        stays = found.agreement >= self.least_agreement
        return np.where(stays[:, None, None], np.float32(1.0), found.confidence)

    def _note(self, found: Registration, small: SmallSweep) -> None:
        scale, count = float(small.to_photo.mean()), len(small.frames)
        if found.moved_px == 0.0:
            logger.warning(
                "No motion was found that frames under different lights bear out: all %d are "
                "taken as they are, which is right for a still subject.",
                count,
            )
        else:
            logger.warning(
                "No tracking frames are used: %d OLAT frames were registered to frame %d by "
                "themselves. They moved %.2f px rms; halves of them differ by %.2f px.",
                count,
                small.frames[found.reference],
                found.moved_px * scale,
                found.error_px * scale,
            )
        doubtful = np.flatnonzero(found.agreement < self.least_agreement)
        if len(doubtful):
            logger.warning(
                "Frames that do not look as the others tell, with low confidence: %s. Look whether "
                "something stood in front, or another light was lit.",
                format_frames([small.frames[row] for row in doubtful]),
            )


def _subject(small: SmallSweep, mask: Mask | None) -> Mask:
    """Return where the subject is in the small pictures; without a mask, what any light reaches."""
    from olat.motion.looks import lit_in

    if mask is not None:
        return small.reduced_mask(inside(mask, small.photo_shape))
    known = np.where(small.usable, small.pictures, np.float32(0.0))
    return lit_in(known.mean(axis=0, dtype=np.float32))
