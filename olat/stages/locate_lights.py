"""Stage: where the lights are, from the highlights of a mirror ball."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import PositiveFloat

from olat.engine.stage import Grain, Stage, Under
from olat.errors import SolveError
from olat.model.calibration import LensCalibration, RigCalibration
from olat.model.condition import Target
from olat.model.image import Frames, RadianceImage
from olat.model.rig import LightRig
from olat.model.session import Camera
from olat.model.shapes import Mask
from olat.model.words import counted
from olat.stages.ball_frames import (
    Outline,
    Projection,
    mirror_sweeps,
    pinhole_of,
    size_of,
)

if TYPE_CHECKING:
    from olat.light.mirror_ball import LocatedLights
    from olat.light.mirror_ball_rays import BallSweep

logger = logging.getLogger(__name__)

FAR_OFF_DEG = 5.0
"""Angle to the light file from which on a light is named [degree]."""


class LocateLights(Stage):
    """Directions and, where they can be told, positions of lights (Debevec 1998)."""

    grain = Grain.CAMERA
    makes = "located"

    ball_radius: PositiveFloat | None = None
    """Radius of the mirror ball; needed for positions [m]."""
    light_distance: PositiveFloat | None = None
    """Radius of the rig: distance of the lights from the subject's place [m]."""
    origin: Literal["first_ball", "rig_center"] = "first_ball"
    """Where the subject will stand: where the first ball stood, or amid a sphere of lights."""
    projection: Projection = "auto"
    """How the camera looks; auto: perspective where its lens or field of view is known."""
    outline: Outline = "auto"
    """Where the outline is taken from; auto: the picture, near the mask if that is of a ball."""

    def run(
        self,
        radiance: Annotated[Frames[RadianceImage], Under((Target("mirror_ball"),))],
        camera: Camera,
        lens: LensCalibration | None,
        rig: LightRig,
        photo_mask: Mask | None,
    ) -> RigCalibration:
        """Return the rig where the ball shows it, with intensities of 1."""
        from olat.light.mirror_ball import locate_lights

        told = f"locate_lights: camera {camera.name!r}"
        try:
            pinhole = pinhole_of(camera, lens, size_of(radiance), self.projection)
            sweeps = mirror_sweeps(radiance, photo_mask, pinhole=pinhole, outline=self.outline)
            found = locate_lights(
                list(sweeps.values()),
                len(rig),
                ball_radius=self.ball_radius,
                light_distance=self.light_distance,
                is_centered=self.origin == "rig_center",
            )
        except ValueError as error:
            raise SolveError(f"{told}: {error}") from error
        for note in found.notes:
            logger.warning("Camera %s: %s", camera.name, note)
        _note_doubts(sweeps, camera)
        return _calibration(found, rig, sweeps, told)


def _note_doubts(sweeps: dict[int, BallSweep], camera: Camera) -> None:
    """Warn of highlights that are clipped or have rivals."""
    from olat.light.highlight import RIVAL
    from olat.light.mirror_ball import named

    seen = {
        light: one for sweep in sweeps.values() for light, one in sorted(sweep.highlights.items())
    }
    if clipped := [light for light, one in seen.items() if one.is_saturated]:
        logger.warning(
            "Camera %s: the highlights of %s are clipped (%s): their centers are known to "
            "a part of their size only. Expose the mirror ball shorter.",
            camera.name,
            counted(len(clipped), "light"),
            named(clipped),
        )
    if torn := [light for light, one in seen.items() if one.rival > RIVAL]:
        logger.warning(
            "Camera %s: the ball shows two highlights that are nearly as bright and compact under "
            "%s: the brighter one counts. Look for something shiny near the ball.",
            camera.name,
            named(torn),
        )


def _calibration(
    found: LocatedLights, rig: LightRig, sweeps: dict[int, BallSweep], told: str
) -> RigCalibration:
    """Return the rig; lights that were not seen stay where the light file has them."""
    from olat.light.ball_evidence import ball_evidence
    from olat.light.mirror_ball import lies_flat, named

    directions = found.directions.copy()
    positions = None if found.positions is None else found.positions.copy()
    unseen = np.flatnonzero(np.isnan(directions).any(axis=1))
    if len(unseen):
        reasons = {light: why for sweep in sweeps.values() for light, why in sweep.missing.items()}
        first = int(unseen[0])
        why = reasons.get(first, "it is not in the sweep, or its highlight lies on the outline")
        words = f"{named(unseen.tolist())} (light {first}: {why})"
        if len(unseen) == len(rig):
            raise SolveError(
                f"{told}: the ball shows none of {len(rig)} lights (light {first}: {why}); needed "
                "is a highlight. Is it the mirror ball that these frames show, and not the gray "
                "one?"
            )
        if not np.isfinite(rig.directions[unseen]).all():
            raise SolveError(
                f"{told}: no direction was found for {len(unseen)} of {len(rig)} lights: {words}; "
                "needed is one for every light of the rig. Give a light file with all of them in "
                "[rig], and those that the ball does not show stay where it has them. If that is "
                "most of them: is it the mirror ball that these frames show, and not the gray one?"
            )
        logger.warning("The ball does not show %s: taken from the light file.", words)
        directions[unseen] = rig.directions[unseen]
        if positions is not None:
            reach = np.nanmedian(np.linalg.norm(positions, axis=1))
            planned = rig.directions * reach if rig.positions is None else rig.positions
            positions[unseen] = planned[unseen]
    if lies_flat(directions):
        logger.warning(
            "All %d lights lie in a plane with the subject: normals cannot be solved from them.",
            len(rig),
        )
    residuals = {**found.residuals, "unseen_lights": float(len(unseen))}
    residuals |= _against_plan(found, rig)
    placed = LightRig(rig.name, directions, np.ones((len(rig), 3)), positions, rig.names)
    evidence = tuple(ball_evidence(sweep) for sweep in sweeps.values())
    return RigCalibration(placed, residuals=residuals, evidence=evidence)


def _against_plan(found: LocatedLights, rig: LightRig) -> dict[str, float]:
    """Return how far lights are from where the light file has them; name those far off."""
    from olat.light.mirror_ball import named

    cosine = np.clip(np.einsum("li,li->l", found.directions, rig.directions), -1.0, 1.0)
    angle = np.degrees(np.arccos(cosine))
    if not np.isfinite(angle).any():
        return {}
    far = np.flatnonzero(angle > max(FAR_OFF_DEG, 3.0 * float(np.nanmedian(angle))))
    if len(far):
        logger.warning(
            "Up to %.0f degrees from where the light file has them: %s. Look whether they are "
            "swapped, or something else glints on the ball.",
            float(np.nanmax(angle)),
            named(far.tolist()),
        )
    return {"mean_from_plan_deg": float(np.nanmean(angle))}
