"""Relighting by a GPU: the planes of a reflectance field in its memory, weighted and summed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from olat.gpu.cuda import GpuArray, cupy, enough_memory
from olat.gpu.kernel_source import kernel
from olat.gpu.product import add_product, halves_of
from olat.gpu.transfer import Part, to_gpu
from olat.model.shapes import Array, HalfPlanes, LightColors

OF_A_THREAD = 4
"""Pixels that a thread of `weighted_sum` reads at once."""
AT_ONCE = 8
"""Lights that products of half matrices take at a time."""
ALIGNED = 64
"""Planes lie multiples of this apart, as wide loads and matrix products want [px]."""
MOST_ACROSS = 65535
"""Blocks that CUDA takes in the second direction."""
PRODUCT_BYTES = 1 << 29
"""Memory for the products of one pass of `GpuPlanes.relit_batch` [B]."""


@dataclass(frozen=True)
class GpuPlanes:
    """Rows of a reflectance field in the memory of a GPU, in half precision."""

    stored: GpuArray
    """``room 3 stride``, rows joined; what lies beyond the lights and pixels is 0."""
    lights: int
    height: int
    width: int

    @classmethod
    def of(cls, planes: Sequence[HalfPlanes], rows: tuple[int, int] | None = None) -> GpuPlanes:
        """Copy planes to the GPU, or some of their rows ``[top, bottom)``.

        Raises
        ------
        ValueError
            If there are none, or they differ in size or are not halves.
        GpuError
            If there is no GPU, or not the memory.
        """
        check_planes(planes)
        _, height, width = planes[0].shape
        top, bottom = rows or (0, height)
        pixels = (bottom - top) * width
        shape = (-(-len(planes) // AT_ONCE) * AT_ONCE, 3, stride_of(pixels))
        with enough_memory(f"the planes of {len(planes)} lights"):
            stored = cupy().empty(shape, np.float16)
        to_gpu(_Rows(planes, top, bottom), stored.reshape(-1, shape[2]))
        return cls(stored, len(planes), bottom - top, width)

    @property
    def pixels(self) -> int:
        """Number of pixels."""
        return self.height * self.width

    def relit(self, weights: LightColors) -> GpuArray:
        r"""Relight one frame: the weighted sum of what every light shows.

        .. math:: L = \sum_i w_i R_i

        Parameters
        ----------
        weights
            Factor of each light and color; planes whose weight is 0 are not read.

        Returns
        -------
        radiance
            ``h w 3``, single precision, on the GPU; `olat.relight.planes.relit` differs by less
            than :math:`3 \cdot 10^{-6} \sum_i |w_i R_i|`.

        Raises
        ------
        ValueError
            If weights and planes do not match.

        References
        ----------
        .. [1] Debevec et al., Acquiring the reflectance field of a human face, SIGGRAPH 2000,
           sec. 3.
        """
        self._check(weights[None])
        used = np.flatnonzero(weights.any(axis=1)).astype(np.int32)
        # One copy to the card in place of two: lights as bits of numbers, then their weights.
        told = np.concatenate([used.view(np.float32), weights[used].astype(np.float32).reshape(-1)])
        with enough_memory("a picture"):
            radiance = cupy().empty((self.height, self.width, 3), np.float32)
        kernel("planes.cu", "weighted_sum")(
            -(-self.pixels // OF_A_THREAD),
            self.stored,
            np.int64(self.stored.shape[2]),
            cupy().asarray(told),
            np.int32(len(used)),
            np.int64(self.pixels),
            radiance,
        )
        return radiance

    def relit_batch(
        self, weights: Float64[Array, "frame light 3"], out: GpuArray | None = None
    ) -> GpuArray:
        """Relight many frames by products of half-precision matrices, summed in single.

        Each weight enters as two halves, a coarse and a fine part, which hold 22 bits of it; the
        planes are halves as they are. So nothing is lost, at twice the arithmetic of one product.

        Parameters
        ----------
        weights
            Factor of each frame, light and color.
        out
            Pictures of an earlier call, of as many frames, that are overwritten.

        Returns
        -------
        radiance
            ``frame h w 3`` on the GPU, as exact as that of `relit`.

        Raises
        ------
        ValueError
            If weights and planes do not match, or `out` is of another size.
        """
        self._check(weights)
        frames, pixels = len(weights), self.pixels
        shape = (frames, self.height, self.width, 3)
        if out is not None and out.shape != shape:
            raise ValueError(f"out is {out.shape}; an array of {shape} is needed")
        parts, scale = halves_of(weights, room=self.stored.shape[0])
        parts, stride = cupy().asarray(parts), self.stored.shape[2]
        span = max(ALIGNED, PRODUCT_BYTES // (24 * frames) // ALIGNED * ALIGNED)
        span = min(span, stride_of(pixels))
        with enough_memory(f"{frames} pictures"):
            radiance = cupy().empty(shape, np.float32) if out is None else out
            products = cupy().empty((2 * frames, 3, span), np.float32)
        combine = kernel("planes.cu", "combined")
        for first in range(0, pixels, span):
            count = min(span, stride - first)
            for channel in range(3):
                add_product(self.stored, parts, products, channel, (first, count))
            valid = min(span, pixels - first)
            combine(
                valid,
                products,
                np.int32(frames),
                np.int64(span),
                np.int64(first),
                np.int64(valid),
                np.int64(pixels),
                np.float32(scale),
                radiance,
                across=min(frames, MOST_ACROSS),
            )
        return radiance

    def _check(self, weights: Float64[Array, "frame light 3"]) -> None:
        if weights.shape[1] != self.lights:
            raise ValueError(
                f"there are weights for {weights.shape[1]} lights and planes of {self.lights}; "
                "one for each is needed"
            )
        if not len(weights):
            raise ValueError("there are weights for no frame; one at least is needed")
        if not np.isfinite(weights).all():
            raise ValueError("weights are not finite; every light needs a number")


class _Rows:
    """Channels of planes one below the other, some of their rows, with zeros after them."""

    def __init__(self, planes: Sequence[HalfPlanes], top: int, bottom: int) -> None:
        self._planes, self._rows = planes, slice(top, bottom)

    def write(self, first: int, out: Part) -> None:
        """Write as many channels as there are rows in ``out``."""
        for row, target in enumerate(out, start=first):
            light, channel = divmod(row, 3)
            if light >= len(self._planes):
                target[:] = 0
                continue
            pixels = self._planes[light][channel, self._rows].reshape(-1)
            target[: pixels.size] = pixels
            target[pixels.size :] = 0


def stride_of(pixels: int) -> int:
    """Return how far planes of so many pixels lie apart [px]."""
    return -(-pixels // ALIGNED) * ALIGNED


def check_planes(planes: Sequence[HalfPlanes]) -> None:
    """Raise ValueError unless planes are halves of one size, and there is one at least."""
    if not len(planes):
        raise ValueError("there are no planes; one at least is needed")
    shape = planes[0].shape
    for light, plane in enumerate(planes):
        if plane.dtype != np.float16 or plane.shape != shape:
            raise ValueError(
                f"plane {light} is {plane.dtype} {plane.shape}; halves of {shape} are needed"
            )
