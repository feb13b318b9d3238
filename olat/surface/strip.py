"""Strips of the reflectance field as the compiled loops take them."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from jaxtyping import Float16, Float32, Float64, Shaped, UInt8, UInt16

from olat.model.field import ConfidenceStrip
from olat.model.flags import PixelFlag
from olat.model.shapes import Array, Directions
from olat.surface.near_light import NearLights

Strip: TypeAlias = Float16[Array, "light 3 rows w"] | Float32[Array, "light 3 rows w"]
"""The same rows under every light, in the field's half precision or in single."""
StoredChannels: TypeAlias = (
    UInt16[Array, "light channel pixel"] | Float32[Array, "light channel pixel"]
)
"""A strip with its rows joined; halves as their bits, because numba has no halves."""
StripFlags: TypeAlias = UInt8[Array, "light rows w"]
"""`PixelFlag` bits of the same rows under every light."""
LightsOfKernels: TypeAlias = (
    Float32[Array, "3 light"] | tuple[Float64[Array, "light 8"], Float32[Array, "3 pixel"]]
)
"""Directions by axis, or lamps and places."""
PixelCodes: TypeAlias = UInt8[Array, "light pixel"]
"""Flags or confidence of a strip with its rows joined."""

REFUSED = (
    PixelFlag.SATURATED
    | PixelFlag.DEAD
    | PixelFlag.OUT_OF_FRAME
    | PixelFlag.OCCLUDED
    | PixelFlag.CLAMPED
)
"""A reading with one of these says nothing about its light."""


def pixels_under_lights(
    reflectance: Shaped[Array, "light channel rows w"],
    flags: StripFlags,
    lights: Directions | NearLights,
    confidence: ConfidenceStrip | None = None,
) -> tuple[StoredChannels, tuple[PixelCodes, PixelCodes | None], LightsOfKernels]:
    """Return a strip, its flags and confidence, and lights, as the kernels take them.

    Raises
    ------
    ValueError
        If they do not have the same lights, or strip, flags, confidence and places not the same
        pixels.
    """
    strip, doubts = joined_pixels(reflectance, flags, len(lights), confidence)
    return strip, doubts, lights_of_kernels(lights, flags.shape[1:])


def lights_of_kernels(lights: Directions | NearLights, shape: tuple[int, ...]) -> LightsOfKernels:
    """Return directions by axis, or lamps and the places of the pixels that see them.

    Raises
    ------
    ValueError
        If there are places, and not one for each pixel.
    """
    if not isinstance(lights, NearLights):
        return np.ascontiguousarray(lights.T, dtype=np.float32)
    if lights.places.shape[:2] != shape:
        raise ValueError(
            f"places: their shape is {lights.places.shape}; {(*shape, 3)} was needed. "
            "Cut the same rows from them."
        )
    return lights.for_kernels()


def joined_pixels(
    reflectance: Shaped[Array, "light channel rows w"],
    flags: StripFlags,
    directions: int,
    confidence: ConfidenceStrip | None = None,
) -> tuple[StoredChannels, tuple[PixelCodes, PixelCodes | None]]:
    """Return a strip with its rows joined, as the kernels take it.

    Parameters
    ----------
    reflectance, flags, confidence
        Of the same pixels under the same lights; confidence is none if all are certain.
    directions
        Number of lights that are known.

    Returns
    -------
    strip
        ``(light, channel, pixel)``.
    doubts
        Flags and confidence, ``(light, pixel)``.

    Raises
    ------
    ValueError
        If lights or pixels differ, or there are neither one nor three channels.
    """
    lights, channels, rows, width = reflectance.shape
    if directions != lights:
        raise ValueError(
            f"light directions: there are {directions}, but the strip holds {lights} lights; "
            "one each was needed. Pass the directions of the field's own lights."
        )
    if channels not in (1, 3):
        raise ValueError(
            f"strip: it has {channels} channels; one or three were needed. "
            "Pass gray, or red, green and blue."
        )
    if flags.shape != (lights, rows, width):
        raise ValueError(
            f"strip flags: their shape is {flags.shape}; {(lights, rows, width)} was needed. "
            "Pass the flags of the same rows."
        )
    if confidence is not None and confidence.shape != flags.shape:
        raise ValueError(
            f"strip confidence: its shape is {confidence.shape}; {flags.shape} was needed. "
            "Pass the confidence of the same rows."
        )
    stored = np.ascontiguousarray(reflectance).reshape(lights, channels, rows * width)
    doubts = np.ascontiguousarray(flags).reshape(lights, rows * width)
    trust = None if confidence is None else np.ascontiguousarray(confidence).reshape(doubts.shape)
    return stored.view(np.uint16) if stored.dtype == np.float16 else stored, (doubts, trust)
