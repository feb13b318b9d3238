"""Closed-form lobes against their published moments and against numerical integration."""

from __future__ import annotations

from dataclasses import replace
from inspect import unwrap

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.model.flags import PixelFlag
from olat.model.maps import LobeMaps
from olat.surface.cosine_lobe import (
    LARGEST_RATIO,
    exponent_from_ratio,
    lobes_from_moments,
    ratio_from_exponent,
    scale_from_integral,
)
from olat.surface.lobe_maps import lobes_of
from tests.surface.readings import degrees_between, normals_facing

SHAPES = ("hemispherical", "spherical")


def integral_from_scale(scale, exponent, *, shape):
    """Return the integral over the sphere of a lobe with this peak, as in the paper."""
    return scale * (2 * np.pi if shape == "hemispherical" else 4 * np.pi) / (exponent + 1)


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


def by_numpy(integral, moment, floor=1e-3):
    """Fit lobes without the compiled loop; axis, ratio, integral, flags."""
    is_shared = moment.ndim == 3
    lit = (integral > floor) & np.isfinite(integral)
    lit &= np.isfinite(moment) if is_shared else np.isfinite(moment).all(axis=-1)
    dark = ~lit.all(axis=-1)
    if is_shared:
        lit = np.repeat(~dark[..., np.newaxis], 3, axis=-1)
    total = np.where(lit, integral, 1.0)
    vector = moment / (total if is_shared else total[..., np.newaxis])
    vector = np.where(lit if is_shared else lit[..., np.newaxis], vector, 0.0)
    ratio = np.linalg.norm(vector, axis=-1)
    axis = vector / np.where(ratio > 0, ratio, 1.0)[..., np.newaxis]
    long = ratio > LARGEST_RATIO
    long = long if is_shared else long.any(axis=-1)
    flags = PixelFlag.CLAMPED * long + PixelFlag.SHADOWED * dark
    return axis, np.minimum(ratio, LARGEST_RATIO), np.where(lit, integral, 0.0), flags


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("axes", [(), (3,)], ids=["shared", "by channel"])
def test_the_compiled_loop_is_the_plain_one(rng, dtype, axes):
    # Not a multiple of the block; ratios beyond 1, darkness, and what is no number are in it.
    integral = rng.uniform(-0.05, 1.0, (23, 31, 3)).astype(dtype)
    moment = (rng.normal(size=(23, 31, 3, *axes)) * 0.3).astype(dtype)
    integral[0, 0, 1], integral[0, 1, 2], moment[0, 2, 0] = np.nan, np.inf, np.nan
    moment[0, 3] = 0.0
    lobes = lobes_from_moments(integral, moment)
    expected = by_numpy(integral, moment)
    close = {"rtol": 0, "atol": 2e-6 if dtype == np.float32 else 1e-14}
    for found, plain in zip((lobes.axis, lobes.ratio, lobes.integral), expected, strict=False):
        assert found.dtype == dtype
        assert_allclose(found, plain, **close)
    flags = lobes.flags.astype(int)
    assert (flags == expected[3]).all()
    assert {0, int(PixelFlag.CLAMPED), int(PixelFlag.SHADOWED)} <= set(np.unique(flags).tolist())


def test_channels_may_have_lobes_of_their_own(rng):
    axes = rng.normal(size=(5, 7, 3, 3))
    axes /= np.linalg.norm(axes, axis=-1, keepdims=True)
    integral = rng.uniform(0.1, 1.0, (5, 7, 3))
    ratio = rng.uniform(0.1, 0.99, (5, 7, 3))
    moment = (integral * ratio)[..., np.newaxis] * axes
    lobes = lobes_from_moments(integral, moment)
    assert not lobes.is_shared
    assert not lobes.flags.any()
    assert_allclose(lobes.axis, axes, rtol=0, atol=1e-9)
    assert_allclose(lobes.ratio, ratio, rtol=0, atol=1e-9)
    assert_allclose(lobes.moment, moment, rtol=0, atol=1e-9)
    direction = np.array([0.48, 0.6, 0.64])
    for channel in range(3):
        # Three times the same channel, which then is one shape for all.
        total = np.repeat(integral[..., channel, np.newaxis], 3, axis=-1)
        alone = lobes_from_moments(total, moment[:, :, channel])
        assert_allclose(
            lobes.reading(direction)[..., channel], alone.reading(direction)[..., 0], rtol=1e-12
        )


def test_a_dark_channel_leaves_the_others_their_lobes():
    integral = np.array([[[0.5, 0.0, 0.5]]])
    moment = np.zeros((1, 1, 3, 3))
    moment[..., 2] = integral * 0.8
    lobes = lobes_from_moments(integral, moment)
    assert lobes.flags[0, 0] == PixelFlag.SHADOWED
    assert_allclose(lobes.exponent("hemispherical")[0, 0], [3.0, 0.0, 3.0], rtol=0, atol=1e-9)
    assert_allclose(lobes.integral, integral, rtol=0, atol=0)


@pytest.mark.parametrize("exponent", [0.7, 1.0, 8.0, 190.0])
@pytest.mark.parametrize("shape", SHAPES)
def test_integral_and_moment_come_back_from_axis_exponent_and_scale(rng, shape, exponent):
    axis = rng.normal(size=3)
    axis /= np.linalg.norm(axis)
    n = np.array([exponent])
    total = integral_from_scale(np.array([0.7]), n, shape=shape)
    ratio = ratio_from_exponent(n, shape=shape)
    moment = total * ratio * axis
    length = np.linalg.norm(moment)
    found = exponent_from_ratio(length / total, shape=shape)
    assert_allclose(found, exponent, rtol=1e-9, atol=0)
    assert_allclose(scale_from_integral(total, found, shape=shape), 0.7, rtol=1e-9, atol=0)
    again = integral_from_scale(np.array([0.7]), found, shape=shape)
    assert_allclose(again, total, rtol=0, atol=1e-9)
    assert_allclose(
        again * ratio_from_exponent(found, shape=shape) * axis, moment, rtol=0, atol=1e-9
    )


@pytest.mark.parametrize(("shape", "factor"), [("hemispherical", 1.0), ("spherical", 0.5)])
def test_an_error_of_the_ratio_moves_the_exponent_by_the_square_of_n_plus_2(shape, factor):
    n = np.array([1.0, 8.0, 50.0])
    step = 1e-7
    ratio = ratio_from_exponent(n, shape=shape)
    slope = (exponent_from_ratio(ratio + step, shape=shape) - n) / step
    assert_allclose(slope, factor * (n + 2.0) ** 2, rtol=1e-4)


def test_a_spherical_lobe_of_the_same_ratio_has_twice_the_exponent_and_two():
    ratio = np.linspace(0.5, 0.99, 50)
    hemispherical = exponent_from_ratio(ratio, shape="hemispherical")
    assert_allclose(exponent_from_ratio(ratio, shape="spherical"), 2 * hemispherical + 2, rtol=1e-9)


def test_leaking_primaries_do_not_bend_a_lobe_where_their_matrix_is_known(rng):
    # An exponent of 8, and 10 to 20 % of leak.
    matrix = np.array([[0.88, 0.10, 0.02], [0.10, 0.80, 0.10], [0.02, 0.15, 0.83]])
    axes = normals_facing(rng, (6, 8), 70.0)
    integral = rng.uniform(0.2, 0.8, (6, 8, 3))
    moment = integral * 0.9 * axes
    maps = LobeMaps(
        integral=(integral @ matrix.T).astype(np.float32),
        moment=(moment @ matrix.T).astype(np.float32),
        confidence=np.ones((6, 8), np.float32),
        flags=np.zeros((6, 8), np.uint8),
        primaries=matrix,
    )
    lobes = lobes_of(maps)
    assert degrees_between(lobes.axis, axes).max() < 0.02
    assert_allclose(lobes.exponent("hemispherical"), 8.0, rtol=1e-4)
    assert_allclose(lobes.integral, maps.integral, rtol=0, atol=0)
    ignoring = lobes_of(replace(maps, primaries=None))
    assert degrees_between(ignoring.axis, axes).mean() > 2.0
