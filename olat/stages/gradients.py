"""The aligned photographs under color gradients, picked from the frames of a camera."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from olat.model.condition import ColorGradient, Tracking
from olat.model.image import Frames, RadianceImage
from olat.model.shapes import Flags, Radiance
from olat.stages.track import reference_of


@dataclass(frozen=True)
class GradientPhotographs:
    """A color gradient with its complement, or with the full-on frame, or with both."""

    gradient: Radiance
    complement: Radiance | None
    full_on: Radiance | None
    flags: Flags

    @classmethod
    def among(cls, aligned: Frames[RadianceImage] | None) -> GradientPhotographs | None:
        """Return the first gradient and what completes it, or nothing if there is not enough.

        Where no full-on frame was shot, gradient and complement add up to it.
        """
        if aligned is None:
            return None
        gradient = _first(aligned.under(ColorGradient(complement=False)))
        complement = _first(aligned.under(ColorGradient(complement=True)))
        tracking = aligned.under(Tracking)
        full_on = tracking[reference_of(tracking)] if len(tracking) else None
        if gradient is None or (complement is None and full_on is None):
            return None
        shots = [shot for shot in (gradient, complement, full_on) if shot is not None]
        return cls(
            gradient.radiance,
            None if complement is None else complement.radiance,
            None if full_on is None else full_on.radiance,
            np.bitwise_or.reduce(np.stack([shot.flags for shot in shots])),
        )

    @property
    def all_lights(self) -> Radiance:
        """Radiance under all lights; of the pair where there is one: its gains agree."""
        if self.complement is not None:
            total: Radiance = self.gradient + self.complement
            return total
        if self.full_on is None:
            raise ValueError("a gradient alone does not tell the radiance under all lights")
        return self.full_on


def _first(frames: Frames[RadianceImage]) -> RadianceImage | None:
    return next(iter(frames.values()), None)
