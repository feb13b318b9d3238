"""Stage: how bright each light is, from a gray ball."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import PositiveFloat

from olat.engine.stage import Grain, Stage, Under
from olat.errors import SolveError
from olat.model.calibration import LensCalibration, RigCalibration
from olat.model.condition import Target, Tracking
from olat.model.evidence import LevelEvidence, Source
from olat.model.image import Frames, RadianceImage
from olat.model.rig import LightRig
from olat.model.session import Camera
from olat.model.shapes import Mask
from olat.stages.ball_frames import Outline, Projection, pinhole_of, size_of, sweeps_of
from olat.stages.light_levels import (
    LightLevels,
    MirrorLevels,
    completed,
    drift_of,
    levels_off_gray,
    levels_off_mirror,
)

if TYPE_CHECKING:
    from olat.light.gray_ball import Intensities

logger = logging.getLogger(__name__)

BALLS = (Target("gray_ball"), Target("mirror_ball"))
"""Conditions without a frame under which nothing tells of the lights."""


class MeasureLights(Stage):
    """Intensity of each light and color, off a matte gray ball (Woodham 1980)."""

    grain = Grain.CAMERA
    makes = "lights"
    revision = 5

    albedo: PositiveFloat | None = None
    """Albedo of the gray ball; none: intensities are relative to the mean of the rig [1]."""
    ball_radius: PositiveFloat | None = None
    """Radius of the gray ball; with positions of lights, takes them as near [m]."""
    mirror_radius: PositiveFloat | None = None
    """Radius of the mirror ball, which stands in for lights that the gray one hides [m]."""
    projection: Projection = "auto"
    """How the camera looks; auto: perspective where its lens or field of view is known."""
    outline: Outline = "auto"
    """Where the outline is taken from; auto: the picture, near the mask if that is of a ball."""

    def run(
        self,
        radiance: Annotated[
            Frames[RadianceImage],
            Under((*BALLS, Tracking), essential=BALLS),
        ],
        located: RigCalibration | None,
        camera: Camera,
        lens: LensCalibration | None,
        rig: LightRig,
        photo_mask: Mask | None,
    ) -> RigCalibration:
        """Return the located rig with intensities; what was not measured is the light file's."""
        told = f"measure_lights: camera {camera.name!r}"
        placed = RigCalibration(rig, unmeasured=("directions",)) if located is None else located
        if not np.isfinite(placed.rig.directions).all():
            raise SolveError(
                f"{told}: it is not known where all {len(rig)} lights are; needed are directions. "
                "Run locate_lights before, or give a light file in [rig]."
            )
        try:
            read = self._levels(radiance, placed.rig, camera, lens, photo_mask)
            if read is None:
                return _without_levels(placed, rig)
            measured = _calibration(placed, read, albedo=self.albedo)
        except ValueError as error:
            raise SolveError(f"{told}: {error}") from error
        space = next(iter(radiance.values())).space
        return replace(measured, rig=replace(measured.rig, space=space))

    def _levels(
        self,
        radiance: Frames[RadianceImage],
        rig: LightRig,
        camera: Camera,
        lens: LensCalibration | None,
        mask: Mask | None,
    ) -> LightLevels | None:
        """Read the gray ball, and the mirror ball for lights that it does not show."""
        balls = radiance.under(*BALLS)
        if not sweeps_of(balls.shots):
            return None
        pinhole = pinhole_of(camera, lens, size_of(balls), self.projection)
        gains, drift = drift_of(balls, radiance.under(Tracking), mask)
        gray, mirror = (radiance.under(Target(kind)) for kind in ("gray_ball", "mirror_ball"))
        read = None
        if sweeps_of(gray.shots):
            read = levels_off_gray(
                gray,
                rig,
                ball_radius=self.ball_radius,
                pinhole=pinhole,
                mask=mask,
                outline=self.outline,
                gains=gains,
            )
            read = replace(read, residuals={**read.residuals, **drift})
            if np.isfinite(read.levels).all() or not sweeps_of(mirror.shots):
                return read
        seen = levels_off_mirror(
            mirror,
            rig,
            ball_radius=self.mirror_radius,
            middle=None if read is None else read.middle,
            pinhole=pinhole,
            mask=mask,
            outline=self.outline,
            gains=gains,
        )
        if read is not None:
            return completed(read, seen)
        return _off_mirror_alone(seen, drift)


def _off_mirror_alone(mirror: MirrorLevels, drift: dict[str, float]) -> LightLevels | None:
    """Take what a mirror ball tells where there is no gray one, with a word about it."""
    levels = mirror.irradiance
    if not np.isfinite(levels).any():
        logger.warning("Every highlight on the mirror ball is clipped, which hides its level.")
        return None
    logger.warning(
        "There is no sweep over a gray ball: intensities are those of the highlights on the "
        "mirror ball, which are less sure, and relative to their mean."
    )
    seen = tuple(np.flatnonzero(np.isfinite(levels).all(axis=1)).tolist())
    sigmas = mirror.sigmas[:, np.newaxis] * levels
    residuals = {**drift, "off_mirror_lights": float(len(seen))}
    return LightLevels(levels, sigmas, residuals, is_off_gray=False, off_mirror=seen)


def _without_levels(placed: RigCalibration, rig: LightRig) -> RigCalibration:
    """Return lights that were located, as bright as the light file says; `ValueError` if not."""
    if "directions" in placed.unmeasured:
        raise ValueError(
            "a ball was photographed under all lights at once only, which tells neither where "
            "lights are nor how bright; needed is a sweep. Name it as gray_ball_sweep or "
            "mirror_ball_sweep in session.toml."
        )
    logger.warning(
        "No ball tells how bright the lights are: all %d are taken to be as bright as the "
        "light file says, or alike. Photograph a gray ball under each light.",
        len(rig),
    )
    told = replace(placed.rig, intensities=rig.intensities)
    return replace(placed, rig=told, evidence=(), unmeasured=("intensities",))


def _calibration(
    placed: RigCalibration, read: LightLevels, *, albedo: float | None
) -> RigCalibration:
    """Return the rig with intensities."""
    from olat.light.gray_ball import intensities_from_levels
    from olat.light.mirror_ball import named

    rig, count = placed.rig, len(placed.rig)
    albedo = albedo if read.is_off_gray else None
    found = intensities_from_levels(read.levels, read.sigmas, albedo=albedo)
    intensities = found.intensities.copy()
    if found.dead:
        logger.warning("Dead, with an intensity of 0: %s.", named(found.dead))
    if found.unseen:
        usual = np.nanmedian(intensities, axis=0)
        logger.warning(
            "No ball shows the brightness of %s: taken to be the median of the others. A mirror "
            "ball that shows their highlights whole and unclipped tells more.",
            named(found.unseen),
        )
        intensities[list(found.unseen)] = usual
    lit = found.relative_sigmas[np.isfinite(found.relative_sigmas)]
    residuals = {
        **placed.residuals,
        **read.residuals,
        "mean_relative_sigma": float(lit.mean()),
        "unmeasured_lights": float(len(found.unseen)),
        "dead_lights": float(len(found.dead)),
    }
    colors = ("red", "green", "blue")
    residuals |= {
        f"white_{name}": float(one) for name, one in zip(colors, found.white, strict=True)
    }
    falloff = placed.falloff if read.falloff is None else read.falloff
    evidence = LevelEvidence(read.ball, found.relative_sigmas, _sources(found, read, count))
    told = replace(rig, intensities=intensities)
    return RigCalibration(told, falloff, residuals, evidence, unmeasured=placed.unmeasured)


def _sources(found: Intensities, read: LightLevels, count: int) -> tuple[Source, ...]:
    """Return what tells how bright each light is."""
    sources: dict[int, Source] = dict.fromkeys(range(count), "gray")
    sources |= dict.fromkeys(read.off_mirror, "mirror")
    sources |= dict.fromkeys(found.unseen, "unseen")
    sources |= dict.fromkeys(found.dead, "dead")
    return tuple(sources.values())
