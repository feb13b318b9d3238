"""Strips of the reflectance field as the compiled loops take them."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from jaxtyping import Float16, Float32, UInt8, UInt16

from olat.model.field import ConfidenceStrip
from olat.model.flags import PixelFlag
from olat.model.shapes import Array, Directions

Strip: TypeAlias = Float16[Array, "light 3 rows w"] | Float32[Array, "light 3 rows w"]
"""The same rows under every light, in the field's half precision or in single."""
StoredPixels: TypeAlias = UInt16[Array, "light 3 pixel"] | Float32[Array, "light 3 pixel"]
"""A strip with its rows joined; halves as their bits, because numba has no halves."""
StripFlags: TypeAlias = UInt8[Array, "light rows w"]
"""`PixelFlag` bits of the same rows under every light."""
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
    reflectance: Strip,
    flags: StripFlags,
    directions: Directions,
    confidence: ConfidenceStrip | None = None,
) -> tuple[StoredPixels, tuple[PixelCodes, PixelCodes | None], Float32[Array, "3 light"]]:
    """Return a strip as the kernels take it.

    Returns
    -------
    strip
        ``(light, 3, pixel)``.
    doubts
        Flags and confidence, ``(light, pixel)``; the latter is none if all readings are certain.
    directions
        ``(3, light)``.

    Raises
    ------
    ValueError
        If they do not have the same lights, or strip, flags and confidence not the same pixels.
    """
    lights, _, rows, width = reflectance.shape
    if len(directions) != lights:
        raise ValueError(
            f"light directions: there are {len(directions)}, but the strip holds {lights} lights; "
            "one each was needed. Pass the directions of the field's own lights."
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
    stored = np.ascontiguousarray(reflectance).reshape(lights, 3, rows * width)
    doubts = np.ascontiguousarray(flags).reshape(lights, rows * width)
    trust = None if confidence is None else np.ascontiguousarray(confidence).reshape(doubts.shape)
    return (
        stored.view(np.uint16) if stored.dtype == np.float16 else stored,
        (doubts, trust),
        np.ascontiguousarray(directions.T, dtype=np.float32),
    )
