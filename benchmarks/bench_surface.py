"""Normals and Phong terms from OLATs: Mpx/s of one core, 96 lights in half precision.

Budget: plain normals 2 Mpx/s, reweighted 1 Mpx/s, Phong 0.6 Mpx/s. Beside them, on the same
readings: the masked solve in plain numpy, and ``np.linalg.lstsq`` without a mask.

::

    pytest benchmarks/bench_surface.py -s
"""

from __future__ import annotations

from collections.abc import Callable
from time import process_time

import numpy as np
import pytest

from olat.surface.lambert import normals_from_olats
from olat.surface.phong_ladder import phong_from_olats
from olat.surface.view import view_directions
from tests.surface.readings import glossy_surface, no_flags, noisy, sphere_of_lights

SHAPE = (128, 256)
LIGHTS = sphere_of_lights(96)


@pytest.fixture(scope="module")
def scene():
    rng = np.random.default_rng(20260101)
    surface = glossy_surface(rng, SHAPE, exponent=20.0, lobe=0.4)
    readings = noisy(surface.readings(LIGHTS), rng).astype(np.float16)
    return surface.normals.astype(np.float32), readings, no_flags(readings)


def half_sure(flags):
    """Return the confidence of frames that were moved, some of them not surely."""
    return np.random.default_rng(3).integers(128, 256, flags.shape).astype(np.uint8)


def megapixels_per_second(solve: Callable[[], object]) -> float:
    """Return the best of five runs after one that compiles; CPU time, so one core's."""
    solve()
    seconds = []
    for _ in range(5):
        start = process_time()
        solve()
        seconds.append(process_time() - start)
    return SHAPE[0] * SHAPE[1] / min(seconds) / 1e6


def masked_by_numpy(readings):
    """Solve the masked normal equations for all pixels at once."""
    value = readings.mean(axis=1, dtype=np.float32).reshape(len(LIGHTS), -1)
    threshold = np.maximum(0.05 * np.partition(value, -3, axis=0)[-3], 1e-3)
    lit = (value > threshold).astype(np.float32)
    products = (LIGHTS[:, :, np.newaxis] * LIGHTS[:, np.newaxis]).reshape(-1, 9)
    system = (lit.T @ products.astype(np.float32)).reshape(-1, 3, 3)
    right = (lit * value).T @ LIGHTS.astype(np.float32)
    return np.linalg.solve(system, right[..., np.newaxis])


def bench_normals(scene):
    _, readings, flags = scene
    single = readings.mean(axis=1, dtype=np.float32).reshape(len(LIGHTS), -1)
    trust = half_sure(flags)
    methods = {
        "plain": lambda: normals_from_olats(readings, flags, LIGHTS, reweightings=0),
        "reweighted": lambda: normals_from_olats(readings, flags, LIGHTS),
        "reweighted, by confidence": lambda: normals_from_olats(
            readings, flags, LIGHTS, confidence=trust
        ),
        "numpy, masked": lambda: masked_by_numpy(readings),
        "lstsq, no mask": lambda: np.linalg.lstsq(LIGHTS, single),
    }
    for name, solve in methods.items():
        print(f"normals, {name}: {megapixels_per_second(solve):.2f} Mpx/s")


def bench_phong(scene):
    normals, readings, flags = scene
    given = readings, flags, LIGHTS, normals, view_directions(*SHAPE, None)
    for name, confidence in (("", None), (", by confidence", half_sure(flags))):
        speed = megapixels_per_second(
            lambda confidence=confidence: phong_from_olats(*given, confidence=confidence)
        )
        print(f"Phong ladder{name}: {speed:.2f} Mpx/s")
