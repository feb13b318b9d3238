"""Normals and Phong terms from gradients: Mpx/s of one core, over 331 lights.

Budget: a table in 3 s, normals through it 2 Mpx/s, separation of four photographs 0.02 Mpx/s.
Beside them the closed form for a full sphere, and the lobes of the rig in plain numpy.

::

    pytest benchmarks/bench_gradients.py -s
"""

from __future__ import annotations

from collections.abc import Callable
from time import process_time

import numpy as np
import pytest

from olat.light.arrangements import fibonacci_sphere
from olat.surface.gradient_normals import normals_from_color_gradients
from olat.surface.rig_normals import normals_on_rig
from olat.surface.rig_table import rig_table
from olat.surface.specular_separation import WhiteLights, separate_specular
from tests.surface.readings import normals_facing
from tests.surface.rig_gradients import VIEW, glossy_moments, lobe_sums, patterns

SHAPE = (256, 512)
LIGHTS = fibonacci_sphere(331)
DRIVE = patterns(LIGHTS, is_binary=False)


def seconds(solve: Callable[[], object], runs: int = 5) -> float:
    """Return the best of some runs; CPU time, so one core's."""
    best = np.inf
    for _ in range(runs):
        start = process_time()
        solve()
        best = min(best, process_time() - start)
    return best


@pytest.fixture(scope="module")
def pair():
    axes = normals_facing(np.random.default_rng(1), SHAPE, 90.0)
    return [lobe_sums(axes, 1.0, LIGHTS, part).astype(np.float32) for part in (DRIVE, 1 - DRIVE)]


def bench_the_table_of_a_rig():
    rig_table(LIGHTS, LIGHTS, np.ones_like(LIGHTS))
    levels = iter(np.linspace(0.5, 0.9, 3))
    spent = seconds(lambda: rig_table(LIGHTS, LIGHTS * next(levels), np.ones_like(LIGHTS)), 3)
    print(f"\na table of 331 lights: {spent:.2f} s")
    assert spent < 3.0


def bench_normals_through_the_table(pair):
    difference, total = pair[0] - pair[1], pair[0] + pair[1]
    table = rig_table(LIGHTS, LIGHTS, np.ones_like(LIGHTS))
    pixels = SHAPE[0] * SHAPE[1] / 1e6
    ratio = difference / total
    table.ideal(ratio)
    looked_up = pixels / seconds(lambda: table.ideal(ratio))
    solved = pixels / seconds(lambda: normals_on_rig(difference, total, table))
    closed = pixels / seconds(lambda: normals_from_color_gradients(*pair))
    print(
        f"\nlooked up {looked_up:.1f} Mpx/s, normals {solved:.1f}; closed form for a full sphere "
        f"{closed:.1f}"
    )
    assert solved > 2.0


def bench_separation_of_four_photographs():
    rng = np.random.default_rng(1)
    shape, light = (64, 128), np.ones((331, 3))
    normals = normals_facing(rng, shape, 70.0)
    albedo, lobe = rng.uniform(0.1, 0.8, (*shape, 3)), rng.uniform(0.1, 0.6, shape)
    moments = glossy_moments(normals, albedo, lobe, np.full(shape, 20.0), LIGHTS, light)
    moments += 0.003 * moments[..., :1] * rng.normal(size=moments.shape)
    given = normals.astype(np.float32)
    view = np.tile(VIEW.astype(np.float32), (*shape, 1))
    lights = WhiteLights(LIGHTS, light, LIGHTS)

    def separated() -> object:
        return separate_specular(moments.astype(np.float32), given, view, lights)

    separated()
    rate = shape[0] * shape[1] / seconds(separated, 3) / 1e6
    again = seconds(
        lambda: glossy_moments(normals, albedo, lobe, np.full(shape, 20.0), LIGHTS, light), 1
    )
    print(
        f"\nseparated {rate:.3f} Mpx/s; one simulation of the same in numpy "
        f"{shape[0] * shape[1] / again / 1e6:.3f}"
    )
    assert rate > 0.02
