"""How bright the lights are, found from the subject of a sweep where they are not told rightly."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import numpy as np

from olat.errors import SolveError
from olat.model.field import ConfidenceStrip, ReflectanceField
from olat.model.shapes import Directions, Mask

if TYPE_CHECKING:
    from olat.surface.lambert import Readings
    from olat.surface.near_light import NearLights
    from olat.surface.semi_calibrated import Intensities
    from olat.surface.strip import StripFlags

logger = logging.getLogger(__name__)

PIXELS = 4000
"""About how many pixels of the subject are asked."""


def estimated_intensities(
    field: ReflectanceField, mask: Mask | None, *, shadow_fraction: float, shadow_floor: float
) -> Intensities:
    """Return what the lights of a field send, relative to what they are told to; note it.

    Raises
    ------
    SolveError
        If the subject cannot tell.
    """
    from olat.surface.semi_calibrated import intensities_from_olats
    from olat.surface.strip import REFUSED

    _, height, width = field.shape
    within = np.ones((height, width), bool) if mask is None else mask
    step = max(1, int(np.sqrt(np.count_nonzero(within) / PIXELS)))
    chosen = np.zeros_like(within)
    chosen[::step, ::step] = within[::step, ::step]
    planes = (np.asarray(plane)[:, chosen] for plane in field.planes)
    readings = np.stack([channels.mean(axis=0, dtype=np.float32) for channels in planes])
    usable = np.stack([(np.asarray(flags)[chosen] & REFUSED) == 0 for flags in field.flag_planes])
    usable &= np.isfinite(readings)
    readings[~usable] = 0.0
    third = -min(3, len(readings))
    third_brightest = np.partition(readings, third, axis=0)[third]
    lit = usable & (readings > np.maximum(shadow_fraction * third_brightest, shadow_floor))
    try:
        found = intensities_from_olats(readings, lit, field.header.rig.directions)
    except ValueError as error:
        raise SolveError(f'solve_normals: intensities = "estimated": {error}') from error
    light = int(np.argmax(np.abs(found.relative - 1.0)))
    unseen = np.count_nonzero(~found.was_seen)
    logger.warning(
        "Light intensities were estimated from the subject: the largest correction is %+.1f %%, of "
        "light %d%s.",
        100.0 * (found.relative[light] - 1.0),
        field.header.lights[light],
        f"; {unseen} of {len(readings)} lights shine on too few pixels and are left out"
        if unseen
        else "",
    )
    return found


def with_intensities(
    found: Intensities | None,
    reflectance: Readings,
    flags: StripFlags,
    confidence: ConfidenceStrip | None,
    lights: Directions | NearLights,
) -> tuple[Readings, StripFlags, ConfidenceStrip | None, Directions | NearLights]:
    """Return a strip as if lights were as bright as told, without lights that were not seen."""
    if found is None:
        return reflectance, flags, confidence, lights
    seen = found.was_seen
    relative = found.relative[seen].astype(np.float32)[:, np.newaxis, np.newaxis, np.newaxis]
    return (
        reflectance[seen] / relative,
        flags[seen],
        None if confidence is None else confidence[seen],
        lights[seen],
    )
