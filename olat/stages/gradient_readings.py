"""What the gradients of a camera read along the axes, and the lights that they were lit by."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float32, Float64

from olat.errors import SolveError
from olat.model.calibration import ColorCalibration
from olat.model.color import ColorSpace
from olat.model.condition import Condition, Tracking
from olat.model.drift import LightDrift
from olat.model.image import Frames, RadianceImage
from olat.model.motion import ReferenceFrame
from olat.model.rig import LightRig
from olat.model.roles import role
from olat.model.shapes import Array, Flags, LightColors, Plane, Radiance
from olat.stages.choose_reference import outward
from olat.stages.gradient_levels import check_levels, note_untold
from olat.stages.gradient_sets import WhiteSet, white_set
from olat.stages.gradients import (
    GradientPhotographs,
    least_trust,
    solid_angle_of_one,
    trust_in,
)

if TYPE_CHECKING:
    from olat.surface.specular_separation import WhiteLights

logger = logging.getLogger(__name__)

SHARED_TINT = 1e-3
"""Spread of the tint of lights that is passed over, so that channels are added."""

Drives = Float64[Array, "light 3"]


@dataclass(frozen=True, slots=True)
class Reading:
    """Differences and totals along x, y, z, of photographs and of lights."""

    difference: Radiance
    total: Radiance
    lit: Drives
    """Light of each lamp in the differences."""
    sums: Drives
    """And in the totals."""
    is_matte: bool
    """Half spheres of light, which do not tell exponents."""


@dataclass(frozen=True, slots=True)
class GradientReadings:
    """What gradients read: once for all channels, or for each where lights differ in tint."""

    parts: tuple[Reading, ...]
    flags: Flags
    confidence: Plane | None
    """Least trust in the motion of any of them; none where nothing was moved."""

    def trusted(self, confidence: Plane) -> Plane:
        """Return a confidence times the trust in the motion of the photographs."""
        return confidence if self.confidence is None else confidence * self.confidence


@dataclass(frozen=True, slots=True)
class WhiteMoments:
    """Full-on light and three differences, channel by channel, and the lights that gave them."""

    moments: Float32[Array, "h w 3 4"]
    lights: WhiteLights
    flags: Flags
    space: ColorSpace
    """Of the photographs."""
    confidence: Plane | None
    """Least trust in the motion of any of them; none where nothing was moved."""

    def trusted(self, confidence: Plane) -> Plane:
        """Return a confidence times the trust in the motion of the photographs."""
        return confidence if self.confidence is None else confidence * self.confidence


@dataclass
class WhitePhotographs:
    """Photographs under white gradients, at one level of the lights, in the unit of the lights."""

    frames: Frames[RadianceImage]
    rig: LightRig
    drift: LightDrift | None = None
    reference: ReferenceFrame | None = None
    flags: Flags | None = field(default=None, init=False)
    confidence: Plane | None = field(default=None, init=False)
    space: ColorSpace | None = field(default=None, init=False)

    @property
    def shots(self) -> frozenset[Condition]:
        """Return what was shot."""
        return frozenset(shot.condition for shot in self.frames.shots.values())

    def radiance(self, condition: Condition | None, *, is_used: bool = True) -> Radiance | None:
        """Return the photograph under a condition; scaled to [sr].

        What is doubtful about it is kept if it is used, not if it is only compared.
        """
        from olat.light.drift import gains_at

        index = None if condition is None else self.frame(condition)
        if index is None:
            return None
        image = self.frames[index]
        if is_used:
            self._keep(image)
        level = gains_at(self.drift, [index]).astype(np.float32)[0]
        return np.asarray(image.radiance / level * solid_angle_of_one(self.rig), np.float32)

    @property
    def known(self) -> tuple[Flags, ColorSpace]:
        """Return the flags and the space of the photographs that were read."""
        if self.flags is None or self.space is None:
            raise ValueError("no photograph was read yet")
        return self.flags, self.space

    def frame(self, condition: Condition) -> int | None:
        """Return the number of the frame that shows a condition."""
        found = self.frames.under(condition)
        if condition != Tracking():
            return next(iter(found), None)
        if self.reference is not None and self.reference.frame in found:
            return self.reference.frame
        return next(outward(found), None)

    def farthest(self, chosen: WhiteSet) -> tuple[int, int]:
        """Return the numbers of a gradient and what completes it, of those farthest apart."""
        along = []
        for axis in chosen:
            shots = [shot for shot in (axis.gradient, axis.complement, Tracking()) if shot]
            found = [index for index in map(self.frame, shots) if index is not None]
            along.append((found[0], found[1]))
        return max(along, key=lambda pair: abs(pair[0] - pair[1]))

    def _keep(self, image: RadianceImage) -> None:
        """Keep what is doubtful about a photograph."""
        if self.space not in (None, image.space):
            raise SolveError(
                f"gradients: photographs are in {self.space} and in {image.space}; one is needed."
            )
        self.space = image.space
        self.flags = image.flags if self.flags is None else self.flags | image.flags
        self.confidence = least_trust([self.confidence, trust_in(image)])


def gradient_readings(
    merged: Frames[RadianceImage] | None,
    rig: LightRig,
    color: ColorCalibration | None,
    drift: LightDrift | None = None,
    reference: ReferenceFrame | None = None,
    *,
    linear: bool = False,
) -> GradientReadings | None:
    """Return what the best set of gradients reads, or nothing if none is whole.

    ``linear`` leaves half spheres of light out, which do not tell where gloss points.

    Raises
    ------
    SolveError
        If photographs of a set were not exposed alike, or not in one space of color.
    """
    from olat.stages.polarized_frames import beneath_frames

    if merged is None:
        return None
    candidates = ((beneath_frames(merged), None), (merged, reference))
    for frames, place in candidates:
        shots = [shot.condition for shot in frames.shots.values()]
        if chosen := white_set(shots, linear=linear):
            return _of_white(chosen, WhitePhotographs(frames, rig, drift, place))
        if shot := GradientPhotographs.among(frames, rig, color, drift, place):
            return _of_color(shot, rig)
    return None


def white_moments(
    merged: Frames[RadianceImage] | None,
    rig: LightRig,
    drift: LightDrift | None = None,
    reference: ReferenceFrame | None = None,
) -> WhiteMoments | None:
    """Return the moments of linear white gradients; nothing where there is no whole set."""
    from olat.surface.specular_separation import WhiteLights

    if merged is None:
        return None
    shots = WhitePhotographs(merged, rig, drift, reference)
    chosen = white_set(shots.shots, linear=True)
    if chosen is None:
        return None
    differences, totals, lit, _ = _along_axes(chosen, shots)
    moments = np.stack([np.mean(totals, axis=0), *differences], axis=-1)
    lights = WhiteLights(rig.directions, rig.intensities * solid_angle_of_one(rig), lit)
    flags, space = shots.known
    return WhiteMoments(np.asarray(moments, np.float32), lights, flags, space, shots.confidence)


def _of_white(chosen: WhiteSet, shots: WhitePhotographs) -> GradientReadings:
    differences, totals, lit, sums = _along_axes(chosen, shots)
    is_matte = any(axis.is_binary for axis in chosen)
    light = shots.rig.intensities * solid_angle_of_one(shots.rig)
    groups = [[0, 1, 2]] if _share_a_tint(light) else [[0], [1], [2]]
    parts = []
    for group in groups:
        white = light[:, group].mean(axis=1, keepdims=True)
        readings = [
            np.stack([shot[..., group].mean(axis=-1) for shot in axis], axis=-1)
            for axis in (differences, totals)
        ]
        parts.append(Reading(readings[0], readings[1], white * lit, white * sums, is_matte))
    return GradientReadings(tuple(parts), shots.known[0], shots.confidence)


def _along_axes(
    chosen: WhiteSet, shots: WhitePhotographs
) -> tuple[list[Radiance], list[Radiance], Drives, Drives]:
    """Return differences and totals along x, y, z: of photographs, and drives of the lights."""
    from olat.surface.gradient_ratios import contrast

    is_used = not all(axis.is_pair for axis in chosen)
    full_on = shots.radiance(Tracking(), is_used=is_used)
    differences, totals, lit, sums = [], [], [], []
    for axis in chosen:
        pair = axis.gradient, axis.complement
        first, second = (shots.radiance(shot) for shot in pair)
        difference, total = contrast(first, second, full_on)
        lamp, rest = (None if shot is None else shots.rig.pattern(shot)[:, 0] for shot in pair)
        lights = contrast(lamp, rest, np.ones(len(shots.rig)))
        differences.append(difference)
        totals.append(total)
        lit.append(lights[0])
        sums.append(lights[1])
    names = [" and ".join(role(shot) for shot in (axis.gradient, axis.complement) if shot)
             for axis in chosen]  # fmt: skip
    pairs = [(name, total) for name, total, axis in zip(names, totals, chosen, strict=True)
             if axis.is_pair]  # fmt: skip
    note_untold(*shots.farthest(chosen), shots.drift, kind="a white gradient")
    check_levels(pairs, full_on)
    return differences, totals, np.column_stack(lit), np.column_stack(sums)


def _of_color(shot: GradientPhotographs, rig: LightRig) -> GradientReadings:
    from olat.surface.gradient_ratios import contrast

    difference, total = contrast(shot.gradient, shot.complement, shot.full_on)
    if shot.complement is not None:
        check_levels([("gradient and complement", total)], shot.full_on)
    lights = in_primaries(rig, shot)
    pattern = (1.0 + rig.directions) / 2.0
    lit, sums = contrast(
        pattern, None if shot.complement is None else 1.0 - pattern, np.ones_like(pattern)
    )
    part = Reading(difference, total, lights * lit, lights * sums, is_matte=False)
    return GradientReadings((part,), shot.flags, shot.confidence)


def in_primaries(rig: LightRig, shot: GradientPhotographs) -> LightColors:
    """Return how bright the primaries of each light are: a white patch reads pi under all [sr]."""
    light = rig.intensities * solid_angle_of_one(rig)
    if shot.mixing is None:
        return light
    # Measured tints may lie a little outside of what the primaries can mix.
    primaries = np.maximum(np.linalg.solve(shot.mixing, light.T).T, 0.0)
    return np.asarray(primaries * (light.sum(axis=0) / primaries.sum(axis=0)))


def _share_a_tint(light: LightColors) -> bool:
    level = light.mean(axis=1, keepdims=True)
    tint = np.divide(light, level, out=np.ones_like(light), where=level > 0)
    return bool(np.ptp(tint, axis=0).max() < SHARED_TINT)
