"""Integrals of lobes under rigs with a hole, against lobes whose integral is known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.surface.cosine_lobe import lobe_density
from olat.surface.lobe_rig import moments_of_whole_sphere, seen_share
from tests.surface.readings import normals_facing, sphere_of_lights

SHAPE = (10, 12)
LIGHTS = sphere_of_lights(331)
SHARE = 4 * np.pi / 331


def rig(least_height):
    """Return lights above a height, and their weights, tinted."""
    kept = LIGHTS[LIGHTS[:, 1] > least_height]
    return kept, SHARE * np.broadcast_to([1.0, 0.9, 1.1], (len(kept), 3))


@pytest.mark.parametrize("length", [0.4, 2 / 3, 0.85])
@pytest.mark.parametrize("least_height", [-2.0, -0.5])
def test_the_integral_is_that_of_a_whole_sphere(rng, length, least_height):
    lights, weights = rig(least_height)
    vectors = length * normals_facing(rng, SHAPE, 89.0)
    true = np.array([2.0, 1.0, 0.5])
    density = lobe_density(vectors @ lights.T / length, np.full((1, 1, 1), length))
    seen = true * (density @ weights)
    ratio = vectors.astype(np.float32)
    whole, moment, told = moments_of_whole_sphere(
        seen.astype(np.float32), ratio, seen_share(lights, weights)
    )
    off = np.abs(seen / true - [1.0, 0.9, 1.1]).max()
    print(f"above {least_height}: {np.abs(whole / true - 1)[told].max():.3f}; before, {off:.3f}")
    assert told.mean() > 0.8  # the others look through the hole
    assert_allclose(whole[told], np.broadcast_to(true, whole.shape)[told], rtol=0.03)
    assert_allclose(moment, whole * ratio, rtol=1e-6)
    if least_height > -1.0:
        assert off > 0.1


def test_channels_with_lobes_of_their_own_are_corrected_each_by_its_own(rng):
    lights, weights = rig(-0.5)
    table = seen_share(lights, weights)
    vectors = np.stack([0.7 * normals_facing(rng, SHAPE, 80.0) for _ in range(3)], axis=2).astype(
        np.float32
    )
    integral = rng.uniform(0.5, 1.0, (*SHAPE, 3)).astype(np.float32)
    whole, moment, told = moments_of_whole_sphere(integral, vectors, table)
    for channel in range(3):
        alone, _, _ = moments_of_whole_sphere(integral, vectors[:, :, channel], table)
        assert_allclose(whole[..., channel], alone[..., channel], rtol=1e-6)
    assert_allclose(moment, whole[..., np.newaxis] * vectors, rtol=1e-6)
    assert told.any()


def test_a_lobe_into_the_hole_is_not_told():
    lights, weights = rig(-0.2)
    down = np.tile(np.float32([0.0, -0.95, 0.0]), (1, 1, 1))
    one = np.ones((1, 1, 3), np.float32)
    whole, _, told = moments_of_whole_sphere(one, down, seen_share(lights, weights))
    assert not told.any()
    assert_allclose(whole, 4.0)
