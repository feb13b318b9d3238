"""Cosine lobes in closed form, by a GPU."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from olat.gpu.cuda import cupy
from olat.gpu.kernel_source import kernel
from olat.gpu.transfer import on_gpu
from olat.surface.cosine_lobe import LARGEST_RATIO


class GpuLobes(NamedTuple):
    """Lobes in the memory of the GPU, as `olat.surface.cosine_lobe.CosineLobes` has them."""

    axis: Any
    ratio: Any
    integral: Any
    flags: Any


def lobes_from_moments(integral: Any, moment: Any, *, shadow_floor: float = 1e-3) -> GpuLobes:
    """Fit one lobe per pixel, or one per channel, to full-on light and gradients.

    Parameters, results and errors are those of `olat.surface.cosine_lobe.lobes_from_moments`, whose
    numbers these are to the last bit. Arrays may be NumPy's, or CuPy's on the GPU.

    References
    ----------
    .. [1] Fyffe and Debevec, Cosine lobe based relighting from gradient illumination photographs,
       Journal of Virtual Reality and Broadcasting 9(2), 2012.
    """
    if integral.shape != moment.shape[:3]:
        raise ValueError(
            f"moments: {integral.shape} and {moment.shape}; one shape was needed. "
            "Pass the photographs of one camera."
        )
    dtype = np.result_type(integral.dtype, moment.dtype)
    is_shared = moment.ndim == 3
    integral, moment = on_gpu(integral, dtype), on_gpu(moment, dtype)
    shape = integral.shape[:2]
    axis, lit = cupy().empty(moment.shape, dtype), cupy().empty(integral.shape, dtype)
    ratio = cupy().empty(shape if is_shared else integral.shape, dtype)
    flags = cupy().empty(shape, np.uint8)
    real = "float" if dtype == np.float32 else "double"
    solve = kernel("cosine_lobe.cu", "shared" if is_shared else "by_channel", REAL=real)
    pixels = shape[0] * shape[1]
    limits = dtype.type(shadow_floor), dtype.type(LARGEST_RATIO)
    solve(pixels, integral, moment, *limits, np.int64(pixels), axis, ratio, lit, flags)
    return GpuLobes(axis, ratio, lit, flags)
