"""The aligned photographs under second-order patterns, picked from the frames of a camera."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from olat.model.condition import Axes, SecondOrder
from olat.model.drift import LightDrift
from olat.model.image import Frames, RadianceImage
from olat.model.rig import LightRig
from olat.model.shapes import Array, Flags, Plane

PATTERNS: tuple[Axes, ...] = ("xx", "yy", "zz", "xy", "yz", "zx")
"""All that a lobe in any direction needs."""


@dataclass(frozen=True)
class SecondOrderPhotographs:
    """Second moments of white light, as the mean of the channels, over the sphere of light [sr]."""

    integral: Plane
    """The sum of x², y² and z², which is full-on light."""
    moments: Float32[Array, "h w 6"]
    """In the order of `PATTERNS`."""
    flags: Flags

    @classmethod
    def among(
        cls, aligned: Frames[RadianceImage], rig: LightRig, drift: LightDrift | None = None
    ) -> SecondOrderPhotographs | None:
        """Return the first photograph under each of the six patterns; nothing if one is missing.

        All are brought to the same level of the lights, as far as their drift is known.
        """
        from olat.light.drift import gains_at
        from olat.stages.gradients import solid_angle_of_one
        from olat.surface.second_order import second_moments

        found = [next(iter(aligned.under(SecondOrder(axes))), None) for axes in PATTERNS]
        frames = [frame for frame in found if frame is not None]
        if len(frames) < len(PATTERNS):
            return None
        scale = solid_angle_of_one(rig) / gains_at(drift, frames).astype(np.float32)
        shots = [aligned[frame] for frame in frames]
        planes = [
            (shot.radiance * gain).mean(axis=-1) for shot, gain in zip(shots, scale, strict=True)
        ]
        integral = planes[0] + planes[1] + planes[2]
        flags = np.bitwise_or.reduce(np.stack([shot.flags for shot in shots]))
        return cls(integral, second_moments(integral, np.stack(planes, axis=-1)), flags)
