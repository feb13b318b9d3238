"""Geodesic spheres against what is known of the icosahedron."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.light.geodesic import geodesic_sphere
from olat.light.quadrature import solid_angles
from olat.light.spacing import spacings


@pytest.mark.parametrize("frequency", [1, 2, 3, 5, 6, 9])
def test_a_geodesic_sphere_has_ten_f_squared_and_two_lights(frequency):
    lights = geodesic_sphere(frequency)
    assert len(lights) == 10 * frequency**2 + 2
    assert_allclose(np.linalg.norm(lights, axis=1), 1.0, rtol=0, atol=1e-12)
    assert spacings(lights).min() > 0.8 * np.arctan(2.0) / frequency


def test_frequency_1_is_the_icosahedron():
    lights = geodesic_sphere(1)
    # All neighbors stand at the angle of an edge, arctan 2.
    assert_allclose(spacings(lights), np.arctan(2.0), rtol=0, atol=1e-12)
    assert_allclose(solid_angles(lights), 4 * np.pi / 12, rtol=1e-9)


@pytest.mark.parametrize("frequency", [2, 6])
def test_a_geodesic_sphere_is_as_symmetric_as_the_icosahedron(frequency):
    lights = geodesic_sphere(frequency)
    fifth = 2 * np.pi / 5
    turn = np.array(
        [[np.cos(fifth), 0, np.sin(fifth)], [0, 1, 0], [-np.sin(fifth), 0, np.cos(fifth)]]
    )
    for image in (-lights, lights * [-1, 1, 1], lights @ turn.T):
        apart = np.linalg.norm(image[:, None] - lights[None], axis=2).min(axis=1)
        assert_allclose(apart, 0.0, rtol=0, atol=1e-9)
    assert_allclose(lights.T @ lights / len(lights), np.eye(3) / 3, rtol=0, atol=1e-12)


def test_the_first_light_is_at_the_top_and_rings_begin_in_front():
    lights = geodesic_sphere(6)
    assert_allclose(lights[0], [0, 1, 0], rtol=0, atol=1e-12)
    assert_allclose(lights[-1], [0, -1, 0], rtol=0, atol=1e-12)
    assert (np.diff(lights[:, 1]) < 1e-9).all()
    ring = lights[1:6]
    assert ring[0, 2] > 0
    assert_allclose(ring[0, 0], 0.0, rtol=0, atol=1e-12)
    assert ring[1, 0] > 0


def test_a_sphere_without_parts_is_refused():
    with pytest.raises(ValueError, match="frequency 0; 1 or more"):
        geodesic_sphere(0)
