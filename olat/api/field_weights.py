"""How much of each plane of a field a lighting takes."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Literal

import numpy as np

from olat.api.lighting import direction_of, in_space
from olat.errors import UsageError
from olat.light.environment_weights import Kernel, weights_for_environment
from olat.light.interpolation import DirectionWeights, Method, weights_for_directions
from olat.model.color import ColorSpace
from olat.model.field import FieldHeader
from olat.model.lighting import DistantLight, EnvironmentLight, Light, Lighting
from olat.model.rig import LightRig
from olat.model.shapes import Directions, LightColors
from olat.relight.emitters import NearLight

logger = logging.getLogger(__name__)

STAND_IN_DEG = 5.0
"""Angle to the nearest light beyond which its standing in is worth a word [degree]."""
FAR_DEG = 30.0
"""Angle beyond which it is worth a loud one [degree]."""
LEFT_OUT = 0.1
"""Share of a map's light from where the rig has no lights that is worth a word."""


@dataclass(frozen=True)
class Mixing:
    """How lights that the rig has not are made of those that it has."""

    method: Method | Literal["model"] = "barycentric"
    """Of lights from a direction; ``model`` moves highlights as the Phong terms say."""
    kernel: Kernel = "auto"
    """Of environments."""


def split(
    lighting: Lighting, mixing: Mixing | None = None
) -> tuple[Lighting, tuple[NearLight | DistantLight, ...]]:
    """Return what is the same for all pixels, and the lights that each answers to in its own way.

    The latter are lamps at finite places and, where a model moves highlights, distant lights.
    """
    by_model = mixing is not None and mixing.method == "model"
    far: list[Light] = []
    own: list[NearLight | DistantLight] = []
    for light in lighting.lights:
        if isinstance(light, EnvironmentLight) or (
            isinstance(light, DistantLight) and not by_model
        ):
            far.append(light)
        else:
            own.append(light)
    return Lighting(tuple(far), lighting.gains, lighting.name), tuple(own)


def weights_of(header: FieldHeader, lighting: Lighting, mixing: Mixing) -> LightColors:
    """Return the weight of each plane and channel under a lighting without near lamps.

    Raises
    ------
    UsageError
        If a light points nowhere, a lamp is near, or gains do not fit the field.
    """
    rig = header.rig
    total = np.zeros((len(rig), 3))
    if lighting.gains is not None:
        total += _checked_gains(lighting.gains, rig)
    distant = [light for light in lighting.lights if isinstance(light, DistantLight)]
    if distant:
        if mixing.method == "model":
            raise UsageError("weights: a model corrects pictures, not weights. Use relight().")
        total += _distant(rig, distant, mixing.method)
    for light in lighting.lights:
        if isinstance(light, EnvironmentLight):
            total += np.array(light.color) * _environment(rig, light, header.space, mixing.kernel)
        elif not isinstance(light, DistantLight):
            raise UsageError(_near_words(light))
    return total


def _checked_gains(gains: LightColors, rig: LightRig) -> LightColors:
    if gains.shape != (len(rig), 3) or not np.isfinite(gains).all():
        raise UsageError(
            f"gains: an array of {gains.shape}; finite numbers of {(len(rig), 3)} are needed, a "
            "red, green and blue one for each light of the field."
        )
    return gains


def _distant(rig: LightRig, lights: list[DistantLight], method: Method) -> LightColors:
    toward: Directions = np.array([direction_of(light.toward) for light in lights])
    try:
        mixed = weights_for_directions(rig.directions, toward, method=method)
    except ValueError as error:
        raise UsageError(f"lights: {error}.") from error
    colors = np.array([light.color for light in lights], float)
    tell_stand_ins(toward, mixed)
    return np.asarray(mixed.weights.T @ colors)


def tell_stand_ins(toward: Directions, mixed: DirectionWeights) -> None:
    """Say it where a light of the rig stands in for one that it does not surround."""
    told = ~mixed.is_interpolated & (mixed.nearest_deg > STAND_IN_DEG)
    for direction, angle in zip(toward[told], mixed.nearest_deg[told], strict=True):
        logger.warning(
            "No lights surround the direction %s: this is the picture under the nearest one, "
            "%.0f degrees away%s.",
            ", ".join(f"{part:g}" for part in direction),
            angle,
            "" if angle < FAR_DEG else ": NOT the light that was asked for",
        )


def _environment(
    rig: LightRig, light: EnvironmentLight, space: ColorSpace, kernel: Kernel
) -> LightColors:
    map_ = in_space(light.map, space)
    try:
        found = weights_for_environment(
            rig.directions, map_, rotation=light.rotation, kernel=kernel
        )
    except ValueError as error:
        raise UsageError(f"environment {light.map.name}: {error}.") from error
    if found.left_out > LEFT_OUT:
        logger.warning(
            "%.0f %% of the environment's light comes from where this rig has no lights; it "
            "is left out.",
            100 * found.left_out,
        )
    return found.weights


def _near_words(light: Light) -> str:
    return (
        f"lighting: {type(light).__name__} is a lamp at a finite place, which each pixel sees from "
        "its own; weights of whole planes are for distant ones. Use relight()."
    )
