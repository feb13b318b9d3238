"""Pixels as one color times a brightness that depends on the light, as LRGB maps hold them."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, UInt8

from olat.model.shapes import Array, SolidAngles
from olat.relight.rti_fit import Samples


def base_colors(samples: Samples, solid_angles: SolidAngles) -> UInt8[Array, "rows w 3"]:
    """Return codes of the mean color under all lights, its largest channel at full scale.

    Pixels that are black under all lights are white: their brightness is 0.
    """
    mean = np.tensordot(solid_angles.astype(np.float32), samples, axes=1)
    largest = mean.max(axis=0)
    share = np.where(largest > 0, mean / np.maximum(largest, 1e-12), 1.0)
    return np.asarray(np.rint(255.0 * np.moveaxis(share, 0, 2)), np.uint8)


def luminance(samples: Samples, colors: UInt8[Array, "rows w 3"]) -> Float32[Array, "light rows w"]:
    """Return what each color is multiplied by to be nearest to its samples."""
    base = np.moveaxis(colors.astype(np.float32) / np.float32(255.0), 2, 0)
    return np.asarray((samples * base).sum(axis=1) / (base**2).sum(axis=0))
