from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.light.latlong import solid_angles_of_pixels
from olat.measure.environment import env_log_error, solid_angles


def maps(rng, shape=(16, 32, 3)):
    return rng.uniform(0.0, 5.0, (2, *shape))


@pytest.mark.parametrize("shape", [(1, 1), (8, 16), (33, 70), (256, 512)])
def test_solid_angles_are_exact(shape):
    assert solid_angles(*shape).sum() == pytest.approx(4.0 * np.pi, abs=1e-12)
    assert_allclose(solid_angles(*shape), solid_angles_of_pixels(*shape), rtol=1e-12, atol=0)


@pytest.mark.parametrize("weighting", ["solid_angle", "none"])
def test_a_map_that_is_brighter_is_off_by_the_ratio(weighting):
    """Scale 1 + L, so that the difference of logarithms is one number everywhere."""
    truth = np.random.default_rng(2).uniform(0.5, 5.0, (16, 32, 3))
    brighter = 1.7 * (1.0 + truth) - 1.0
    for norm, expected in (("l1", np.log(1.7)), ("l2", np.log(1.7) ** 2)):
        found = env_log_error(brighter, truth, norm=norm, weighting=weighting)
        assert found.value == pytest.approx(expected, rel=1e-12)
        assert found.aligned == "nothing"


@pytest.mark.parametrize("norm", ["l1", "l2"])
@pytest.mark.parametrize("weighting", ["solid_angle", "none"])
def test_turning_both_maps_about_the_vertical_changes_nothing(rng, norm, weighting):
    a, b = maps(rng)
    own = env_log_error(a, b, norm=norm, weighting=weighting).value
    turned = [np.roll(part, 11, axis=1) for part in (a, b)]
    found = env_log_error(*turned, norm=norm, weighting=weighting).value
    assert found == pytest.approx(own, rel=1e-12)


def test_without_weights_it_is_what_the_authors_program_computes(rng):
    predicted, truth = maps(rng, (8, 16, 3))
    expected = np.abs(np.log(1 + predicted) - np.log(1 + truth)).mean()
    found = env_log_error(predicted, truth, weighting="none")
    assert found.value == pytest.approx(expected, rel=1e-12)
    assert found.name == "env_l1_unweighted"


def test_with_weights_a_pole_counts_as_little_as_it_is_wide(rng):
    truth = np.zeros((16, 32, 3))
    at_pole, at_equator = truth.copy(), truth.copy()
    at_pole[0], at_equator[8] = 1.0, 1.0
    pole, equator = (env_log_error(part, truth).value for part in (at_pole, at_equator))
    cap = (1.0 - np.cos(np.pi / 16)) / 2.0
    assert pole == pytest.approx(cap * np.log(2.0), rel=1e-12)
    assert equator == pytest.approx((np.sin(np.pi / 16)) / 2.0 * np.log(2.0), rel=1e-12)
    unweighted = [
        env_log_error(part, truth, weighting="none").value for part in (at_pole, at_equator)
    ]
    assert unweighted[0] == pytest.approx(unweighted[1], rel=1e-12)


def test_radiance_below_zero_is_left_out_and_told(rng):
    a, b = maps(rng)
    expected = env_log_error(a, b, np.arange(16)[:, None] * np.ones((16, 32)) > 0).value
    a[0, :, 1] = -2.0
    found = env_log_error(a, b)
    assert found.value == pytest.approx(expected, rel=1e-12)
    assert found.used == pytest.approx(15 / 16)
    assert found.note.endswith("; 32 below zero do not")
    with pytest.raises(ValueError, match="radiance of at least zero"):
        env_log_error(-1.0 - b, b)
