"""Relighting 256 lights of 540 x 960 px straight from the planes of a field on disk.

Beside each other in one run, on one core and on two: one frame, beside the speed at which the
same memory can be read; 64 frames in one pass, beside the machine's own product of float matrices;
and what NumPy does with the usual layouts. Budget: a frame at 0.75 of the speed of reading or
more, 10 times as fast as einsum and twice as fast as a matrix product on float planes; 64 frames
at 0.8 of the rate of the matrix product.

::

    pytest benchmarks/bench_relight.py -s
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter

import numpy as np
import pytest
from numba import njit
from threadpoolctl import threadpool_limits

from olat.io.field_file import create_field, open_field, write_plane
from olat.light.arrangements import fibonacci_sphere
from olat.light.quadrature import solid_angles
from olat.model.field import FieldHeader, LightPlane
from olat.model.rig import LightRig
from olat.relight.planes import relit, relit_batch
from olat.relight.preview import compressed, preview

LIGHTS, HEIGHT, WIDTH, FRAMES = 256, 540, 960, 64
FIELD_BYTES = LIGHTS * 3 * HEIGHT * WIDTH * 2
CORES = [count for count in (1, 2) if count <= len(os.sched_getaffinity(0))]
ROUNDS = 7


@pytest.fixture(scope="module")
def planes(tmp_path_factory):
    """Return the planes of a field that was written and opened, its pages read once."""
    rng = np.random.default_rng(20260101)
    noise = rng.normal(0.2, 0.2, (3, HEIGHT, WIDTH))
    directions = fibonacci_sphere(LIGHTS)
    rig = LightRig("bench", directions, np.ones((LIGHTS, 3)))
    lights = tuple(range(LIGHTS))
    header = FieldHeader("s", "A", HEIGHT, WIDTH, LIGHTS, rig, lights, solid_angles(directions))
    path = tmp_path_factory.mktemp("field") / "field.zarr"
    create_field(path, header)
    flags = np.zeros((HEIGHT, WIDTH), np.uint8)
    for light, factor in enumerate(rng.random(LIGHTS)):
        write_plane(path, LightPlane(light, (noise * factor).astype(np.float16), flags))
    opened = open_field(path).planes
    for plane in opened:
        plane.view(np.uint16).max()
    return opened


@pytest.fixture(scope="module")
def weights():
    return np.random.default_rng(20260102).random((FRAMES, LIGHTS, 3))


def best(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Return the least time of some rounds, after one that does not count [s]."""
    work()
    times = []
    for _ in range(rounds):
        started = perf_counter()
        work()
        times.append(perf_counter() - started)
    return min(times)


@njit(nogil=True)
def added(numbers):
    """Return the sum of numbers, which reads all of them."""
    total = np.uint64(0)
    for number in numbers:
        total += number
    return total


def seconds_to_read(planes, threads: int) -> float:
    """Return how long it takes to read every byte of the planes, and to add them up."""
    parts = [plane.reshape(-1).view(np.uint64) for plane in planes]

    def read() -> None:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(added, parts))

    return best(read)


def print_row(name: str, seconds: float, read: float, frames: int = 1) -> None:
    rate = frames * HEIGHT * WIDTH / seconds / 1e6
    print(
        f"{name:<46}{1e3 * seconds / frames:8.1f} ms/frame{rate:8.1f} Mpx/s"
        f"{FIELD_BYTES / seconds / 1e9:7.1f} GB/s  {read / seconds:5.2f} of reading"
    )


@pytest.mark.parametrize("threads", CORES)
def bench_one_frame(benchmark, planes, weights, threads):
    if benchmark.disabled:
        benchmark(relit, planes[:8], weights[0, :8], threads=threads)
        return
    read = seconds_to_read(planes, threads)
    ours = best(lambda: relit(planes, weights[0], threads=threads))
    benchmark.pedantic(relit, (planes, weights[0]), {"threads": threads}, rounds=1)
    print(f"\n{threads} core(s): reading {FIELD_BYTES / read / 1e9:.1f} GB/s")
    print_row("one frame, half planes of the field", ours, read)
    by_light, flat = np.stack(planes).astype(np.float32), weights[0].astype(np.float32)
    with threadpool_limits(limits=threads, user_api="blas"):
        columns = [np.ascontiguousarray(by_light[:, k].reshape(LIGHTS, -1)) for k in range(3)]
        product = best(lambda: [flat[:, k] @ columns[k] for k in range(3)], 3)
        print_row("one frame, float planes by numpy's product", product, read)
        naive = np.ascontiguousarray(np.moveaxis(by_light, 1, 3))
        del by_light
        einsum = best(lambda: np.einsum("lhwc,lc->hwc", naive, flat), 1)
        print_row("one frame, (L, H, W, 3) floats by einsum", einsum, read)
    print(
        f"ours is {einsum / ours:.1f} times as fast as einsum, {product / ours:.1f} as the product"
    )


@pytest.mark.parametrize("threads", CORES)
def bench_frames_of_a_sequence(benchmark, planes, weights, threads):
    if benchmark.disabled:
        benchmark(relit_batch, planes[:8], weights[:, :8], threads=threads)
        return
    read = seconds_to_read(planes, threads)
    # As in a sequence: each batch is written where the last one was.
    frames = np.empty((FRAMES, HEIGHT, WIDTH, 3), np.float32)
    ours = best(lambda: relit_batch(planes, weights, threads=threads, out=frames), 5)
    benchmark.pedantic(relit_batch, (planes, weights), {"threads": threads}, rounds=1)
    size = 1 << 14
    left = np.ascontiguousarray(weights[:, :, 0], np.float32)
    right = np.random.default_rng(1).random((LIGHTS, size)).astype(np.float32)
    out = np.empty((FRAMES, size), np.float32)
    with threadpool_limits(limits=threads, user_api="blas"):
        product = best(lambda: np.matmul(left, right, out=out))
    flops = 2.0 * FRAMES * LIGHTS
    own = flops * 3 * HEIGHT * WIDTH / ours / 1e9
    stock = flops * size / product / 1e9
    print(f"\n{threads} core(s): matrix product {stock:.1f} GFLOP/s")
    print_row(f"{FRAMES} frames in one pass", ours, read, FRAMES)
    print(f"{own:.1f} GFLOP/s: {own / stock:.2f} of the matrix product")


def bench_a_preview(benchmark, tmp_path):
    """Relight the components of tiles, beside the field that they are of."""
    rng = np.random.default_rng(3)
    directions = fibonacci_sphere(64)
    rig = LightRig("bench", directions, np.ones((64, 3)))
    lights = tuple(range(64))
    header = FieldHeader("s", "A", 256, 256, 64, rig, lights, solid_angles(directions))
    create_field(tmp_path / "f.zarr", header)
    for light in lights:
        plane = rng.random((3, 256, 256)).astype(np.float16)
        write_plane(tmp_path / "f.zarr", LightPlane(light, plane, np.zeros((256, 256), np.uint8)))
    field = open_field(tmp_path / "f.zarr")
    small, chosen = compressed(field), rng.random((64, 3))
    if benchmark.disabled:
        benchmark(preview, small, chosen, threads=1)
        return
    ours = best(lambda: preview(small, chosen, threads=1))
    whole = best(lambda: relit(field.planes, chosen, threads=1))
    benchmark.pedantic(preview, (small, chosen), rounds=1)
    print(
        f"\npreview of 32 components: {256 * 256 / ours / 1e6:.1f} Mpx/s on one core, whatever the "
        f"number of lights; 64 lights themselves {256 * 256 / whole / 1e6:.1f} Mpx/s"
    )
