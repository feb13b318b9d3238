"""Normals and albedo from one light at a time, by a GPU."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np

from olat.gpu.cuda import cupy
from olat.gpu.kernel_source import kernel
from olat.gpu.strips import GpuStrip
from olat.surface.lambert import REWEIGHTINGS
from olat.surface.strip import REFUSED


class Normals(NamedTuple):
    """What was found, in the memory of the GPU, as `olat.surface.lambert` returns it."""

    normals: Any
    """``h w 3``."""
    albedo: Any
    """``h w channel``."""
    confidence: Any
    """``h w``."""
    flags: Any
    """``h w``."""


def normals_from_olats(
    strip: GpuStrip,
    *,
    method: Literal["robust", "least_squares"] = "robust",
    shadow_fraction: float = 0.05,
    shadow_floor: float = 1e-3,
    reweightings: int = REWEIGHTINGS,
) -> Normals:
    """Solve one surface normal and albedo per pixel (Woodham 1980).

    Parameters and results are those of `olat.surface.lambert.normals_from_olats`, whose numbers
    these are: to the last bit, except that the fall-off of near lights with a beam rounds apart.

    Parameters
    ----------
    strip
        Readings, flags and lights, on the GPU.
    method, shadow_fraction, shadow_floor, reweightings
        As there; the sparse Bayesian method is the processor's alone.

    Raises
    ------
    ValueError
        If `reweightings` is negative.
    GpuError
        If the memory does not suffice.

    References
    ----------
    .. [1] Woodham, Photometric method for determining surface orientation from multiple images,
       Optical Engineering 19(1), 1980.
    """
    if reweightings < 0:
        raise ValueError(
            f"reweightings: {reweightings}; 0 or more were needed. Use 0 for plain least squares."
        )
    channels, pixels = strip.stored.shape[1], strip.pixels
    normals = cupy().empty((pixels, 3), np.float32)
    albedo = cupy().empty((channels, pixels), np.float32)
    confidence, flags = cupy().empty(pixels, np.float32), cupy().empty(pixels, np.uint8)
    solve = kernel("lambert.cu", "solve", **strip.macros)
    for first, count, given, values in strip.parts(parted=False):
        solve(
            count,
            *given,
            np.float64(shadow_fraction),
            np.float64(shadow_floor),
            np.int32(reweightings if method == "robust" else 0),
            np.int32(REFUSED),
            values,
            normals[first:],
            albedo[0, first:],
            np.int64(pixels),
            confidence[first:],
            flags[first:],
        )
    shape = strip.shape
    return Normals(
        normals.reshape(*shape, 3),
        albedo.T.reshape(*shape, channels),
        confidence.reshape(shape),
        flags.reshape(shape),
    )
