"""Depth from normals and cast shadows: Mpx/s and memory of one core, 1 and 2 Mpx.

Budget: depth of a torn, noisy surface 0.3 Mpx/s, Poisson's equation 2 Mpx/s, 120 bytes a pixel of
peak memory; shadows of a distant light 2 Mpx/s. Beside them: Poisson's equation
by scipy's sparse direct solve.

::

    pytest benchmarks/bench_integration.py -s
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from time import process_time
from typing import TypeVar

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.sparse.linalg import spsolve

from olat.surface.cast_shadows import visibility_from_direction
from olat.surface.normal_integration import depth_from_normals
from tests.surface.reliefs import Relief, grid, of_height

LIGHT = np.array([-0.9, 0.3, 0.15])

Result = TypeVar("Result")


def waves(size: int) -> Relief:
    """Return a hilly sheet whose upper right is torn off and bent up, with noisy normals."""
    x, y = grid(size)
    u, v = 12.0 * x / size, 12.0 * y / size
    height = size / 40.0 * np.sin(u) * np.cos(v)
    slope_x = 12.0 / 40.0 * np.cos(u) * np.cos(v)
    slope_y = -12.0 / 40.0 * np.sin(u) * np.sin(v)
    lip = (x > 0.0) & (y > 0.0)
    bent = np.where(lip, y / size, 0.0)
    relief = of_height(height + 0.3 * size * bent**2, slope_x, slope_y + 0.6 * bent)
    return relief.noisy(np.random.default_rng(1), 0.03)


def measured(work: Callable[[], Result]) -> tuple[Result, float, int]:
    """Return what the work gives, its CPU time and the most memory that it held at once."""
    tracemalloc.start()
    start = process_time()
    given = work()
    seconds = process_time() - start
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return given, seconds, peak


def by_scipy(relief: Relief) -> np.ndarray:
    """Solve Poisson's equation of the same links at once."""
    n = relief.normals.astype(float)
    height, width = relief.mask.shape
    number = np.arange(height * width).reshape(height, width)
    ends, told = [], []
    for k, sign, p, q in (
        (0, 1.0, np.s_[:, :-1], np.s_[:, 1:]),
        (1, -1.0, np.s_[:-1], np.s_[1:]),
    ):
        m = n[p] + n[q]
        ends.append((number[p].ravel(), number[q].ravel()))
        told.append((sign * m[..., k] / m[..., 2]).ravel())
    first, second = (np.concatenate(part) for part in zip(*ends, strict=True))
    rows = np.arange(first.size)
    shape = (first.size, number.size)
    matrix = sp.csr_matrix((np.ones(first.size), (rows, second)), shape)
    matrix -= sp.csr_matrix((np.ones(first.size), (rows, first)), shape)
    normal = (matrix.T @ matrix + sp.diags(np.eye(1, number.size)[0])).tocsc()
    return spsolve(normal, matrix.T @ np.concatenate(told)).reshape(height, width)


@pytest.fixture(scope="module", autouse=True)
def compiled():
    """Compile what is measured."""
    scene = waves(64)
    depth = depth_from_normals(*_given(scene)).depth
    visibility_from_direction(depth, scene.geometry, LIGHT)


@pytest.mark.parametrize("size", [1024, 1448])
def bench_depth(size: int):
    scene = waves(size)
    pixels = size * size
    print(f"\n{pixels / 1e6:.1f} Mpx, a quarter of it torn off and bent up:")
    for name, rounds in (("Poisson's equation", 0), ("20 rounds", 20)):
        found, seconds, peak = measured(
            lambda rounds=rounds: depth_from_normals(*_given(scene), rounds=rounds)
        )
        error = np.abs(scene.error(found.depth)).mean()
        print(
            f"{name}: {pixels / 1e6 / seconds:.2f} Mpx/s, {peak / pixels:.0f} bytes a pixel, "
            f"off by {error:.2f} px (mean)"
        )


def bench_scipy():
    scene = waves(512)
    direct, seconds, _ = measured(lambda: by_scipy(scene))
    found, ours, _ = measured(lambda: depth_from_normals(*_given(scene), rounds=0))
    rates = [scene.mask.size / 1e6 / taken for taken in (seconds, ours)]
    print(
        f"\n0.3 Mpx, Poisson's equation: scipy's spsolve {rates[0]:.2f} Mpx/s, {rates[1]:.2f} here"
    )
    errors = [np.abs(scene.error(depth)).mean() for depth in (direct, found.depth)]
    print(f"off by {errors[0]:.2f} and {errors[1]:.2f} px (means; links are weighed here)")


def bench_shadows():
    scene = waves(1024)
    depth = scene.depth.astype(np.float32)
    found, seconds, _ = measured(lambda: visibility_from_direction(depth, scene.geometry, LIGHT))
    print(
        f"\nshadows of one light: {scene.mask.size / 1e6 / seconds:.1f} Mpx/s, "
        f"{100 * np.mean(found < 0.5):.0f} % in shadow"
    )


def _given(scene: Relief):
    return scene.normals, scene.sure, scene.mask, scene.geometry
