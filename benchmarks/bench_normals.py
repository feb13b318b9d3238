"""Normals from OLATs: Mpx/s of one core, 96 lights.

Budget: masked least squares 15 Mpx/s of one channel in single precision, robust 1.2 Mpx/s. Normals
are solved from one channel in single precision, without albedo to speak of, and as a sweep holds
them: three channels in half precision, each with its albedo. Beside them, on the same readings:
plain numpy, ``np.linalg.lstsq`` without a mask, and how fast memory is read.

::

    pytest benchmarks/bench_normals.py -s
"""

from __future__ import annotations

from collections.abc import Callable
from time import process_time

import numpy as np
import pytest

from olat.surface.lambert import REWEIGHTINGS, normals_from_olats
from olat.surface.near_light import Lamps
from tests.surface.readings import glossy_surface, no_flags, noisy, sphere_of_lights

SHAPE = (128, 256)
LIGHTS = sphere_of_lights(96)


@pytest.fixture(scope="module")
def scene():
    rng = np.random.default_rng(20260101)
    surface = glossy_surface(rng, SHAPE, exponent=20.0, lobe=0.4)
    readings = noisy(surface.readings(LIGHTS), rng).astype(np.float16)
    return readings, no_flags(readings)


def half_sure(flags):
    """Return the confidence of frames that were moved, some of them not surely."""
    return np.random.default_rng(3).integers(128, 256, flags.shape).astype(np.uint8)


def megapixels_per_second(solve: Callable[[], object]) -> float:
    """Return the best of several runs after one that compiles; CPU time, so one core's."""
    solve()
    seconds = []
    while len(seconds) < 5 or (len(seconds) < 25 and sum(seconds) < 2.0):
        start = process_time()
        solve()
        seconds.append(process_time() - start)
    return SHAPE[0] * SHAPE[1] / min(seconds) / 1e6


def lit_by_numpy(readings):
    """Return the mean of the channels and which readings are lit."""
    value = readings.mean(axis=1, dtype=np.float32).reshape(len(LIGHTS), -1)
    threshold = np.maximum(0.05 * np.partition(value, -3, axis=0)[-3], 1e-3)
    return value, (value > threshold).astype(np.float32)


def fit_by_numpy(value, weight):
    """Solve weighted normal equations for all pixels at once."""
    products = (LIGHTS[:, :, np.newaxis] * LIGHTS[:, np.newaxis]).reshape(-1, 9)
    system = (weight.T @ products.astype(np.float32)).reshape(-1, 3, 3)
    right = (weight * value).T @ LIGHTS.astype(np.float32)
    return np.linalg.solve(system, right[..., np.newaxis])[..., 0]


def masked_by_numpy(readings):
    return fit_by_numpy(*lit_by_numpy(readings))


def robust_by_numpy(readings):
    """Solve as the default does, but for the ranks of the first fit, which sorting would give."""
    value, lit = lit_by_numpy(readings)
    weight = lit
    for _ in range(REWEIGHTINGS):
        scaled = fit_by_numpy(value, weight)
        residual = value - LIGHTS.astype(np.float32) @ scaled.T
        rms = np.sqrt((weight * residual**2).sum(axis=0) / weight.sum(axis=0))
        scale = np.maximum(rms, 0.02 * np.linalg.norm(scaled, axis=1))
        residual /= scale
        residual[residual < 0] *= 0.6
        weight = lit / (1.0 + residual**2) ** 2
    return fit_by_numpy(value, weight)


def sparse_by_numpy(readings):
    """Solve ten passes of the sparse Bayesian method; pixels take that many and more to settle."""
    value, lit = lit_by_numpy(readings)
    value /= value.max(axis=0)
    lights, weight = LIGHTS.astype(np.float32), lit
    for _ in range(10):
        scaled = fit_by_numpy(value, weight)
        products = (LIGHTS[:, :, np.newaxis] * LIGHTS[:, np.newaxis]).reshape(-1, 9)
        products = products.astype(np.float32)
        system = (weight.T @ products).reshape(-1, 3, 3)
        covariance = np.linalg.inv(np.eye(3, dtype=np.float32) + system).reshape(-1, 9)
        weight = lit / ((value - lights @ scaled.T) ** 2 + products @ covariance.T + 1e-6)
    return scaled


def read_speed() -> float:
    """Return how fast one core reads memory that no cache holds [GB/s]."""
    words = np.ones(1 << 24, np.uint64)
    return megapixels_per_second(words.max) * words.nbytes / (SHAPE[0] * SHAPE[1]) / 1e3


def bench_normals(scene):
    readings, flags = scene
    gray = readings.mean(axis=1, dtype=np.float32, keepdims=True)
    trust = half_sure(flags)
    near = Lamps(1.7 * LIGHTS).seen_from(np.full((*SHAPE, 3), 0.05, np.float32))
    plain = {"method": "least_squares"}
    sparse = {"method": "sparse_bayesian"}
    methods = {
        "least squares, gray single": lambda: normals_from_olats(gray, flags, LIGHTS, **plain),
        "  numpy, masked": lambda: masked_by_numpy(gray),
        "  numpy, lstsq, no mask": lambda: np.linalg.lstsq(LIGHTS, gray.reshape(len(LIGHTS), -1)),
        "least squares, RGB half": lambda: normals_from_olats(readings, flags, LIGHTS, **plain),
        "  numpy, masked, no albedo": lambda: masked_by_numpy(readings),
        "robust, gray single": lambda: normals_from_olats(gray, flags, LIGHTS),
        "  numpy, reweighted": lambda: robust_by_numpy(gray),
        "robust, RGB half": lambda: normals_from_olats(readings, flags, LIGHTS),
        "robust, RGB half, by confidence": lambda: normals_from_olats(
            readings, flags, LIGHTS, confidence=trust
        ),
        "robust, RGB half, near lights": lambda: normals_from_olats(readings, flags, near),
        "sparse Bayesian, RGB half": lambda: normals_from_olats(readings, flags, LIGHTS, **sparse),
        "  numpy, ten passes": lambda: sparse_by_numpy(gray),
    }
    read = {"gray single": gray.nbytes + flags.nbytes, "RGB half": readings.nbytes + flags.nbytes}
    print(f"\nmemory, read by one core: {read_speed():.1f} GB/s")
    for name, solve in methods.items():
        rate = megapixels_per_second(solve)
        size = next((read[kind] for kind in read if kind in name), None)
        speed = "" if size is None else f", {rate * size / SHAPE[0] / SHAPE[1] / 1e3:.1f} GB/s"
        print(f"normals, {name}: {rate:.2f} Mpx/s{speed}")
