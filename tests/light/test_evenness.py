"""How far rigs are from the even sphere that gradients need."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.light.arrangements import fibonacci_sphere
from olat.light.evenness import gradient_lean


def typical_deg(directions, intensities=None):
    colors = np.ones((len(directions), 3)) if intensities is None else intensities
    return np.degrees(np.sqrt(np.mean(gradient_lean(directions, colors) ** 2)))


@pytest.mark.parametrize(("count", "most"), [(48, 1.0), (156, 0.2), (331, 0.1)])
def test_an_even_sphere_hardly_leans(count, most):
    assert typical_deg(fibonacci_sphere(count)) < most


def test_the_front_half_of_a_dense_sphere_leans_as_its_integrals_say():
    lights = fibonacci_sphere(20000)
    front = lights[lights[:, 2] > 0.0]
    lean = np.degrees(gradient_lean(front, np.ones((len(front), 3))))
    # A normal along the rim sees a quarter of the sphere: its F is pi / 2, and its moment has
    # pi / 3 along the normal and 2 / 3 towards the front, which is atan(2 / pi) off.
    assert_allclose(lean.max(), np.degrees(np.arctan(2 / np.pi)), rtol=0, atol=0.3)
    assert lean.min() < 2.0


def test_a_tint_that_all_lights_share_cancels():
    lights = fibonacci_sphere(40)[:30]
    tinted = np.tile([1.0, 0.6, 0.3], (30, 1))
    assert_allclose(
        gradient_lean(lights, tinted), gradient_lean(lights, np.ones((30, 3))), rtol=0, atol=1e-7
    )


def test_uneven_intensities_lean(rng):
    lights = fibonacci_sphere(96)
    uneven = np.repeat(rng.uniform(0.5, 1.5, (96, 1)), 3, axis=1)
    assert typical_deg(lights, uneven) > 5 * typical_deg(lights)


def test_a_normal_that_no_light_reaches_is_a_right_angle_off():
    lean = gradient_lean(np.array([[0.0, 0.0, -1.0]]), np.ones((1, 3)))
    assert_allclose(lean, np.pi / 2, rtol=0, atol=1e-9)
