"""Cosine lobes: Mpx/s of one core, beside the same in plain numpy.

Budget: closed forms of a shape that the channels share, 100 Mpx/s. Beside them: one lobe for each
channel, relighting by a distant light and by a convolved environment, and its convolution.

::

    pytest benchmarks/bench_lobes.py -s
"""

from __future__ import annotations

from collections.abc import Callable
from time import process_time

import numpy as np
import pytest

from olat.model.environment import EnvironmentMap
from olat.model.maps import LobeMaps
from olat.relight.lobe_environment import convolved
from olat.relight.lobes import lobes_under_environment, lobes_under_lights
from olat.surface.cosine_lobe import LARGEST_RATIO, lobes_from_moments
from olat.synthetic.environments import ENVIRONMENTS

SHAPE = (1024, 1024)
BUDGET = 100.0


@pytest.fixture(scope="module")
def moments():
    """Return integrals and first moments, shared and by channel."""
    rng = np.random.default_rng(20260101)
    integral = rng.uniform(0.1, 3.0, (*SHAPE, 3)).astype(np.float32)
    ratio = rng.uniform(-0.55, 0.55, (*SHAPE, 3)).astype(np.float32)
    return integral, integral * ratio, integral[..., np.newaxis] * ratio[:, :, np.newaxis]


def by_numpy(integral, moment):
    """Fit lobes of a shared shape in whole arrays."""
    lit = ((integral > 1e-3) & np.isfinite(moment)).all(axis=-1)
    vector = np.where(lit[..., np.newaxis], moment / integral, np.float32(0))
    ratio = np.sqrt(np.einsum("hwc,hwc->hw", vector, vector))
    axis = vector / np.maximum(ratio, np.float32(1e-12))[..., np.newaxis]
    flags = np.where(ratio > LARGEST_RATIO, 64, 0).astype(np.uint8)
    return axis, np.minimum(ratio, np.float32(LARGEST_RATIO)), flags, np.where(lit, 0, 2)


def megapixels_per_second(solve: Callable[[], object], runs: int = 5) -> float:
    """Return the best of some runs after one that compiles; CPU time, so one core's."""
    solve()
    seconds = []
    for _ in range(runs):
        start = process_time()
        solve()
        seconds.append(process_time() - start)
    return SHAPE[0] * SHAPE[1] / min(seconds) / 1e6


def bench_closed_forms(moments):
    integral, shared, by_channel = moments
    rate = megapixels_per_second(lambda: lobes_from_moments(integral, shared), runs=9)
    print(f"lobes, shared shape: {rate:.0f} Mpx/s")
    each = megapixels_per_second(lambda: lobes_from_moments(integral, by_channel))
    print(f"lobes, one a channel: {each:.0f} Mpx/s")
    plain = megapixels_per_second(lambda: by_numpy(integral, shared))
    print(f"lobes, shared shape, numpy: {plain:.0f} Mpx/s")
    assert rate > BUDGET


def bench_relighting(moments):
    integral, shared, _ = moments
    nothing = np.zeros(SHAPE, np.uint8)
    maps = LobeMaps(integral, shared, np.ones(SHAPE, np.float32), nothing)
    light, white = np.array([[0.6, 0.48, 0.64]]), np.ones((1, 3))
    rate = megapixels_per_second(lambda: lobes_under_lights(maps, light, white), runs=3)
    print(f"relighting, a distant light: {rate:.1f} Mpx/s")
    map_ = EnvironmentMap(ENVIRONMENTS["studio"]().radiance)
    start = process_time()
    environment = convolved(map_)
    print(f"convolution of an environment: {process_time() - start:.2f} s")
    rate = megapixels_per_second(lambda: lobes_under_environment(maps, environment), runs=3)
    print(f"relighting, a convolved environment: {rate:.1f} Mpx/s")
