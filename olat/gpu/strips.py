"""What the solves read, in the memory of a GPU: a part of the field, its doubts, its lights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from olat.gpu.cuda import GpuArray, cupy, enough_memory
from olat.gpu.kernel_source import kernel
from olat.gpu.transfer import on_gpu
from olat.model.field import ConfidenceStrip
from olat.model.shapes import Directions
from olat.surface.lambert import Readings
from olat.surface.near_light import NearLights
from olat.surface.strip import StripFlags, pixels_under_lights

SCRATCH_BYTES = 1 << 30
"""Memory for what a solve keeps of each pixel and light; pixels are solved in parts that fit."""


@dataclass(frozen=True)
class GpuStrip:
    """Rows of a field under every light, on the GPU, with the lights."""

    stored: GpuArray
    """``light channel pixel``: halves, or single precision."""
    flags: GpuArray
    """``light pixel``."""
    confidence: GpuArray | None
    lamps: GpuArray
    """Directions ``3 light`` of distant lights, else ``light 8``."""
    places: GpuArray | None
    """``3 pixel``, where lights are near."""
    shape: tuple[int, int]
    """Rows and columns [px]."""

    @classmethod
    def of(
        cls,
        reflectance: Readings,
        flags: StripFlags,
        lights: Directions | NearLights,
        confidence: ConfidenceStrip | None = None,
    ) -> GpuStrip:
        """Copy a strip to the GPU; arguments and errors are those of `pixels_under_lights`.

        Raises
        ------
        ValueError
            Also if the readings are neither of half nor of single precision.
        GpuError
            If there is no GPU, or not the memory.
        """
        stored, (doubts, trust), lamps = pixels_under_lights(reflectance, flags, lights, confidence)
        if stored.dtype not in (np.uint16, np.float32):
            raise ValueError(
                f"strip: its numbers are {stored.dtype}; halves or singles were needed. "
                "Convert them with astype."
            )
        with enough_memory(f"a strip of {len(doubts)} lights"):
            near = isinstance(lamps, tuple)
            return cls(
                on_gpu(stored),
                on_gpu(doubts),
                None if trust is None else on_gpu(trust),
                on_gpu(lamps[0] if near else lamps),
                on_gpu(lamps[1]) if near else None,
                (flags.shape[1], flags.shape[2]),
            )

    @property
    def pixels(self) -> int:
        """Number of pixels."""
        return self.shape[0] * self.shape[1]

    @property
    def macros(self) -> dict[str, str | int]:
        """What the kernels are to know of the strip when they are compiled."""
        return {
            "STORED": "float" if self.stored.dtype == np.float32 else "half_bits",
            "CHANNELS": self.stored.shape[1],
            "TRUSTED": int(self.confidence is not None),
            "NEAR": int(self.places is not None),
        }

    def parts(self, *, parted: bool) -> Iterator[tuple[int, int, tuple[Any, ...], GpuArray]]:
        """Yield first pixel and number of parts, their arguments for a kernel, and its scratch.

        Parameters
        ----------
        parted
            Whether beams of near lights come as unit vectors, and what they are divided by apart.
        """
        lights, stride = self.flags.shape
        numbers = 1 if self.places is None else 5
        most = max(1, SCRATCH_BYTES // (4 * numbers * lights))
        step = min(self.pixels, most)
        with enough_memory("the solve"):
            values = cupy().empty(lights * step, np.float32)
        for first in range(0, self.pixels, step):
            count = min(step, self.pixels - first)
            beams, inverses = self._beams(first, count, parted=parted)
            yield (
                first,
                count,
                (
                    self.stored[0, 0, first:],
                    self.flags[0, first:],
                    self.flags if self.confidence is None else self.confidence[0, first:],
                    beams,
                    inverses,
                    np.int64(stride),
                    np.int64(count),
                    np.int32(lights),
                ),
                values,
            )

    def _beams(self, first: int, count: int, *, parted: bool) -> tuple[GpuArray, GpuArray]:
        """Return directions, or each pixel's own beams and one over their length."""
        if self.places is None:
            return self.lamps, self.lamps
        lights = len(self.lamps)
        with enough_memory("the ways to near lights"):
            beams = cupy().empty((lights, 3, count), np.float32)
            inverses = cupy().empty((lights, count if parted else 1), np.float32)
        kernel("beams.cu", "beams_from_places")(
            lights * count,
            self.lamps,
            np.int32(lights),
            self.places[0, first:],
            np.int64(self.places.shape[1]),
            np.int64(count),
            beams,
            inverses,
            np.int32(parted),
        )
        return beams, inverses
