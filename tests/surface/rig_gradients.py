"""What lobes and matte surfaces read under the gradients of a rig, pixel by pixel."""

from __future__ import annotations

from typing import Any

import numpy as np

Numbers = np.ndarray[Any, Any]

VIEW = np.array([0.0, 0.0, 1.0])


def without_floor(lights: Numbers, lowest: float = -0.5) -> Numbers:
    """Leave out the lights below a height."""
    return lights[lights[:, 1] >= lowest]


def patterns(lights: Numbers, *, is_binary: bool) -> Numbers:
    """Return the drives (light, axis) of linear or binary gradients."""
    return (lights > 0).astype(float) if is_binary else (1.0 + lights) / 2.0


def lobe_sums(axes: Numbers, exponent: float, lights: Numbers, drives: Numbers) -> Numbers:
    """Return what lobes read along each axis: (h, w, axis), for drives (light, axis)."""
    lobes = np.maximum(axes @ lights.T, 0.0) ** exponent
    return lobes @ drives


def glossy_moments(
    normals: Numbers,
    albedo: Numbers,
    lobe: Numbers,
    exponent: Numbers,
    lights: Numbers,
    light: Numbers,
) -> Numbers:
    """Return full-on light and three differences of a matte part and a lobe, (h, w, 3, 4)."""
    mirror = 2.0 * (normals @ VIEW)[..., np.newaxis] * normals - VIEW
    matte = albedo[..., np.newaxis, :] * np.maximum(normals @ lights.T, 0.0)[..., np.newaxis]
    gloss = lobe[..., np.newaxis] * np.maximum(mirror @ lights.T, 0.0) ** exponent[..., np.newaxis]
    readings = (matte + gloss[..., np.newaxis]) * light
    full_on = readings.sum(axis=-2)[..., np.newaxis]
    return np.concatenate([full_on, np.einsum("hwlc,lj->hwcj", readings, lights)], axis=-1)
