"""Copies between mapped files and the memory of the GPU, through memory that does not move."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np

from olat.gpu.cuda import cupy
from olat.model.shapes import Array

COPIERS = 8
"""Threads that copy at a time: one alone does not fill the bus."""
PIECE = 1 << 24
"""Bytes that one of them moves at a time."""

Part: TypeAlias = Array
"""Rows of what is copied, in memory that does not move."""
Job: TypeAlias = Callable[[Array, Any], None]


@runtime_checkable  # the tests check every argument as it is passed
class Source(Protocol):
    """What can write its rows into memory that is lent to it."""

    def write(self, first: int, out: Part) -> None:
        """Write rows from `first` on."""
        ...


def to_gpu(source: Source, target: Any) -> None:
    """Fill the rows of a contiguous array of the GPU from a source."""
    step = max(1, PIECE // max(1, target[:1].nbytes))

    def job(first: int) -> Job:
        rows = target[first : first + step]

        def copy(memory: Array, stream: Any) -> None:
            held = memory[: rows.nbytes].view(rows.dtype).reshape(rows.shape)
            source.write(first, held)
            rows.set(held, stream)

        return copy

    _run([job(first) for first in range(0, len(target), step)], step * target[:1].nbytes)


def to_processor(pairs: Sequence[tuple[Any, Array]]) -> None:
    """Copy contiguous arrays of the GPU to arrays of the processor of the same type and size."""

    def job(source: Any, target: Array) -> Job:
        def copy(memory: Array, stream: Any) -> None:
            held = memory[: source.nbytes].view(source.dtype)
            source.get(stream=stream, out=held)
            stream.synchronize()
            np.copyto(target, held)

        return copy

    jobs = [job(*piece) for source, target in pairs for piece in _pieces(source, target)]
    _run(jobs, PIECE)


def on_gpu(array: Any, dtype: Any = None) -> Any:
    """Return an array on the GPU: itself if it is there, else a copy."""
    if isinstance(array, cupy().ndarray):
        return array if dtype is None else cupy().ascontiguousarray(array, dtype)
    given = np.ascontiguousarray(array, dtype)
    target = cupy().empty(given.shape, given.dtype)
    to_gpu(_Numbers(given.reshape(-1)), target.reshape(-1))
    return target


class _Numbers:
    """An array of numbers as a source."""

    def __init__(self, numbers: Array) -> None:
        self._numbers = numbers

    def write(self, first: int, out: Part) -> None:
        np.copyto(out, self._numbers[first : first + len(out)])


def _pieces(source: Any, target: Any) -> Iterator[tuple[Any, Any]]:
    """Cut two arrays of the same number of bytes into pieces that match."""
    first, second = source.reshape(-1), target.reshape(-1)
    step = max(1, PIECE // first.dtype.itemsize)
    for start in range(0, first.size, step):
        yield first[start : start + step], second[start : start + step]


def _run(jobs: list[Job], most: int) -> None:
    """Share jobs out among threads, each with a stream and `most` bytes of memory of its own."""
    # What made the arrays may still be running, on a stream that the threads do not wait for.
    cupy().cuda.get_current_stream().synchronize()
    device = cupy().cuda.Device()

    def work(share: list[Job]) -> None:
        with device, _room(most) as (memory, stream):
            for job in share:
                job(memory, stream)
                stream.synchronize()

    if len(jobs) == 1:
        work(jobs)
        return
    shares = [jobs[first::COPIERS] for first in range(min(COPIERS, len(jobs)))]
    with ThreadPoolExecutor(COPIERS) as pool:
        list(pool.map(work, shares))


@contextmanager
def _room(count: int) -> Iterator[tuple[Array, Any]]:
    """Lend memory that does not move and a stream; CuPy keeps the memory for who asks next."""
    memory = cupy().cuda.alloc_pinned_memory(count)
    yield np.frombuffer(memory, np.uint8, count), cupy().cuda.Stream(non_blocking=True)
