"""Relighting: the planes of a reflectance field, weighted and summed."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, Int64, UInt64
from threadpoolctl import threadpool_limits

from olat.model.shapes import Array, HalfPlanes, LightColors, Radiance
from olat.relight.planes_kernel import AT_ONCE, STRIP, interleave, weighted_sum, widen

_BATCH_STRIP = 1 << 11
"""Pixels of all lights that are widened together [px]."""
PARTS_A_THREAD = 4
"""Parts that the pixels are cut into for each thread, so that none waits long for another."""


def relit(
    planes: Sequence[HalfPlanes], weights: LightColors, *, threads: int | None = None
) -> Radiance:
    r"""Relight one frame: the weighted sum of what every light shows.

    .. math:: L = \sum_i w_i R_i

    Parameters
    ----------
    planes
        Reflectance under each light, finite; mapped planes are read from their files in passing.
    weights
        Factor of each light and color; planes whose weight is 0 are not touched.
    threads
        Threads to use; none means one for each processor that this process may use.

    Returns
    -------
    radiance
        Linear, in the units of the light that the weights stand for.

    Raises
    ------
    ValueError
        If weights and planes do not match, or the planes differ in size or are not halves.

    Notes
    -----
    Sums in single precision. One pass over the planes: its speed is that of memory.

    References
    ----------
    .. [1] Debevec et al., Acquiring the reflectance field of a human face, SIGGRAPH 2000, sec. 3.
    """
    batch = _Batch.of(planes, weights[None])
    radiance = np.empty((batch.height * batch.width, 3), dtype=np.float32)

    used = []
    for channel in range(3):
        addresses, factors = batch.used(channel)
        # The loop takes whole groups of lights: the last is filled up with nothing of its first.
        missing = -len(addresses) % AT_ONCE
        addresses = np.append(addresses, np.repeat(addresses[-1:], missing))
        used.append((addresses, np.append(factors[0], np.zeros(missing, np.float32))))

    def add(start: int, stop: int) -> None:
        for channel, (addresses, factors) in enumerate(used):
            weighted_sum(addresses, factors, start, stop, radiance[:, channel])

    _spread(add, len(radiance), STRIP, threads)
    return radiance.reshape(batch.height, batch.width, 3)


def relit_batch(
    planes: Sequence[HalfPlanes],
    weights: Float64[Array, "frame light 3"],
    *,
    threads: int | None = None,
    out: Float32[Array, "frame h w 3"] | None = None,
) -> Float32[Array, "frame h w 3"]:
    """Relight many frames in one pass over the planes, by matrix products.

    Parameters and errors are those of `relit`, with weights for each frame. A sequence that passes
    the frames of its last call as ``out`` has them overwritten, and saves the time of new memory.
    """
    batch = _Batch.of(planes, weights)
    shape = (len(weights), batch.height, batch.width, 3)
    if out is None:
        out = np.empty(shape, dtype=np.float32)
    elif out.shape != shape or not out.flags.c_contiguous:
        raise ValueError(f"out is {out.shape}; a contiguous array of {shape} is needed")
    radiance = out.reshape(len(weights), batch.height * batch.width, 3)
    used = [batch.used(channel) for channel in range(3)]
    most = max(len(addresses) for addresses, _ in used)

    def multiply(start: int, stop: int) -> None:
        buffer = np.empty((most, _BATCH_STRIP), dtype=np.float32)
        products = np.empty((3, len(weights), _BATCH_STRIP), dtype=np.float32)
        for first in range(start, stop, _BATCH_STRIP):
            last = min(first + _BATCH_STRIP, stop)
            for channel, (addresses, factors) in enumerate(used):
                strip = buffer[: len(addresses), : last - first]
                widen(addresses, first, last, strip)
                np.matmul(factors, strip, out=products[channel, :, : last - first])
            interleave(products, first, last, radiance)

    with threadpool_limits(limits=1, user_api="blas"):
        _spread(multiply, radiance.shape[1], _BATCH_STRIP, threads)
    return out


@dataclass(frozen=True)
class _Batch:
    """Planes that any frame uses, where they lie in memory, and their weights."""

    planes: list[HalfPlanes]
    """Kept, so that their memory stays."""
    weights: Float32[Array, "frame used 3"]
    height: int
    width: int

    @classmethod
    def of(cls, planes: Sequence[HalfPlanes], weights: Float64[Array, "frame light 3"]) -> _Batch:
        """Check planes and weights, and leave out the lights that are off."""
        if not len(planes) or weights.shape[1] != len(planes):
            raise ValueError(
                f"there are weights for {weights.shape[1]} lights and planes of {len(planes)}; "
                "one for each, and 1 at least, is needed"
            )
        if not np.isfinite(weights).all():
            raise ValueError("weights are not finite; every light needs a number")
        lit: Int64[Array, " used"] = np.flatnonzero(weights.any(axis=(0, 2)))
        shape = planes[0].shape
        used = [_contiguous(planes[light]) for light in lit]
        for light, plane in zip(lit, used, strict=True):
            if plane.dtype != np.float16 or plane.shape != shape:
                raise ValueError(
                    f"plane {light} is {plane.dtype} {plane.shape}; halves of {shape} are needed"
                )
        return cls(used, weights[:, lit].astype(np.float32), shape[1], shape[2])

    def used(self, channel: int) -> tuple[UInt64[Array, " used"], Float32[Array, "frame used"]]:
        """Return addresses and weights of the planes whose weight is not 0 in a channel."""
        weights = self.weights[:, :, channel]
        lit = np.flatnonzero(weights.any(axis=0))
        places = [self.planes[light][channel].ctypes.data for light in lit]
        return np.array(places, dtype=np.uint64), np.ascontiguousarray(weights[:, lit])


def addresses_of(
    planes: Sequence[HalfPlanes],
) -> tuple[UInt64[Array, "light 3"], list[HalfPlanes]]:
    """Return where the channels of planes lie in memory, and what keeps it there."""
    kept = [_contiguous(plane) for plane in planes]
    places = [[channel.ctypes.data for channel in plane] for plane in kept]
    return np.array(places, dtype=np.uint64), kept


def _contiguous(plane: HalfPlanes) -> HalfPlanes:
    """Return a plane whose channels are each contiguous; a copy only where they are not."""
    whole = all(channel.flags.c_contiguous for channel in plane)
    return plane if whole else np.ascontiguousarray(plane)


def _spread(work: Callable[[int, int], None], pixels: int, strip: int, threads: int | None) -> None:
    """Run ``work(start, stop)`` over all pixels in threads, each a part in whole strips."""
    count = len(os.sched_getaffinity(0)) if threads is None else max(1, threads)
    step = max(1, -(-pixels // (PARTS_A_THREAD * count * strip))) * strip
    parts = [(y, min(y + step, pixels)) for y in range(0, pixels, step)]
    if count == 1 or len(parts) == 1:
        for part in parts:
            work(*part)
        return
    with ThreadPoolExecutor(count) as pool:
        # Asking for the results raises what a thread raised.
        list(pool.map(lambda part: work(*part), parts))
