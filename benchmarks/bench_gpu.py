"""Relighting and solves by an NVIDIA GPU, beside its own speed and beside the processor.

Prints: what the card copies and multiplies at best; one frame of fields of two sizes beside the
copy; 64 frames beside the products of float and of half matrices; a field that passes in strips;
solves per pixel; and each beside all cores of the processor of the same machine. Budget: one frame
at 0.7 of the copy bandwidth or more.

::

    python -m benchmarks.bench_gpu
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from os import sched_getaffinity
from time import perf_counter
from typing import Any

import numpy as np

from olat.errors import GpuError
from olat.gpu import cosine_lobe, lambert, phong_ladder
from olat.gpu.cuda import cupy, device_name
from olat.gpu.field import GpuField
from olat.gpu.planes import GpuPlanes
from olat.gpu.strips import GpuStrip
from olat.light.arrangements import fibonacci_sphere
from olat.relight.planes import relit, relit_batch
from olat.surface import cosine_lobe as cosine_lobe_cpu
from olat.surface import lambert as lambert_cpu
from olat.surface import phong_ladder as phong_ladder_cpu
from tests.support.fields import field_of, rig_of

FIELDS = {"256 lights, 540 x 960": (256, 540, 960), "331 lights, 2448 x 3264": (331, 2448, 3264)}
FRAMES, LIGHTS, ROWS, COLUMNS = 64, 96, 1024, 2048
CORES = len(sched_getaffinity(0))
ROUNDS = 9


def on_card(work: Callable[[], Any], rounds: int = ROUNDS) -> float:
    """Return the median time of some rounds on the card, after two that do not count [s]."""
    events = [cupy().cuda.Event() for _ in range(2)]
    times = []
    for turn in range(rounds + 2):
        events[0].record()
        made = work()
        events[1].record()
        events[1].synchronize()
        del made
        if turn >= 2:
            times.append(cupy().cuda.get_elapsed_time(*events) / 1e3)
    return float(np.median(times))


def in_all(work: Callable[[], Any], rounds: int = 3) -> float:
    """Return the least time of some rounds, after one that does not count [s]."""
    times = []
    for turn in range(rounds + 1):
        started = perf_counter()
        work()
        if turn:
            times.append(perf_counter() - started)
    return min(times)


def planes_of(lights: int, height: int, width: int) -> list[Any]:
    """Return planes; a few arrays take turns, since the numbers do not matter for the speed."""
    rng = np.random.default_rng(1)
    few = [rng.random((3, height, width), np.float32).astype(np.float16) for _ in range(8)]
    return [few[light % 8] for light in range(lights)]


def print_card() -> tuple[float, float, float]:
    """Print and return what the card reaches: copy [B/s], float and half products [FLOP/s]."""
    source = cupy().random.random(1 << 28, dtype=np.float32)
    target = cupy().empty_like(source)
    copied = 2 * source.nbytes / on_card(lambda: cupy().copyto(target, source))
    rates = []
    for kind in (np.float32, np.float16):
        left, right = (source[: 1 << 26].reshape(8192, 8192).astype(kind) for _ in range(2))
        rates.append(2 * 8192.0**3 / on_card(lambda: left @ right))  # noqa: B023
    print(
        f"{device_name()}; copy {copied / 1e9:.0f} GB/s, float product {rates[0] / 1e12:.1f} "
        f"TFLOP/s, half product {rates[1] / 1e12:.0f} TFLOP/s; {CORES} cores",
        flush=True,
    )
    return copied, rates[0], rates[1]


def print_relighting(name: str, shape: tuple[int, int, int], peaks: tuple[float, ...]) -> None:
    """Print one frame and many, on the card and on the processor."""
    planes = planes_of(*shape)
    field = field_of_planes(planes, shape)
    weights = np.random.default_rng(2).random((FRAMES, shape[0], 3))
    print(f"\n{name} ({field.bytes / 1e9:.1f} GB)")
    out = np.empty((FRAMES, *shape[1:], 3), np.float32)
    print_from_card(field, weights, out, peaks)
    cupy().get_default_memory_pool().free_all_blocks()
    cpu = in_all(lambda: relit(planes, weights[0]))
    cpu_many = in_all(lambda: relit_batch(planes, weights, out=out), 2)
    passing = Crowded(field)
    passed = in_all(lambda: passing.relit_batch(weights, out=out), 2)
    print(
        f"  {FRAMES} frames, field passing in strips{1e3 * passed:8.0f} ms   "
        f"{field.bytes / passed / 1e9:6.1f} GB/s of field\n"
        f"  {CORES} cores: one frame {1e3 * cpu:.1f} ms, {FRAMES} frames {1e3 * cpu_many:.0f} ms",
        flush=True,
    )


def print_from_card(field: Any, weights: Any, out: Any, peaks: tuple[float, ...]) -> None:
    """Print the copy to the card, and relighting from its memory."""
    on_gpu = GpuField(field)
    started = perf_counter()
    card = on_gpu.planes
    upload = perf_counter() - started
    rate = field.bytes / upload / 1e9
    print(f"  copied to the card              {upload:8.3f} s    {rate:7.1f} GB/s")
    one = on_card(lambda: [card.relit(each) for each in weights[:10]]) / 10
    moved = field.bytes + 12 * card.pixels
    print(
        f"  one of ten frames, one by one   {1e3 * one:8.3f} ms   {moved / one / 1e9:7.0f} GB/s: "
        f"{moved / one / peaks[0]:.2f} of the copy"
    )
    whole = in_all(lambda: on_gpu.relit(weights[0]))
    print(f"  one, picture in main memory     {1e3 * whole:8.1f} ms")
    room = card.relit_batch(weights)
    many = on_card(lambda: card.relit_batch(weights, out=room), 5)
    rate = 6e-12 * weights.shape[0] * weights.shape[1] * card.pixels / many
    print(
        f"  {FRAMES} frames                       {1e3 * many:8.2f} ms   {rate:7.1f} "
        f"TFLOP/s: {1e12 * rate / peaks[1]:.2f} of the float product, "
        f"{2e12 * rate / peaks[2]:.2f} of the half product, which it does twice"
    )
    whole = in_all(lambda: on_gpu.relit_batch(weights, out=out), 2)
    print(f"  {FRAMES}, pictures in main memory     {1e3 * whole:8.1f} ms")
    print_exactness(card, field.planes, weights)


class Crowded(GpuField):
    """A field that must pass in strips, whatever there is of memory."""

    fits = False


def print_exactness(card: GpuPlanes, planes: Any, weights: Any) -> None:
    """Print how far pictures are from the processor's, beside what was added for each."""
    rows = slice(0, 8)
    some = [plane[:, rows] for plane in planes]
    size = relit(some, np.abs(weights[0]))
    one = np.abs(cupy().asnumpy(card.relit(weights[0])[rows]) - relit(some, weights[0]))
    batch = cupy().asnumpy(card.relit_batch(weights[:2])[0, rows])
    two = np.abs(batch - relit(some, weights[0]))
    print(
        f"  off the processor's, of the sum   {(one / size).max():.1e} one frame, "
        f"{(two / size).max():.1e} in a batch"
    )


def field_of_planes(planes: list[Any], shape: tuple[int, int, int]) -> Any:
    """Return a field of planes that are not copied."""
    lights = shape[0]
    whole = field_of(np.zeros((lights, 3, 1, 1)), rig_of(fibonacci_sphere(lights)))
    header = replace(whole.header, height=shape[1], width=shape[2])
    return replace(whole, header=header, planes=planes)


def print_solves() -> None:
    """Print the rates of the solves, and whether they come to what the processor comes to."""
    rng = np.random.default_rng(3)
    directions = fibonacci_sphere(LIGHTS)
    normals = rng.normal(0, 0.4, (ROWS, COLUMNS, 3)).astype(np.float32) + np.float32([0, 0, 1])
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    view = np.broadcast_to(np.float32([0, 0, 1]), normals.shape).copy()
    mirror = 2 * normals[..., 2:] * normals - view
    reflectance = np.empty((LIGHTS, 3, ROWS, COLUMNS), np.float16)
    for light, toward in enumerate(directions.astype(np.float32)):
        shading = np.maximum(normals @ toward, 0.0)
        lobe = 0.4 * np.maximum(mirror @ toward, 0.0) ** 20 * (shading > 0)
        noise = 0.003 * rng.standard_normal((3, ROWS, COLUMNS), np.float32)
        reflectance[light] = np.float32([[[0.5]], [[0.4]], [[0.3]]]) * shading + lobe + noise
    flags = np.zeros((LIGHTS, ROWS, COLUMNS), np.uint8)
    pixels = ROWS * COLUMNS / 1e6
    print(
        f"\nsolves, {LIGHTS} lights, {pixels:.1f} Mpx, halves: strip on the card / with copies / "
        f"{CORES} cores"
    )
    upload = in_all(lambda: GpuStrip.of(reflectance, flags, directions))
    strip = GpuStrip.of(reflectance, flags, directions)
    geometry = cupy().asarray(normals), cupy().asarray(view)
    largest = phong_ladder_cpu.largest_exponent(directions)

    # Strips as a field reads them, each in one piece.
    step = max(1, ROWS // (4 * CORES))
    parts = [slice(top, top + step) for top in range(0, ROWS, step)]
    cut = {rows.start: (reflectance[:, :, rows].copy(), flags[:, rows].copy()) for rows in parts}

    def by_strips(solve: Callable[[slice], Any]) -> Callable[[], list[Any]]:
        def work() -> list[Any]:
            with ThreadPoolExecutor(CORES) as pool:
                return list(pool.map(solve, parts))

        return work

    for name, card, processor in (
        (
            "least squares",
            lambda: lambert.normals_from_olats(strip, method="least_squares"),
            lambda rows: lambert_cpu.normals_from_olats(
                *cut[rows.start], directions, method="least_squares"
            ),
        ),
        (
            "robust (IRLS)",
            lambda: lambert.normals_from_olats(strip),
            lambda rows: lambert_cpu.normals_from_olats(*cut[rows.start], directions),
        ),
        (
            "Phong ladder",
            lambda: phong_ladder.phong_from_olats(strip, *geometry, largest=largest),
            lambda rows: phong_ladder_cpu.phong_from_olats(
                *cut[rows.start], directions, normals[rows], view[rows]
            ),
        ),
    ):
        seconds, all_cores = on_card(card), in_all(by_strips(processor), 1)
        print_solve(name, pixels, seconds, seconds + upload, all_cores)
        print_difference(card(), processor(parts[0]))
    integral = rng.uniform(0.5, 2, (ROWS, COLUMNS, 3)).astype(np.float32)
    moment = (0.5 * integral * normals).astype(np.float32)
    there = cupy().asarray(integral), cupy().asarray(moment)
    seconds = on_card(lambda: cosine_lobe.lobes_from_moments(*there))
    whole = in_all(lambda: cosine_lobe.lobes_from_moments(integral, moment))
    all_cores = in_all(
        by_strips(lambda rows: cosine_lobe_cpu.lobes_from_moments(integral[rows], moment[rows]))
    )
    print_solve("cosine lobes", pixels, seconds, whole, all_cores)


def print_solve(name: str, pixels: float, card: float, whole: float, cores: float) -> None:
    """Print rates, and how they are to each other."""
    print(
        f"  {name:<16}{pixels / card:>9.0f} /{pixels / whole:>7.1f} /{pixels / cores:>7.1f} Mpx/s: "
        f"{cores / card:.0f} / {cores / whole:.1f} times {CORES} cores",
        flush=True,
    )


def print_difference(card: Any, processor: Any) -> None:
    """Print how far results are apart in the first rows."""
    theirs = (
        processor
        if isinstance(processor, tuple)
        else (
            processor.diffuse_albedo,
            processor.specular_albedo[..., 0],
            processor.exponent,
            processor.confidence,
            processor.flags,
        )
    )
    off = [
        float(np.abs(cupy().asnumpy(ours[: len(expected)]).astype(float) - expected).max())
        for ours, expected in zip(card, theirs, strict=True)
    ]
    print(f"{'':<18}off the processor's by {', '.join(f'{each:.1e}' for each in off)}")


def main() -> int:
    """Print all."""
    try:
        peaks = print_card()
    except GpuError as error:
        print(error)
        return 1
    print_solves()
    for name, shape in FIELDS.items():
        print_relighting(name, shape, peaks)
    return 0


def bench_the_processor(benchmark):
    """Relight on the processor: the card is for `main`."""
    planes = planes_of(8, 54, 96)
    benchmark(relit, planes, np.ones((8, 3)))


if __name__ == "__main__":
    sys.exit(main())
