"""Stage: one light's plane of the reflectance field."""

from __future__ import annotations

import logging

import numpy as np

from olat.engine.stage import Grain, Stage
from olat.errors import SolveError
from olat.model.condition import Olat
from olat.model.drift import LightDrift
from olat.model.field import LightPlane, confidence_codes
from olat.model.flags import PixelFlag
from olat.model.image import RadianceImage
from olat.model.rig import LightRig
from olat.model.session import Frame
from olat.model.shapes import Plane

logger = logging.getLogger(__name__)

LARGEST_HALF = 65504.0
"""Largest number that half precision holds [diffuse white = 1]."""
MANY_DEAD = 0.001
"""Share of dead pixels that is noted."""
NOISE = 4.0
"""Spreads of the noise that a black frame stays below once it is smoothed, 3 if it is unsigned."""


class AssembleField(Stage):
    """Reflectance under one light: radiance over the light's intensity (Debevec 2000)."""

    grain = Grain.FRAME
    makes = "field"
    conditions = (Olat,)
    leads_only = True
    revision = 4

    def run(
        self,
        merged: RadianceImage,
        frame: Frame,
        rig: LightRig,
        drift: LightDrift | None = None,
    ) -> LightPlane:
        """Return one light's plane; a white Lambert patch facing the light reads 1."""
        from olat.light.drift import gains_at

        condition = frame.condition
        if not isinstance(condition, Olat):
            raise ValueError(f"frame {frame.index} is not lit by one light")
        if rig.space is not None and rig.space != merged.space:
            raise SolveError(
                f"frame {frame.index} (camera {frame.camera}): it is developed to {merged.space} "
                f"color, but the intensities of rig {rig.name!r} were measured in {rig.space} "
                "color. Measure the lights again, or develop to the same color: --set "
                f"develop.space={rig.space}."
            )
        level = rig.intensities[condition.light] * gains_at(drift, [frame.index])[0]
        scale = (1.0 / level).astype(np.float32)
        planar = np.ascontiguousarray(np.moveaxis(merged.radiance * scale, 2, 0))
        is_outside = np.abs(planar).max(axis=0) > LARGEST_HALF
        flags = merged.flags | is_outside * np.uint8(PixelFlag.CLAMPED)
        np.clip(planar, -LARGEST_HALF, LARGEST_HALF, out=planar)
        for finding in _findings(LightPlane(condition.light, planar, flags)):
            logger.warning("Frame %d (camera %s) %s.", frame.index, frame.camera, finding)
        return LightPlane(
            condition.light,
            planar.astype(np.float16),
            flags,
            merged.space,
            None if merged.confidence is None else confidence_codes(merged.confidence),
        )


def _findings(plane: LightPlane) -> list[str]:
    """Say what is wrong with a plane in single precision, in words that follow "Frame 7"."""
    dead = (plane.flags & PixelFlag.DEAD) != 0
    clamped = int(np.count_nonzero(plane.flags & PixelFlag.CLAMPED))
    count = int(np.count_nonzero(dead))
    found = []
    if count > MANY_DEAD * dead.size:
        found.append(f"holds no number in {count} pixels ({count / dead.size:.1%}); they are DEAD")
    if clamped:
        found.append(
            f"reads more than half precision holds in {clamped} pixels; they are CLAMPED and left "
            "out of the solves"
        )
    if count == dead.size:
        return found
    if plane.reflectance[:, ~dead].max() <= 0.0:
        found.append(f"has no value above 0: light {plane.light} gave no light, or black is wrong")
    elif _is_noise(plane.reflectance.mean(axis=0)):
        found.append(
            f"shows no more than noise: light {plane.light} gave no light that can be seen, or the "
            "picture is damaged"
        )
    return found


def _is_noise(mean: Plane) -> bool:
    """Tell whether a picture, smoothed, is no brighter than noise around or above zero makes it.

    Light leaves a mark larger than a pixel, even as the thin outline of a head lit from behind;
    noise does not, and tells its spread by how much pixels differ from their surroundings.
    """
    import cv2

    smooth = cv2.blur(mean, (5, 5))
    spread = 1.4826 * float(np.median(np.abs(mean - smooth)))
    return float(np.quantile(smooth, 0.999)) <= NOISE * spread
