"""Widths of lobes against closed forms, numerical integration, and lights one by one."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.model.condition import SecondOrder
from olat.model.flags import PixelFlag
from olat.surface.cosine_lobe import exponent_from_ratio
from olat.surface.second_order import (
    AXES,
    exponent_from_variance,
    lobe_width,
    second_moments,
    variance_from_exponent,
)
from tests.support.fields import rig_of
from tests.surface.readings import sphere_of_lights

LIGHTS = sphere_of_lights(2000)
SHARE = 4 * np.pi / len(LIGHTS)


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def photographed(readings):
    """Return the integral, the axis and the second moments of readings ``(light, pixel)``."""
    rig = rig_of(LIGHTS)
    integral = SHARE * readings.sum(axis=0)
    axis = unit(SHARE * np.einsum("lp,lj->pj", readings, LIGHTS))
    patterns = [SHARE * rig.pattern(SecondOrder(pair))[:, 0] @ readings for pair in AXES]
    return integral, axis, second_moments(integral, np.stack(patterns, axis=-1))


@pytest.mark.parametrize("exponent", [0.5, 1.0, 4.0, 20.0, 120.0])
@pytest.mark.parametrize("shape", ["hemispherical", "spherical"])
def test_the_variance_across_a_lobe_is_that_of_the_closed_form(shape, exponent):
    node, weight = np.polynomial.legendre.leggauss(400)
    cosine = np.concatenate([(node - 1.0) / 2.0, (node + 1.0) / 2.0])
    share = np.concatenate([weight, weight]) / 2.0
    base = np.maximum(cosine, 0.0) if shape == "hemispherical" else (1.0 + cosine) / 2.0
    lobe = share * base**exponent
    across = np.sum(lobe * (1.0 - cosine**2) / 2.0) / lobe.sum()
    found = variance_from_exponent(np.array([exponent]), shape=shape)
    assert_allclose(found, across, rtol=0, atol=1e-6 if exponent < 1 else 1e-9)


def test_variance_and_exponent_are_two_names_of_a_round_lobe():
    n = np.array([1.0, 3.0, 8.0, 50.0])
    assert_allclose(
        exponent_from_variance(variance_from_exponent(n, shape="hemispherical")), n, atol=1e-9
    )
    assert exponent_from_variance(np.zeros(1))[0] == 0


@pytest.mark.parametrize("exponent", [1.0, 8.0, 50.0])
def test_six_patterns_check_the_exponent_of_the_first_order(rng, exponent):
    axes = unit(rng.normal(size=(40, 3)))
    readings = np.maximum(LIGHTS @ axes.T, 0.0) ** exponent
    integral, axis, second = photographed(readings)
    width = lobe_width(integral, axis, second)
    assert not width.flags.any()
    first_order = np.linalg.norm(SHARE * np.einsum("lp,lj->pj", readings, LIGHTS), axis=-1)
    by_ratio = exponent_from_ratio(first_order / integral, shape="hemispherical")
    print(f"n = {exponent:g}: by width {width.exponent.mean():.3f}, by ratio {by_ratio.mean():.3f}")
    assert_allclose(width.exponent, exponent, rtol=0.02)
    assert_allclose(width.exponent, by_ratio, rtol=0.03)
    assert_allclose(width.roughness_variance, 1.0 / (4.0 * (exponent + 3.0)), rtol=0.02)


def test_a_stretched_highlight_is_measured_along_and_across(rng):
    axes = unit(rng.normal(size=(30, 3)))
    along = unit(np.cross(axes, rng.normal(size=(30, 3))))
    aside = np.cross(axes, along)
    # A lobe around the axis whose logarithm falls at different rates to either side.
    facing, u, v = (np.einsum("lj,pj->lp", LIGHTS, frame) for frame in (axes, along, aside))
    readings = np.where(facing > 0, np.exp(-0.5 * (u**2 / 0.06 + v**2 / 0.02)), 0.0)
    width = lobe_width(*photographed(readings))
    # The same sums in the frame of the lobe, which the stage never sees.
    total = readings.sum(axis=0)
    true = np.stack([(readings * side**2).sum(axis=0) / total for side in (u, v)], axis=-1)
    assert_allclose(width.variance, true, rtol=0.01)
    assert (np.abs(np.einsum("pj,pj->p", width.direction, along)) > 0.999).all()
    assert (true[:, 0] > 2.0 * true[:, 1]).all()


def test_matte_and_glossy_together_are_told_from_one_lobe(rng):
    axes = unit(rng.normal(size=(20, 3)))
    cosine = np.maximum(LIGHTS @ axes.T, 0.0)
    integral, axis, second = photographed(0.5 * cosine + 2.0 * cosine**60.0)
    width = lobe_width(integral, axis, second)
    moment = SHARE * np.einsum("lp,lj->pj", 0.5 * cosine + 2.0 * cosine**60.0, LIGHTS)
    ratio = np.linalg.norm(moment, axis=-1) / integral
    by_ratio = exponent_from_ratio(ratio, shape="hemispherical")
    assert (by_ratio > 1.05 * width.exponent).all() or (by_ratio < 0.95 * width.exponent).all()


def test_darkness_evenness_and_impossible_widths_are_flagged():
    axis = np.array([[0.0, 0.0, 1.0]] * 4)
    axis[1] = 0.0
    integral = np.array([0.0, 1.0, 1.0, 1.0])
    second = np.zeros((4, 6))
    second[:, :3] = [0.25, 0.25, 0.5]
    second[2, :2] = -0.1
    second[3, 0] = np.nan
    width = lobe_width(integral, axis, second)
    assert width.flags.tolist() == [
        PixelFlag.SHADOWED,
        PixelFlag.UNDERDETERMINED,
        PixelFlag.CLAMPED,
        PixelFlag.SHADOWED,
    ]
    assert np.isfinite(width.variance).all()
    assert not width.variance[[0, 1, 3]].any()
