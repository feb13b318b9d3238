"""What must hold exactly for light gathered from a map: sums, permutations, energy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from olat.light.arrangements import fibonacci_sphere
from olat.light.environment_weights import weights_for_environment, weights_for_rotations
from olat.light.latlong import (
    directions_of_pixels,
    matrix_of,
    resized,
    rotation_about,
    solid_angles_of_pixels,
)
from olat.light.spherical_harmonics import radiance_of, shaded
from olat.model.environment import EnvironmentMap

KERNELS = ["auto", "voronoi", "barycentric", "kernel"]
SIZE = (128, 256)
"""The working grid of the rigs below: nothing is resampled."""


def on_grid(count: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Return lights at pixel centers of the grid, and these pixels."""
    pixels = directions_of_pixels(*SIZE).reshape(-1, 3)
    nearest = np.argmax(fibonacci_sphere(count) @ pixels.T, axis=1)
    return pixels[nearest], nearest


@pytest.mark.parametrize(("height", "width"), [(1, 2), (7, 14), (64, 128), (513, 1026)])
def test_pixels_cover_the_sphere(height: int, width: int) -> None:
    total = solid_angles_of_pixels(height, width).sum()
    assert total == pytest.approx(4 * np.pi, abs=1e-12)


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_uniform_map_sums_to_the_sphere(kernel: str) -> None:
    white = EnvironmentMap(np.ones((*SIZE, 3), np.float32))
    found = weights_for_environment(fibonacci_sphere(60), white, kernel=kernel)
    assert_allclose(np.pi * found.weights.sum(axis=0), 4 * np.pi, rtol=1e-6)


@pytest.mark.parametrize("kernel", ["auto", "voronoi", "barycentric"])
def test_a_lamp_at_a_light_is_that_light_alone(kernel: str) -> None:
    lights, pixels = on_grid()
    for light in (0, 17, 59):
        radiance = np.zeros((SIZE[0] * SIZE[1], 3), np.float32)
        radiance[pixels[light]] = (3.0, 2.0, 1.0)
        map_ = EnvironmentMap(radiance.reshape(*SIZE, 3))
        found = weights_for_environment(lights, map_, kernel=kernel).weights
        solid_angle = solid_angles_of_pixels(*SIZE).ravel()[pixels[light]]
        expected = np.zeros((60, 3))
        expected[light] = np.array([3.0, 2.0, 1.0]) * solid_angle / np.pi
        assert_allclose(found, expected, rtol=0, atol=1e-6 * expected.max())


@pytest.mark.parametrize("kernel", KERNELS)
def test_turning_by_a_symmetry_of_the_stage_permutes_the_lights(
    kernel: str, rng: np.random.Generator
) -> None:
    # Rings of eight lights around the vertical, and one at each pole; the map turns by one light,
    # which is a whole number of pixels: what a light had, its neighbor gets.
    ring = 2 * np.pi * (np.arange(8) + 0.31) / 8
    rings = [
        np.stack([np.sin(ring + t) * c, np.full(8, s), np.cos(ring + t) * c], axis=1)
        for s, c, t in ((-0.6, 0.8, 0.1), (0.0, 1.0, 0.0), (0.6, 0.8, 0.2))
    ]
    lights = np.concatenate([*rings, [[0.0, 1.0, 0.0], [0.0, -1.0, 0.0]]])
    map_ = EnvironmentMap(rng.random((*SIZE, 3)).astype(np.float32))
    still = weights_for_environment(lights, map_, kernel=kernel).weights
    turned = weights_for_environment(lights, map_, rotation=45.0, kernel=kernel).weights
    expected = np.roll(still[:24].reshape(3, 8, 3), 1, axis=1).reshape(24, 3)
    tolerance = {"rtol": 0, "atol": 2e-6 * still.max()}
    assert_allclose(turned[:24], expected, **tolerance)
    assert_allclose(turned[24:], still[24:], **tolerance)


@settings(max_examples=15)
@given(
    degrees=st.floats(-400, 400),
    axis=st.tuples(*[st.floats(-1, 1)] * 3).filter(lambda way: np.linalg.norm(way) > 0.1),
    kernel=st.sampled_from(KERNELS),
)
def test_energy_arrives_in_every_channel_however_the_map_is_turned(
    degrees: float, axis: tuple[float, float, float], kernel: str
) -> None:
    radiance = np.random.default_rng(4).random((30, 60, 3)).astype(np.float32)
    radiance[3, 7] = 500.0
    turn = rotation_about(axis, degrees)
    found = weights_for_environment(
        fibonacci_sphere(40), EnvironmentMap(radiance), rotation=turn, kernel=kernel
    )
    energy = np.einsum("hwc,hw->c", radiance.astype(float), solid_angles_of_pixels(30, 60))
    assert_allclose(np.pi * found.weights.sum(axis=0), energy, rtol=1e-6)


@pytest.mark.parametrize("kernel", ["voronoi", "barycentric", "kernel"])
def test_maps_add_up(kernel: str, rng: np.random.Generator) -> None:
    lights = fibonacci_sphere(40)
    one, other = (rng.random((32, 64, 3)).astype(np.float32) for _ in range(2))
    both = weights_for_environment(lights, EnvironmentMap(one + other), kernel=kernel).weights
    parts = [
        weights_for_environment(lights, EnvironmentMap(part), kernel=kernel).weights
        for part in (one, other)
    ]
    assert_allclose(both, sum(parts), rtol=1e-6)


def test_a_turn_about_another_axis_brings_light_where_it_should() -> None:
    # A quarter about +z takes +x, the picture's right, to +y, the top.
    radiance = np.zeros((64, 128, 3), np.float32)
    radiance[28:36, 28:36] = 1.0  # around a quarter from the left: +x
    lights = np.vstack([np.eye(3), -np.eye(3)])
    turn = rotation_about("z", 90.0)
    found = weights_for_environment(lights, EnvironmentMap(radiance), rotation=turn)
    assert found.weights[:, 0].argmax() == 1


def test_frames_of_a_turn_are_the_single_ones_and_do_not_jump(rng: np.random.Generator) -> None:
    lights = fibonacci_sphere(60)
    radiance = np.full((32, 64, 3), 0.1, np.float32)
    radiance[10:12, 20:22] = 50.0
    map_ = EnvironmentMap(radiance)
    angles = np.arange(0.0, 40.0, 1.0).tolist()
    found = weights_for_rotations(lights, map_, angles, kernel="auto").weights
    assert_allclose(found[7], weights_for_environment(lights, map_, rotation=7.0).weights)
    steps = np.abs(np.diff(found[..., 0], axis=0)).max()
    assert steps < 0.1 * found.max()
    jumping = weights_for_rotations(lights, map_, angles, kernel="voronoi").weights
    assert np.abs(np.diff(jumping[..., 0], axis=0)).max() > 1.5 * steps


def test_quarters_are_exact_and_a_mirror_is_refused() -> None:
    quarter = rotation_about("y", 90.0)
    assert np.array_equal(np.linalg.matrix_power(quarter, 4), np.eye(3))
    assert np.array_equal(quarter @ [0, 0, 1], [1, 0, 0])
    with pytest.raises(ValueError, match="mirrors, shears or scales"):
        matrix_of(np.diag([1.0, 1.0, -1.0]))
    with pytest.raises(ValueError, match="points nowhere"):
        rotation_about((0.0, 0.0, 0.0), 10.0)


def test_light_from_harmonics_shades_a_matte_sphere_by_the_closed_form() -> None:
    # What 300 lights gather from the map of the harmonics shades as the harmonics do, but for the
    # sum over lights.
    rng = np.random.default_rng(11)
    coefficients = rng.normal(scale=0.2, size=(9, 3))
    coefficients[0] += 3.0
    lights, normals = fibonacci_sphere(300), fibonacci_sphere(50)
    weights = weights_for_environment(lights, radiance_of(coefficients, 128)).weights
    found = np.maximum(normals @ lights.T, 0.0) @ weights
    assert_allclose(found, shaded(coefficients, normals), rtol=0.004, atol=0)


def row_errors(count: int, exponent: int, *, sun: bool) -> dict[str, float]:
    """Return the relative rms error of lobes lit through a rig, by kernel."""
    height, width = 256, 512
    toward = directions_of_pixels(height, width)
    up = toward[..., 1:2]
    sky = np.where(up > 0, 0.3 + 0.7 * up * [0.5, 0.7, 1.0], 0.15)
    window = toward @ (np.array([0.75, 0.25, 0.6]) / 0.9925) > np.cos(np.deg2rad(18))
    radiance = sky + 6.0 * window[..., None]
    if sun:
        place = np.array([-0.55, 0.6, 0.58]) / np.linalg.norm([-0.55, 0.6, 0.58])
        radiance = radiance + 3000.0 * (toward @ place > np.cos(np.deg2rad(0.75)))[..., None]
    map_ = EnvironmentMap(radiance.astype(np.float32))
    energy = (radiance * solid_angles_of_pixels(height, width)[..., None]).reshape(-1, 3)
    axes, lights = fibonacci_sphere(120), fibonacci_sphere(count)
    truth = np.maximum(axes @ toward.reshape(-1, 3).T, 0.0) ** exponent @ energy
    errors = {}
    for kernel in KERNELS:
        weights = np.pi * weights_for_environment(lights, map_, kernel=kernel).weights
        found = np.maximum(axes @ lights.T, 0.0) ** exponent @ weights
        errors[kernel] = float(np.sqrt(((found - truth) ** 2).sum() / (truth**2).sum()))
    return errors


@pytest.mark.slow
def test_the_kernel_chosen_by_content_is_as_good_as_the_best() -> None:
    for exponent, sun in [(e, s) for s in (False, True) for e in (1, 20, 100)]:
        errors = row_errors(331, exponent, sun=sun)
        told = ", ".join(f"{kernel} {error:.3f}" for kernel, error in errors.items())
        print(f"331 lights, cos^{exponent}, {'sun' if sun else 'no sun'}: {told}")
        assert errors["auto"] <= 1.15 * min(errors["voronoi"], errors["barycentric"]) + 1e-3


def test_resizing_keeps_energy(rng: np.random.Generator) -> None:
    radiance = rng.random((33, 66, 3)).astype(np.float32)
    before = np.einsum("hwc,hw->c", radiance.astype(float), solid_angles_of_pixels(33, 66))
    small = resized(radiance, 10, 20)
    after = np.einsum("hwc,hw->c", small, solid_angles_of_pixels(10, 20))
    assert_allclose(after, before, rtol=1e-12)
