"""Phong terms from one light at a time, by a GPU."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from olat.gpu.cuda import cupy
from olat.gpu.kernel_source import kernel
from olat.gpu.strips import GpuStrip
from olat.gpu.transfer import on_gpu
from olat.model.shapes import UnitVectors
from olat.surface.phong_climb_kernel import LADDER, LOG_LADDER
from olat.surface.phong_ladder import pixel_vectors
from olat.surface.strip import REFUSED
from olat.surface.view import mirrored


class PhongTerms(NamedTuple):
    """What was found, in the memory of the GPU; `olat.model.maps.PhongMaps` says what each is."""

    diffuse_albedo: Any
    """``h w 3``."""
    specular_albedo: Any
    """``h w``: the lobe is white."""
    exponent: Any
    """``h w``."""
    confidence: Any
    """``h w``."""
    flags: Any
    """``h w``."""


def phong_from_olats(
    strip: GpuStrip,
    normals: UnitVectors,
    view: UnitVectors,
    *,
    largest: float,
    shadow_fraction: float = 0.05,
    shadow_floor: float = 1e-3,
) -> PhongTerms:
    """Fit matte and glossy reflection to the readings of each pixel (Phong 1975).

    Parameters and results are those of `olat.surface.phong_ladder.phong_from_olats`, whose numbers
    these are but for the last bits of logarithm and exponential.

    Parameters
    ----------
    strip
        Readings, flags and lights, on the GPU; three channels.
    normals, view, shadow_fraction, shadow_floor
        As there.
    largest
        The sharpest lobe that is believed, such as `olat.surface.phong_ladder.largest_exponent`.

    Raises
    ------
    ValueError
        If there are not three channels, or not a normal and a view for each pixel.
    GpuError
        If the memory does not suffice.

    References
    ----------
    .. [1] Phong, Illumination for computer generated pictures, CACM 18(6), 1975.
    """
    pixels = strip.pixels
    if strip.stored.shape[1] != 3 or not normals.shape == view.shape == (*strip.shape, 3):
        raise ValueError(
            f"normals {normals.shape} and view {view.shape}: a strip of {strip.shape} pixels in "
            f"{strip.stored.shape[1]} channels was given; one vector for each pixel and three "
            "channels were needed."
        )
    geometry = [on_gpu(pixel_vectors(each)) for each in (normals, mirrored(normals, view))]
    tables = [on_gpu(LADDER), on_gpu(LOG_LADDER)]
    diffuse = cupy().empty((3, pixels), np.float32)
    specular, exponent, trust = (cupy().empty(pixels, np.float32) for _ in range(3))
    flags = cupy().empty(pixels, np.uint8)
    steps = 1 + int(np.sum(LADDER[:-1] < largest))
    solve = kernel("phong_ladder.cu", "solve", **strip.macros)
    for first, count, given, values in strip.parts(parted=True):
        solve(
            count,
            *given,
            *(vectors[first:] for vectors in geometry),
            np.float64(shadow_fraction),
            np.float64(shadow_floor),
            np.float64(largest),
            np.int32(steps),
            np.int32(REFUSED),
            *tables,
            values,
            diffuse[0, first:],
            np.int64(pixels),
            specular[first:],
            exponent[first:],
            trust[first:],
            flags[first:],
        )
    shape = strip.shape
    return PhongTerms(
        diffuse.T.reshape(*shape, 3),
        specular.reshape(shape),
        exponent.reshape(shape),
        trust.reshape(shape),
        flags.reshape(shape),
    )
