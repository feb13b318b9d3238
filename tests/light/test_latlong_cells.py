"""The map that a lighting looks like."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose

from olat.light.arrangements import fibonacci_sphere
from olat.light.environment_weights import weights_for_environment
from olat.light.latlong import pixel_of_direction, solid_angles_of_pixels
from olat.light.latlong_cells import cells_of_lights, energy_of_map, radiance_of_weights
from olat.model.environment import EnvironmentMap

Z = np.array([[0.0, 0.0, 1.0]])


def test_every_light_lies_in_its_own_cell():
    lights = fibonacci_sphere(60)
    cells = cells_of_lights(lights, 128, 256)
    assert (cells[pixel_of_direction(lights, 128, 256)] == np.arange(60)).all()


def test_beyond_the_reach_of_lights_there_is_none():
    cells = cells_of_lights(Z, 32, 64)
    assert cells[16, 32] == 0
    assert cells[16, 0] == -1


def test_the_weights_of_a_uniform_map_give_it_back():
    lights = fibonacci_sphere(100)
    uniform = EnvironmentMap(np.ones((64, 128, 3), np.float32))
    weights = weights_for_environment(lights, uniform, kernel="voronoi").weights
    # Both are sums over pixels; of different grids.
    assert_allclose(radiance_of_weights(lights, weights, height=256), 1.0, rtol=0, atol=0.02)


def test_each_light_keeps_its_energy(rng):
    lights = fibonacci_sphere(40)
    weights = rng.random((40, 3))
    map_ = radiance_of_weights(lights, weights, height=64)
    assert_allclose(energy_of_map(map_), np.pi * weights.sum(axis=0), rtol=1e-6)
    own = cells_of_lights(lights, 64, 128) == 7
    energy = (map_ * solid_angles_of_pixels(64, 128)[..., None])[own].sum(axis=0)
    assert_allclose(energy, np.pi * weights[7], rtol=1e-6)


def test_lights_in_one_direction_share_a_cell(rng):
    lights = np.concatenate([fibonacci_sphere(20), fibonacci_sphere(20)[3:4]])
    weights = rng.random((21, 3))
    map_ = radiance_of_weights(lights, weights, height=64)
    assert_allclose(energy_of_map(map_), np.pi * weights.sum(axis=0), rtol=1e-6)


def test_a_cell_that_is_smaller_than_a_pixel_loses_nothing(rng):
    lights = fibonacci_sphere(300)
    weights = rng.random((300, 3))
    map_ = radiance_of_weights(lights, weights, height=6)
    assert_allclose(energy_of_map(map_), np.pi * weights.sum(axis=0), rtol=1e-6)
