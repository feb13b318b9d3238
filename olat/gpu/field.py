"""A reflectance field that a GPU relights: from its memory, or strip by strip in passing."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from jaxtyping import Float32, Float64

from olat.gpu.cuda import cupy, enough_memory, free_bytes
from olat.gpu.planes import GpuPlanes
from olat.gpu.transfer import to_processor
from olat.model.field import ReflectanceField
from olat.model.shapes import Array, LightColors, Radiance

FOR_PICTURES = 0.25
"""Share of the memory that a field which stays there leaves to pictures."""
AT_ONCE = 2
"""Strips under way: while one is copied there, the other is lit and copied back."""
LEAST_ROWS = 8

_log = logging.getLogger(__name__)


class GpuField:
    """A field and its copy on the GPU, which is made when first needed.

    Raises
    ------
    GpuError
        If there is no GPU.

    Notes
    -----
    Pictures come back to the processor's memory. Who wants them on the GPU, as for training, takes
    `planes`. Not for several threads at once.
    """

    def __init__(self, field: ReflectanceField) -> None:
        cupy()
        self._field = field
        self._planes: GpuPlanes | None = None

    @property
    def fits(self) -> bool:
        """Whether the GPU's free memory holds the whole field, and pictures beside it."""
        return self._planes is not None or self._field.bytes <= (1 - FOR_PICTURES) * free_bytes()

    @property
    def planes(self) -> GpuPlanes:
        """The field in the GPU's memory.

        Raises
        ------
        GpuError
            If it does not fit.
        """
        if self._planes is None:
            self._planes = GpuPlanes.of(self._field.planes)
        return self._planes

    def relit(self, weights: LightColors) -> Radiance:
        """Relight one frame; see `olat.gpu.planes.GpuPlanes.relit`."""
        if not self.fits:
            return np.asarray(self.relit_batch(weights[None])[0])
        out = np.empty((*self._field.shape[1:], 3), np.float32)
        to_processor([(self.planes.relit(weights), out)])
        return out

    def relit_batch(
        self,
        weights: Float64[Array, "frame light 3"],
        *,
        out: Float32[Array, "frame h w 3"] | None = None,
    ) -> Float32[Array, "frame h w 3"]:
        """Relight many frames; see `olat.gpu.planes.GpuPlanes.relit_batch`.

        A field that does not fit into the GPU's memory passes through it once, in strips of rows.
        So do the pictures of one that does, where they are many.
        """
        _, height, width = self._field.shape
        shape = (len(weights), height, width, 3)
        if out is None:
            out = np.empty(shape, np.float32)
        elif out.shape != shape or not out.flags.c_contiguous:
            raise ValueError(f"out is {out.shape}; a contiguous array of {shape} is needed")
        if self.fits and 4 * out.size <= FOR_PICTURES * free_bytes():
            to_processor([(self.planes.relit_batch(weights), out)])
            return out
        self._stream(weights, out)
        return out

    def _stream(
        self, weights: Float64[Array, "frame light 3"], out: Float32[Array, "frame h w 3"]
    ) -> None:
        """Relight strips of rows, two at a time."""
        lights, height, width = self._field.shape
        # Of a pixel: the planes, pictures, and products, which are of two halves of the weights.
        pixel_bytes = 6 * lights + (12 + 24) * len(weights)
        most = free_bytes() // AT_ONCE // (width * pixel_bytes)
        rows = max(LEAST_ROWS, min(most, -(-height // (2 * AT_ONCE))))
        _log.info("GPU: the field is lit in strips of %d rows", rows)
        strips = [(top, min(top + rows, height)) for top in range(0, height, rows)]
        device, bus = cupy().cuda.Device(), threading.Lock()

        def light(share: list[tuple[int, int]]) -> None:
            # Memory goes back to the stream that it was lent to: one stream for all of a share.
            with device, cupy().cuda.Stream(non_blocking=True), enough_memory("a strip of rows"):
                for top, bottom in share:
                    with bus:  # full with one copy
                        planes = GpuPlanes.of(self._field.planes, rows=(top, bottom))
                    pictures = planes.relit_batch(weights)
                    pairs = [(each, out[at, top:bottom]) for at, each in enumerate(pictures)]
                    to_processor(pairs)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(light, [strips[first::AT_ONCE] for first in range(AT_ONCE)]))
