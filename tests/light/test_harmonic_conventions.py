"""Harmonics in the words of DPR and SfSNet, by the polynomials that they publish."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.light.arrangements import fibonacci_sphere
from olat.light.harmonic_conventions import from_convention, to_convention
from olat.light.spherical_harmonics import harmonics, shaded

SPHERE = fibonacci_sphere(200)
LAMBERT = np.pi * np.array([1, 2 / 3, 2 / 3, 2 / 3, 1 / 4, 1 / 4, 1 / 4, 1 / 4, 1 / 4])


def dpr_basis(normals: np.ndarray) -> np.ndarray:
    """Return DPR's functions at normals in its axes, times the Lambert factors."""
    x, y, z = normals.T
    one = np.sqrt(1 / (4 * np.pi)) * np.ones_like(x)
    first = np.sqrt(3 / (4 * np.pi))
    second = np.sqrt(15 / (4 * np.pi))
    last = np.sqrt(5 / (16 * np.pi)) * (3 * z * z - 1)
    columns = [one, first * y, first * z, first * x, second * x * y, second * y * z, last]
    columns += [second * x * z, second / 2 * (x * x - y * y)]
    return np.stack(columns, axis=1) * LAMBERT


def sfsnet_basis(normals: np.ndarray) -> np.ndarray:
    """Return SfSNet's functions at normals, times the Lambert factors."""
    x, y, z = normals.T
    first, second = np.sqrt(3 / (4 * np.pi)), 3 * np.sqrt(5 / (12 * np.pi))
    zonal = np.sqrt(5 / (4 * np.pi)) / 2 * (3 * z * z - 1)
    columns = [np.full_like(x, 1 / np.sqrt(4 * np.pi)), first * z, first * x, first * y, zonal]
    columns += [second * x * z, second * y * z, second / 2 * (x * x - y * y), second * x * y]
    return np.stack(columns, axis=1) * (np.pi * np.array([1, *[2 / 3] * 3, *[1 / 4] * 5]))


def test_dpr_shades_a_sphere_as_we_do(rng: np.random.Generator) -> None:
    theirs = rng.normal(size=(9, 3))
    x, y, z = SPHERE.T
    # x to the right, y away from the camera, z up
    expected = dpr_basis(np.stack([x, -z, y], axis=1)) @ theirs
    assert_allclose(np.pi * shaded(from_convention(theirs, "dpr"), SPHERE), expected, atol=1e-12)


def test_sfsnet_shades_a_sphere_as_we_do(rng: np.random.Generator) -> None:
    theirs = rng.normal(size=(9, 3))
    expected = sfsnet_basis(SPHERE) @ theirs
    assert_allclose(np.pi * shaded(from_convention(theirs, "sfsnet"), SPHERE), expected, atol=1e-12)


@pytest.mark.parametrize(("place", "ours"), [(1, [0, 0, -1]), (2, [0, 1, 0]), (3, [1, 0, 0])])
def test_light_along_an_axis_of_dpr_comes_from_where_its_paper_says(
    place: int, ours: list[float]
) -> None:
    theirs = np.zeros((9, 3))
    theirs[place] = 1.0
    found = harmonics(SPHERE, 2) @ from_convention(theirs, "dpr")
    brightest = SPHERE[found[:, 0].argmax()]
    assert brightest @ ours > 0.98


@pytest.mark.parametrize("convention", ["olat", "dpr", "sfsnet"])
def test_there_and_back_again(rng: np.random.Generator, convention: str) -> None:
    ours = rng.normal(size=(9, 3))
    found = from_convention(to_convention(ours, convention), convention)
    assert_allclose(found, ours, rtol=0, atol=1e-12)


def test_other_degrees_are_refused() -> None:
    with pytest.raises(ValueError, match="16 coefficients; dpr has 9"):
        to_convention(np.zeros((16, 3)), "dpr")
