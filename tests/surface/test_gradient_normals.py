"""Normals from color gradients."""

from __future__ import annotations

from inspect import unwrap

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from olat.model.flags import PixelFlag
from olat.surface.gradient_normals import (
    normals_from_color_gradients,
    normals_from_gradient_and_full_on,
)
from tests.surface.readings import (
    Surface,
    degrees_between,
    normals_facing,
    sphere_of_lights,
)

SHAPE = (12, 20)


def exact_gradients(normals, albedo):
    """Integrate a Lambert surface under (1 ± w_k)/2 over the sphere, in closed form."""
    half, third = np.pi * albedo / 2.0, np.pi * albedo * normals / 3.0
    return (half + third).astype(np.float32), (half - third).astype(np.float32)


def test_exact_gradients_give_exact_normals(rng):
    truth = normals_facing(rng, SHAPE, 180.0)
    normals, confidence, flags = normals_from_color_gradients(
        *exact_gradients(truth, rng.uniform(0.05, 1.0, (*SHAPE, 3)))
    )
    assert_allclose(normals, truth, rtol=0, atol=1e-6)
    assert_allclose(confidence, 1.0, rtol=0, atol=1e-6)
    assert not flags.any()


def test_a_sphere_of_331_lights_gives_normals_within_a_degree(rng):
    truth = normals_facing(rng, SHAPE, 90.0)
    lights = sphere_of_lights(331)
    readings = Surface(truth, rng.uniform(0.05, 1.0, (*SHAPE, 3))).readings(lights)
    gradient, complement = (
        np.einsum("lchw,lc->hwc", readings, (1.0 + sign * lights) / 2.0).astype(np.float32)
        for sign in (1.0, -1.0)
    )
    normals, _, _ = normals_from_color_gradients(gradient, complement)
    error = degrees_between(normals, truth)
    print(f"331 lights, color gradients: mean {error.mean():.3f}, worst {error.max():.3f} degrees")
    assert error.max() < 1.0
    alone, _, _ = normals_from_gradient_and_full_on(gradient, gradient + complement)
    assert_allclose(alone, normals, rtol=0, atol=1e-5)


def test_swapping_the_gradients_flips_the_normal(rng):
    pair = rng.uniform(0.1, 1.0, (2, *SHAPE, 3)).astype(np.float32)
    forward, _, _ = normals_from_color_gradients(pair[0], pair[1])
    backward, _, _ = normals_from_color_gradients(pair[1], pair[0])
    assert_allclose(backward, -forward, rtol=0, atol=1e-7)


@given(exposure=st.floats(0.05, 20.0), tint=st.lists(st.floats(0.1, 5.0), min_size=3, max_size=3))
def test_exposure_and_albedo_change_no_normal(exposure, tint):
    pair = np.random.default_rng(5).uniform(0.1, 1.0, (2, 4, 5, 3)).astype(np.float32)
    scale = np.float32(exposure) * np.array(tint, np.float32)
    before, _, _ = normals_from_color_gradients(pair[0], pair[1])
    after, _, _ = normals_from_color_gradients(pair[0] * scale, pair[1] * scale)
    assert_allclose(after, before, rtol=0, atol=1e-5)


def test_doubtful_pixels_have_a_reason_and_no_normal():
    gradient = np.full((1, 4, 3), 0.4, np.float32)
    complement = np.full((1, 4, 3), 0.2, np.float32)
    gradient[0, 1], complement[0, 1] = 0.0, 1e-5
    gradient[0, 2, 1] = np.nan
    complement[0, 3] = 0.4
    normals, confidence, flags = normals_from_color_gradients(gradient, complement)
    expected = [0, PixelFlag.SHADOWED, PixelFlag.DEAD, PixelFlag.UNDERDETERMINED]
    assert flags[0].tolist() == expected
    assert not normals[0, 1:].any()
    assert not confidence[0, 1:].any()
    assert_allclose(np.linalg.norm(normals[0, 0]), 1.0, rtol=0, atol=1e-6)


def test_a_ratio_that_is_not_matte_is_trusted_less():
    gradient = np.array([[[0.5, 0.5, 5 / 6], [0.5, 0.5, 0.6], [0.5, 0.5, 0.99]]], np.float32)
    _, confidence, _ = normals_from_color_gradients(gradient, 1 - gradient)
    assert_allclose(confidence[0, 0], 1.0, rtol=0, atol=1e-5)
    assert confidence[0, 1] < 0.3
    assert confidence[0, 2] < 0.4


def test_photographs_of_two_sizes_are_refused():
    small, large = np.ones((2, 2, 3), np.float32), np.ones((2, 3, 3), np.float32)
    with pytest.raises(ValueError, match=r"one shape was needed"):
        unwrap(normals_from_color_gradients)(small, large)
    with pytest.raises(ValueError, match=r"one shape was needed"):
        unwrap(normals_from_gradient_and_full_on)(small, large)
