"""Which lights `fit_phong` takes: distant ones, or near ones seen from where each pixel is."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from olat.errors import SolveError
from olat.model.maps import DepthMap, NormalMap
from olat.model.rig import LightRig
from olat.model.shapes import Directions, Mask, Radiance

if TYPE_CHECKING:
    from olat.surface.near_light import NearLights

logger = logging.getLogger(__name__)

Wanted: TypeAlias = Literal["auto", "distant", "near"]
"""As the normals were solved, distant ones, or near ones."""


def lights_of_sweep(
    rig: LightRig, depth: DepthMap | None, normals: NormalMap, wanted: Wanted
) -> Directions | NearLights:
    """Return directions, or near lights seen from the places of all pixels.

    "auto" follows the normals: near lights are those that tell the mean depth of the subject. A
    pixel that has a normal but no depth is taken to be where the nearest pixel with depth is.

    Raises
    ------
    SolveError
        If lights should be near, and places of lights or pixels are not known.
    """
    if wanted == "distant" or (wanted == "auto" and normals.mean_depth_m is None):
        return rig.directions
    missing = _missing(rig, depth)
    if wanted == "near" and missing:
        raise SolveError(
            f"fit_phong: lights = 'near', but {missing}. Needed are places of lights and of what "
            "pixels show, in meters. Tell them, or set lights to 'auto'."
        )
    if rig.positions is None or depth is None or missing:
        logger.warning("Lights were near for normals, but are distant for gloss: %s.", missing)
        return rig.directions
    from olat.surface.near_light import Lamps

    if depth.depth.shape != normals.flags.shape:
        raise SolveError(
            f"fit_phong: depth is of {depth.depth.shape} px, normals of {normals.flags.shape}; the "
            "same size was needed. Make both anew."
        )
    known = depth.depth != 0.0
    return Lamps(rig.positions).seen_from(_filled(depth.places, known, normals))


def rows_of(lights: Directions | NearLights, top: int, bottom: int) -> Directions | NearLights:
    """Return the lights as the pixels of some rows see them."""
    return lights if isinstance(lights, np.ndarray) else lights.rows(top, bottom)


def _missing(rig: LightRig, depth: DepthMap | None) -> str:
    """Say what is not known of places; empty if all is."""
    if rig.positions is None:
        return "the light file tells directions, no positions"
    if depth is None:
        return "there is no depth (integrate_normals makes it)"
    if not depth.is_metric:
        return "depth has no scale, since neither distance_m nor a lens with a pose tells any"
    return "" if depth.depth.any() else "no pixel has a depth"


def _filled(places: Radiance, known: Mask, normals: NormalMap) -> Radiance:
    """Give a pixel that has a normal but no place that of the nearest one."""
    from scipy.ndimage import distance_transform_edt

    if not (normals.normals.any(axis=-1) & ~known).any():
        return places
    rows, columns = distance_transform_edt(~known, return_distances=False, return_indices=True)
    return np.asarray(places[rows, columns])
