"""Closed-form lobes against their published moments and against numerical integration."""

from __future__ import annotations

from inspect import unwrap

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.model.flags import PixelFlag
from olat.surface.cosine_lobe import (
    exponent_from_ratio,
    lobes_from_moments,
    scale_from_integral,
)

SHAPES = ("hemispherical", "spherical")


def integral_from_scale(scale, exponent, *, shape):
    """Return the integral over the sphere of a lobe with this peak, as in the paper."""
    return scale * (2 * np.pi if shape == "hemispherical" else 4 * np.pi) / (exponent + 1)


def ratio_from_exponent(exponent, *, shape):
    """Return the length of the first moment over the integral, as in the paper."""
    return (exponent + (shape == "hemispherical")) / (exponent + 2)


def integrals(lobe):
    """Integrate a lobe around +z, and its z moment, by Gauss and Legendre on either hemisphere."""
    node, weight = np.polynomial.legendre.leggauss(400)
    cosine = np.concatenate([(node - 1.0) / 2.0, (node + 1.0) / 2.0])
    weight = np.concatenate([weight, weight]) / 2.0
    return 2 * np.pi * np.sum(weight * lobe(cosine)), 2 * np.pi * np.sum(
        weight * cosine * lobe(cosine)
    )


@pytest.mark.parametrize(
    ("shape", "exponent", "integral", "moment"),
    [
        ("hemispherical", 1.0, 0.7 * np.pi, 0.7 * 2 * np.pi / 3),
        ("spherical", 4.0, 4 * np.pi * 0.7 / 5, 4 * np.pi * 0.7 * 4 / 30),
    ],
)
def test_the_moments_of_a_matte_lobe_are_those_of_the_paper(shape, exponent, integral, moment):
    n = np.array([exponent])
    total = integral_from_scale(np.array([0.7]), n, shape=shape)
    assert_allclose(total, integral, rtol=0, atol=1e-9)
    assert_allclose(total * ratio_from_exponent(n, shape=shape), moment, rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("ratio", "hemispherical", "spherical"),
    [(0.5, 0, 2), (2 / 3, 1, 4), (0.8, 3, 8), (0.9, 8, 18), (0.95, 18, 38), (0.99, 98, 198)],
)
def test_a_ratio_stands_for_these_exponents(ratio, hemispherical, spherical):
    r = np.array([ratio])
    assert_allclose(exponent_from_ratio(r, shape="hemispherical"), hemispherical, rtol=0, atol=1e-9)
    assert_allclose(exponent_from_ratio(r, shape="spherical"), spherical, rtol=0, atol=1e-9)


@pytest.mark.parametrize("exponent", [0.2, 1.0, 7.5, 60.0])
def test_numerical_integration_agrees_with_the_closed_forms(exponent):
    n, k = np.array([exponent]), 1.3
    lobes = {
        "hemispherical": lambda c: k * np.maximum(c, 0.0) ** exponent,
        "spherical": lambda c: k * ((1.0 + c) / 2.0) ** exponent,
    }
    for shape, lobe in lobes.items():
        total, moment = integrals(lobe)
        # An exponent of 0.2 has a vertical tangent at its edge, which slows the quadrature.
        close = {"rtol": 0, "atol": 1e-5 if exponent < 1 else 1e-9}
        assert_allclose(total, integral_from_scale(np.array([k]), n, shape=shape), **close)
        assert_allclose(moment / total, ratio_from_exponent(n, shape=shape), **close)
        assert_allclose(scale_from_integral(np.array([total]), n, shape=shape), k, **close)


@pytest.mark.parametrize("length", [0.1, 0.5, 0.53, 0.58, 0.6, 2 / 3, 0.9, 0.99])
def test_a_fitted_lobe_gives_the_photographs_back(length):
    axis = np.array([0.0, 0.0, 1.0])
    integral = np.array([[[0.9, 0.5, 0.3]]])
    moment = integral * length * axis
    lobes = lobes_from_moments(integral, moment)
    assert not lobes.flags.any()
    assert_allclose(lobes.integral, integral, rtol=0, atol=1e-9)
    assert_allclose(lobes.ratio[..., np.newaxis] * lobes.axis * integral, moment, rtol=0, atol=1e-9)

    def red(cosines):
        return np.array(
            [lobes.reading(np.array([np.sqrt(1 - c * c), 0.0, c]))[0, 0, 0] for c in cosines]
        )

    total, along = integrals(red)
    # Exponents between 0 and 1 slow the quadrature, as above.
    assert_allclose([total, along], [0.9, 0.9 * length], rtol=0, atol=2e-4)


def test_the_axis_follows_the_moment_in_every_direction(rng):
    axes = rng.normal(size=(4, 6, 3))
    axes /= np.linalg.norm(axes, axis=-1, keepdims=True)
    integral = rng.uniform(0.1, 1.0, (4, 6, 3))
    lobes = lobes_from_moments(integral, integral * 0.7 * axes)
    assert_allclose(lobes.axis, axes, rtol=0, atol=1e-9)
    assert_allclose(lobes.exponent("hemispherical"), 0.4 / 0.3, rtol=0, atol=1e-9)


def test_the_mixture_of_shapes_has_no_seam():
    direction = np.array([0.6, 0.0, 0.8])
    lengths = np.linspace(0.4, 0.7, 601)
    integral = np.ones((1, lengths.size, 3))
    lobes = lobes_from_moments(integral, lengths[:, np.newaxis] * [0.0, 0.0, 1.0] * integral)
    steps = np.diff(lobes.reading(direction)[0, :, 0])
    assert np.abs(steps).max() < 1e-3


def test_a_ratio_beyond_any_lobe_is_clamped_and_darkness_is_shadow():
    integral = np.array([[[1.0, 1.0, 1.0], [0.0, 0.0, 0.0], [1.0, 1.0, 1.0]]])
    moment = np.array([[[0.0, 0.0, 0.999], [0.0, 0.0, 0.0], [0.0, np.nan, 0.0]]])
    lobes = lobes_from_moments(integral, moment)
    assert lobes.flags[0].tolist() == [PixelFlag.CLAMPED, PixelFlag.SHADOWED, PixelFlag.SHADOWED]
    assert_allclose(lobes.exponent("hemispherical")[0, 0], 198.0, rtol=0, atol=1e-6)
    assert np.isfinite(lobes.reading(np.array([0.0, 0.0, 1.0]))).all()


def test_moments_of_two_sizes_are_refused():
    with pytest.raises(ValueError, match="one shape was needed"):
        unwrap(lobes_from_moments)(np.ones((1, 2, 3)), np.ones((1, 3, 3)))
