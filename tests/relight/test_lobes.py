"""Lobes under lights and environments: scale, energy, moments, turning, and shadows."""

from __future__ import annotations

from inspect import unwrap

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.light.arrangements import fibonacci_sphere
from olat.light.latlong import directions_of_pixels, solid_angles_of_pixels, turned
from olat.model.environment import EnvironmentMap
from olat.model.maps import LobeMaps
from olat.relight.lobe_environment import convolved, ladder
from olat.relight.lobes import lobes_under_environment, lobes_under_lights, visible_share
from olat.surface.cosine_lobe import lobe_density
from olat.surface.lobe_maps import lobes_of
from olat.surface.lobe_residual import missing_moments

SHAPE = (12, 10)


def maps_of(integral, vectors, *, white=False, **more):
    """Return maps of lobes with these first moments over integrals: the axis times the ratio."""
    total = np.broadcast_to(np.asarray(integral, np.float32), (*vectors.shape[:2], 3)).copy()
    moment = total[..., np.newaxis] * vectors[:, :, np.newaxis] if white else total * vectors
    one = np.ones(vectors.shape[:2], np.float32)
    nothing = np.zeros(vectors.shape[:2], np.uint8)
    return LobeMaps(total, moment.astype(np.float32), one, nothing, **more)


@pytest.fixture
def vectors(rng):
    axes = rng.normal(size=(*SHAPE, 3))
    axes /= np.linalg.norm(axes, axis=-1, keepdims=True)
    return axes * rng.uniform(0.05, 0.97, (*SHAPE, 1))


def environment(rng, height=64):
    """Return a dim sky of soft colors with a lamp."""
    toward = directions_of_pixels(height, 2 * height)
    soft = 0.4 + 0.3 * toward @ rng.normal(size=(3, 3)) * 0.5
    lamp = np.maximum(toward @ np.array([0.6, 0.48, 0.64]), 0.0) ** 40.0
    return EnvironmentMap((np.maximum(soft, 0.0) + 20.0 * lamp[..., None]).astype(np.float32))


def exactly(maps, light):
    """Sum over every pixel of a map, each a distant light of its own."""
    height, width, _ = light.radiance.shape
    toward = directions_of_pixels(height, width).reshape(-1, 3)
    energy = light.radiance * solid_angles_of_pixels(height, width)[..., np.newaxis]
    energy = energy.reshape(-1, 3) / np.pi
    lobes = lobes_of(maps)
    density = lobe_density(lobes.axis @ toward.T, lobes.ratio[..., np.newaxis])
    one = "hwn" if lobes.is_shared else "hwcn"
    lit = lobes.integral * np.einsum(f"{one},nc->hwc", density, energy)
    missing = missing_moments(lobes, maps.integral, maps.moment)
    first = np.einsum("nc,nj->cj", energy, toward)
    lit += missing.integral * energy.sum(axis=0) / (4 * np.pi)
    return lit + np.einsum("hwcj,cj->hwc", missing.moment, first) * 3 / (4 * np.pi)


def error(found, expected):
    return float(np.sqrt(np.mean((found - expected) ** 2) / np.mean(expected**2)))


def test_white_that_faces_a_light_reads_1():
    facing = np.tile([0.0, 0.0, 2.0 / 3.0], (2, 2, 1))
    toward = np.array([[0.0, 0.0, 1.0], [0.0, 0.6, 0.8], [0.0, 0.0, -1.0]])
    for direction, expected in zip(toward, (1.0, 0.8, 0.0), strict=True):
        lit = lobes_under_lights(maps_of(np.pi, facing), direction[None], np.ones((1, 3)))
        assert_allclose(lit, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("white", [False, True])
def test_white_in_a_uniform_map_of_radiance_1_reads_1(vectors, white):
    even = convolved(EnvironmentMap(np.ones((16, 32, 3), np.float32)))
    lit = lobes_under_environment(maps_of(np.pi, vectors, white=white), even)
    assert_allclose(lit, 1.0, rtol=0, atol=2e-6)
    colored = maps_of([0.3, 1.2, 2.0], vectors, white=white)
    seen = lobes_under_environment(colored, even) * np.pi
    assert_allclose(seen, colored.integral, rtol=0, atol=1e-5)  # the full-on photograph


@pytest.mark.parametrize("ratio", ladder())
def test_lobes_of_the_ladder_conserve_energy(ratio):
    toward = directions_of_pixels(128, 256)
    cosine = toward @ np.array([0.6, 0.48, 0.64])
    density = lobe_density(cosine, np.full(cosine.shape, ratio))
    total = np.sum(density * solid_angles_of_pixels(128, 256))
    assert_allclose(total, 1.0, rtol=0, atol=5e-3)


def test_under_a_gradient_the_photograph_comes_back(vectors):
    toward = directions_of_pixels(128, 256)
    shot = convolved(EnvironmentMap(((1.0 + toward) / 2.0).astype(np.float32)))
    maps = maps_of(np.pi, vectors)
    photograph = (maps.integral + maps.moment) / 2.0
    lit = lobes_under_environment(maps, shot) * np.pi
    worst = np.abs(lit - photograph).max() / np.pi
    print(f"gradient from the convolved map: {worst:.1e} of white at most")
    assert worst < 2e-3


@pytest.mark.parametrize("white", [False, True], ids=["shared", "by channel"])
def test_convolved_light_is_the_exact_sum(rng, vectors, white):
    light = environment(rng)
    maps = maps_of(rng.uniform(0.5, 3.0, (*SHAPE, 3)), vectors, white=white)
    found = lobes_under_environment(maps, convolved(light))
    print(f"against the sum over all pixels: {error(found, exactly(maps, light)):.2%}")
    assert error(found, exactly(maps, light)) < 0.005


@pytest.mark.parametrize("ratio", [0.1, 0.42, 0.55, 0.8, 0.93, 0.995])
def test_under_a_lamp_of_one_pixel_each_width_is_met(ratio):
    spot = np.zeros((128, 256, 3), np.float32)
    spot[37, 90] = 2000.0
    axes = fibonacci_sphere(400).reshape(20, 20, 3)
    maps = maps_of(np.pi, axes * ratio)
    found = lobes_under_environment(maps, convolved(EnvironmentMap(spot)))
    toward = directions_of_pixels(128, 256)[37, 90][np.newaxis]
    energy = spot[37, 90] * solid_angles_of_pixels(128, 256)[37, 90] / np.pi
    expected = lobes_under_lights(maps, toward, energy[np.newaxis].astype(float))
    print(f"ratio {ratio:g}, one lamp of one pixel: {error(found, expected):.2%}")
    assert error(found, expected) < 0.015


def test_turning_the_map_is_turning_the_light(rng, vectors):
    light = environment(rng)
    still = convolved(light)
    maps = maps_of(np.pi, vectors)
    # A quarter turn takes what came from +z to +x: the map moves left by a quarter.
    rolled = EnvironmentMap(np.roll(light.radiance, -light.radiance.shape[1] // 4, axis=1))
    found = lobes_under_environment(maps, still.rotated(90.0))
    assert_allclose(found, exactly(maps, rolled), rtol=0, atol=0.01 * found.max())
    # By any angle: the subject turned the other way, in light that stands still.
    for degrees in (-37.5, 211.0):
        by_subject = lobes_under_environment(maps_of(np.pi, turned(vectors, -degrees)), still)
        found = lobes_under_environment(maps, still.rotated(degrees))
        assert_allclose(found, by_subject, rtol=0, atol=1e-4 * found.max())


def test_what_a_clamped_lobe_lacks_is_in_the_convolved_light_too(rng):
    axes = fibonacci_sphere(64).reshape(8, 8, 3)
    maps = maps_of(np.pi, axes * 1.2, white=True)
    assert lobes_of(maps).flags.all()
    light = environment(rng)
    found = lobes_under_environment(maps, convolved(light), exact=True)
    assert error(found, exactly(maps, light)) < 0.02
    alone = lobes_under_environment(maps, convolved(light))
    assert error(alone, exactly(maps, light)) > 0.02


def test_an_exact_light_adds_what_clamped_and_dark_pixels_lack(rng):
    axes = fibonacci_sphere(64).reshape(8, 8, 3)
    maps = maps_of(np.pi, axes * 1.2, white=True)
    maps.integral[:4] = 1e-4
    toward = np.array([[0.6, 0.48, 0.64]])
    plain = lobes_under_lights(maps, toward, np.ones((1, 3)))
    found = lobes_under_lights(maps, toward, np.ones((1, 3)), exact=True)
    lobes = lobes_of(maps)
    missing = missing_moments(lobes, maps.integral, maps.moment)
    assert not plain[:4].any()
    assert_allclose(plain, lobes.reading(toward[0]), rtol=0, atol=1e-6)
    assert_allclose(found - plain, missing.reading(toward[0]), rtol=0, atol=1e-5)
    assert found.min() < 0


def test_leaking_primaries_are_seen_in_the_color_of_the_photographs(rng, vectors):
    matrix = np.array([[0.88, 0.10, 0.02], [0.10, 0.80, 0.10], [0.02, 0.15, 0.83]])
    plain = maps_of(rng.uniform(0.5, 3.0, (*SHAPE, 3)), vectors)
    seen = LobeMaps(
        (plain.integral @ matrix.T).astype(np.float32),
        (plain.moment @ matrix.T).astype(np.float32),
        plain.confidence,
        plain.flags,
        primaries=matrix,
    )
    toward = np.array([[0.6, 0.48, 0.64]])
    expected = lobes_under_lights(plain, toward, np.ones((1, 3))) @ matrix.T
    assert_allclose(lobes_under_lights(seen, toward, np.ones((1, 3))), expected, atol=2e-4)


def test_shadows_take_light_from_the_lobe_alone(vectors):
    maps = maps_of(np.pi, vectors)
    toward, white = fibonacci_sphere(7), np.ones((7, 3))
    open_ = lobes_under_lights(maps, toward, white)

    def left_is_hidden(direction):
        share = np.ones(SHAPE, np.float32)
        share[:, :4] = 0.0 if direction[0] > 0 else 0.5
        return share

    lit = lobes_under_lights(maps, toward, white, visibility=left_is_hidden)
    assert_allclose(lit[:, 4:], open_[:, 4:], rtol=0, atol=1e-6)
    parts = [lobes_under_lights(maps, w[None], white[:1]) for w in toward]
    expected = sum(
        part * left_is_hidden(w)[..., None] for part, w in zip(parts, toward, strict=True)
    )
    assert_allclose(lit, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("share", "words"),
    [(np.full(SHAPE, 1.5, np.float32), "0 to 1"), (np.ones((3, 3), np.float32), "10 x 12 px")],
)
def test_a_visibility_that_is_none_is_refused(share, words):
    with pytest.raises(ValueError, match=words):
        unwrap(visible_share)(share, np.array([0.0, 0.0, 1.0]), SHAPE)


def test_lights_and_weights_that_differ_in_number_are_refused(vectors):
    with pytest.raises(ValueError, match="2 lights and 1 weights"):
        unwrap(lobes_under_lights)(maps_of(1.0, vectors), np.eye(3)[:2], np.ones((1, 3)))


def test_a_map_that_holds_no_number_is_refused():
    broken = np.ones((8, 16, 3), np.float32)
    broken[0, 0] = np.nan
    with pytest.raises(ValueError, match="not finite"):
        convolved(EnvironmentMap(broken))
