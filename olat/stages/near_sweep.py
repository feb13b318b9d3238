"""Normals of a sweep under near lights: where the subject is and how it is turned, in turn."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from olat.errors import SolveError
from olat.model.calibration import LensCalibration
from olat.model.field import ReflectanceField
from olat.model.maps import NormalMap
from olat.model.session import Camera
from olat.model.shapes import Directions, Flags, Mask
from olat.model.view import ViewGeometry
from olat.stages.pixel_views import geometry_of

if TYPE_CHECKING:
    from olat.surface.near_light import NearLights
    from olat.surface.near_places import Samples

logger = logging.getLogger(__name__)

Distance: TypeAlias = Literal["auto", "distant", "near"]
"""Whether lights count as far away: where their places and that of the camera are known, or not."""
Solve: TypeAlias = "Callable[[NearLights | None], NormalMap]"
"""Solves the sweep under distant lights, or as the places of all pixels see them."""

ROUNDS = 2
"""Turns after which normals change by less than noise does."""
PIXELS = 2000
"""About how many pixels of the subject tell how far it is."""
FARTHEST = 50.0
"""Distance of a light beyond which its place is in other units, or does not matter [m]."""
SURE = 0.5
"""Confidence of the normals of these pixels, at least."""


def camera_before_near_lights(
    field: ReflectanceField,
    camera: Camera,
    lens: LensCalibration | None,
    *,
    lights: Distance,
    stage: str,
) -> ViewGeometry | None:
    """Return the camera if the lights count as near; none if they count as distant.

    Raises
    ------
    SolveError
        If `lights` is "near" and no places are known, of the lights or of the camera.
    """
    if lights == "distant":
        return None
    if field.header.rig.positions is None:
        lack = "the light file tells directions only; needed are positions [m]. Tell them"
    else:
        geometry = geometry_of(lens, camera, field.header.height, field.header.width, stage=stage)
        if geometry.is_metric and geometry.is_perspective:
            return geometry
        lack = (
            f"the lights have places, but that of camera {camera.name!r} is not known; needed are "
            f"field_of_view_deg and distance_m [m]. Tell them under [camera.{camera.name}]"
        )
        if lights == "auto":
            logger.warning(
                "Lights count as distant, which turns the normals of a head by degrees in a stage "
                "of 2 m: %s.",
                lack,
            )
    if lights == "near":
        raise SolveError(f'{stage}: lights = "near", but {lack}, or let lights be "auto".')
    return None


def solved_from_places(
    field: ReflectanceField,
    geometry: ViewGeometry,
    mask: Mask | None,
    solve: Solve,
    *,
    lights: Distance = "auto",
) -> NormalMap:
    """Solve the sweep as if lights were distant, then twice more from where that puts the subject.

    Parameters
    ----------
    field
        Of a rig with positions.
    geometry
        Of the camera, with a scale.
    mask
        The subject, at the size of the field.
    solve
        The solve of the sweep.

    Returns
    -------
    normals
        With the mean depth at which they explain the readings best. As under distant lights, with
        a note, where the readings do not tell it.

    Raises
    ------
    SolveError
        If they do not tell it and `lights` is "near".
    """
    first = solve(None)
    sure = _sample(first, mask)
    if not sure.any():
        return first
    try:
        return _solved_in_turn(field, geometry, mask, solve, (first, sure))
    except ValueError as error:
        if lights == "near":
            raise SolveError(f'solve_normals: lights = "near", but {error}') from error
        logger.warning("Lights count as distant, although they have places: %s", error)
        return first


def _solved_in_turn(
    field: ReflectanceField,
    geometry: ViewGeometry,
    mask: Mask | None,
    solve: Solve,
    start: tuple[NormalMap, Mask],
) -> NormalMap:
    """Find places from normals and normals from places, from a first solve and its sure pixels."""
    from olat.surface.near_light import Lamps
    from olat.surface.near_places import distance_from_olats, relief_from_normals

    first, sure = start
    found = first
    lamps = Lamps(_positions(field))
    readings, flags = _readings(field, sure)
    factor = 1.0
    for _ in range(ROUNDS):
        relief = relief_from_normals(found.normals, found.confidence, mask, geometry)
        asked = geometry.places(relief)[sure][np.newaxis]
        factor = distance_from_olats(readings, flags, lamps, asked, geometry)
        found = solve(lamps.seen_from(geometry.places(relief * np.float32(factor))))
    depth = geometry.origin_depth * factor
    turn = _turn_deg(first, found, sure)
    logger.info("Near lights: mean depth %.3f m, normals turned by %.2f degrees.", depth, turn)
    return replace(found, mean_depth_m=depth)


def _positions(field: ReflectanceField) -> Directions:
    """Return where the lights are [m]; `ValueError` if they cannot be around a subject."""
    positions = field.header.rig.positions
    if positions is None:
        raise ValueError("the light file tells directions only; needed are positions [m]")
    reach = np.linalg.norm(positions, axis=1)
    if reach.max() > FARTHEST:
        raise ValueError(
            f"the light file puts lights {reach.max():.3g} m away; at most {FARTHEST:g} m was "
            "needed. Say the units of its positions: units under [rig]."
        )
    return positions


def _sample(found: NormalMap, mask: Mask | None) -> Mask:
    """Choose pixels with sure normals, evenly over the subject."""
    sure = found.confidence > SURE
    if mask is not None:
        sure &= mask
    step = max(1, int(np.sqrt(np.count_nonzero(sure) / PIXELS)))
    chosen = np.zeros_like(sure)
    chosen[::step, ::step] = sure[::step, ::step]
    return np.asarray(chosen, bool)


def _readings(field: ReflectanceField, chosen: Mask) -> tuple[Samples, Flags]:
    """Read the chosen pixels under every light, mean over the channels."""
    planes = [np.asarray(plane)[:, chosen].mean(axis=0, dtype=np.float32) for plane in field.planes]
    flags = [np.asarray(doubts)[chosen] for doubts in field.flag_planes]
    return np.stack(planes)[:, np.newaxis, np.newaxis], np.stack(flags)[:, np.newaxis]


def _turn_deg(first: NormalMap, then: NormalMap, where: Mask) -> float:
    cosines = np.einsum("pk,pk->p", first.normals[where], then.normals[where])
    return float(np.degrees(np.median(np.arccos(np.clip(cosines, -1.0, 1.0)))))
