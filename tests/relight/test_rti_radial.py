"""The Gaussians of radial sets."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose

from olat.relight.rti_radial import radial_mix, radial_sigma

RIGHT, UP, FRONT = np.eye(3)


def test_a_neighbor_has_six_percent_at_a_light() -> None:
    lights = np.stack([RIGHT, UP, FRONT])
    (weights,) = radial_mix(lights, lights[:1], radial_sigma(lights))
    # Three lights a quarter turn apart: e^(-1/0.36) each for two neighbors.
    neighbor = np.exp(-1 / 0.36)
    assert_allclose(weights, np.array([1, neighbor, neighbor]) / (1 + 2 * neighbor), rtol=1e-9)


def test_halfway_both_count_alike() -> None:
    between = (RIGHT + UP) / np.sqrt(2)
    (weights,) = radial_mix(np.stack([RIGHT, UP]), between[None], 0.5)
    assert_allclose(weights, 0.5)


def test_far_from_all_lights_the_nearest_counts() -> None:
    lights = np.stack([RIGHT, UP])
    (weights,) = radial_mix(lights, np.array([[0.9, -0.1, -0.424]]), 0.01)
    assert_allclose(weights, [1, 0])
