"""What the lights of a rig give a matte surface and a lobe."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose

from olat.light.arrangements import fibonacci_sphere
from olat.surface.rig_moments import ColorLights, ideal_moments, moments_under
from tests.surface.readings import normals_facing

SHAPE = (6, 8)


def fields(moments):
    return {name: getattr(moments, name) for name in moments.__slots__}


def vectors(rng):
    return (normals_facing(rng, SHAPE, 180.0).astype(np.float32) for _ in range(2))


def test_many_lights_all_around_sum_to_the_closed_forms(rng):
    lights = fibonacci_sphere(20000)
    light = np.full((20000, 3), 4.0 * np.pi / 20000)
    normals, axes = vectors(rng)
    found = fields(moments_under(ColorLights(lights, light), normals, axes, 20.0))
    for name, expected in fields(ideal_moments(normals, axes, 20.0)).items():
        assert_allclose(found[name], expected, rtol=0, atol=2e-3, err_msg=name)


def test_the_kernel_sums_what_plain_numpy_does(rng):
    lights = fibonacci_sphere(60)[:37]
    light = rng.uniform(0.1, 1.0, (37, 3))
    normals, axes = vectors(rng)
    found = moments_under(ColorLights(lights, light), normals, axes, 5.0)
    matte = np.maximum(normals @ lights.T, 0.0)
    lobe = 6.0 / (2.0 * np.pi) * np.maximum(axes @ lights.T, 0.0) ** 5
    assert_allclose(found.matte_integral, matte @ light, rtol=1e-5)
    assert_allclose(found.matte_moment, matte @ (light * lights), rtol=0, atol=1e-4)
    assert_allclose(found.lobe_integral, lobe @ light, rtol=1e-4)
    assert_allclose(found.lobe_moment, lobe @ (light * lights), rtol=0, atol=1e-4)


def test_an_unknown_normal_gets_no_light():
    lights = fibonacci_sphere(20)
    nothing = np.zeros((1, 1, 3), np.float32)
    found = fields(moments_under(ColorLights(lights, np.ones((20, 3))), nothing, nothing, 20.0))
    assert all(not plane.any() for plane in found.values())
