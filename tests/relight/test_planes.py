"""Relighting from half-precision planes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from olat.light.arrangements import fibonacci_sphere
from olat.light.environment_weights import weights_for_environment
from olat.light.interpolation import weights_for_directions
from olat.light.latlong import directions_of_pixels, pixel_of_direction, solid_angles_of_pixels
from olat.light.quadrature import solid_angles
from olat.model.environment import EnvironmentMap
from olat.relight.planes import relit, relit_batch

EVERY_HALF = np.arange(1 << 16, dtype=np.uint16).view(np.float16)


def field(rng, lights=19, height=13, width=17, scale=1.0):
    return [(scale * rng.normal(size=(3, height, width))).astype(np.float16) for _ in range(lights)]


def summed(planes, weights):
    """Return the plain sum in double precision: the oracle of the loops."""
    return np.einsum("lchw,lc->hwc", np.array(planes, np.float64), weights)


def shaded_sphere(directions, size=24):
    """Return a white Lambert sphere under each light, its normals and where it is."""
    x, y = np.meshgrid(np.linspace(-1, 1, size), np.linspace(1, -1, size))
    inside = x**2 + y**2 < 0.98
    z = np.sqrt(np.maximum(1 - x**2 - y**2, 0))
    normals = np.stack([x, y, z], axis=-1)
    planes = [
        np.where(inside, np.maximum(normals @ toward, 0), 0).astype(np.float16)
        for toward in directions
    ]
    return [np.repeat(plane[None], 3, axis=0) for plane in planes], normals, inside


@pytest.mark.parametrize("lights", [1, 7, 8, 9, 16, 33])
@pytest.mark.parametrize("size", [(1, 1), (13, 17), (200, 300)])
def test_the_loops_sum_as_numpy_does(rng, lights, size):
    planes, weights = field(rng, lights, *size), rng.normal(size=(lights, 3))
    assert_allclose(relit(planes, weights), summed(planes, weights), rtol=0, atol=2e-5)


@pytest.mark.parametrize("threads", [1, 2, 5, None])
def test_the_number_of_threads_changes_no_bit(rng, threads):
    planes, weights = field(rng, 9, 200, 400), rng.normal(size=(9, 3))
    assert_array_equal(relit(planes, weights, threads=threads), relit(planes, weights, threads=1))


def test_every_finite_half_comes_through_exactly_with_its_sign():
    finite = np.where(np.isfinite(EVERY_HALF), EVERY_HALF, np.float16(0)).reshape(1, 256, 256)
    planes = [np.repeat(finite, 3, axis=0)]
    expected = finite[0].astype(np.float32)
    assert_array_equal(relit(planes, np.ones((1, 3)))[..., 1], expected)
    assert_array_equal(relit_batch(planes, np.ones((2, 1, 3)))[1, ..., 2], expected)
    assert (relit(planes, -np.ones((1, 3)))[..., 0] == -expected).all()


def test_a_hole_in_a_plane_is_a_hole_in_the_picture_and_nowhere_else(rng):
    planes = field(rng, 3)
    planes[1][0, 2, 3], planes[1][1, 4, 5] = np.nan, np.inf
    radiance = relit(planes, np.ones((3, 3)))
    assert np.isnan(radiance[2, 3, 0])
    assert not np.isfinite(radiance[4, 5, 1])
    assert np.count_nonzero(~np.isfinite(radiance)) == 2


def test_under_light_i_the_field_shows_plane_i(rng):
    planes = field(rng)
    for light in range(len(planes)):
        weights = np.zeros((len(planes), 3))
        weights[light] = 1.0
        assert_array_equal(
            relit(planes, weights), planes[light].transpose(1, 2, 0).astype(np.float32)
        )


def test_toward_light_i_the_field_shows_plane_i(rng):
    directions = fibonacci_sphere(40)
    planes = field(rng, 40)
    mixed = weights_for_directions(directions, 3.0 * directions[11:12])
    radiance = relit(planes, np.repeat(mixed.weights[0][:, None], 3, axis=1))
    assert_array_equal(radiance, planes[11].transpose(1, 2, 0).astype(np.float32))


def test_a_light_that_is_off_is_not_looked_at(rng):
    planes = field(rng, 4)
    planes[2][:] = np.nan
    weights = np.ones((4, 3))
    weights[2] = 0.0
    assert np.isfinite(relit(planes, weights)).all()
    assert np.isfinite(relit_batch(planes, weights[None])).all()


def test_a_light_may_be_off_in_one_color_only(rng):
    planes, weights = field(rng, 9), rng.normal(size=(9, 3))
    weights[3, 0] = weights[:, 1] = 0.0
    assert_allclose(relit(planes, weights), summed(planes, weights), rtol=0, atol=1e-5)


@settings(max_examples=30)
@given(factor=st.floats(-100, 100), seed=st.integers(0, 1000))
def test_relighting_is_linear_in_the_light(factor, seed):
    rng = np.random.default_rng(seed)
    planes = field(rng, 11)
    one, other = rng.normal(size=(2, 11, 3))
    together = relit(planes, factor * one + other)
    apart = factor * relit(planes, one) + relit(planes, other)
    assert_allclose(together, apart, rtol=0, atol=2e-5 * (1 + abs(factor)))


@settings(max_examples=20)
@given(seed=st.integers(0, 1000))
def test_relighting_passes_the_adjoint_check(seed):
    rng = np.random.default_rng(seed)
    planes, weights = field(rng, 11), rng.normal(size=(11, 3))
    picture = rng.normal(size=(13, 17, 3))
    forward = np.sum(relit(planes, weights) * picture)
    backward = np.sum(weights * np.einsum("lchw,hwc->lc", np.array(planes, float), picture))
    assert forward == pytest.approx(backward, abs=1e-3)


def test_a_batch_shows_what_single_frames_show(rng):
    planes, weights = field(rng, 21, 90, 100), rng.normal(size=(5, 21, 3))
    weights[0, 3] = 0.0
    batch = relit_batch(planes, weights)
    for frame, expected in zip(batch, weights, strict=True):
        assert_allclose(frame, summed(planes, expected), rtol=0, atol=3e-5)


def test_a_batch_in_threads_is_the_same(rng):
    planes, weights = field(rng, 5, 150, 200), rng.normal(size=(3, 5, 3))
    assert_allclose(
        relit_batch(planes, weights, threads=3),
        relit_batch(planes, weights, threads=1),
        rtol=0,
        atol=1e-5,
    )


def test_a_batch_of_no_frames_is_empty(rng):
    assert relit_batch(field(rng, 3), np.zeros((0, 3, 3))).shape == (0, 13, 17, 3)


def test_planes_cut_from_a_larger_array_are_read_where_they_lie(rng):
    padded = rng.normal(size=(4, 3, 32, 17)).astype(np.float16)
    cut = [plane[:, :13] for plane in padded]
    crossed = [np.asfortranarray(plane) for plane in cut]
    weights = rng.normal(size=(4, 3))
    assert_array_equal(relit(cut, weights), relit(crossed, weights))
    assert_allclose(relit(cut, weights), summed(cut, weights), rtol=0, atol=1e-5)


def test_a_white_sphere_in_a_uniform_map_is_white_everywhere():
    directions = fibonacci_sphere(331)
    planes, _, inside = shaded_sphere(directions)
    white = EnvironmentMap(np.ones((64, 128, 3), np.float32))
    radiance = relit(planes, weights_for_environment(directions, white).weights)
    assert_allclose(radiance[inside], 1.0, rtol=0, atol=0.01)
    shares = np.repeat(solid_angles(directions)[:, None] / np.pi, 3, axis=1)
    assert_allclose(radiance, relit(planes, shares), rtol=0, atol=2e-3)


def test_a_white_sphere_under_a_map_is_what_the_integral_says(rng):
    directions = fibonacci_sphere(331)
    planes, normals, inside = shaded_sphere(directions)
    pixels = directions_of_pixels(64, 128)
    lobes = 3 * rng.normal(size=(3, 3))
    map_ = EnvironmentMap(np.exp(pixels @ lobes.T - 4).astype(np.float32))
    radiance = relit(planes, weights_for_environment(directions, map_).weights)
    power = (map_.radiance * solid_angles_of_pixels(64, 128)[..., None]).reshape(-1, 3)
    cosines = np.maximum(normals[inside] @ pixels.reshape(-1, 3).T, 0)
    expected = cosines @ power / np.pi
    error = np.sqrt(np.mean((radiance[inside] - expected) ** 2, axis=0))
    assert (error < 0.01 * expected.max(axis=0)).all()  # 40 dB


def test_a_red_pixel_left_of_the_center_of_the_map_lights_the_right_of_the_picture_red():
    directions = fibonacci_sphere(156)
    planes, _, inside = shaded_sphere(directions)
    radiance = np.zeros((64, 128, 3), np.float32)
    row, column = pixel_of_direction(np.array([[1.0, 0.0, 0.0]]), 64, 128)
    assert column[0] in (31, 32)
    radiance[row, column, 0] = 1e3
    picture = relit(planes, weights_for_environment(directions, EnvironmentMap(radiance)).weights)
    assert (picture[..., 1:] == 0).all()
    right, left = picture[:, 14:, 0], picture[:, :10, 0]
    assert right[inside[:, 14:]].mean() > 10 * left[inside[:, :10]].mean()


@pytest.mark.parametrize(
    ("planes", "weights", "words"),
    [
        ([], np.zeros((0, 3)), "1 at least"),
        ([np.zeros((3, 2, 2), np.float16)], np.ones((2, 3)), "weights for 2 lights"),
        (
            [np.zeros((3, 2, 2), np.float16), np.zeros((3, 2, 3), np.float16)],
            np.ones((2, 3)),
            r"plane 1 is float16 \(3, 2, 3\)",
        ),
        ([np.zeros((3, 2, 2), np.float16)], np.full((1, 3), np.nan), "not finite"),
    ],
)
def test_planes_and_weights_that_do_not_fit_are_refused(planes, weights, words):
    with pytest.raises(ValueError, match=words):
        relit(planes, weights)
