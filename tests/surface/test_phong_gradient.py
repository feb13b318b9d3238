"""The split of gloss from matte reflection under full-on light and one color gradient."""

from __future__ import annotations

from inspect import unwrap

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.model.flags import PixelFlag
from olat.surface.phong_gradient import phong_from_gradients
from olat.surface.view import view_directions
from tests.surface.readings import VIEW, Surface, glossy_surface, normals_facing, sphere_of_lights

SHAPE = (40, 60)
LIGHTS = 156
SOLID_ANGLE = 4.0 * np.pi / LIGHTS


def photographs(surface):
    """Sum the readings under all lights and under the color gradient [sr]."""
    lights = sphere_of_lights(LIGHTS)
    readings = surface.readings(lights) * SOLID_ANGLE
    return (
        readings.sum(axis=0).transpose(1, 2, 0).astype(np.float32),
        np.einsum("lchw,lc->hwc", readings, (1.0 + lights) / 2.0).astype(np.float32),
    )


def split(surface, pair, **settings):
    return phong_from_gradients(
        *pair,
        surface.normals.astype(np.float32),
        view_directions(*pair[0].shape[:2], None),
        **settings,
    )


def exact_photographs(surface):
    """Integrate matte part and whole lobe over the sphere, in closed form."""
    normals, m = surface.normals, surface.exponent
    mirror = 2.0 * normals[..., 2:] * normals - VIEW
    lobe = np.asarray(surface.lobe)[..., np.newaxis] * 2.0 * np.pi
    integral = np.pi * surface.albedo + lobe / (m + 1.0)
    moment = 2.0 * np.pi / 3.0 * surface.albedo * normals + lobe / (m + 2.0) * mirror
    return integral.astype(np.float32), ((integral + moment) / 2.0).astype(np.float32)


def test_exact_photographs_and_the_right_exponent_give_the_exact_terms(rng):
    surface = glossy_surface(rng, SHAPE, exponent=30.0, lobe=0.6)
    terms = split(surface, exact_photographs(surface), exponent=30.0)
    assert_allclose(terms.diffuse_albedo, surface.albedo, rtol=0, atol=2e-4)
    assert_allclose(terms.specular_albedo[..., 0], surface.lobe, rtol=0, atol=5e-3)


def test_a_wrong_exponent_moves_the_matte_part_little_and_is_not_trusted(rng):
    exponent = np.exp(rng.uniform(np.log(8), np.log(80), SHAPE))
    surface = glossy_surface(rng, SHAPE, exponent=exponent, lobe=0.6)
    pair = photographs(surface)
    terms = split(surface, pair)
    unsplit = np.median(np.abs(pair[0] / np.pi / surface.albedo - 1.0))
    matte = np.median(np.abs(terms.diffuse_albedo / surface.albedo - 1.0))
    gloss = np.median(np.abs(terms.specular_albedo[..., 0] / (surface.lobe + 0.02) - 1.0))
    print(
        f"{LIGHTS} lights, m 8 to 80 taken for 20: median errors: d {100 * matte:.2f} % "
        f"(unsplit {100 * unsplit:.1f} %), s {100 * gloss:.0f} %"
    )
    assert matte < 0.01
    assert matte < unsplit / 5
    assert terms.confidence.max() <= 0.5


def test_half_a_percent_of_noise_leaves_the_matte_part_within_two(rng):
    surface = glossy_surface(rng, SHAPE, exponent=20.0, lobe=0.6)
    pair = tuple(
        (photo * (1.0 + 0.005 * rng.normal(size=photo.shape))).astype(np.float32)
        for photo in photographs(surface)
    )
    matte = np.abs(split(surface, pair).diffuse_albedo / surface.albedo - 1.0)
    print(f"0.5 % noise: median error of d {100 * np.median(matte):.2f} %")
    assert np.median(matte) < 0.02


@pytest.mark.parametrize("color", [(0.8, 0.8, 0.8), (0.9, 0.6, 0.2)])
def test_a_ball_of_gloss_alone_gives_its_exponent_and_color_back(rng, color):
    normals = normals_facing(rng, SHAPE, 50.0)
    surface = Surface(normals, np.zeros((*SHAPE, 3)), 1.0, 60.0)
    pair = tuple((photo * np.float32(color)).astype(np.float32) for photo in photographs(surface))
    terms = split(surface, pair, exponent=20.0)
    print(f"m = 60: median {np.median(terms.exponent):.1f}")
    assert not terms.diffuse_albedo.any()
    assert_allclose(np.median(terms.exponent), 60.0, rtol=0.05, atol=0)
    assert_allclose(np.median(terms.specular_albedo, axis=(0, 1)), color, rtol=0.05, atol=0)
    # One percent of the ratio is 64 % of this exponent.
    assert 0.1 < np.median(terms.confidence) < 0.2
    assert not terms.flags.any()


def test_a_fold_that_sees_little_light_is_not_taken_for_gloss():
    tilt = np.radians(40.0)
    normal = np.array([np.sin(tilt), 0.0, np.cos(tilt)])
    surface = Surface(normal[np.newaxis, np.newaxis], np.full((1, 1, 3), 0.5))
    integral = np.full((1, 1, 3), 0.2)
    pair = tuple(
        photo.astype(np.float32) for photo in (integral, integral * (1.0 + 0.98 * normal) / 2.0)
    )
    terms = split(surface, pair)
    assert terms.exponent.max() <= 20.0
    assert terms.diffuse_albedo.min() > 0.0


def test_a_matte_surface_has_next_to_no_lobe(rng):
    surface = Surface(normals_facing(rng, SHAPE, 70.0), rng.uniform(0.2, 0.9, (*SHAPE, 3)))
    terms = split(surface, photographs(surface))
    assert_allclose(terms.diffuse_albedo, surface.albedo, rtol=0.02, atol=0)
    assert np.median(terms.confidence) < 0.1


def test_a_surface_facing_the_camera_is_flagged_first(rng):
    tilts = np.radians([0.0, 60.0])
    normals = np.stack([np.sin(tilts), 0 * tilts, np.cos(tilts)], axis=-1)[np.newaxis]
    surface = Surface(normals, np.full((1, 2, 3), 0.5), 0.15, 20.0)
    terms = split(surface, exact_photographs(surface))
    assert terms.flags[0].tolist() == [PixelFlag.UNDERDETERMINED, 0]
    assert terms.confidence[0, 0] < terms.confidence[0, 1]


def test_a_ratio_shorter_than_matte_is_clamped_to_no_lobe():
    surface = Surface(np.array([[VIEW]]), np.full((1, 1, 3), 0.5))
    full_on, gradient = exact_photographs(surface)
    scattered = (full_on / 2 + (gradient - full_on / 2) * 0.7).astype(np.float32)
    terms = split(surface, (full_on, scattered))
    assert terms.flags[0, 0] == PixelFlag.CLAMPED
    assert not terms.specular_albedo.any()
    assert_allclose(terms.diffuse_albedo, surface.albedo, rtol=0, atol=1e-6)


def test_pixels_without_normal_light_or_number_have_a_reason():
    full_on = np.full((1, 4, 3), 2.0, np.float32)
    gradient = np.full((1, 4, 3), 1.2, np.float32)
    normals = np.full((1, 4, 3), 3**-0.5, np.float32)
    normals[0, 1] = 0.0
    full_on[0, 2] = 0.0
    gradient[0, 3, 1] = np.nan
    terms = phong_from_gradients(full_on, gradient, normals, view_directions(1, 4, None))
    assert terms.flags[0, 1:].tolist() == [
        PixelFlag.UNDERDETERMINED,
        PixelFlag.SHADOWED,
        PixelFlag.SHADOWED,
    ]
    assert not terms.specular_albedo[0, 1:].any()
    assert_allclose(terms.diffuse_albedo[0, 1], 2.0 / np.pi, rtol=1e-5, atol=0)
    assert not terms.diffuse_albedo[0, 2:].any()


def test_maps_of_two_sizes_are_refused():
    small, large = np.ones((1, 2, 3), np.float32), np.ones((1, 3, 3), np.float32)
    with pytest.raises(ValueError, match="one was needed"):
        unwrap(phong_from_gradients)(small, small, large, small)
