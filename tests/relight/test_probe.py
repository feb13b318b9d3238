"""Chrome and gray balls: closed forms, and where each axis shows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.io.environment_file import read_environment
from olat.light.arrangements import fibonacci_sphere
from olat.light.environment_weights import weights_for_environment
from olat.light.latlong import directions_of_pixels, resized, rotation_about
from olat.light.latlong_resampling import latlong_from
from olat.model.environment import EnvironmentMap
from olat.relight.probe import (
    MIDDLE_GRAY,
    chrome_ball,
    matte_ball,
    placed_in_corner,
    probe_under_lights,
    probe_under_map,
)
from tests.support.sphere_pictures import colored, mirror_ball

SIZE = 48
WAYS = directions_of_pixels(64, 128)


def normals(size: int = SIZE) -> tuple[np.ndarray, np.ndarray]:
    """Return the normals of a ball at pixel centers, and which pixels lie wholly inside."""
    right = (np.arange(size) + 0.5) / size * 2.0 - 1.0
    x, y = np.meshgrid(right, -right)
    z = np.sqrt(np.maximum(1.0 - x * x - y * y, 0.0))
    return np.stack([x, y, z], axis=-1), np.hypot(x, y) < 1.0 - 2.5 / size


def test_in_a_uniform_map_white_and_chrome_read_one():
    uniform = np.ones((16, 32, 3), np.float32)
    _, inside = normals()
    # The cosine is summed over 64 x 128 pixels.
    assert_allclose(matte_ball(uniform, size=SIZE)[inside], 1.0, rtol=0, atol=5e-4)
    assert_allclose(chrome_ball(uniform, size=SIZE)[inside], 1.0, rtol=0, atol=1e-6)


def test_a_matte_ball_in_a_gradient_is_its_closed_form():
    """The integral of (1 + x)/2 times the cosine, over pi, is 1/2 + x/3."""
    ball = matte_ball(colored(WAYS), size=SIZE)
    toward, inside = normals()
    assert_allclose(ball[inside], (0.5 + toward / 3.0)[inside], rtol=0, atol=1e-3)


def test_a_chrome_ball_is_the_photograph_of_one():
    ball = chrome_ball(colored(WAYS), size=SIZE)
    _, inside = normals()
    assert_allclose(ball[inside], mirror_ball(SIZE)[inside], rtol=0, atol=0.02)


def test_a_matte_ball_under_one_light_follows_lambert():
    toward, inside = normals()
    light = np.array([[0.6, 0.0, 0.8]])
    probe = probe_under_lights(light, np.array([[2.0, 1.0, 0.5]]), size=SIZE)
    gray = probe.radiance[:, SIZE:]
    expected = MIDDLE_GRAY * np.maximum(toward @ light[0], 0.0)[..., None] * (2.0, 1.0, 0.5)
    assert_allclose(gray[inside], expected[inside], rtol=0, atol=1e-6)


def test_lights_and_the_map_that_they_stand_for_show_the_same_gray():
    lights = fibonacci_sphere(300)
    map_ = colored(WAYS)
    weights = weights_for_environment(lights, EnvironmentMap(map_)).weights
    ours = probe_under_lights(lights, weights, size=SIZE).radiance[:, SIZE:]
    direct = probe_under_map(map_, size=SIZE).radiance[:, SIZE:]
    # 300 lights sample a cosine.
    assert_allclose(ours, direct, rtol=0, atol=0.01 * MIDDLE_GRAY)


@pytest.mark.parametrize("ball", [matte_ball, chrome_ball])
def test_turning_the_light_is_turning_the_map(ball):
    turn = rotation_about("x", 40.0)
    # A map whose color is the direction, turned, has the color of the direction turned back.
    turned = colored(WAYS @ turn)
    ours, there = ball(colored(WAYS), size=SIZE, rotation=turn), ball(turned, size=SIZE)
    _, inside = normals()
    assert_allclose(ours[inside], there[inside], rtol=0, atol=5e-3)


def test_a_lamp_of_one_pixel_in_a_fine_map_is_not_lost():
    # Anywhere towards the camera: the energy that a small ball shows hardly depends on where.
    shown = []
    for column in range(1020, 1031):
        map_ = np.zeros((1024, 2048, 3), np.float32)
        map_[500, column] = 1e4
        shown.append(chrome_ball(map_, size=12).sum())
    assert min(shown) > 0.9 * max(shown) > 0.0


def test_a_photographed_ball_unfolds_to_the_place_around_it(shared_data: Path):
    """A real place, mirrored at normals, then unfolded by the formula of the mirror ball."""
    place = read_environment(shared_data / "env" / "city.exr").radiance
    back = latlong_from(chrome_ball(place, size=512), "mirror_ball", 32)
    expected = resized(place, 32, 64)
    seen = directions_of_pixels(32, 64)[..., 2] > -0.7
    error = np.abs(back - expected)[seen]
    assert np.median(error) < 0.01 * expected[seen].mean()
    mirrored = np.abs(back - expected[:, ::-1])[seen]
    assert error.mean() < 0.1 * mirrored.mean()


def test_edges_are_shares_and_nothing_is_outside():
    probe = probe_under_map(np.ones((16, 32, 3), np.float32), size=SIZE)
    assert probe.alpha.shape == (SIZE, 2 * SIZE)
    assert probe.alpha[0, 0] == 0.0
    assert ((probe.alpha > 0.0) & (probe.alpha < 1.0)).any()
    assert probe.alpha[SIZE // 2, SIZE // 2] == 1.0
    assert_allclose(probe.alpha[:, :SIZE].mean(), np.pi / 4.0, rtol=0, atol=2e-3)
    assert not probe.radiance[probe.alpha == 0.0].any()


def test_a_probe_lies_in_its_corner_and_nowhere_else():
    picture = np.full((100, 160, 3), 0.25, np.float32)
    probe = probe_under_map(np.zeros((16, 32, 3), np.float32), size=32)
    placed = placed_in_corner(picture, probe, corner="top right", margin=4)
    changed = (placed != picture).any(axis=2)
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    assert (rows[0], rows[-1]) == (4, 35)
    assert (columns[0], columns[-1]) == (92, 155)
    with pytest.raises(ValueError, match=r"balls of 64 x 32 px do not fit into 60 x 100 px"):
        placed_in_corner(picture[:, :60].copy(), probe)
