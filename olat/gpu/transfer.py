"""Copies between mapped files and the memory of the GPU, through memory that does not move."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np

from olat.gpu.cuda import cupy
from olat.model.shapes import Array

COPIERS = 8
"""Threads that copy at a time: one alone does not fill the bus."""
PIECE = 1 << 24
"""Bytes that one of them moves at a time."""

Copy = Callable[[Any, Any], None]


def to_gpu(pairs: Sequence[tuple[Array, Any]]) -> None:
    """Copy arrays of the processor to contiguous arrays of the GPU of the same type and size."""
    _run([(source, target) for each in pairs for source, target in _pieces(*each)], _up)


def to_processor(pairs: Sequence[tuple[Any, Array]]) -> None:
    """Copy contiguous arrays of the GPU to arrays of the processor of the same type and size."""
    cupy().cuda.get_current_stream().synchronize()
    _run([(source, target) for each in pairs for source, target in _pieces(*each)], _down)


def on_gpu(array: Any, dtype: Any = None) -> Any:
    """Return an array on the GPU: itself if it is there, else a copy."""
    if isinstance(array, cupy().ndarray):
        return array if dtype is None else cupy().ascontiguousarray(array, dtype)
    given = np.ascontiguousarray(array, dtype)
    target = cupy().empty(given.shape, given.dtype)
    to_gpu([(given, target)])
    return target


def _pieces(source: Any, target: Any) -> Iterator[tuple[Any, Any]]:
    """Cut two arrays of the same number of bytes into pieces that match."""
    first, second = source.reshape(-1), target.reshape(-1)
    step = max(1, PIECE // first.dtype.itemsize)
    for start in range(0, first.size, step):
        yield first[start : start + step], second[start : start + step]


def _run(pieces: list[tuple[Any, Any]], copy: Callable[[Any, Any, Any, Any], None]) -> None:
    """Share pieces out among threads, each with a stream and a buffer of its own."""
    if not pieces:
        return
    device = cupy().cuda.Device()
    shares = [pieces[first::COPIERS] for first in range(min(COPIERS, len(pieces)))]

    def work(share: list[tuple[Any, Any]]) -> None:
        with device, _room(max(source.nbytes for source, _ in share)) as (buffer, stream):
            for source, target in share:
                copy(source, target, buffer[: source.nbytes], stream)

    if len(shares) == 1:
        work(shares[0])
        return
    # What made the arrays may still be running.
    cupy().cuda.get_current_stream().synchronize()
    with ThreadPoolExecutor(len(shares)) as pool:
        list(pool.map(work, shares))


@contextmanager
def _room(count: int) -> Iterator[tuple[Any, Any]]:
    """Lend pinned memory and a stream; CuPy keeps the memory for the next who asks."""
    memory = cupy().cuda.alloc_pinned_memory(count)
    stream = cupy().cuda.Stream(non_blocking=True)
    yield np.frombuffer(memory, np.uint8, count), stream


def _up(source: Any, target: Any, buffer: Any, stream: Any) -> None:
    held = buffer.view(source.dtype)
    np.copyto(held, source)
    target.set(held, stream)
    stream.synchronize()


def _down(source: Any, target: Any, buffer: Any, stream: Any) -> None:
    held = buffer.view(source.dtype)
    source.get(stream=stream, out=held)
    stream.synchronize()
    np.copyto(target, held)
