"""The aligned photographs under color gradients, picked from the frames of a camera."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

import numpy as np

from olat.errors import SolveError
from olat.model.calibration import ColorCalibration
from olat.model.color import ColorSpace
from olat.model.condition import ColorGradient, Tracking
from olat.model.drift import LightDrift
from olat.model.flags import PixelFlag
from olat.model.image import Frames, RadianceImage
from olat.model.motion import ReferenceFrame
from olat.model.rig import LightRig
from olat.model.shapes import Flags, Matrix3, Plane, Radiance
from olat.stages.choose_reference import outward
from olat.stages.gradient_levels import note_untold

logger = logging.getLogger(__name__)

LOST = np.uint8(PixelFlag.SATURATED | PixelFlag.DEAD)
"""A photograph with one of these says nothing of its light."""


@dataclass(frozen=True)
class GradientPhotographs:
    """A color gradient with its complement, or with the full-on frame, or with both.

    Each channel is what its own LED primary gave. Scaled from a sum over the lights to an integral
    over the sphere of light: a white Lambert patch reads pi under all lights, whatever their number
    and tint [sr].
    """

    gradient: Radiance
    complement: Radiance | None
    full_on: Radiance | None
    flags: Flags
    space: ColorSpace
    """Of the photographs."""
    mixing: Matrix3 | None
    """From what the primaries gave to the color of the photographs; none where that is the same."""
    confidence: Plane | None = None
    """Least trust in the motion of any of them; none where nothing was moved."""

    @classmethod
    def among(
        cls,
        aligned: Frames[RadianceImage] | None,
        rig: LightRig,
        color: ColorCalibration | None,
        drift: LightDrift | None = None,
        reference: ReferenceFrame | None = None,
    ) -> GradientPhotographs | None:
        """Return the first gradient and what completes it, or nothing if there is not enough.

        Where no full-on frame was shot, gradient and complement add up to it. All are brought to
        the same level of the lights, as far as their drift is known.

        Raises
        ------
        SolveError
            If color was converted in a way that is not known, or differs between photographs.
        """
        from olat.light.drift import gains_at

        if aligned is None:
            return None
        gradient, complement, full_on = _chosen(aligned, reference)
        partner = full_on if complement is None else complement
        if gradient is None or partner is None:
            return None
        note_untold(gradient, partner, drift)
        found = [index for index in (gradient, complement, full_on) if index is not None]
        levels = gains_at(drift, found).astype(np.float32)
        shots = [
            replace(shot, radiance=shot.radiance / level)
            for shot, level in zip((aligned[index] for index in found), levels, strict=True)
        ]
        # Full-on light beside a pair is compared with it, not solved from.
        used = shots if complement is None else shots[:2]
        light, mixing, back = solid_angle_of_one(rig), _mixing(shots, color), None
        if mixing is not None:
            # Primaries are in the unit of green; what else there is of a tint is in the matrix.
            back = (light / light[1])[:, np.newaxis] * mixing
            light = light[1:2]
        sums: dict[int | None, Radiance] = {
            index: _of_primaries(shot.radiance, mixing) * light
            for index, shot in zip(found, shots, strict=True)
        }
        return cls(
            sums[gradient],
            sums.get(complement),
            sums.get(full_on),
            np.bitwise_or.reduce(np.stack([shot.flags for shot in used])),
            shots[0].space,
            back,
            least_trust([None, *map(trust_in, used)]),
        )

    def trusted(self, confidence: Plane) -> Plane:
        """Return a confidence times the trust in the motion of the photographs."""
        return confidence if self.confidence is None else confidence * self.confidence

    @property
    def all_lights(self) -> Radiance:
        """Integral under all lights; of the pair where there is one: its gains agree."""
        if self.complement is not None:
            total: Radiance = self.gradient + self.complement
            return total
        if self.full_on is None:
            raise ValueError("a gradient alone does not tell the radiance under all lights")
        return self.full_on

    def in_color(self, albedo: Radiance) -> Radiance:
        """Return the color of the photographs of what reflects the primaries like this."""
        from olat.light.led_matrix import from_primaries

        return albedo if self.mixing is None else from_primaries(albedo, matrix=self.mixing)


def solid_angle_of_one(rig: LightRig) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """Return the share of the sphere for each unit of intensity, by channel [sr]."""
    from olat.light.quadrature import coverage

    lit = 4.0 * np.pi * coverage(rig.directions)
    return np.asarray(lit / rig.intensities.sum(axis=0), np.float32)


def trust_in(shot: RadianceImage) -> Plane | None:
    """Return the trust in the motion of a photograph, 0 where it lost its reading; none if all."""
    lost = (shot.flags & LOST) != 0
    if not lost.any():
        return shot.confidence
    known = np.float32(1.0) if shot.confidence is None else shot.confidence
    return np.where(lost, np.float32(0.0), known)


def least_trust(trusts: list[Plane | None]) -> Plane | None:
    """Return the least of some trusts; none is certain."""
    known = [trust for trust in trusts if trust is not None]
    return np.asarray(np.minimum.reduce(known)) if known else None


def _mixing(shots: list[RadianceImage], color: ColorCalibration | None) -> Matrix3 | None:
    """Return what the channels see of each primary, in the color of the photographs.

    Where no LED matrix was measured, the camera's own channels are taken to see one primary each;
    how strongly, the color matrix tells, which knows what is neutral to the camera.
    """
    from olat.light.led_matrix import leak
    from olat.sensor.working_space import matrix_to

    spaces = {shot.space for shot in shots}
    if len(spaces) > 1:
        raise SolveError(
            f"gradients: photographs are in {', '.join(sorted(spaces))}; one is needed."
        )
    space = spaces.pop()
    if color is None:
        if space != "camera":
            raise SolveError(
                f"gradients: photographs are in {space!r}, but there is no color calibration that "
                "says how they came there; needed to tell LED primaries apart. Set develop.space "
                "to 'camera', or calibrate the camera's colors."
            )
        return None
    if color.led_matrix is None:
        neutral = np.linalg.solve(color.matrix, np.ones(3))
        return None if space == "camera" else matrix_to(space, matrix=color.matrix) * neutral
    logger.warning(
        "Up to %.0f %% of what a channel sees in color gradients is light of other primaries; the "
        "LED matrix of the color calibration takes it out.",
        100 * leak(color.led_matrix),
    )
    return np.asarray(matrix_to(space, matrix=color.matrix) @ color.led_matrix)


def _of_primaries(radiance: Radiance, mixing: Matrix3 | None) -> Radiance:
    """Return what each primary gave."""
    from olat.light.led_matrix import in_primaries

    return radiance if mixing is None else in_primaries(radiance, matrix=mixing)


def _chosen(
    aligned: Frames[RadianceImage], reference: ReferenceFrame | None
) -> tuple[int | None, int | None, int | None]:
    """Return the first gradient, the first complement and the full-on frame of reference."""
    gradient, complement = (
        next(iter(aligned.under(ColorGradient(complement=is_complement))), None)
        for is_complement in (False, True)
    )
    tracking = aligned.under(Tracking)
    if reference is not None:
        return gradient, complement, reference.frame
    return gradient, complement, next(outward(tracking), None)
