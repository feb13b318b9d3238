"""How far normals are off under few and many lights, glossy and shadowed: a table of the methods.

Mean / median error in degrees of simulated pixels: a matte part, a Phong lobe, shadows cast over a
cone of 20 to 60 degrees, bounced light, noise. Beside the methods of `olat.surface.lambert` stands
the robust one as it is when it begins with all lit readings, in plain numpy.

::

    pytest benchmarks/bench_photometric_stereo.py -s
"""

from __future__ import annotations

import numpy as np

from olat.surface.lambert import REWEIGHTINGS, normals_from_olats
from tests.surface.readings import (
    Surface,
    degrees_between,
    no_flags,
    noisy,
    normals_facing,
    sphere_of_lights,
)

SHAPE = (24, 40)
RIGS = {f"sphere {count}": sphere_of_lights(count) for count in (24, 50, 96, 156, 331)}
RIGS |= {
    f"cap {np.count_nonzero(lights[:, 2] > 0.3)}": lights[lights[:, 2] > 0.3]
    for lights in (sphere_of_lights(34), sphere_of_lights(143))
}
"""Lights all around, and in a cap about the camera."""
SCENES = {
    "sharp gloss": ((8, 100), 0.6, 0.003, 0.0, 0.0),
    "strong gloss, shadows": ((20, 20), 2.0, 0.003, 0.33, 0.0),
    "broad gloss, shadows": ((5, 10), 0.5, 0.003, 0.33, 0.0),
    "more shadows": ((8, 100), 0.6, 0.003, 0.6, 0.0),
    "bounced light, noise": ((5, 30), 1.0, 0.01, 0.6, 0.05),
}
"""Range of exponents, largest lobe, noise, share of pixels with a shadow, bounced light."""


def photographed(lights, scene, rng):
    """Return the normals of a scene and its readings ``(light, 1, rows, w)``."""
    exponents, lobe, sigma, shadowed, bounced = scene
    surface = Surface(
        normals_facing(rng, SHAPE, 70.0),
        rng.uniform(0.1, 0.8, (*SHAPE, 1)) * np.ones(3),
        rng.uniform(0.0, lobe, SHAPE),
        np.exp(rng.uniform(*np.log(exponents), SHAPE)),
    )
    readings = surface.readings(lights)[:, :1]
    readings += bounced * surface.albedo.mean() * surface.albedo[np.newaxis, np.newaxis, ..., 0]
    axes = rng.normal(size=(*SHAPE, 3))
    axes /= np.linalg.norm(axes, axis=-1, keepdims=True)
    edge = np.cos(np.radians(rng.uniform(20, 60, SHAPE)))
    edge[rng.random(SHAPE) >= shadowed] = 2.0
    hidden = np.einsum("lk,hwk->lhw", lights, axes) > edge
    readings = np.where(hidden[:, np.newaxis], 0.12 * readings, readings)
    return surface.normals, noisy(readings, rng, sigma).astype(np.float32)


def from_all_lit(readings, lights):
    """Solve as the robust method does, but begin with all lit readings."""
    value = readings[:, 0].reshape(len(lights), -1).astype(float)
    lit = (value > np.maximum(0.05 * np.sort(value, axis=0)[-3], 1e-3)).astype(float)
    weight = lit
    for remaining in range(REWEIGHTINGS, -1, -1):
        system = np.einsum("lp,li,lj->pij", weight, lights, lights) + 1e-9 * np.eye(3)
        right = np.einsum("lp,lp,li->pi", weight, value, lights)
        scaled = np.linalg.solve(system, right[..., np.newaxis])[..., 0]
        if remaining:
            residual = value - lights @ scaled.T
            rms = np.sqrt((weight * residual**2).sum(axis=0) / weight.sum(axis=0))
            scale = np.maximum(rms, 0.02 * np.linalg.norm(scaled, axis=1))
            doubt = np.where(residual > 0, residual, 0.6 * residual) / scale
            weight = lit / (1.0 + doubt**2) ** 2
    return (scaled / np.linalg.norm(scaled, axis=1, keepdims=True)).reshape(*SHAPE, 3)


def pair(mean, median):
    return f"{f'{mean:.2f} / {median:.2f}':>18}"


def bench_errors_of_normals():
    methods = ("least_squares", "from all lit", "robust", "sparse_bayesian")
    heads = "".join(f"{method:>18}" for method in methods)
    print(f"\n{'':38}{heads}")
    logs = []
    for rig, lights in RIGS.items():
        for name, scene in SCENES.items():
            normals, readings = photographed(lights, scene, np.random.default_rng(6))
            row = []
            for method in methods:
                found = (
                    from_all_lit(readings, lights)
                    if method == "from all lit"
                    else normals_from_olats(readings, no_flags(readings), lights, method=method)[0]
                )
                error = degrees_between(found, normals)
                row.append((error.mean(), np.median(error)))
            logs.append(np.log(row))
            print(f"{rig + ', ' + name:38}" + "".join(pair(*errors) for errors in row))
    average = np.exp(np.mean(logs, axis=0))
    print(f"{'geometric mean':38}" + "".join(pair(*errors) for errors in average))
    assert average[2, 0] < average[1, 0] < average[0, 0]
