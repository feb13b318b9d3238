"""The Gaussians of radial sets, and what lights hold so that they show the pictures."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.relight.rti_radial import (
    adaptive_mix,
    mix_of_viewers,
    radial_mix,
    radial_nodes,
    radial_sigma,
)
from tests.support.lambert_sphere import spread_directions

RIGHT, UP, FRONT = np.eye(3)


def test_openlime_takes_eight_over_the_soft_least_distance() -> None:
    lights = np.stack([RIGHT, UP, FRONT])
    # Two lights a chord of √2 away, one at none: d e^(-2 d) sums over e^(-2 d) sums.
    far = np.exp(-2 * np.sqrt(2))
    falloff = 8 * (1 + 2 * far) / (2 * np.sqrt(2) * far)
    neighbor = np.exp(-2 * falloff)
    (weights,) = adaptive_mix(lights, lights[:1])
    assert_allclose(weights, np.array([1, neighbor, neighbor]) / (1 + 2 * neighbor), rtol=1e-9)
    assert_allclose(radial_sigma(lights), 1 / np.sqrt(falloff), rtol=1e-9)


@pytest.mark.parametrize("count", [30, 120, 300])
def test_both_kinds_of_viewers_agree_on_the_width(count: int) -> None:
    lights = spread_directions(count, hemisphere=True)
    apart = adaptive_mix(lights, lights) - radial_mix(lights, lights, radial_sigma(lights))
    assert np.abs(apart).sum(axis=1).max() < 0.12
    assert 0.27 < radial_sigma(lights) < 0.3


@pytest.mark.parametrize("count", [30, 60, 300])
def test_viewers_mix_nodes_into_the_pictures(count: int) -> None:
    lights = spread_directions(count, hemisphere=True)
    pictures = np.stack([lights[:, 0] * lights[:, 2], np.abs(lights[:, 1]), lights[:, 2]], axis=1)
    shown = mix_of_viewers(lights) @ radial_nodes(lights) @ pictures
    plain = mix_of_viewers(lights) @ pictures
    wanted = np.tile(pictures, (2, 1))
    assert np.abs(shown - wanted).mean() < 0.1 * np.abs(plain - wanted).mean()


def test_two_lights_at_one_place_share_it() -> None:
    lights = np.concatenate([spread_directions(20, hemisphere=True), [[0, 0, 1], [0, 0, 1]]])
    nodes = radial_nodes(lights)
    assert_allclose(nodes[-1, :-2], nodes[-2, :-2], rtol=0, atol=1e-9)
    assert np.abs(nodes).max() < 5


def test_halfway_both_count_alike() -> None:
    between = (RIGHT + UP) / np.sqrt(2)
    (weights,) = radial_mix(np.stack([RIGHT, UP]), between[None], 0.5)
    assert_allclose(weights, 0.5)


def test_weights_below_a_thousandth_are_dropped() -> None:
    (weights,) = radial_mix(np.stack([RIGHT, FRONT]), FRONT[None], np.sqrt(2 / np.log(1001)))
    assert weights.tolist() == [0, 1]
    (weights,) = radial_mix(np.stack([RIGHT, FRONT]), FRONT[None], np.sqrt(2 / np.log(900)))
    assert_allclose(weights, [1 / 901, 900 / 901])


def test_far_from_all_lights_the_nearest_counts() -> None:
    lights = np.stack([RIGHT, UP])
    (weights,) = radial_mix(lights, np.array([[0.9, -0.1, -0.424]]), 0.01)
    assert_allclose(weights, [1, 0])


def test_one_light_alone_is_shown() -> None:
    assert_allclose(radial_nodes(FRONT[None]), 1)
    assert_allclose(mix_of_viewers(FRONT[None]), 1)
