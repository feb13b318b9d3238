"""What is put around a relit subject: a background, and balls that show its light."""

from __future__ import annotations

import logging
from pathlib import Path

from olat.api.backdrop import backdrop_of_environment, backdrop_of_plate
from olat.api.field import Field
from olat.api.field_weights import split
from olat.api.opened import OpenSession
from olat.errors import FileError, UsageError
from olat.model.environment import EnvironmentMap
from olat.model.lighting import EnvironmentLight, Lighting
from olat.model.shapes import Matrix3, Radiance
from olat.relight.probe import placed_in_corner, probe_under_lights, probe_under_map

logger = logging.getLogger(__name__)

BALL_SHARE = 0.16
"""Diameter of a ball over the height of the picture."""
LEAST_BALL = 8
"""[px]"""


def dressed(
    opened: OpenSession, camera: str, radiance: Radiance, lighting: Lighting, background: str
) -> Radiance:
    """Return a relit picture with something behind the subject.

    Parameters
    ----------
    opened
        The session: it tells the matte and, for ``env``, what the camera sees.
    camera
        Which one.
    radiance
        The subject as lit.
    lighting
        What lit it.
    background
        ``env`` for the one map of the lighting, or the path of a picture.

    Raises
    ------
    UsageError
        If nobody knows where the subject is or what the camera sees, there is not one map, or the
        picture cannot be read.
    """
    matte, told_by = opened.matte(camera)
    if matte is None or not matte.any():
        raise UsageError(
            f"--background: where the subject is told {told_by}; a mask is needed. Paint a picture "
            f"that is white inside the subject and name it as mask under [camera.{camera}]."
        )
    space = opened.field(camera).space
    if background == "env":
        map_, rotation = _only_map(lighting)
        seen = opened.session.camera(camera).field_of_view_deg
        if seen is None:
            raise UsageError(
                f"--background env: the field of view of camera {camera!r} is not told. Set "
                f"field_of_view_deg under [camera.{camera}]."
            )
        made = backdrop_of_environment(
            matte, map_, space=space, field_of_view_deg=seen, rotation=rotation
        )
    else:
        try:
            made = backdrop_of_plate(matte, Path(background), space=space)
        except FileError as error:
            raise UsageError(f"--background: {error}") from error
    for note in (*made.notes, f"the matte is {told_by}"):
        logger.warning("background: %s.", note)
    return made.behind(radiance)


def with_balls(radiance: Radiance, field: Field, lighting: Lighting) -> Radiance:
    """Return a picture with a chrome and a gray ball in the corner, lit as the subject is.

    A single map is shown as it is; other light as the rig gives it. Lamps at finite places are
    not on the balls.
    """
    size = max(LEAST_BALL, round(BALL_SHARE * radiance.shape[0]))
    far, near = split(lighting)
    if near:
        logger.warning("The balls show distant light only, no lamps at finite places.")
    if len(far.lights) == 1 and isinstance(far.lights[0], EnvironmentLight) and not near:
        light = far.lights[0]
        probe = probe_under_map(
            light.map.radiance * light.color, size=size, rotation=light.rotation
        )
    else:
        probe = probe_under_lights(field.rig.directions, field.weights(lighting=far), size=size)
    try:
        return placed_in_corner(radiance, probe)
    except ValueError as error:
        raise UsageError(f"--balls: {error}.") from error


def _only_map(lighting: Lighting) -> tuple[EnvironmentMap, Matrix3]:
    maps = [light for light in lighting.lights if isinstance(light, EnvironmentLight)]
    if len(maps) != 1:
        raise UsageError(
            f"--background env: the lighting has {len(maps)} maps; one is needed, or a picture."
        )
    return maps[0].map, maps[0].rotation
