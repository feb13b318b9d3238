"""Shapes averaged over neighbors: less grain, the same light, nothing from beside the subject."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from olat.surface.cosine_lobe import lobes_from_moments
from olat.surface.lobe_residual import missing_moments
from olat.surface.lobe_smoothing import smoothed_moment
from tests.surface.readings import degrees_between


@pytest.fixture
def matte(rng):
    """Return integral and moment of a matte plane of changing color, and its normal."""
    normal = np.array([0.36, 0.48, 0.8])
    integral = np.pi * rng.uniform(0.2, 0.8, (40, 50, 3))
    return integral, integral * normal * 2.0 / 3.0, normal


def test_a_shape_that_is_the_same_everywhere_stays(matte):
    integral, moment, _ = matte
    assert_allclose(smoothed_moment(integral, moment, blur_px=1.5), moment, rtol=1e-12)


def test_grain_of_the_axis_falls_and_the_photographs_still_come_back(rng, matte):
    integral, moment, normal = matte
    grainy = moment + 0.03 * rng.normal(size=moment.shape)
    raw = lobes_from_moments(integral, grainy)
    smooth = lobes_from_moments(integral, smoothed_moment(integral, grainy, blur_px=1.0))
    errors = [degrees_between(lobes.axis, normal).mean() for lobes in (raw, smooth)]
    print(f"axis: {errors[0]:.2f} degrees, averaged {errors[1]:.2f}")
    assert errors[1] < 0.5 * errors[0]
    missing = missing_moments(smooth, integral, grainy)
    again = np.einsum("hwcc->hwc", smooth.moment + missing.moment)
    assert_allclose(again, grainy, rtol=0, atol=1e-12)
    assert_allclose(smooth.integral + missing.integral, integral, rtol=0, atol=1e-12)


@pytest.mark.parametrize("axes", [(), (3,)], ids=["shared", "by channel"])
def test_darkness_and_what_is_no_number_reach_nobody(rng, axes):
    integral = np.ones((20, 20, 3))
    moment = np.full((20, 20, 3, *axes), 0.4)
    integral[:, :10] = 1e-5
    moment[:, :10] = -5.0
    moment[12, 15] = np.nan
    smooth = smoothed_moment(integral, moment, blur_px=2.0)
    known = np.isfinite(smooth).reshape(20, 20, -1).all(axis=-1)
    assert not known[12, 15]
    assert known.sum() == 399
    known[:, :10] = False
    assert_allclose(smooth[known], 0.4, rtol=1e-12)
    assert_array_equal(smooth[:, :10], moment[:, :10])


def test_no_blur_is_no_change(matte):
    integral, moment, _ = matte
    assert smoothed_moment(integral, moment, blur_px=0.0) is moment
