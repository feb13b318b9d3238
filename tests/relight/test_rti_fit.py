"""Fits of RTI models."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.relight.rti_fit import least_squares_fit, least_squares_model, principal_model
from olat.relight.rti_polynomial import polynomial_basis
from tests.support.lambert_sphere import spread_directions


def pixels(lights: int, rank: int, seed: int = 3) -> np.ndarray:
    """Return samples ``light 3 h w`` that are a mean and so many curves."""
    rng = np.random.default_rng(seed)
    curves = rng.uniform(0, 1, (rank + 1, lights, 3))
    shares = np.concatenate([np.ones((1, 20, 15)), rng.normal(0, 0.1, (rank, 20, 15))])
    return np.einsum("klc,khw->lchw", curves, shares).astype(np.float32)


def strips_of(samples: np.ndarray):
    def strips() -> Iterator[tuple[int, int, np.ndarray]]:
        for top in range(0, samples.shape[2], 7):
            yield top, min(top + 7, samples.shape[2]), samples[:, :, top : top + 7]

    return strips


def test_solid_angles_weigh_lights() -> None:
    # A constant: the weighted mean. One light has three quarters of the sphere.
    fit = least_squares_fit(np.ones((2, 1)), np.array([3.0, 1.0]))
    assert_allclose(fit, [[0.75, 0.25]], rtol=2e-4)


def test_channels_are_fitted_each_by_itself() -> None:
    directions = spread_directions(30, hemisphere=True)
    basis = polynomial_basis(directions)
    samples = pixels(30, 2)
    planes = least_squares_model(basis, np.full(30, 0.2)).planes(samples)
    fit = least_squares_fit(basis, np.full(30, 0.2))
    one = np.einsum("tl,lhw->thw", fit, samples[:, 1])
    assert_allclose(planes[1::3], one, rtol=0, atol=1e-5)


def test_lights_on_one_ring_do_not_tell_a_polynomial(caplog: pytest.LogCaptureFixture) -> None:
    phi = np.arange(12) * np.pi / 6
    ring = np.stack([0.6 * np.cos(phi), 0.6 * np.sin(phi), np.full(12, 0.8)], axis=1)
    fit = least_squares_fit(polynomial_basis(ring), np.full(12, 0.5))
    # On a ring x² + y² is a constant, and so is 1.
    assert "1 of 6 terms of the basis are not told" in caplog.text
    assert np.isfinite(fit).all()
    caplog.clear()
    least_squares_fit(polynomial_basis(spread_directions(30, hemisphere=True)), np.full(30, 0.2))
    assert not caplog.text


def test_as_many_components_as_curves_give_all_pixels_back() -> None:
    samples = pixels(8, 3)
    model = principal_model(strips_of(samples), None, 3)
    planes = model.planes(samples).reshape(3, -1)
    back = model.from_planes @ planes + model.mean[:, None]
    assert_allclose(back, samples.reshape(24, -1), rtol=0, atol=1e-4)


def test_components_are_those_of_numpy() -> None:
    samples = pixels(6, 10)
    model = principal_model(strips_of(samples), None, 4)
    table = samples.reshape(18, -1).astype(float)
    left, _, _ = np.linalg.svd(table - table.mean(axis=1, keepdims=True), full_matrices=False)
    assert_allclose(np.abs(left[:, :4].T @ model.from_planes), np.eye(4), atol=1e-6)


def test_places_are_mixed_of_lights() -> None:
    samples = pixels(4, 2)
    mix = np.array([[0.5, 0.5, 0, 0], [0, 0, 0.25, 0.75]])
    model = principal_model(strips_of(samples), mix, 2)
    nodes = model.from_planes @ model.planes(samples).reshape(2, -1) + model.mean[:, None]
    mixed = np.einsum("nl,lchw->nchw", mix, samples).reshape(6, -1)
    assert_allclose(nodes, mixed, rtol=0, atol=1e-4)
