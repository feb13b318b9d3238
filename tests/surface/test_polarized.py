"""Light beneath the surface and at its face, by polarizers."""

from __future__ import annotations

from inspect import unwrap

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.light.arrangements import fibonacci_sphere
from olat.model.flags import PixelFlag
from olat.surface.polarized import at_the_face, beneath, specular_normals
from olat.surface.rig_normals import normals_on_rig
from olat.surface.rig_table import rig_table
from tests.surface.readings import degrees_between, normals_facing
from tests.surface.rig_gradients import glossy_moments, without_floor

SHAPE = (30, 40)


def polarized_pair(rng, lights, exponent):
    """Return diffuse and face normals, and (difference, total) behind either polarizer."""
    diffuse, face = normals_facing(rng, SHAPE, 60.0), normals_facing(rng, SHAPE, 45.0)
    albedo = rng.uniform(0.2, 0.8, (*SHAPE, 3))
    nothing, sharp = np.zeros(SHAPE), np.full(SHAPE, exponent)
    light = np.ones((len(lights), 3))
    below = glossy_moments(diffuse, albedo, nothing, sharp, lights, light)
    above = glossy_moments(face, 0.0 * albedo, nothing + 0.3, sharp, lights, light)
    white = [moments.mean(axis=2) for moments in (0.5 * below, 0.5 * below + above)]
    crossed, parallel = (
        (moments[..., 1:].astype(np.float32),
         np.repeat(moments[..., :1], 3, axis=2).astype(np.float32))
        for moments in white
    )  # fmt: skip
    return diffuse, face, crossed, parallel


@pytest.mark.parametrize("floor", [True, False], ids=["sphere", "no floor"])
def test_each_normal_is_found_though_they_differ(rng, floor):
    lights = fibonacci_sphere(331)
    lights = lights if floor else without_floor(lights)
    diffuse, face, crossed, parallel = polarized_pair(rng, lights, 30.0)
    view = np.zeros((*SHAPE, 3), np.float32)
    view[..., 2] = 1.0
    table = rig_table(lights, lights, np.ones_like(lights))
    below = [beneath(shot) for shot in crossed]
    above = [at_the_face(*pair) for pair in zip(parallel, crossed, strict=True)]
    matte, _, _ = normals_on_rig(*below, table)
    error = degrees_between(matte, diffuse)
    print(f"diffuse: mean {error.mean():.3f}, worst {error.max():.2f} degrees")
    assert error.mean() < (0.05 if floor else 0.1)
    found, confidence, flags = specular_normals(*above, view, table, diffuse=below[1][..., 0])
    error = degrees_between(found, face)
    clear = flags == 0
    print(f"specular: mean {error[clear].mean():.3f}, {clear.mean():.0%} without a flag")
    assert error[clear].mean() < (0.05 if floor else 0.2)
    # A hundredth of all the light is a lot beside what the face reflects.
    assert clear.mean() > (0.8 if floor else 0.5)
    assert confidence[~clear].mean() < confidence[clear].mean()
    # Without polarizers the lobe of the mixture lies between the two.
    mixed, _, _ = normals_on_rig(*parallel, table)
    assert degrees_between(mixed, diffuse).mean() > 3.0


def test_half_of_the_diffuse_light_passes_a_crossed_polarizer(rng):
    diffuse, specular = rng.uniform(0.0, 1.0, (2, 3, 4, 3)).astype(np.float32)
    crossed, parallel = diffuse / 2, diffuse / 2 + specular
    assert_allclose(beneath(crossed), diffuse, rtol=0, atol=1e-6)
    assert_allclose(at_the_face(parallel, crossed), specular, rtol=0, atol=1e-6)


def test_a_face_that_reflects_little_is_trusted_less_and_none_at_all_is_in_shadow():
    lights = fibonacci_sphere(156)
    table = rig_table(lights, lights, np.ones_like(lights))
    total = np.full((1, 4, 3), 0.1, np.float32)
    difference = np.zeros((1, 4, 3), np.float32)
    difference[..., 2] = 0.095
    view = np.zeros((1, 4, 3), np.float32)
    view[..., 2] = 1.0
    diffuse = np.array([[0.0, 0.5, 5.0, 0.5]], np.float32)
    total[0, 3] = -0.001
    normals, confidence, flags = specular_normals(difference, total, view, table, diffuse=diffuse)
    assert (np.diff(confidence[0]) < 0).all()
    assert flags[0].tolist() == [0, 0, PixelFlag.UNDERDETERMINED, PixelFlag.SHADOWED]
    assert not normals[0, 3].any()
    assert_allclose(normals[0, 0], [0, 0, 1], rtol=0, atol=0.02)
    # A lobe opposite to the view is of no face that the camera sees.
    difference[..., 2] = -0.095
    normals, confidence, flags = specular_normals(difference, total, view, table)
    assert np.isfinite(normals).all()
    total[0, 0] = np.nan
    _, _, flags = specular_normals(difference, total, view, table)
    assert flags[0, 0] == PixelFlag.DEAD


def test_photographs_of_two_sizes_are_refused():
    small, large = np.ones((2, 2, 3), np.float32), np.ones((2, 3, 3), np.float32)
    with pytest.raises(ValueError, match="one shape was needed"):
        unwrap(at_the_face)(small, large)
    lights = fibonacci_sphere(60)
    with pytest.raises(ValueError, match="one shape was needed"):
        unwrap(specular_normals)(small, small, large, rig_table(lights, lights, lights**0))
