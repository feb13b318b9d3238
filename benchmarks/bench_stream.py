"""Relighting from disk a field that does not fit into memory, beside the disk's own speed.

The field has 331 lights; OLAT_BENCH_MEGAPIXELS says how many pixels, 8 for 16 GB (default 0.5, and
less where the disk has no room). Its files are dropped from the system's cache before each
measurement. Budget: 0.7 of the rate at which the same files are read one after the other, and less
than 1 GB of memory.

::

    OLAT_BENCH_MEGAPIXELS=8 pytest benchmarks/bench_stream.py -s
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest

from olat.io.field_file import create_field, open_field, write_plane
from olat.light.arrangements import fibonacci_sphere
from olat.light.quadrature import solid_angles
from olat.model.field import FieldHeader, LightPlane
from olat.model.rig import LightRig
from olat.relight.planes_kernel import add_planes
from olat.relight.streamed_planes import relit_streamed

LIGHTS = 331
RUN = """
import sys
from benchmarks.bench_stream import measure
measure(sys.argv[1])
"""


def shards(path: Path) -> list[Path]:
    return sorted(place for place in (path / "reflectance" / "c").rglob("*") if place.is_file())


def drop(path: Path) -> None:
    """Let the system forget the files."""
    for place in shards(path):
        file = os.open(place, os.O_RDONLY)
        os.fdatasync(file)
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(file)


def seconds_to_read(path: Path) -> float:
    """Return how long the disk takes to give all files, one after the other."""
    drop(path)
    buffer = memoryview(bytearray(16 << 20))
    started = perf_counter()
    for place in shards(path):
        with place.open("rb", buffering=0) as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_SEQUENTIAL)
            while file.readinto(buffer):
                pass
    return perf_counter() - started


def measure(path: str) -> None:
    """Relight once and print time and memory; run in a process of its own."""
    weights = np.random.default_rng(2).random((LIGHTS, 3))
    field = open_field(Path(path))
    # Loads what was compiled.
    add_planes(np.zeros((8, 8), np.uint16), np.zeros(8, np.float32), np.zeros(8, np.float32))
    drop(Path(path))
    started = perf_counter()
    relit_streamed(field, weights)
    seconds = perf_counter() - started
    print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


@pytest.fixture(scope="module")
def written(tmp_path_factory, request):
    """Write the field; a small one where nothing is measured."""
    folder = tmp_path_factory.mktemp("stream")
    wanted = float(os.environ.get("OLAT_BENCH_MEGAPIXELS", "0.5"))
    if request.config.getoption("benchmark_disable"):
        wanted = 0.01
    room = shutil.disk_usage(folder).free / 2 / (LIGHTS * 7e6)
    megapixels = min(wanted, room)
    width = int(np.sqrt(megapixels * 1.5e6))
    height = int(megapixels * 1e6 / width)
    directions = fibonacci_sphere(LIGHTS)
    rig = LightRig("bench", directions, np.ones((LIGHTS, 3)))
    lights = tuple(range(LIGHTS))
    header = FieldHeader("s", "A", height, width, LIGHTS, rig, lights, solid_angles(directions))
    path = folder / "field.zarr"
    create_field(path, header)
    plane = np.random.default_rng(1).random((3, height, width)).astype(np.float16)
    flags = np.zeros((height, width), np.uint8)
    for light in lights:
        write_plane(path, LightPlane(light, plane, flags))
    yield path
    shutil.rmtree(folder)


def bench_a_field_from_disk(benchmark, written):
    if benchmark.disabled:
        benchmark(relit_streamed, open_field(written), np.ones((LIGHTS, 3)))
        return
    total = sum(place.stat().st_size for place in shards(written))
    reading = min(seconds_to_read(written) for _ in range(2))
    root = Path(__file__).resolve().parents[1]
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(written)],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    seconds, peak = map(float, done.stdout.split())
    benchmark.pedantic(lambda: None, rounds=1)
    print(
        f"\n{LIGHTS} lights, {total / 1e9:.2f} GB: read in {reading:.1f} s "
        f"({total / reading / 1e9:.2f} GB/s), relit in {seconds:.1f} s: {reading / seconds:.2f} of "
        f"the disk's rate; peak memory {peak:.0f} MB"
    )
