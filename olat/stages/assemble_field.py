"""Stage: one light's plane of the reflectance field."""

from __future__ import annotations

import logging

import numpy as np

from olat.engine.stage import Grain, Stage
from olat.model.condition import Olat
from olat.model.field import LightPlane
from olat.model.flags import PixelFlag
from olat.model.image import RadianceImage
from olat.model.rig import LightRig
from olat.model.session import Frame

logger = logging.getLogger(__name__)

LARGEST_HALF = 65504.0
"""Largest number that half precision holds [diffuse white = 1]."""


class AssembleField(Stage):
    """Reflectance under one light: radiance over the light's intensity (Debevec 2000)."""

    grain = Grain.FRAME
    makes = "field"
    conditions = (Olat,)

    def run(self, aligned: RadianceImage, frame: Frame, rig: LightRig) -> LightPlane:
        """Return one light's plane; a white Lambert patch facing the light reads 1."""
        condition = frame.condition
        if not isinstance(condition, Olat):
            raise ValueError(f"frame {frame.index} is not lit by one light")
        scale = (1.0 / rig.intensities[condition.light]).astype(np.float32)
        planar = np.ascontiguousarray(np.moveaxis(aligned.radiance * scale, 2, 0))
        is_outside = np.abs(planar).max(axis=0) > LARGEST_HALF
        flags = aligned.flags | is_outside * np.uint8(PixelFlag.CLAMPED)
        np.clip(planar, -LARGEST_HALF, LARGEST_HALF, out=planar)
        # Noise around black is as deep as it is high.
        if planar.max() <= -2.0 * planar.min():
            logger.warning(
                "Frame %d (camera %s) is black: light %d gave no light that can be seen.",
                frame.index,
                frame.camera,
                condition.light,
            )
        return LightPlane(condition.light, planar.astype(np.float16), flags)
