"""Array aliases: shape, kind and, in the name, the meaning.

Axis names: ``h`` rows from the top, ``w`` columns from the left, ``3`` red green blue or x y z,
``light`` lights in rig order, ``frame`` frames in capture order.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from jaxtyping import Bool, Float16, Float32, Float64, UInt8, UInt16

Array: TypeAlias = np.ndarray

Mosaic: TypeAlias = UInt16[Array, "h w"]
"""Counts behind a color filter array [DN]."""
Radiance: TypeAlias = Float32[Array, "h w 3"]
"""Scene-linear radiance [diffuse white = 1]."""
Plane: TypeAlias = Float32[Array, "h w"]
"""One number per pixel."""
UnitVectors: TypeAlias = Float32[Array, "h w 3"]
"""World-frame unit vectors, zero where unknown."""
Flow: TypeAlias = Float32[Array, "h w 2"]
"""(dx, dy) from a reference pixel to where it lies in the moving frame [px]."""
Flags: TypeAlias = UInt8[Array, "h w"]
"""`PixelFlag` bits."""
Mask: TypeAlias = Bool[Array, "h w"]
"""True inside the subject."""
Directions: TypeAlias = Float64[Array, "light 3"]
"""Unit vectors from the subject to the lights, world frame."""
LightColors: TypeAlias = Float64[Array, "light 3"]
"""One red, green, blue value per light."""
SolidAngles: TypeAlias = Float64[Array, " light"]
"""Share of the sphere that each light stands for [sr]."""
HalfPlanes: TypeAlias = Float16[Array, "3 h w"]
"""One light's reflectance, channel by channel [diffuse white = 1]."""
HalfPlane: TypeAlias = Float16[Array, "h w"]
"""One channel of one light's reflectance [diffuse white = 1]."""
HalfStrip: TypeAlias = Float16[Array, "light 3 rows w"]
"""The same rows under every light."""
Matrix3: TypeAlias = Float64[Array, "3 3"]
"""A linear map of colors or of places; multiplies columns."""
