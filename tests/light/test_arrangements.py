"""Made-up rigs."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.light.arrangements import fibonacci_sphere
from olat.light.quadrature import solid_angles


@pytest.mark.parametrize("count", [24, 156, 331])
def test_every_light_of_a_spiral_stands_for_about_the_same_share(count):
    shares = solid_angles(fibonacci_sphere(count)) / (4 * np.pi / count)
    assert shares.min() > 0.85
    assert shares.max() < 1.15


def test_a_spiral_leans_nowhere():
    directions = fibonacci_sphere(156)
    assert_allclose(np.linalg.norm(directions, axis=1), 1.0, rtol=0, atol=1e-12)
    assert_allclose(directions.mean(axis=0), 0.0, rtol=0, atol=2e-3)
    # A uniform sphere has a third of its moment on each axis.
    assert_allclose(directions.T @ directions / 156, np.eye(3) / 3, rtol=0, atol=2e-3)


def test_the_first_light_is_near_the_top():
    assert fibonacci_sphere(100)[0, 1] == pytest.approx(0.99, abs=1e-12)


def test_a_sphere_needs_a_light():
    with pytest.raises(ValueError, match="at least 1"):
        fibonacci_sphere(0)
