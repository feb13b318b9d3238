"""Phong terms from one light at a time, by a GPU."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from olat.gpu.cuda import cupy
from olat.gpu.kernel_source import kernel
from olat.gpu.strips import GpuStrip
from olat.gpu.transfer import on_gpu
from olat.surface.phong_climb_kernel import LADDER, LOG_LADDER
from olat.surface.strip import REFUSED


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
    normals: Any,
    view: Any,
    *,
    largest: float,
    shadow_fraction: float = 0.05,
    shadow_floor: float = 1e-3,
) -> PhongTerms:
    """Fit matte and glossy reflection to the readings of each pixel (Phong 1975).

    Parameters and results are those of `olat.surface.phong_ladder.phong_from_olats`, whose numbers
    these are but for the last bits of mirrored views, logarithms and exponentials.

    Parameters
    ----------
    strip
        Readings, flags and lights, on the GPU; three channels.
    normals, view
        As there; NumPy's arrays, or CuPy's on the GPU.
    shadow_fraction, shadow_floor
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
    geometry = [on_gpu(each, np.float32).reshape(-1, 3) for each in (normals, view)]
    limits = (
        np.float64(shadow_fraction),
        np.float64(shadow_floor),
        np.float64(largest),
        np.int32(1 + int(np.sum(LADDER[:-1] < largest))),
        np.int32(REFUSED),
        on_gpu(LADDER),
        on_gpu(LOG_LADDER),
    )
    diffuse = cupy().empty((3, pixels), np.float32)
    singles = [cupy().empty(pixels, np.float32) for _ in range(3)]
    flags = cupy().empty(pixels, np.uint8)
    solve = kernel("phong_ladder.cu", "solve", **strip.macros)
    for first, count, given, values in strip.parts(parted=True):
        seen = (vectors[first:] for vectors in geometry)
        terms = (each[first:] for each in (*singles, flags))
        out = (values, diffuse[0, first:], np.int64(pixels), *terms)
        solve(count, *given, *seen, *limits, *out)
    one_each = (each.reshape(strip.shape) for each in (*singles, flags))
    return PhongTerms(diffuse.T.reshape(*strip.shape, 3), *one_each)
