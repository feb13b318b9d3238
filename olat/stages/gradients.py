"""The aligned photographs under color gradients, picked from the frames of a camera."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np

from olat.model.condition import ColorGradient, Tracking
from olat.model.image import Frames, RadianceImage
from olat.model.rig import LightRig
from olat.model.shapes import Flags, Radiance
from olat.stages.track import reference_of

logger = logging.getLogger(__name__)

TOLERATED_DEG = 2.0
"""Lean of the normals that is passed over in silence [degree]."""
HALF_TRUST_DEG = 5.0
"""Lean that halves the confidence, as an error of the sweep's normals does [degree]."""


@dataclass(frozen=True)
class GradientPhotographs:
    """A color gradient with its complement, or with the full-on frame, or with both.

    Scaled from a sum over the lights to an integral over the sphere of light, channel by channel:
    a white Lambert patch reads pi under all lights, whatever their number and tint [sr].
    """

    gradient: Radiance
    complement: Radiance | None
    full_on: Radiance | None
    flags: Flags

    @classmethod
    def among(
        cls, aligned: Frames[RadianceImage] | None, rig: LightRig
    ) -> GradientPhotographs | None:
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
        light = solid_angle_of_one(rig)
        return cls(
            gradient.radiance * light,
            None if complement is None else complement.radiance * light,
            None if full_on is None else full_on.radiance * light,
            np.bitwise_or.reduce(np.stack([shot.flags for shot in shots])),
        )

    @property
    def all_lights(self) -> Radiance:
        """Integral under all lights; of the pair where there is one: its gains agree."""
        if self.complement is not None:
            total: Radiance = self.gradient + self.complement
            return total
        if self.full_on is None:
            raise ValueError("a gradient alone does not tell the radiance under all lights")
        return self.full_on


def solid_angle_of_one(rig: LightRig) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """Return the share of the sphere for each unit of intensity, by channel [sr]."""
    from olat.light.quadrature import coverage

    lit = 4.0 * np.pi * coverage(rig.directions)
    return np.asarray(lit / rig.intensities.sum(axis=0), np.float32)


def trust_in_gradients(rig: LightRig) -> float:
    """Return what the confidence of a solve from gradients is worth under a rig, and tell why."""
    from olat.light.evenness import gradient_lean

    lean = np.degrees(gradient_lean(rig.directions, rig.intensities))
    typical = float(np.sqrt(np.mean(lean**2)))
    if typical > TOLERATED_DEG:
        logger.warning(
            "The lights surround the subject unevenly: normals from gradients lean by about %.0f "
            "degrees, by %.0f in places, and what is made from gradients has less confidence. The "
            "OLAT sweep does better.",
            typical,
            float(np.percentile(lean, 95.0)),
        )
    return 1.0 / (1.0 + (typical / HALF_TRUST_DEG) ** 2)


def _first(frames: Frames[RadianceImage]) -> RadianceImage | None:
    return next(iter(frames.values()), None)
