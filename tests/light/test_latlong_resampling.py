"""Maps turned and made from other pictures: light stays where it was."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from olat.light.latlong import directions_of_pixels, pixel_of_direction, rotation_about
from olat.light.latlong_cells import energy_of_map
from olat.light.latlong_resampling import (
    MAP_CONVENTIONS,
    between_conventions,
    latlong_from,
    rolled,
    rotated,
    sampled,
)
from tests.support import sphere_pictures

X, Y, Z = np.eye(3)

AT_QUARTERS = {
    # Direction at the middle, a quarter and three quarters of the width, in our axes. Of Blender's
    # map in its own axes: +X, +Y, -Y, of which +Y is our -z.
    "openexr": (Z, X, -X),
    "usd": (Z, X, -X),
    "mitsuba": (Z, X, -X),
    "three": (X, -Z, Z),
    "blender": (X, -Z, Z),
    "skylibs": (-Z, -X, X),
}


@pytest.fixture
def noise(rng):
    return rng.random((16, 32, 3)).astype(np.float32)


@pytest.mark.parametrize("name", sorted(MAP_CONVENTIONS))
def test_the_axes_of_each_program_come_to_where_it_has_them(name):
    map_ = sphere_pictures.colored(directions_of_pixels(32, 64))
    there, is_exact = between_conventions(map_, "openexr", name)
    assert is_exact
    for column, way in zip((32, 16, 48), AT_QUARTERS[name], strict=True):
        found = there[15:17, column - 1 : column + 1].mean(axis=(0, 1))
        assert_allclose(found, (1.0 + way) / 2.0, rtol=0, atol=0.01)


def test_the_shifts_are_those_of_numpy_roll(noise):
    assert_array_equal(between_conventions(noise, "openexr", "three")[0], np.roll(noise, 8, 1))
    assert_array_equal(between_conventions(noise, "openexr", "skylibs")[0], np.roll(noise, 16, 1))


@pytest.mark.parametrize("source", sorted(MAP_CONVENTIONS))
@pytest.mark.parametrize("target", sorted(MAP_CONVENTIONS))
def test_there_and_back_is_the_identity(noise, source, target):
    there, first = between_conventions(noise, source, target)
    back, second = between_conventions(there, target, source)
    assert first
    assert second
    assert_array_equal(back, noise)


def test_four_quarter_turns_are_the_identity(noise):
    turned = noise
    for _ in range(4):
        turned, is_exact = rolled(turned, 90.0)
        assert is_exact
    assert_array_equal(turned, noise)


def test_between_pixels_columns_share_and_it_is_said(rng):
    odd = rng.random((15, 30, 3)).astype(np.float32)
    moved, is_exact = between_conventions(odd, "openexr", "blender")
    assert not is_exact
    assert_allclose(moved.sum(axis=1), odd.sum(axis=1), rtol=1e-5)
    assert_allclose(moved, (np.roll(odd, 7, 1) + np.roll(odd, 8, 1)) / 2.0, rtol=0, atol=1e-6)


def test_a_positive_turn_about_y_brings_z_to_x():
    map_ = sphere_pictures.colored(directions_of_pixels(32, 64))
    turned, _ = rolled(map_, 90.0)
    found = sampled(turned, X[None])[0]
    assert_allclose(found, (1.0 + Z) / 2.0, rtol=0, atol=0.01)


@pytest.mark.parametrize(("axis", "start", "end"), [("x", Y, Z), ("y", Z, X), ("z", X, Y)])
def test_turns_are_right_handed(axis, start, end):
    assert_allclose(rotation_about(axis, 90.0) @ start, end, rtol=0, atol=1e-12)
    assert np.linalg.det(rotation_about(axis, 33.0)) == pytest.approx(1.0)


@pytest.mark.parametrize("axis", ["x", "y", "z"])
def test_a_lamp_goes_where_its_direction_is_turned(axis):
    turn = rotation_about(axis, 37.0)
    map_ = np.zeros((64, 128, 3), np.float32)
    way = np.array([0.48, 0.6, 0.64])
    row, column = pixel_of_direction(way[None], 64, 128)
    map_[row, column] = 1.0
    turned = rotated(map_, turn)
    weights = turned[..., 0] * np.linalg.norm(directions_of_pixels(64, 128)[..., (0, 2)], axis=-1)
    mean = np.einsum("hw,hwk->k", weights, directions_of_pixels(64, 128))
    assert mean @ turn @ way / np.linalg.norm(mean) > np.cos(np.deg2rad(1.5))


def test_turning_keeps_the_energy_of_each_channel(noise):
    sun = noise.copy()
    sun[4, 7] = (900.0, 500.0, 100.0)
    turned = rotated(sun, rotation_about("x", 30.0) @ rotation_about("z", 11.0))
    assert_allclose(energy_of_map(turned), energy_of_map(sun), rtol=1e-6)


def test_turning_about_y_by_samples_is_rolling(noise):
    smooth = sphere_pictures.colored(directions_of_pixels(32, 64))
    sampled_, moved = rotated(smooth, rotation_about("y", 90.0)), rolled(smooth, 90.0)[0]
    # At the poles the mean over a pixel is not the color of its middle.
    assert_allclose(sampled_[2:-2], moved[2:-2], rtol=0, atol=2e-3)


PICTURES = {
    "mirror_ball": sphere_pictures.mirror_ball(256),
    "angular": sphere_pictures.angular(256),
    "cube": sphere_pictures.cube(64),
    "cross": sphere_pictures.cross(64, is_upright=True),
    "cross, wide": sphere_pictures.cross(64, is_upright=False),
}


@pytest.mark.parametrize("name", sorted(PICTURES))
def test_every_direction_is_found_in_every_kind_of_picture(name):
    map_ = latlong_from(PICTURES[name], name.split(",")[0], 32)
    expected = sphere_pictures.colored(directions_of_pixels(32, 64))
    error = np.abs(map_ - expected).max(axis=-1)
    toward = directions_of_pixels(32, 64)[..., 2]
    unseen = {"mirror_ball": toward < -0.95, "angular": toward > 0.998}.get(name, toward > 2)
    assert error[~unseen].max() < 0.012


def test_a_mirror_ball_shows_the_last_23_degrees_in_its_outer_2_percent():
    assert 180.0 - np.rad2deg(2.0 * np.arcsin(0.98)) == pytest.approx(23.0, abs=0.1)


def test_samples_close_over_the_poles():
    map_ = np.zeros((4, 8, 3), np.float32)
    map_[0, :4], map_[0, 4:] = 1.0, 3.0
    assert_allclose(sampled(map_, np.array([[1e-9, 1.0, 0.0]]))[0], 2.0, rtol=0, atol=1e-6)


def test_samples_close_over_the_seam():
    map_ = np.zeros((4, 8, 3), np.float32)
    map_[:, 0], map_[:, -1] = 1.0, 3.0
    assert_allclose(sampled(map_, -Z[None])[0], 2.0, rtol=0, atol=1e-6)
