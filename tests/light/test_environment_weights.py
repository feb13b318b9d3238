"""Environments gathered into the lights of a rig."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from olat.io.environment_file import read_environment
from olat.light.arrangements import fibonacci_sphere
from olat.light.environment_weights import weights_for_environment
from olat.light.latlong import (
    directions_of_pixels,
    pixel_of_direction,
    solid_angles_of_pixels,
)
from olat.light.quadrature import coverage, solid_angles
from olat.model.environment import EnvironmentMap

SPHERE = fibonacci_sphere(156)
AXES = np.vstack([np.eye(3), -np.eye(3)])
KERNELS = ["auto", "voronoi", "barycentric"]
SIZE = (64, 128)
PIXELS = directions_of_pixels(*SIZE)


def smooth(rng):
    """Return a map of broad lobes, a little light everywhere."""
    lobes = rng.normal(size=(3, 3))
    return EnvironmentMap((0.2 + np.exp(2 * (PIXELS @ lobes.T))).astype(np.float32))


def lit_pixel(direction, color=(1.0, 1.0, 1.0), size=SIZE):
    """Return a black map with one bright pixel, and the irradiance facing that pixel."""
    radiance = np.zeros((*size, 3), np.float32)
    row, column = pixel_of_direction(np.asarray(direction, np.float64)[None], *size)
    radiance[row[0], column[0]] = color
    return EnvironmentMap(radiance), solid_angles_of_pixels(*size)[row[0], column[0]]


def energy(map_):
    return np.einsum("hwc,hw->c", map_.radiance, solid_angles_of_pixels(*map_.radiance.shape[:2]))


@pytest.mark.parametrize("kernel", KERNELS)
def test_in_a_uniform_map_a_white_lambert_surface_reads_one(kernel):
    white = EnvironmentMap(np.ones((*SIZE, 3), np.float32))
    found = weights_for_environment(SPHERE, white, kernel=kernel)
    normals = fibonacci_sphere(40)
    reading = np.maximum(normals @ SPHERE.T, 0) @ found.weights
    # What is left is the error of a sum over 156 lights.
    assert_allclose(reading, 1.0, rtol=0, atol=0.01)
    assert found.left_out == 0


def test_in_a_uniform_map_each_light_weighs_its_solid_angle_over_pi():
    white = EnvironmentMap(np.ones((*SIZE, 3), np.float32))
    found = weights_for_environment(SPHERE, white)
    expected = np.repeat(solid_angles(SPHERE)[:, None] / np.pi, 3, axis=1)
    # Pixels that straddle two cells go to one of them.
    assert_allclose(found.weights, expected, rtol=0.02)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("name", ["grace_probe.exr", "pisa.exr", "city.exr"])
def test_the_energy_of_a_real_map_arrives_in_every_channel(shared_data, name, kernel):
    map_ = read_environment(shared_data / "env" / name)
    found = weights_for_environment(SPHERE, map_, rotation=33.0, kernel=kernel)
    assert_allclose(np.pi * found.weights.sum(axis=0), energy(map_), rtol=1e-6)
    assert found.left_out == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_pixel_at_a_light_lights_that_light(kernel):
    map_, irradiance = lit_pixel([1, 0, 0], color=(3.0, 2.0, 1.0), size=(63, 126))
    found = weights_for_environment(AXES, map_, kernel=kernel)
    expected = irradiance / np.pi * np.array([3.0, 2.0, 1.0])
    # A pixel is 3 degrees wide, so where it is split a little spills to its neighbors.
    assert_allclose(found.weights[0], expected, rtol=0.05)
    assert_allclose(found.weights.sum(axis=0), expected, rtol=1e-6)


def test_a_red_pixel_left_of_the_center_lights_from_plus_x():
    radiance = np.zeros((*SIZE, 3), np.float32)
    radiance[31:33, 31:33, 0] = 1.0  # around u = 0.25
    weights = weights_for_environment(AXES, EnvironmentMap(radiance)).weights
    assert weights[:, 0].argmax() == 0
    assert weights[0, 0] > 0.95 * weights[:, 0].sum()
    assert (weights[:, 1:] == 0).all()


def test_turning_the_light_by_a_right_angle_brings_the_front_to_plus_x():
    front, _ = lit_pixel([1e-3, 1e-3, 1])
    weights = weights_for_environment(AXES, front, rotation=90.0).weights[:, 0]
    assert weights.argmax() == 0


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_symmetry_of_the_rig_permutes_the_weights(rng, kernel):
    map_ = smooth(rng)
    before = weights_for_environment(AXES, map_, kernel=kernel).weights
    after = weights_for_environment(AXES, map_, rotation=90.0, kernel=kernel).weights
    # +z moves to +x, +x to -z, -z to -x, -x to +z; top and bottom stay.
    moved = before[[2, 1, 3, 5, 4, 0]]
    # Pixels on the border between two cells go to either.
    assert_allclose(after, moved, rtol=0, atol=5e-3 * before.max())


def test_a_full_turn_changes_nothing(rng):
    map_ = smooth(rng)
    assert_allclose(
        weights_for_environment(SPHERE, map_, rotation=360.0).weights,
        weights_for_environment(SPHERE, map_).weights,
        rtol=1e-9,
    )


@settings(max_examples=15)
@given(scale=st.floats(0.01, 100.0), seed=st.integers(0, 99))
@pytest.mark.parametrize("kernel", KERNELS)
def test_exposure_scales_the_weights(kernel, scale, seed):
    map_ = smooth(np.random.default_rng(seed))
    brighter = EnvironmentMap(np.float32(scale) * map_.radiance)
    assert_allclose(
        weights_for_environment(AXES, brighter, kernel=kernel).weights,
        np.float32(scale) * weights_for_environment(AXES, map_, kernel=kernel).weights,
        rtol=1e-4,
    )


@pytest.mark.parametrize("kernel", ["voronoi", "barycentric"])
def test_the_sum_of_two_maps_weighs_what_they_weigh_together(rng, kernel):
    one, other = smooth(rng), smooth(rng)
    both = EnvironmentMap(one.radiance + other.radiance)
    parts = [weights_for_environment(SPHERE, map_, kernel=kernel).weights for map_ in (one, other)]
    assert_allclose(
        weights_for_environment(SPHERE, both, kernel=kernel).weights, sum(parts), rtol=1e-5
    )


def test_a_smooth_map_goes_to_the_nearest_lights_and_a_sun_to_three():
    map_ = EnvironmentMap(np.ones((*SIZE, 3), np.float32))
    between = SPHERE[60] + SPHERE[61 + np.argmax(SPHERE[61:] @ SPHERE[60])]
    sun, _ = lit_pixel(between, color=(3e3, 3e3, 3e3))
    sky = weights_for_environment(SPHERE, map_).weights[:, 0]
    added = weights_for_environment(SPHERE, EnvironmentMap(map_.radiance + sun.radiance)).weights[
        :, 0
    ]
    bright = added - sky
    assert np.count_nonzero(bright > 0.1 * bright.max()) in (2, 3, 4)
    assert bright[bright > 0.1 * bright.max()].sum() > 0.95 * bright.sum()


def test_a_sun_that_moves_does_not_jump_from_light_to_light():
    sun, _ = lit_pixel([0.2, 0.4, 1.0], size=(180, 360))
    steps = [
        weights_for_environment(SPHERE, sun, rotation=degrees).weights[:, 0]
        for degrees in np.arange(0.0, 16.0, 1.0)
    ]
    total = steps[0].sum()
    # A degree is a fifteenth of the spacing of the lights.
    assert np.abs(np.diff(steps, axis=0)).max() < 0.15 * total


def lobe_error(map_, lights, exponent, kernel="auto"):
    """Return the relative error of glossy lobes under the lights instead of under the map."""
    height, width = map_.radiance.shape[:2]
    views = fibonacci_sphere(60)
    pixels = directions_of_pixels(height, width).reshape(-1, 3)
    power = (map_.radiance * solid_angles_of_pixels(height, width)[..., None]).reshape(-1, 3)
    seen = np.maximum(views @ pixels.T, 0) ** exponent @ power / np.pi
    weights = weights_for_environment(lights, map_, kernel=kernel).weights
    relit = np.maximum(views @ lights.T, 0) ** exponent @ weights
    return np.sqrt(np.mean((relit - seen) ** 2) / np.mean(seen**2))


@pytest.mark.parametrize(("exponent", "bound"), [(1, 0.005), (20, 0.03)])
def test_a_glossy_lobe_sees_a_real_map_as_it_is(shared_data, exponent, bound):
    map_ = read_environment(shared_data / "env" / "pisa.exr")
    assert lobe_error(map_, fibonacci_sphere(331), exponent) < bound


def test_splitting_only_what_stands_out_beats_splitting_all_or_nothing(shared_data):
    map_ = read_environment(shared_data / "env" / "grace_probe.exr")
    error = {kernel: lobe_error(map_, SPHERE, 20, kernel) for kernel in KERNELS}
    assert error["auto"] < error["voronoi"]
    assert error["auto"] < error["barycentric"]


@pytest.mark.parametrize("kernel", KERNELS)
def test_light_from_where_a_dome_has_no_lights_is_left_out_and_counted(kernel):
    dome = SPHERE[SPHERE[:, 1] > 0]
    white = EnvironmentMap(np.ones((*SIZE, 3), np.float32))
    found = weights_for_environment(dome, white, kernel=kernel)
    assert found.left_out == pytest.approx(1 - coverage(dome), abs=2e-3)
    assert_allclose(np.pi * found.weights.sum(axis=0), 4 * np.pi * (1 - found.left_out), rtol=1e-6)
    below, _ = lit_pixel([0.1, -1.0, 0.1])
    dark = weights_for_environment(dome, below, kernel=kernel)
    assert dark.left_out == pytest.approx(1)
    assert (dark.weights == 0).all()


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("kernel", KERNELS)
def test_few_lights_weigh_the_solid_angles_that_they_stand_for(count, kernel):
    few = fibonacci_sphere(40)[:count]
    white = EnvironmentMap(np.ones((*SIZE, 3), np.float32))
    found = weights_for_environment(few, white, kernel=kernel)
    assert np.pi * found.weights[:, 0].sum() == pytest.approx(solid_angles(few).sum(), rel=0.01)


def test_two_lights_in_one_place_share_its_light(rng):
    map_ = smooth(rng)
    lone = weights_for_environment(SPHERE, map_).weights
    doubled = weights_for_environment(np.vstack([SPHERE, SPHERE[7]]), map_).weights
    assert_allclose(doubled[7], lone[7] / 2, rtol=1e-9)
    assert_allclose(doubled[-1], lone[7] / 2, rtol=1e-9)


def test_a_black_map_weighs_nothing():
    found = weights_for_environment(SPHERE, EnvironmentMap(np.zeros((8, 16, 3), np.float32)))
    assert (found.weights == 0).all()
    assert found.left_out == 0


def test_a_map_with_holes_is_refused():
    holed = np.ones((8, 16, 3), np.float32)
    holed[3, 3] = np.nan
    with pytest.raises(ValueError, match="not finite"):
        weights_for_environment(SPHERE, EnvironmentMap(holed))


def test_a_rig_without_lights_is_refused():
    with pytest.raises(ValueError, match="at least 1"):
        weights_for_environment(np.zeros((0, 3)), EnvironmentMap(np.ones((8, 16, 3), np.float32)))


@pytest.mark.slow
@pytest.mark.alone
def test_a_large_map_costs_a_few_passes_over_it(rng):
    large = EnvironmentMap(rng.random((4096, 8192, 3), dtype=np.float32))
    lights = fibonacci_sphere(331)
    ours = _processor_seconds(lambda: weights_for_environment(lights, large))
    one_pass = _processor_seconds(lambda: np.sqrt(large.radiance).sum())
    print(f"weights of an 8192 x 4096 map: {ours:.2f} s, {ours / one_pass:.1f} passes of numpy")
    assert ours < 10 * one_pass


def _processor_seconds(work):
    """Return the processor time that some work takes [s]."""
    started = time.process_time()
    work()
    return time.process_time() - started
