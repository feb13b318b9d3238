"""Phong terms from OLATs: Mpx/s of one core, 96 lights, three channels in half precision.

Budget: ladder 1.2 Mpx/s, ladder and refinement 0.35 Mpx/s. Beside them, on the same readings: the
ladder's least squares in plain numpy, four steps of Levenberg and Marquardt in batches of numpy,
and ``scipy.optimize.least_squares`` pixel by pixel.

::

    pytest benchmarks/bench_phong.py -s
"""

from __future__ import annotations

from collections.abc import Callable
from time import process_time

import numpy as np
import pytest
from scipy.optimize import least_squares

from olat.surface.near_light import Lamps
from olat.surface.phong_ladder import phong_from_olats
from olat.surface.phong_refinement import refined_phong
from olat.surface.view import view_directions
from tests.surface.readings import (
    VIEW,
    bumpy_surface,
    glossy_surface,
    no_flags,
    noisy,
    sphere_of_lights,
)

SHAPE = (128, 256)
LIGHTS = sphere_of_lights(96)
# So near the middle that the readings hold for these lights too.
NEAR = Lamps(1.7 * LIGHTS).seen_from(
    np.random.default_rng(5).uniform(-0.001, 0.001, (*SHAPE, 3)).astype(np.float32)
)
EXPONENTS = np.array([4.0, 5.5, 8.0, 11.0, 16.0, 22.0, 32.0])


@pytest.fixture(scope="module")
def scene():
    rng = np.random.default_rng(20260101)
    surface = glossy_surface(rng, SHAPE, exponent=20.0, lobe=0.4)
    readings = noisy(surface.readings(LIGHTS), rng).astype(np.float16)
    return surface.normals.astype(np.float32), readings, no_flags(readings)


def megapixels_per_second(solve: Callable[[], object], pixels: int) -> float:
    """Return the best of five runs after one that compiles; CPU time, so one core's."""
    solve()
    seconds = []
    for _ in range(5):
        start = process_time()
        solve()
        seconds.append(process_time() - start)
    return pixels / min(seconds) / 1e6


def ladder_by_numpy(readings, normals):
    """Solve two by two least squares on every rung, for all pixels at once."""
    value = readings.mean(axis=1, dtype=np.float32).reshape(len(LIGHTS), -1)
    threshold = np.maximum(0.05 * np.partition(value, -3, axis=0)[-3], 1e-3)
    lights, across = LIGHTS.astype(np.float32), normals.reshape(-1, 3).T
    facing = lights @ across
    used = (value > threshold) & (facing > 0.0)
    facing, value = np.where(used, facing, 0.0), np.where(used, value, 0.0)
    mirror = 2.0 * across[2] * across - VIEW[:, np.newaxis].astype(np.float32)
    cosine = np.where(used, np.maximum(lights @ mirror, 1e-6), 1e-6)
    logarithm = np.log2(cosine)
    squares, products = (facing**2).sum(axis=0), (facing * value).sum(axis=0)
    costs = []
    for exponent in EXPONENTS:
        lobe = np.exp2(np.float32(exponent) * logarithm)
        own, overlap = (lobe**2).sum(axis=0), (lobe * facing).sum(axis=0)
        gloss = (lobe * value).sum(axis=0)
        determinant = own * squares - overlap**2
        matte = (own * products - overlap * gloss) / determinant
        peak = (squares * gloss - overlap * products) / determinant
        costs.append(-matte * products - peak * gloss)
    return np.argmin(costs, axis=0)


def steps_by_numpy(readings, normals, terms, steps=4):
    """Take steps of Levenberg and Marquardt on all pixels at once, without doubt of any reading."""
    value = readings.mean(axis=1, dtype=np.float32).reshape(len(LIGHTS), -1)
    normal = normals.reshape(-1, 3).astype(np.float32)
    albedo = terms.diffuse_albedo.mean(axis=-1).ravel()
    peak, exponent = terms.specular_albedo[..., 0].ravel(), np.maximum(terms.exponent.ravel(), 4.0)
    lights, view = LIGHTS.astype(np.float32), VIEW.astype(np.float32)
    for _ in range(steps):
        first = np.cross(normal, [0.0, 1.0, 0.0])
        first /= np.linalg.norm(first, axis=1, keepdims=True)
        second = np.cross(normal, first)
        facing = lights @ normal.T
        mirror = 2.0 * normal[:, 2:] * normal - view
        cosine = np.maximum(lights @ mirror.T, 1e-6)
        lobe = np.where(facing > 0.0, cosine**exponent, 0.0)
        slope = peak * exponent * lobe / cosine
        rows = [np.maximum(facing, 0.0), lobe, peak * exponent * lobe * np.log(cosine)]
        for tangent in (first, second):
            turned = 2.0 * (tangent[:, 2:] * normal + normal[:, 2:] * tangent)
            rows.append(
                albedo * (facing > 0.0) * (lights @ tangent.T) + slope * (lights @ turned.T)
            )
        slopes = np.stack(rows, axis=-1).transpose(1, 0, 2)
        error = (value - albedo * rows[0] - peak * lobe).T[..., np.newaxis]
        system = slopes.transpose(0, 2, 1) @ slopes + 1e-4 * np.eye(5, dtype=np.float32)
        move = np.linalg.solve(system, slopes.transpose(0, 2, 1) @ error)[..., 0]
        albedo, peak = albedo + move[:, 0], peak + move[:, 1]
        exponent = np.clip(exponent * np.exp(np.clip(move[:, 2], -1.0, 1.0)), 4.0, 256.0)
        normal = normal + move[:, 3:4] * first + move[:, 4:] * second
        normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    return exponent


def pixels_by_scipy(readings, normals):
    """Solve one pixel after the other."""
    value = readings.mean(axis=1, dtype=float).reshape(len(LIGHTS), -1)
    for at, normal in enumerate(normals.reshape(-1, 3).astype(float)):
        tangents = np.linalg.svd(normal[np.newaxis])[2][1:]

        def residuals(unknowns, at=at, normal=normal, tangents=tangents):
            turned = normal + unknowns[3:] @ tangents
            turned /= np.linalg.norm(turned)
            facing = LIGHTS @ turned
            cosine = np.maximum(LIGHTS @ (2.0 * turned[2] * turned - VIEW), 1e-9)
            lobe = np.where(facing > 0.0, cosine ** np.exp(unknowns[2]), 0.0)
            return unknowns[0] * np.maximum(facing, 0.0) + unknowns[1] * lobe - value[:, at]

        least_squares(residuals, [0.4, 0.2, 3.0, 0.0, 0.0], method="lm")


def bench_ladder(scene):
    normals, readings, flags = scene
    trust = np.random.default_rng(3).integers(128, 256, flags.shape).astype(np.uint8)
    view, pixels = view_directions(*SHAPE, None), flags[0].size
    mean = np.repeat(readings.mean(axis=1, keepdims=True, dtype=np.float32), 3, axis=1)
    part = readings[:, :, :16], normals[:16]
    speeds = {
        "three channels in half precision": megapixels_per_second(
            lambda: phong_from_olats(readings, flags, LIGHTS, normals, view), pixels
        ),
        "the same, by confidence": megapixels_per_second(
            lambda: phong_from_olats(readings, flags, LIGHTS, normals, view, confidence=trust),
            pixels,
        ),
        "three channels in single precision": megapixels_per_second(
            lambda: phong_from_olats(mean, flags, LIGHTS, normals, view), pixels
        ),
        "lights at 1.7 m": megapixels_per_second(
            lambda: phong_from_olats(readings, flags, NEAR, normals, view), pixels
        ),
        "numpy, plain": megapixels_per_second(lambda: ladder_by_numpy(*part), part[1][..., 0].size),
    }
    for name, speed in speeds.items():
        print(f"Phong ladder, {name}: {speed:.3f} Mpx/s")


def bench_ladder_of_many_lights():
    rng = np.random.default_rng(7)
    lights = sphere_of_lights(331)
    for name, surface in (
        ("normals that change over a few pixels", bumpy_surface(rng, (64, 128))),
        ("random normals", glossy_surface(rng, (64, 128), exponent=20.0, lobe=0.4)),
    ):
        readings = noisy(surface.readings(lights), rng).astype(np.float16)
        given = readings, no_flags(readings), lights, surface.normals.astype(np.float32)
        view = view_directions(64, 128, None)
        speed = megapixels_per_second(
            lambda given=given, view=view: phong_from_olats(*given, view), 64 * 128
        )
        print(f"Phong ladder, 331 lights, {name}: {speed:.2f} Mpx/s")


def bench_refinement(scene):
    normals, readings, flags = scene
    view, pixels = view_directions(*SHAPE, None), flags[0].size
    terms = phong_from_olats(readings, flags, LIGHTS, normals, view)

    def both(lights):
        found = phong_from_olats(readings, flags, lights, normals, view)
        return refined_phong(readings, flags, lights, found, normals, view)

    part = readings[:, :, :8], normals[:8]
    few = readings[:, :, :1, :32], normals[:1, :32]
    cut = phong_from_olats(part[0], flags[:, :8], LIGHTS, part[1], view[:8])
    speeds = {
        "refinement alone": megapixels_per_second(
            lambda: refined_phong(readings, flags, LIGHTS, terms, normals, view), pixels
        ),
        "ladder and refinement": megapixels_per_second(lambda: both(LIGHTS), pixels),
        "both, lights at 1.7 m": megapixels_per_second(lambda: both(NEAR), pixels),
        "four steps in numpy": megapixels_per_second(
            lambda: steps_by_numpy(*part, cut), part[1][..., 0].size
        ),
        "scipy": megapixels_per_second(lambda: pixels_by_scipy(*few), 32),
    }
    for name, speed in speeds.items():
        print(f"Phong, {name}: {speed:.4f} Mpx/s")
