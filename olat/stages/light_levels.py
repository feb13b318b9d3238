"""How bright each light reads: off a gray ball, off a mirror ball, steadied by full-on frames."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float64

from olat.model.evidence import BallEvidence
from olat.model.image import Frames, RadianceImage
from olat.model.rig import LightRig
from olat.model.shapes import Array, LightColors, Mask
from olat.stages.ball_frames import Outline, find_ball, full_on_of, mirror_sweeps, sweeps_of

if TYPE_CHECKING:
    from olat.light.ball_view import BallView, Pinhole

logger = logging.getLogger(__name__)

MIRROR_SIGMA = 0.03
"""Relative standard error of what a mirror ball tells of a light, by stains and clipping [1]."""
OUTLINE_SIGMA_PX = 0.1
"""To which it is known how far from the outline a highlight lies [px]."""
WHOLE_PX = 0.75
"""Distance of a highlight from the outline from which on it counts as whole [px]."""
MUCH_DRIFT = 0.005
"""Change of level over the capture that is noted [fraction]."""


@dataclass(frozen=True)
class LightLevels:
    """Level of each light and color."""

    levels: LightColors
    """Not a number where nothing was seen of a light."""
    sigmas: LightColors
    residuals: Mapping[str, float]
    falloff: float | None = None
    is_off_gray: bool = True
    """Whether the albedo of the gray ball gives them an absolute scale."""
    middle: Float64[Array, " 3"] | None = None
    """Of the gray ball in its first place, from the pinhole, if its radius is known [m]."""
    off_mirror: tuple[int, ...] = ()
    """Lights that were read off the mirror ball."""
    ball: BallEvidence | None = None
    """The gray ball in its first place."""


@dataclass(frozen=True)
class MirrorLevels:
    """What whole, unclipped highlights on a mirror ball tell; not a number where there is none."""

    irradiance: LightColors
    """Of each light and color, times the reflectance of the ball."""
    cosines: Float64[Array, " light"]
    """Of the angle at which the mirror is struck."""
    sigmas: Float64[Array, " light"]
    """Relative standard error [1]."""


def levels_off_gray(
    radiance: Frames[RadianceImage],
    rig: LightRig,
    *,
    ball_radius: float | None,
    pinhole: Pinhole | None,
    mask: Mask | None,
    outline: Outline,
    gains: Mapping[int, Float64[Array, " 3"]],
) -> LightLevels:
    """Read all lights off the gray ball, in each of its places."""
    from olat.light.ball_evidence import seen_ball
    from olat.light.gray_ball_sweep import GrayPlace, gray_levels

    shots = radiance.shots
    by_pose = sweeps_of(shots)
    places, rms = [], 0.0
    for pose, frames in by_pose.items():
        ball = find_ball(
            radiance,
            frames,
            full_on_of(shots, pose),
            mask=mask if len(by_pose) == 1 else None,
            pinhole=pinhole,
            outline=outline,
        )
        places.append(GrayPlace(ball.view, frames))
        rms = max(rms, ball.rms_px)
    read = gray_levels(radiance, places, rig, ball_radius=ball_radius, gains=gains)
    for note in read.notes:
        logger.warning("Gray ball: %s", note)
    residuals = {"gray_outline_rms_px": rms}
    found = LightLevels(
        read.levels,
        read.sigmas,
        residuals,
        middle=place_of(places[0].view, ball_radius),
        ball=seen_ball(radiance, list(places[0].frames.values()), places[0].view),
    )
    if read.falloff is None:
        return found
    residuals |= {"falloff_sigma": read.falloff.sigma, "falloff_rms": read.falloff.rms}
    return replace(found, falloff=read.falloff.exponent)


def place_of(view: BallView, ball_radius: float | None) -> Float64[Array, " 3"] | None:
    """Return where a ball is from the pinhole, if that can be told [m]."""
    from olat.light.ball_view import PerspectiveBall

    if ball_radius is None or not isinstance(view, PerspectiveBall):
        return None
    return view.center * ball_radius


def levels_off_mirror(
    radiance: Frames[RadianceImage],
    rig: LightRig,
    *,
    ball_radius: float | None,
    middle: Float64[Array, " 3"] | None,
    pinhole: Pinhole | None,
    mask: Mask | None,
    outline: Outline,
    gains: Mapping[int, Float64[Array, " 3"]],
) -> MirrorLevels:
    """Read all lights off the mirror ball in its first place.

    With positions of lights and the radius of the mirror ball, irradiance is brought from the
    surface of the ball to the middle of the rig, where the gray ball stands; without one, or if it
    cannot be told how far that is, to the center of the ball. The solid angle that a pixel sees
    mirrored grows without bounds towards the outline: nearer to it, irradiance is less sure.
    """
    from olat.light.ball_view import mirrored_rays
    from olat.light.mirror_ball_rays import irradiance_at_center

    sweeps = mirror_sweeps(radiance, mask, pinhole=pinhole, outline=outline)
    pose, sweep = next(iter(sweeps.items()))
    frames = sweeps_of(radiance.shots)[pose]
    place = place_of(sweep.view, ball_radius)
    shift = np.zeros(3) if place is None or middle is None else place - middle
    levels = np.full((len(rig), 3), np.nan)
    cosines, sigmas = np.full(len(rig), np.nan), np.full(len(rig), np.nan)
    for light, one in sweep.highlights.items():
        towards, normals = mirrored_rays(sweep.view, one.center_px[np.newaxis])
        # Of a highlight that reaches the outline, a part may be hidden unless it is only blurred.
        sine = float(np.linalg.norm(np.cross(towards[0], normals[0])))
        inwards = (1.0 - sine) * sweep.view.radius_px
        if one.is_saturated or not inwards > WHOLE_PX:
            continue
        irradiance = one.irradiance
        if rig.positions is not None and ball_radius is not None:
            away = rig.positions[light] - shift
            irradiance = irradiance_at_center(sweep.view, one, away / ball_radius)
            irradiance = irradiance * np.sum(away**2) / np.sum(rig.positions[light] ** 2)
        levels[light] = irradiance / gains.get(frames[light], np.ones(3))
        # The normal halves the angle between the view and the light.
        cosines[light] = float(towards[0] @ normals[0])
        sigmas[light] = float(np.hypot(MIRROR_SIGMA, OUTLINE_SIGMA_PX / inwards))
    return MirrorLevels(levels, cosines, sigmas)


def completed(gray: LightLevels, mirror: MirrorLevels) -> LightLevels:
    """Fill lights that the gray ball does not show from the mirror ball, and say so."""
    from olat.light.gray_ball import completed_by_mirror
    from olat.light.mirror_ball import named

    hidden = np.isnan(gray.levels).any(axis=1)
    try:
        levels, rms = completed_by_mirror(gray.levels, mirror.irradiance, mirror.cosines)
    except ValueError as error:
        logger.warning("%s", error)
        return gray
    filled = hidden & np.isfinite(levels).all(axis=1)
    if not filled.any():
        return gray
    logger.warning(
        "The gray ball does not show %s: read off the mirror ball, which agrees with it within "
        "%.1f %% on the others.",
        named(np.flatnonzero(filled).tolist()),
        100.0 * rms,
    )
    own = np.maximum(mirror.sigmas, rms)[:, np.newaxis]
    sigmas = np.where(filled[:, np.newaxis], own * levels, gray.sigmas)
    residuals = {**gray.residuals, "mirror_rms": rms, "off_mirror_lights": float(filled.sum())}
    lights = tuple(np.flatnonzero(filled).tolist())
    return replace(gray, levels=levels, sigmas=sigmas, residuals=residuals, off_mirror=lights)


def drift_of(
    radiance: Frames[RadianceImage], tracking: Frames[RadianceImage], mask: Mask | None
) -> tuple[dict[int, Float64[Array, " 3"]], dict[str, float]]:
    """Return the level of the lights in each frame, as full-on frames around it tell.

    Frames outside of the full-on ones are left as they are: nothing tells of them. Empty without
    two full-on frames.
    """
    from olat.light.drift import drift_gains, level_of
    from olat.stages.subject import inside

    moments = sorted(tracking)
    covered = [index for index in radiance if moments and moments[0] <= index <= moments[-1]]
    if len(moments) < 2 or not covered:
        return {}, {}
    reference = tracking[moments[len(moments) // 2]]
    height, width = reference.flags.shape
    subject = None if mask is None else inside(mask, (height, width))
    levels = np.stack([level_of(tracking[moment], reference, subject) for moment in moments])
    gains = drift_gains(moments, levels, covered)
    change = float(np.ptp(gains.mean(axis=1)))
    if change > MUCH_DRIFT:
        logger.warning(
            "The level of the lights changes by %.1f %% over the frames of the ball, as full-on "
            "frames tell: taken out.",
            100.0 * change,
        )
    return dict(zip(covered, gains, strict=True)), {"drift": change}
