"""Shadows on lobes: what they take in closed form, and what comes back under even light."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.light.arrangements import fibonacci_sphere
from olat.model.environment import EnvironmentMap
from olat.model.maps import LobeMaps
from olat.relight.lobe_environment import convolved
from olat.relight.lobes import lobes_under_environment, lobes_under_lights
from olat.relight.shadowed_lobes import ShadowedLobes

SHAPE = (4, 6)
UP = np.array([0.0, 0.0, 1.0])


def matte(axis: np.ndarray) -> LobeMaps:
    """Return white that faces one way."""
    integral = np.full((*SHAPE, 3), np.pi, np.float32)
    moment = (integral * axis * 2.0 / 3.0).astype(np.float32)
    return LobeMaps(integral, moment, np.ones(SHAPE, np.float32), np.zeros(SHAPE, np.uint8))


def varied(rng: np.random.Generator) -> LobeMaps:
    """Return lobes of all widths, matte, glossy and as of fur, a few cut at the longest ratio."""
    axes = fibonacci_sphere(SHAPE[0] * SHAPE[1]).reshape(*SHAPE, 3)
    ratio = rng.uniform(0.2, 0.999, (*SHAPE, 1))
    integral = np.pi * rng.uniform(0.2, 0.8, (*SHAPE, 3))
    moment = (integral * axes * ratio).astype(np.float32)
    one, nothing = np.ones(SHAPE, np.float32), np.zeros(SHAPE, np.uint8)
    return LobeMaps(integral.astype(np.float32), moment, one, nothing)


def wall(direction: np.ndarray) -> np.ndarray:
    """Hide all that comes from the left."""
    return np.full(SHAPE, np.float32(direction[0] > 0.0))


def test_a_wall_takes_half_of_the_light_of_white_beside_it() -> None:
    taken = ShadowedLobes(matte(UP), wall).taken
    assert_allclose(taken.integral, np.pi / 2, rtol=0.03)
    # Of cos(theta) over a quarter of the sphere, along x, y, z.
    expected = np.array([-2.0 / 3.0, 0.0, np.pi / 3.0])
    assert_allclose(taken.moment, np.broadcast_to(expected, taken.moment.shape), atol=0.05)


def test_nothing_is_taken_where_nothing_casts_shadows(rng: np.random.Generator) -> None:
    shadowed = ShadowedLobes(varied(rng), lambda _: np.ones(SHAPE, np.float32))
    assert not shadowed.taken.integral.any()
    light = np.array([0.6, 0.0, 0.8])
    free = lobes_under_lights(shadowed.maps, light[np.newaxis], np.ones((1, 3)))
    assert_allclose(shadowed.under_light(light), free, rtol=0, atol=1e-6)


@pytest.mark.parametrize("turn", [0.0, 130.0])
def test_even_light_gives_the_full_on_photograph_back(rng, turn: float) -> None:
    maps = varied(rng)
    even = EnvironmentMap(np.ones((32, 64, 3), np.float32), space=maps.space)
    light, shadowed = convolved(even), ShadowedLobes(maps, wall)
    exact = shadowed.under_environment(even, light, rotate_deg=turn, exact=True)
    # Turned, the cells of the lights take other pixels of the map.
    bound = 2e-6 if turn == 0.0 else 0.01
    assert_allclose(exact, maps.integral / np.pi, rtol=0, atol=bound)
    plain = shadowed.under_environment(even, light, rotate_deg=turn)
    assert_allclose(plain, lobes_under_environment(maps, light), rtol=0, atol=bound)


def test_lights_all_around_add_up_to_the_full_on_photograph_and_its_moment(rng) -> None:
    maps = matte(UP)
    shadowed = ShadowedLobes(maps, wall)
    lights = fibonacci_sphere(400)
    lit = [shadowed.under_light(light, exact=True) for light in lights]
    weight = 4.0 * np.pi / len(lights)
    assert_allclose(weight * np.sum(lit, axis=0), maps.integral, rtol=0.01)
    along = weight * np.einsum("lhwc,lc->hwc", np.array(lit), lights)
    assert_allclose(along, maps.moment, atol=0.03)


def test_a_hidden_lamp_gives_less_than_a_free_one_and_never_less_than_nothing() -> None:
    maps = matte(UP)
    shadowed = ShadowedLobes(maps, wall)
    hidden = shadowed.under_light(np.array([-0.6, 0.0, 0.8]))
    free = shadowed.under_light(np.array([0.6, 0.0, 0.8]))
    assert (hidden < 0.6 * free).all()
    lamps = np.zeros((32, 64, 3), np.float32)
    lamps[10:14, 8:24] = 5.0
    found = [
        shadowed.under_environment(map_, convolved(map_))
        for map_ in (EnvironmentMap(lamps), EnvironmentMap(lamps[:, ::-1].copy()))
    ]
    low, high = sorted(found, key=lambda lit: float(lit.mean()))
    assert low.min() >= 0.0
    assert (low < 0.75 * high).all()


def test_a_share_of_another_size_is_refused() -> None:
    shadowed = ShadowedLobes(matte(UP), lambda _: np.ones((2, 2), np.float32))
    with pytest.raises(ValueError, match="needed are numbers from 0 to 1 for 6 x 4 px"):
        shadowed.under_light(UP)


def test_a_channel_that_noise_left_below_zero_takes_no_more_than_it_has(
    rng: np.random.Generator,
) -> None:
    maps = varied(rng)
    maps.integral[..., 2] = -0.083  # the others decide the shape of the lobe
    maps.moment[..., 2, :] *= -0.05
    shadowed = ShadowedLobes(maps, wall)
    assert np.abs(shadowed.taken.integral[..., 2]).max() <= 0.084
    lit = shadowed.under_light(np.array([0.6, 0.0, 0.8]), exact=True)
    assert np.abs(lit).max() < 20.0
