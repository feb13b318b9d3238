"""Products of half-precision matrices that are summed in single precision, by cuBLAS."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float16, Float64

from olat.gpu.cuda import cupy
from olat.model.shapes import Array

LARGEST_PART = 2.0**14
"""To which the largest weight is scaled: high above what halves lose in their smallest numbers."""

# As cublas_api.h and library_types.h number them.
_HALF, _SINGLE, _SUM_IN_SINGLE, _DEFAULT_ALGORITHM, _AS_IS = 2, 0, 68, -1, 0


def halves_of(
    weights: Float64[Array, "frame light 3"], *, room: int
) -> tuple[Float16[Array, "3 frames room"], float]:
    """Return weights as a coarse and a fine half each, and by what their products are multiplied.

    There is `room` for more lights than there are; their weight is 0. The second half of the frames
    are the fine parts. Coarse and fine, added and multiplied, are
    the weight to :math:`2^{-22}` of it, and to :math:`2^{-39}` of the largest weight where it is
    far smaller than that.
    """
    largest = float(np.abs(weights).max(initial=0.0))
    # frexp: the power of two that takes the largest to between a half and one.
    scale = LARGEST_PART * 2.0 ** -int(np.frexp(largest)[1]) if largest > 0.0 else 1.0
    scaled = np.zeros((3, len(weights), room))
    scaled[..., : weights.shape[1]] = np.moveaxis(weights * scale, 2, 0)
    coarse = scaled.astype(np.float16)
    fine = (scaled - coarse).astype(np.float16)
    return np.ascontiguousarray(np.concatenate([coarse, fine], axis=1)), 1.0 / scale


def add_product(
    stored: Any, parts: Any, products: Any, channel: int, span: tuple[int, int]
) -> None:
    """Write the product of weights and planes of one channel, for a span of pixels.

    Parameters
    ----------
    stored
        Planes ``light 3 stride``, halves on the GPU; of a multiple of 8 lights, or it is slow.
    parts
        Weights ``3 row light``, halves on the GPU.
    products
        ``row 3 room``, single precision: sums over the lights.
    channel
        Which.
    span
        First pixel and their number, multiples of 8.
    """
    from cupy.cuda import cublas  # noqa: PLC0415 - there only with CuPy

    lights, rows = stored.shape[0], parts.shape[1]
    first, count = span
    one, zero = np.ones(1, np.float32), np.zeros(1, np.float32)
    # cuBLAS counts down columns, so it sees all matrices turned: pixels x lights by lights x rows.
    cublas.gemmEx(
        cupy().cuda.device.get_cublas_handle(),
        _AS_IS,
        _AS_IS,
        count,
        rows,
        lights,
        one.ctypes.data,
        stored[0, channel, first:].data.ptr,
        _HALF,
        3 * stored.shape[2],
        parts[channel].data.ptr,
        _HALF,
        lights,
        zero.ctypes.data,
        products[0, channel].data.ptr,
        _SINGLE,
        3 * products.shape[2],
        _SUM_IN_SINGLE,
        _DEFAULT_ALGORITHM,
    )
