"""NVIDIA's optical flow engine beside dense inverse search, on photographs of known motion.

Two scenes at 2 and at 8 Mpx: a subject on black, and one before a wall that stands still, which
the subject covers and uncovers. Both move by up to 20 px at 8 Mpx. Prints a table: time of a pair,
both directions and their agreement, and what the flow is off by, inside the subject and in the
`BAND` inside its outline. Needs an NVIDIA GPU, and says so where there is none; the processor's
rows are printed anyway.

::

    python -m benchmarks.bench_nvidia_flow [2|8]
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any

import cv2
import numpy as np
import pytest

from olat.motion.flow import flow_between, upsampled
from olat.motion.flow_dis import dis
from olat.motion.flow_nvidia import NvidiaFlow
from olat.motion.nvidia_engine import Engine
from olat.motion.nvidia_probe import trouble
from tests.motion.photographs import Pair, mosaic, moved_pair, photographed, smooth_motion

Array = np.ndarray[Any, Any]

SIZES = {"2 Mpx": (1224, 1632), "8 Mpx": (2448, 3264)}
LONGEST = 20.0
"""Of the motion at 8 Mpx; at 2 Mpx half of it [px]."""
BAND = 16
"""Width of what counts as the outline, inside the subject [px]."""
ROUNDS = 2
GRIDS = (1, 2, 4)


def on_black(shape: tuple[int, int], seed: int) -> Pair:
    """Return a subject that fades to black at its outline."""
    rng = np.random.default_rng(seed)
    flow = smooth_motion(*shape, LONGEST * shape[1] / 3264, rng)
    return noisy(moved_pair(mosaic(*shape), flow, is_on_black=True), rng)


def before_a_wall(shape: tuple[int, int], seed: int) -> Pair:
    """Return a subject with a hard outline before another photograph, which does not move."""
    rng = np.random.default_rng(seed)
    height, width = shape
    flow = smooth_motion(*shape, LONGEST * width / 3264, rng)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    moved = moved_pair(mosaic(*shape), flow)
    wall = mosaic(*shape, subjects=("coffee", "brick", "gravel", "ihc"))

    def is_subject(at_x: Array, at_y: Array) -> Array:
        away = np.hypot((at_x / width - 0.5) / 0.3, (at_y / height - 0.5) / 0.42)
        return np.clip((1.0 - away) * 0.3 * width + 0.5, 0.0, 1.0)[..., None].astype(np.float32)

    there, here = is_subject(x, y), is_subject(x + flow[..., 0], y + flow[..., 1])
    pair = Pair(
        here * moved.reference + (1 - here) * wall,
        there * moved.moving + (1 - there) * wall,
        flow,
        here[..., 0] > 0.5,
    )
    return noisy(pair, rng)


def noisy(pair: Pair, rng: np.random.Generator) -> Pair:
    """Photograph both frames."""
    return pair._replace(
        reference=photographed(pair.reference, rng), moving=photographed(pair.moving, rng)
    )


SCENES = {"subject on black": on_black, "before a still wall": before_a_wall}


def outline_of(inside: Array) -> Array:
    """Return what of the subject lies within `BAND` of its outline."""
    away = cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, 5)
    return inside & (away < BAND)


def quickest(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return the least time of some rounds after one that does not count, and the result [s]."""
    made = work()
    times = []
    for _ in range(ROUNDS):
        started = perf_counter()
        made = work()
        times.append(perf_counter() - started)
    return min(times), made


def print_row(name: str, seconds: float, flow: Array, pair: Pair) -> None:
    error = np.linalg.norm(upsampled(flow, pair.inside.shape) - pair.flow, axis=2)
    cells = [f"{name:<38}{1e3 * seconds:>9.1f} ms"]
    for region in (pair.inside, outline_of(pair.inside)):
        mean, middle, tail = error[region].mean(), *np.percentile(error[region], [50, 99])
        cells.append(f"{mean:>8.3f}{middle:>8.3f}{tail:>8.2f}")
    print("   ".join(cells), flush=True)


def compare(pair: Pair, methods: dict[str, Any]) -> None:
    """Print a row for each method: alone at full size, and as stages call it at two sizes."""
    threads = cv2.getNumThreads()
    for name, method in methods.items():
        for preset in ("fine", "standard"):
            on = {"dis, one core": 1}.get(name, threads)
            cv2.setNumThreads(on)
            seconds, (flow, _) = quickest(
                lambda method=method, preset=preset: flow_between(
                    pair.reference, pair.moving, preset=preset, method=method
                )
            )
            print_row(f"{name}, {preset}", seconds, flow, pair)
    cv2.setNumThreads(threads)


def print_engine(pair: Pair, grid: int) -> None:
    """Print what the engine alone takes, of 8-bit pictures in memory, one direction."""
    height, width = pair.inside.shape
    gray = [
        np.rint(255 * np.clip(frame.mean(axis=2), 0, 1) ** (1 / 2.2)).astype(np.uint8)
        for frame in (pair.reference, pair.moving)
    ]
    method = NvidiaFlow(grid)
    engine = Engine(gray[0].shape, grid=grid)
    alone, _ = quickest(lambda: engine.solve(*gray))
    engine.close()
    both, _ = quickest(lambda: method(*gray))
    method.close()
    seconds, _ = quickest(lambda: dis(*gray))
    rate = height * width / 1e6
    print(
        f"grid {grid}: engine with transfers, one direction {1e3 * alone:.1f} ms "
        f"({rate / alone:.0f} Mpx/s); both, with agreement {1e3 * both:.1f} ms; dense inverse "
        f"search on {cv2.getNumThreads()} threads, both {1e3 * seconds:.1f} ms",
        flush=True,
    )


def main() -> int:
    """Print the tables."""
    reason = trouble()
    print(f"NVIDIA: {reason or 'works'}; OpenCV {cv2.__version__} on {cv2.getNumThreads()} threads")
    methods: dict[str, Any] = {"dis, one core": dis, "dis, all cores": dis}
    if not reason:
        methods |= {f"nvidia, grid {grid}": NvidiaFlow(grid) for grid in GRIDS}
    for size, shape in SIZES.items():
        if sys.argv[1:] and not size.startswith(sys.argv[1]):
            continue
        for scene, made in SCENES.items():
            pair = made(shape, 1)
            print(f"\n{size}, {scene}: a pair; error inside the subject, and at its outline [px]")
            print(
                f"{'':<38}{'':>12}   {'mean':>8}{'median':>8}{'99 %':>8}   {'mean':>8}{'median':>8}"
            )
            compare(pair, methods)
            if not reason and scene == "subject on black":
                for grid in GRIDS:
                    print_engine(pair, grid)
    return 0


@pytest.mark.parametrize("scene", SCENES)
def bench_dense_inverse_search(benchmark, scene):
    pair = SCENES[scene]((306, 408), 1)
    benchmark(flow_between, pair.reference, pair.moving, preset="fine")


if __name__ == "__main__":
    sys.exit(main())
