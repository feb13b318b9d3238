from __future__ import annotations

import numpy as np
import pytest

from olat.inspection.neighbor_model import (
    NOT_SMOOTH,
    NeighborModel,
    at_rim,
    features,
    model_of,
    swap_gains,
)
from tests.support.lambert_sphere import sphere_pictures, spread_directions

MIRROR = np.diag([-1.0, 1.0, 1.0])


@pytest.fixture
def lights() -> np.ndarray:
    return spread_directions(20)


@pytest.fixture
def model(lights: np.ndarray) -> NeighborModel:
    return NeighborModel.over(lights, width=0.7, nugget=0.01)


def covariance(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.exp((first @ second.T - 1.0) / 0.7**2)


def test_a_residual_is_what_a_model_of_all_other_lights_does_not_predict(
    lights: np.ndarray, model: NeighborModel, rng: np.random.Generator
) -> None:
    pictures = rng.normal(size=(20, 5))
    for i in range(20):
        others = np.delete(np.arange(20), i)
        among = covariance(lights[others], lights[others]) + 0.01 * np.eye(19)
        weights = np.linalg.solve(among, covariance(lights[others], lights[i : i + 1]))
        expected = pictures[i] - weights[:, 0] @ pictures[others]
        np.testing.assert_allclose(model.residuals(pictures)[i], expected, rtol=0, atol=1e-9)


def test_a_model_without_a_light_is_that_of_the_others(
    lights: np.ndarray, model: NeighborModel, rng: np.random.Generator
) -> None:
    pictures = rng.normal(size=(20, 5))
    others = np.delete(np.arange(20), 7)
    expected = NeighborModel.over(lights[others], width=0.7, nugget=0.01).errors(pictures[others])
    pictures[7] = 0.0
    found = model.without(7).errors(pictures)
    np.testing.assert_allclose(found[others], expected, rtol=1e-9)
    assert found[7] == 0.0


def test_the_gain_of_a_swap_is_the_error_that_goes(
    model: NeighborModel, rng: np.random.Generator
) -> None:
    pictures = rng.normal(size=(20, 5))
    gains = swap_gains(model, pictures)
    for first, second in ((0, 1), (3, 17), (18, 19)):
        swapped = pictures.copy()
        swapped[[first, second]] = pictures[[second, first]]
        expected = model.errors(pictures).sum() - model.errors(swapped).sum()
        assert gains[first, second] == pytest.approx(expected, rel=1e-9)
    assert not np.tril(gains).any()


def test_mirroring_or_turning_all_lights_changes_nothing(
    lights: np.ndarray, rng: np.random.Generator
) -> None:
    pictures = rng.normal(size=(20, 5))
    turned = lights @ MIRROR @ np.linalg.qr(rng.normal(size=(3, 3)))[0]
    expected = model_of(lights, pictures).errors(pictures)
    np.testing.assert_allclose(model_of(turned, pictures).errors(pictures), expected, rtol=1e-6)


def test_a_lambert_sphere_is_smooth_and_noise_is_not(rng: np.random.Generator) -> None:
    lights = spread_directions(60)
    sphere = features(sphere_pictures(lights, size=16).reshape(60, -1), np.arange(60))
    noise = rng.normal(size=sphere.shape)
    smooth, rough = (model_of(lights, each).unexplained(each) for each in (sphere, noise))
    print(f"unexplained: sphere {smooth:.3f}, noise {rough:.3f}")
    assert smooth < 0.02
    assert rough > NOT_SMOOTH


def test_features_keep_black_pictures_short() -> None:
    pictures = np.ones((12, 30))
    pictures[5] = 1e-3
    lengths = np.linalg.norm(features(pictures, np.arange(12)), axis=1)
    assert lengths[5] < 0.01 * lengths[0]


def test_the_rim_of_a_dome_has_no_lights_around_it_and_a_sphere_has_no_rim() -> None:
    angle = np.radians(np.arange(0, 360, 60))
    ring = np.stack([0.8 * np.cos(angle), 0.8 * np.sin(angle), np.full(6, 0.6)], axis=1)
    np.testing.assert_array_equal(at_rim(np.vstack([[0.0, 0.0, 1.0], ring])), [False] + 6 * [True])
    assert not at_rim(spread_directions(24)).any()
