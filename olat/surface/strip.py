"""Strips of the reflectance field as the compiled loops take them."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from jaxtyping import Float16, Float32, UInt8, UInt16

from olat.model.flags import PixelFlag
from olat.model.shapes import Array, Directions

Strip: TypeAlias = Float16[Array, "light 3 rows w"] | Float32[Array, "light 3 rows w"]
"""The same rows under every light, in the field's half precision or in single."""
StoredPixels: TypeAlias = UInt16[Array, "light 3 pixel"] | Float32[Array, "light 3 pixel"]
"""A strip with its rows joined; halves as their bits, because numba has no halves."""
StripFlags: TypeAlias = UInt8[Array, "light rows w"]
"""`PixelFlag` bits of the same rows under every light."""

REFUSED = (
    PixelFlag.SATURATED
    | PixelFlag.DEAD
    | PixelFlag.OUT_OF_FRAME
    | PixelFlag.OCCLUDED
    | PixelFlag.CLAMPED
)
"""A reading with one of these says nothing about its light."""


def pixels_under_lights(
    reflectance: Strip, flags: StripFlags, directions: Directions
) -> tuple[StoredPixels, UInt8[Array, "light pixel"], Float32[Array, "3 light"]]:
    """Return strip ``(light, 3, pixel)``, flags ``(light, pixel)``, directions ``(3, light)``.

    Raises
    ------
    ValueError
        If the three do not have the same lights, or strip and flags not the same pixels.
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
    stored = np.ascontiguousarray(reflectance).reshape(lights, 3, rows * width)
    return (
        stored.view(np.uint16) if stored.dtype == np.float16 else stored,
        np.ascontiguousarray(flags).reshape(lights, rows * width),
        np.ascontiguousarray(directions.T, dtype=np.float32),
    )
