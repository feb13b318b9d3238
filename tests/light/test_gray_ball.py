"""Levels of lights off matte balls, and off mirrors where those show nothing."""

from __future__ import annotations

import numpy as np
import pytest

from olat.light.arrangements import fibonacci_sphere
from olat.light.ball_view import OrthographicBall, ball_box
from olat.light.gray_ball import completed_by_mirror, gray_reading, intensities_from_levels
from olat.light.gray_ball_sweep import GrayPlace, gray_levels
from olat.model.flags import PixelFlag
from olat.model.image import RadianceImage
from olat.model.rig import LightRig
from tests.light.matte_sphere import ALBEDO, Lamp, matte_ball
from tests.light.mirror_sphere import ball_at, camera

SHAPE = (200, 200)
VIEW = OrthographicBall(np.array([99.6, 100.3]), 80.0)
BOX = ball_box(VIEW, SHAPE)
COLOR = np.array([1.2, 1.0, 0.7])


def toward(polar_deg, azimuth_deg=40.0):
    polar, around = np.radians([polar_deg, azimuth_deg])
    return np.array([np.sin(polar) * np.cos(around), np.sin(polar) * np.sin(around), np.cos(polar)])


@pytest.mark.parametrize("polar", [0, 45, 90, 120, 140, 150])
def test_the_level_is_albedo_times_intensity(polar, rng):
    photo = matte_ball(VIEW, SHAPE, Lamp(toward(polar), color=COLOR), noise=0.01, rng=rng)
    read = gray_reading(photo, BOX, toward(polar))
    off = read.level / (ALBEDO * COLOR) - 1.0
    print(f"{polar} degrees: {read.pixels} pixels, off by {100 * np.abs(off).max():.2f} %")
    assert np.abs(off).max() < 0.02
    assert np.abs(read.level - ALBEDO * COLOR).max() < 4.0 * read.sigma.max()


def test_a_light_behind_the_ball_is_not_read_at_all(rng):
    photo = matte_ball(VIEW, SHAPE, Lamp(toward(170), color=COLOR), noise=0.01, rng=rng)
    read = gray_reading(photo, BOX, toward(170))
    assert read.pixels < 40
    assert np.isnan(read.level).all()


def test_gloss_stains_and_clipping_are_left_out(rng):
    clean = matte_ball(VIEW, SHAPE, Lamp(toward(50), color=COLOR))
    radiance, flags = clean.radiance.copy(), clean.flags.copy()
    radiance[90:110, 60:75] += 2.0
    radiance[110:140, 100:120] *= 0.5
    radiance[60:80, 120:140] = 0.4
    flags[60:80, 120:140] = PixelFlag.SATURATED
    read = gray_reading(RadianceImage(radiance, flags), BOX, toward(50))
    np.testing.assert_allclose(read.level, ALBEDO * COLOR, rtol=1e-3, atol=0)


def test_a_near_light_is_read_at_the_center_of_the_ball():
    """A ball of 10 cm under a light at 1 m: as if distant, a tenth too bright and more."""
    place = 1.0 * toward(60)
    photo = matte_ball(VIEW, SHAPE, Lamp(position=place), radius=0.1)
    near = gray_reading(photo, BOX, toward(60), position=place, radius=0.1)
    np.testing.assert_allclose(near.level, ALBEDO, rtol=1e-5, atol=0)
    assert gray_reading(photo, BOX, toward(60)).level[0] > 1.05 * ALBEDO


def rig_with(directions, colors, positions=None):
    return LightRig("rig", directions, colors, positions)


def test_intensities_of_a_rig_come_back_relative_and_absolute(rng):
    directions = fibonacci_sphere(40)
    directions = directions[directions[:, 2] > -0.8]
    truth = rng.uniform(0.5, 1.5, (len(directions), 3)) * [1.1, 1.0, 0.8]
    photos = {
        light: matte_ball(VIEW, SHAPE, Lamp(direction, color=truth[light]), noise=0.005, rng=rng)
        for light, direction in enumerate(directions)
    }
    rig = rig_with(directions, np.ones_like(truth))
    read = gray_levels(photos, [GrayPlace(VIEW, {light: light for light in photos})], rig)
    absolute = intensities_from_levels(read.levels, read.sigmas, albedo=ALBEDO)
    np.testing.assert_allclose(absolute.intensities, truth, rtol=0.01, atol=0)
    relative = intensities_from_levels(read.levels, read.sigmas)
    np.testing.assert_allclose(relative.intensities.mean(axis=0), 1.0, rtol=0, atol=1e-12)
    np.testing.assert_allclose(relative.intensities, truth / truth.mean(axis=0), rtol=0.01, atol=0)
    worst = np.abs(absolute.intensities / truth - 1.0).max()
    print(f"{len(directions)} lights: intensities off by at most {100 * worst:.2f} %")


def test_drift_is_divided_out():
    photos = {0: matte_ball(VIEW, SHAPE, Lamp(toward(30), color=0.97))}
    rig = rig_with(toward(30)[None], np.ones((1, 3)))
    gains = {0: np.full(3, 0.97)}
    read = gray_levels(photos, [GrayPlace(VIEW, {0: 0})], rig, gains=gains)
    np.testing.assert_allclose(read.levels, ALBEDO, rtol=1e-5, atol=0)


def test_a_dead_light_is_named_and_dark_and_does_not_count_in_the_mean():
    levels = np.ones((5, 3))
    levels[2] = 0.001
    levels[4] = np.nan
    found = intensities_from_levels(levels, np.full((5, 3), 0.01))
    assert found.dead == (2,)
    assert found.unseen == (4,)
    np.testing.assert_array_equal(found.intensities[2], 0.0)
    np.testing.assert_allclose(found.intensities[[0, 1, 3]], 1.0, rtol=0, atol=1e-12)
    assert np.isnan(found.intensities[4]).all()


@pytest.mark.parametrize(
    ("levels", "albedo", "words"),
    [
        (np.full((3, 3), np.nan), None, "no light shows on the gray ball"),
        (np.full((3, 3), -0.1), None, "reads -0.1 under the usual light; more than 0"),
        (np.ones((3, 3)), 0.0, "albedo of the ball: 0; more than 0"),
    ],
)
def test_levels_that_tell_nothing_are_refused(levels, albedo, words):
    with pytest.raises(ValueError, match=words):
        intensities_from_levels(levels, np.full((3, 3), 0.01), albedo=albedo)


def test_a_mirror_stands_in_for_what_the_gray_ball_hides(rng):
    """Its reflectance grows by half towards grazing angles; read as constant, 27 % too much."""
    directions = fibonacci_sphere(100)
    truth = rng.uniform(0.5, 1.5, (100, 3))
    cosines = np.sqrt((1.0 + directions[:, 2]) / 2.0)
    mirror = 3e-4 * truth * (1.0 + 0.8 * (1.0 - cosines[:, None]) ** 5)
    mirror *= rng.normal(1.0, 0.005, mirror.shape)
    levels = ALBEDO * truth * rng.normal(1.0, 0.005, truth.shape)
    hidden = directions[:, 2] < -0.9
    levels[hidden] = np.nan
    filled, rms = completed_by_mirror(levels, mirror, cosines)
    off = np.abs(filled[hidden] / (ALBEDO * truth[hidden]) - 1.0)
    print(f"{hidden.sum()} hidden lights: off by at most {100 * off.max():.1f} %, rms {rms:.4f}")
    assert off.max() < 0.04
    np.testing.assert_array_equal(filled[~hidden], levels[~hidden])
    assert rms == pytest.approx(0.007, abs=0.002)


def test_balls_that_share_too_few_lights_are_not_compared():
    levels = np.full((10, 3), np.nan)
    levels[:4] = 1.0
    with pytest.raises(ValueError, match=r"4 lights show unclipped on it .* 5 are needed"):
        completed_by_mirror(levels, np.ones((10, 3)), np.ones(10))


def places_of(offsets, rig, rng, *, falloff, noise=0.003):
    """Return photographs of a ball in several places under every light, and the places."""
    pinhole = camera(240, 24.0)
    photos, places, frame = {}, [], 0
    for offset in offsets:
        view = ball_at(tuple(np.array([0.0, 0.0, -1.6]) + offset), pinhole, 0.1)
        frames = {}
        for light, place in enumerate(rig.positions):
            photos[frame] = matte_ball(
                view,
                (240, 240),
                Lamp(position=place, color=rig.intensities[light], falloff=falloff),
                center=offset,
                noise=noise,
                rng=rng,
            )
            frames[light] = frame
            frame += 1
        places.append(GrayPlace(view, frames))
    return photos, places


def test_a_ball_in_three_places_tells_how_lights_dim_off_their_axes(rng):
    directions = fibonacci_sphere(24)
    rig = rig_with(directions, rng.uniform(0.7, 1.3, (24, 3)), 1.7 * directions)
    offsets = ((0.0, 0.0, 0.0), (0.2, 0.1, 0.0), (-0.18, -0.15, 0.05))
    photos, places = places_of(offsets, rig, rng, falloff=8.0)
    read = gray_levels(photos, places, rig, ball_radius=0.1)
    print(f"fall-off {read.falloff.exponent:.2f} +- {read.falloff.sigma:.2f}, truth 8")
    assert read.falloff.exponent == pytest.approx(8.0, abs=0.3)
    assert abs(read.falloff.exponent - 8.0) < 3.0 * read.falloff.sigma
    seen = np.isfinite(read.levels).all(axis=1)
    assert seen.sum() > 18
    np.testing.assert_allclose(
        read.levels[seen], ALBEDO * rig.intensities[seen], rtol=0.015, atol=0
    )


def test_a_ball_that_hardly_moved_gives_levels_and_a_note(rng):
    directions = fibonacci_sphere(12)
    rig = rig_with(directions, np.ones((12, 3)), 1.7 * directions)
    photos, places = places_of(((0.0, 0.0, 0.0), (0.02, 0.0, 0.0)), rig, rng, falloff=8.0)
    read = gray_levels(photos, places, rig, ball_radius=0.1)
    assert read.falloff is None
    assert "leaves the exponent unknown" in read.notes[0]
    seen = np.isfinite(read.levels).all(axis=1)
    np.testing.assert_allclose(read.levels[seen], ALBEDO, rtol=0.02, atol=0)


def test_several_places_without_positions_count_as_one(rng):
    directions = fibonacci_sphere(6)
    near = rig_with(directions, np.ones((6, 3)), 50.0 * directions)
    photos, places = places_of(((0.0, 0.0, 0.0), (0.3, 0.0, 0.0)), near, rng, falloff=0.0)
    read = gray_levels(photos, places, rig_with(directions, np.ones((6, 3))))
    assert "only the first one counts" in read.notes[0]
