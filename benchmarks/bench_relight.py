"""Relighting: one frame and a batch, beside the speed at which memory can be read.

Budget on one core: a frame at half of the speed of a plain sum over the same memory; 32 frames
at 20 million pixels a second.

::

    pytest benchmarks/bench_relight.py -s
"""

from __future__ import annotations

from time import perf_counter

import numpy as np
import pytest

from olat.relight.planes import relit, relit_batch

LIGHTS, HEIGHT, WIDTH = 156, 540, 960
FIELD_BYTES = LIGHTS * 3 * HEIGHT * WIDTH * 2


@pytest.fixture(scope="module")
def planes():
    rng = np.random.default_rng(20260101)
    noise = rng.normal(0.2, 0.2, (3, HEIGHT, WIDTH))
    return [(noise * factor).astype(np.float16) for factor in rng.random(LIGHTS)]


@pytest.fixture(scope="module")
def weights():
    return np.random.default_rng(20260102).random((32, LIGHTS, 3))


def seconds_to_read(planes):
    """Return how long one core needs to touch every byte."""
    times = []
    for _ in range(5):
        started = perf_counter()
        for plane in planes:
            plane.view(np.uint64).sum()
        times.append(perf_counter() - started)
    return min(times)


def report(benchmark, name, planes, frames=1):
    if benchmark.stats is None:  # disabled
        return
    best = benchmark.stats.stats.min
    rate = frames * HEIGHT * WIDTH / best / 1e6
    read = seconds_to_read(planes)
    print(
        f"\n{name}: {1e3 * best:.0f} ms, {rate:.1f} Mpx/s, {FIELD_BYTES / best / 1e9:.1f} GB/s, "
        f"{read / best:.2f} of the speed of reading ({FIELD_BYTES / read / 1e9:.1f} GB/s)"
    )


def bench_one_frame(benchmark, planes, weights):
    benchmark.pedantic(relit, (planes, weights[0]), {"threads": 1}, rounds=8, warmup_rounds=1)
    report(benchmark, "one frame, one thread", planes)


def bench_one_frame_on_all_cores(benchmark, planes, weights):
    benchmark.pedantic(relit, (planes, weights[0]), rounds=8, warmup_rounds=1)
    report(benchmark, "one frame, all cores", planes)


def bench_a_batch_of_frames(benchmark, planes, weights):
    benchmark.pedantic(relit_batch, (planes, weights), {"threads": 1}, rounds=3, warmup_rounds=1)
    report(benchmark, "32 frames, one thread", planes, frames=32)


def bench_one_frame_by_numpy(benchmark, planes, weights):
    def by_einsum():
        return np.einsum("lchw,lc->hwc", np.array(planes, np.float32), weights[0])

    benchmark.pedantic(by_einsum, rounds=2)
    report(benchmark, "one frame by numpy", planes)
