"""Relighting fields that are larger than memory: planes pass by once, in the order of the disk."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import psutil
from jaxtyping import Float16, Float32, Float64

from olat.model.field import ReflectanceField
from olat.model.shapes import Array, LightColors, Radiance
from olat.relight.planes import relit, relit_batch
from olat.relight.planes_kernel import AT_ONCE, add_planes

SHARE_OF_MEMORY = 0.5
"""Of the memory that is free: a field that needs more is streamed."""

Eight = Float16[Array, "eight pixel"]


def is_large(field: ReflectanceField, *, lit: int) -> bool:
    """Tell whether so many planes of a field would crowd the memory that is free."""
    lights, height, width = field.shape
    asked = 6 * min(lit, lights) * height * width
    free: int = psutil.virtual_memory().available
    return asked > SHARE_OF_MEMORY * free


def relit_field(field: ReflectanceField, weights: LightColors) -> Radiance:
    """Relight a field once: from mapped planes, or streamed where these would crowd the memory.

    Parameters and errors are those of `olat.relight.planes.relit`.
    """
    lit = int(weights.any(axis=1).sum())
    if field.read_channel is None or not is_large(field, lit=lit):
        return relit(field.planes, weights)
    return relit_streamed(field, weights)


def relit_field_batch(
    field: ReflectanceField,
    weights: Float64[Array, "frame light 3"],
    *,
    out: Float32[Array, "frame h w 3"] | None = None,
) -> Float32[Array, "frame h w 3"]:
    """Relight many frames: from mapped planes, or in strips of rows that are copied from disk.

    Parameters and errors are those of `olat.relight.planes.relit_batch`. Memory is that of the
    frames, and of a strip of rows.
    """
    lights, height, width = field.shape
    if not is_large(field, lit=lights):
        return relit_batch(field.planes, weights, out=out)
    frames = np.empty((len(weights), height, width, 3), np.float32) if out is None else out
    for top, bottom in field.strips():
        strip, _ = field.read_rows(top, bottom)
        frames[:, top:bottom] = relit_batch(list(strip), weights)
    return frames


def relit_streamed(field: ReflectanceField, weights: LightColors) -> Radiance:
    r"""Relight one frame, reading each plane that is lit once and in order.

    .. math:: L = \sum_i w_i R_i

    Eight planes of one channel are read while the eight before them are added. Memory: two times
    eight half planes, and three planes of sums; planes whose weight is 0 are not read.

    Parameters
    ----------
    field
        A field whose channels can be read.
    weights
        Factor of each light and color.

    Raises
    ------
    ValueError
        If there are not as many weights as planes, they are not finite, or the field's channels
        cannot be read.
    """
    lights, height, width = field.shape
    if weights.shape != (lights, 3) or not np.isfinite(weights).all():
        raise ValueError(f"weights are of {weights.shape}; finite ones of {(lights, 3)} are needed")
    sums = np.zeros((3, height * width), np.float32)
    buffers = [np.empty((AT_ONCE, height * width), np.float16) for _ in range(2)]
    jobs = list(_jobs(weights))
    with ThreadPoolExecutor(1) as reader:
        coming = reader.submit(_read, field, jobs[0], buffers[0]) if jobs else None
        for place, (channel, rows) in enumerate(jobs):
            assert coming is not None  # noqa: S101 - there is a job
            coming.result()
            halves = buffers[place % 2]
            if place + 1 < len(jobs):
                coming = reader.submit(_read, field, jobs[place + 1], buffers[(place + 1) % 2])
            factors = np.zeros(AT_ONCE, np.float32)
            factors[: len(rows)] = weights[rows, channel]
            halves[len(rows) :] = 0.0  # nothing of an earlier group, which may be infinite
            add_planes(halves.view(np.uint16), factors, sums[channel])
    return np.ascontiguousarray(sums.T).reshape(height, width, 3)


def _jobs(weights: LightColors) -> Iterator[tuple[int, list[int]]]:
    """Yield channels and the planes that are read together: of each file all channels in a row."""
    lit = np.flatnonzero(weights.any(axis=1))
    for first in range(0, len(lit), AT_ONCE):
        rows = lit[first : first + AT_ONCE].tolist()
        for channel in range(3):
            yield channel, rows


def _read(field: ReflectanceField, job: tuple[int, list[int]], out: Eight) -> None:
    channel, rows = job
    _, height, width = field.shape
    assert field.read_channel is not None  # noqa: S101 - asked before
    for plane, row in zip(out, rows, strict=False):
        field.read_channel(row, channel, plane.reshape(height, width))
