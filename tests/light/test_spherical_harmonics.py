"""Spherical harmonics against closed forms and another library."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.spatial.transform import Rotation
from scipy.special import sph_harm_y

from olat.light.arrangements import fibonacci_sphere
from olat.light.latlong import directions_of_pixels, pixel_of_direction, solid_angles_of_pixels
from olat.light.spherical_harmonics import (
    degree_of,
    harmonics,
    projected,
    radiance_of,
    rotated,
    shaded,
)
from olat.model.environment import EnvironmentMap

SPHERE = fibonacci_sphere(300)


def by_scipy(directions: np.ndarray, degree: int) -> np.ndarray:
    """Return the same functions from complex harmonics, which carry the Condon-Shortley sign."""
    x, y, z = directions.T
    theta, phi = np.arccos(z), np.arctan2(y, x)
    columns = []
    for l_ in range(degree + 1):
        for m in range(-l_, l_ + 1):
            value = (-1.0) ** m * sph_harm_y(l_, abs(m), theta, phi)
            part = value.real if m >= 0 else value.imag
            columns.append(part * (1.0 if m == 0 else np.sqrt(2.0)))
    return np.stack(columns, axis=1)


def test_they_are_those_of_another_library() -> None:
    assert_allclose(harmonics(SPHERE, 4), by_scipy(SPHERE, 4), rtol=0, atol=1e-12)


def test_the_first_nine_are_the_printed_polynomials() -> None:
    x, y, z = SPHERE.T
    expected = [
        np.full(300, 0.282095),
        *(0.488603 * part for part in (y, z, x)),
        1.092548 * x * y,
        1.092548 * y * z,
        0.315392 * (3 * z * z - 1),
        1.092548 * x * z,
        0.546274 * (x * x - y * y),
    ]
    assert_allclose(harmonics(SPHERE, 2).T, expected, rtol=0, atol=2e-6)


def test_light_from_everywhere_has_a_first_coefficient_alone() -> None:
    found = projected(EnvironmentMap(np.ones((33, 66, 3), np.float32)), 4)
    expected = np.zeros((25, 3))
    expected[0] = np.sqrt(4 * np.pi)
    assert_allclose(found, expected, rtol=0, atol=1e-12)


def test_a_lamp_has_the_harmonics_of_its_direction() -> None:
    size = (512, 1024)
    toward = np.array([[0.6, -0.3, 0.74]]) / np.linalg.norm([0.6, -0.3, 0.74])
    row, column = pixel_of_direction(toward, *size)
    radiance = np.zeros((*size, 3), np.float32)
    radiance[row[0], column[0]] = (1.0, 2.0, 4.0)
    there = directions_of_pixels(*size)[row[0], column[0]]
    expected = harmonics(there[None], 4).T * [1.0, 2.0, 4.0]
    found = projected(EnvironmentMap(radiance), 4) / solid_angles_of_pixels(*size)[row[0], 0]
    assert_allclose(found, expected, rtol=0, atol=2e-4)  # a pixel is a third of a degree wide


def test_a_half_sphere_of_light_has_closed_forms() -> None:
    # Radiance 1 where y > 0. Degree 1: the integral of y over it is pi. The even degrees above 0
    # are zero, and of degree 3 the zonal part about y is -1/8 of 2 pi sqrt(7/(4 pi)).
    radiance = np.zeros((64, 128, 3), np.float32)
    radiance[:32] = 1.0
    found = projected(EnvironmentMap(radiance), 4)[:, 0]
    assert found[0] == pytest.approx(2 * np.pi * np.sqrt(1 / (4 * np.pi)), abs=1e-12)
    assert found[1] == pytest.approx(np.pi * np.sqrt(3 / (4 * np.pi)), abs=1e-12)
    assert_allclose(found[[2, 3]], 0, atol=1e-12)
    assert_allclose(found[4:9], 0, atol=1e-12)
    zonal = -2 * np.pi / 8 * np.sqrt(7 / (4 * np.pi))
    assert np.linalg.norm(found[9:16]) == pytest.approx(abs(zonal), abs=1e-12)
    assert_allclose(found[16:], 0, atol=1e-12)


def test_what_is_of_low_degree_comes_back(rng: np.random.Generator) -> None:
    coefficients = rng.normal(size=(25, 3))
    map_ = radiance_of(coefficients, 512)
    # The map holds single precision, and each pixel is its center's value.
    assert_allclose(projected(map_, 4), coefficients, rtol=0, atol=1e-4)


def test_turning_coefficients_is_turning_the_light(rng: np.random.Generator) -> None:
    coefficients = rng.normal(size=(25, 3))
    turn = Rotation.random(random_state=5).as_matrix()
    found = harmonics(SPHERE, 4) @ rotated(coefficients, turn)
    expected = harmonics(SPHERE @ turn, 4) @ coefficients  # at Q^-1 w
    assert_allclose(found, expected, rtol=0, atol=1e-10)


def test_turning_the_map_a_quarter_is_turning_the_coefficients(rng: np.random.Generator) -> None:
    radiance = rng.random((64, 128, 3)).astype(np.float32)
    quarter = Rotation.from_euler("y", 90, degrees=True).as_matrix()  # +z comes to lie at +x
    moved = np.roll(radiance, -32, axis=1)  # from the middle to a quarter
    found = rotated(projected(EnvironmentMap(radiance), 4), quarter)
    assert_allclose(found, projected(EnvironmentMap(moved), 4), rtol=0, atol=1e-6)


def test_four_quarters_are_the_whole(rng: np.random.Generator) -> None:
    coefficients = rng.normal(size=(25, 3))
    quarter = Rotation.from_euler("z", 90, degrees=True).as_matrix()
    found = coefficients
    for _ in range(4):
        found = rotated(found, quarter)
    assert_allclose(found, coefficients, rtol=0, atol=1e-12)


@pytest.mark.parametrize("degree", [2, 4])
def test_white_reads_the_series_of_the_clamped_cosine_of_a_lamp(degree: int) -> None:
    # Of a distant lamp of irradiance pi white reads max(0, x), x the cosine; its Legendre series is
    # 1/4 + x/2 + 5/32 (3x^2 - 1) - 3/256 (35x^4 - 30x^2 + 3) + ...
    lamp = np.array([[0.48, 0.6, 0.64]])
    coefficients = np.pi * harmonics(lamp, degree).T.repeat(3, axis=1)
    x = SPHERE @ lamp[0]
    series = 1 / 4 + x / 2 + 5 / 32 * (3 * x**2 - 1)
    if degree == 4:
        series -= 3 / 256 * (35 * x**4 - 30 * x**2 + 3)
    assert_allclose(shaded(coefficients, SPHERE)[:, 0], series, rtol=0, atol=1e-12)


def test_light_from_everywhere_makes_white_read_one() -> None:
    everywhere = np.array([[np.sqrt(4 * np.pi)] * 3])
    assert_allclose(shaded(everywhere, SPHERE), 1.0, rtol=1e-12)


@pytest.mark.parametrize("count", [0, 2, 8, 36])
def test_another_number_of_coefficients_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match="1, 4, 9, 16 or 25 are needed"):
        degree_of(count)


def test_a_degree_beyond_four_is_refused() -> None:
    with pytest.raises(ValueError, match="0 to 4"):
        projected(EnvironmentMap(np.ones((2, 4, 3), np.float32)), 5)
