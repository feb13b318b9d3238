"""Phong terms from one light at a time."""

from __future__ import annotations

from dataclasses import astuple
from inspect import unwrap

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import nnls

from olat.model.flags import PixelFlag
from olat.surface.phong_ladder import largest_exponent, phong_from_olats
from olat.surface.view import view_directions
from tests.surface.readings import (
    VIEW,
    Surface,
    bumpy_surface,
    glossy_surface,
    misaligned,
    no_flags,
    noisy,
    normals_facing,
    sphere_of_lights,
    with_soft_shadows,
)

SHAPE = (16, 24)


def fitted(surface, readings, lights, *, confidence=None):
    return phong_from_olats(
        readings,
        no_flags(readings),
        lights,
        surface.normals.astype(np.float32),
        view_directions(*readings.shape[2:], None),
        confidence=confidence,
    )


def believed(mean, facing, used, trust):
    """Doubt what lies below a matte surface that was fitted to the readings that agree."""
    matte, doubt = 0.0, 0.0
    for _ in range(3):
        weight = used * trust / (1.0 + ((mean - matte * facing) * doubt) ** 2) ** 2
        matte = np.sum(weight * facing * mean) / np.sum(weight * facing**2)
        doubt = 1.0 / (0.2 * matte)
    return 1.0 / (1.0 + (np.maximum(matte * facing - mean, 0.0) * doubt) ** 2) ** 2


@pytest.mark.parametrize(
    ("count", "exponent"), [(331, 20.0), (331, 60.0), (156, 12.0), (156, 40.0)]
)
def test_a_phong_lobe_is_found_again(rng, count, exponent):
    lights = sphere_of_lights(count)
    surface = glossy_surface(rng, SHAPE, exponent=exponent, lobe=0.5)
    surface.lobe[...] += 0.05
    terms = fitted(surface, noisy(surface.readings(lights), rng).astype(np.float16), lights)
    matte = np.abs(terms.diffuse_albedo / surface.albedo - 1.0)
    gloss = np.abs(terms.specular_albedo[..., 0] / surface.lobe - 1.0)
    octaves = np.abs(np.log2(terms.exponent / exponent))
    print(
        f"{count} lights, m = {exponent:g}: median errors: d {100 * np.median(matte):.2f} %, "
        f"s {100 * np.median(gloss):.1f} %, m {np.median(octaves):.3f} octaves"
    )
    assert np.median(matte) < 0.01
    assert np.median(gloss) < 0.05
    assert np.median(octaves) < 0.1
    assert np.median(terms.confidence) > 0.7
    assert np.mean(terms.flags == 0) > 0.9


def test_each_rung_solves_non_negative_least_squares(rng):
    lights = sphere_of_lights(156)
    surface = glossy_surface(rng, (2, 4), exponent=16.0, lobe=0.5)
    surface.lobe[...] += 0.1
    readings = surface.readings(lights).astype(np.float32)
    terms = fitted(surface, readings, lights)
    for y, x in np.ndindex(2, 4):
        normal = surface.normals[y, x]
        facing = np.maximum(lights @ normal, 0.0)
        mirror = 2.0 * normal[2] * normal - VIEW
        mean = readings[:, :, y, x].mean(axis=1)
        used = (facing > 0.0) & (mean > 0.05 * np.sort(mean)[-3])
        lobe = np.maximum(lights @ mirror, 0.0) ** 16.0
        matte, gloss = nnls(np.stack([facing, lobe], axis=1)[used], mean[used])[0]
        # The parabola between the rungs is off by a percent; on the rung the fit is exact.
        assert_allclose(terms.exponent[y, x], 16.0, rtol=0.02, atol=0)
        assert_allclose(terms.diffuse_albedo[y, x].mean(), matte, rtol=0, atol=1e-3)
        assert_allclose(terms.specular_albedo[y, x, 0], gloss, rtol=0.02, atol=0)


def test_each_rung_weighs_readings_by_their_confidence(rng):
    lights = sphere_of_lights(156)
    surface = glossy_surface(rng, (2, 4), exponent=16.0, lobe=0.5)
    surface.lobe[...] += 0.1
    # Wrong by a factor, so that it matters which are believed.
    wrong = rng.uniform(0.9, 1.1, (156, 1, 2, 4))
    readings = (surface.readings(lights) * wrong).astype(np.float32)
    confidence = rng.integers(0, 256, (156, 2, 4)).astype(np.uint8)
    terms = fitted(surface, readings, lights, confidence=confidence)
    for y, x in np.ndindex(2, 4):
        normal = surface.normals[y, x]
        facing = np.maximum(lights @ normal, 0.0)
        mirror = 2.0 * normal[2] * normal - VIEW
        mean = readings[:, :, y, x].mean(axis=1)
        used = (facing > 0.0) & (mean > 0.05 * np.sort(mean)[-3])
        lobe = np.maximum(lights @ mirror, 0.0) ** float(terms.exponent[y, x])
        trust = confidence[:, y, x] / 255.0
        root = np.sqrt(trust * believed(mean, facing, used, trust))[used]
        pair = root[:, np.newaxis] * np.stack([facing, lobe], axis=1)[used]
        matte, gloss = nnls(pair, root * mean[used])[0]
        # Between rungs albedo and lobe are interpolated.
        assert_allclose(terms.diffuse_albedo[y, x].mean(), matte, rtol=0, atol=2e-3)
        assert_allclose(terms.specular_albedo[y, x, 0], gloss, rtol=0.03, atol=0)


def test_certain_readings_change_no_bit(rng):
    lights = sphere_of_lights(96)
    surface = glossy_surface(rng, SHAPE, exponent=20.0, lobe=0.5)
    readings = noisy(surface.readings(lights), rng).astype(np.float16)
    plain = fitted(surface, readings, lights)
    certain = fitted(surface, readings, lights, confidence=np.full((96, *SHAPE), 255, np.uint8))
    for one, other in zip(astuple(plain), astuple(certain), strict=True):
        assert_array_equal(one, other)


def test_misaligned_readings_blur_gloss_less_when_they_are_trusted_less(rng):
    lights = sphere_of_lights(156)
    surface = bumpy_surface(rng, (48, 64))
    readings, confidence = misaligned(surface.readings(lights), rng, largest_px=4.0)
    readings = noisy(readings, rng).astype(np.float16)
    found = [fitted(surface, readings, lights, confidence=trust) for trust in (None, confidence)]
    errors = [
        (
            np.abs(terms.diffuse_albedo / surface.albedo - 1.0).mean(),
            np.abs(np.log2(np.maximum(terms.exponent, 1.0) / 20.0)).mean(),
        )
        for terms in found
    ]
    for name, (albedo, octaves) in zip(("", ", by confidence"), errors, strict=True):
        print(
            f"misaligned by up to 4 px{name}: albedo {albedo:.1%}, exponent {octaves:.2f} octaves"
        )
    assert errors[1][0] < 0.7 * errors[0][0]
    assert errors[1][1] < 0.8 * errors[0][1]


def test_soft_shadows_are_no_part_of_the_surface(rng):
    lights = sphere_of_lights(156)
    surface = glossy_surface(rng, (24, 64), exponent=20.0, lobe=0.5)
    surface.lobe[...] += 0.1
    readings = with_soft_shadows(surface.readings(lights), lights, rng)
    terms = fitted(surface, noisy(readings, rng).astype(np.float16), lights)
    matte = np.abs(terms.diffuse_albedo / surface.albedo - 1.0)
    gloss = np.abs(terms.specular_albedo[..., 0] / surface.lobe - 1.0)
    print(
        f"soft shadows: d off by {np.median(matte):.1%}, worst tenth {np.quantile(matte, 0.9):.1%},"
        f" s by {np.median(gloss):.1%}, worst tenth {np.quantile(gloss, 0.9):.0%}"
    )
    # Without doubt the worst tenth is off by 15 %.
    assert np.quantile(matte, 0.9) < 0.03
    assert np.median(gloss) < 0.02


def test_confidence_falls_with_that_of_the_readings(rng):
    lights = sphere_of_lights(156)
    surface = glossy_surface(rng, SHAPE, exponent=20.0, lobe=0.5)
    surface.lobe[...] += 0.1
    readings = noisy(surface.readings(lights), rng).astype(np.float16)
    sure = fitted(surface, readings, lights)
    half = np.full((156, *SHAPE), 128, np.uint8)
    doubtful = fitted(surface, readings, lights, confidence=half)
    known = (sure.flags == 0) & (sure.confidence > 0.1)
    assert known.mean() > 0.8
    assert (doubtful.confidence < 0.51 * sure.confidence)[known].all()
    # All readings are doubted alike, which moves no term.
    assert_allclose(doubtful.exponent[known], sure.exponent[known], rtol=1e-3, atol=0)


def test_polished_metal_has_no_matte_part(rng):
    lights = sphere_of_lights(331)
    surface = Surface(normals_facing(rng, SHAPE, 60.0), np.zeros((*SHAPE, 3)), 0.8, 22.0)
    terms = fitted(surface, surface.readings(lights).astype(np.float32), lights)
    # Between two rungs the matte part makes up for a lobe that is a little too sharp or broad.
    assert_allclose(terms.diffuse_albedo, 0.0, rtol=0, atol=0.04)
    assert_allclose(terms.specular_albedo, 0.8, rtol=0.05, atol=0)
    assert_allclose(terms.exponent, 22.0, rtol=0.15, atol=0)


def test_matte_pixels_have_no_lobe_and_keep_their_color(rng):
    lights = sphere_of_lights(156)
    surface = Surface(normals_facing(rng, SHAPE, 70.0), rng.uniform(0.1, 0.9, (*SHAPE, 3)))
    terms = fitted(surface, surface.readings(lights).astype(np.float32), lights)
    assert_allclose(terms.diffuse_albedo, surface.albedo, rtol=0, atol=1e-4)
    assert_allclose(terms.specular_albedo, 0.0, rtol=0, atol=1e-4)
    assert np.quantile(terms.confidence, 0.95) < 0.05


def test_a_broad_lobe_is_flagged_as_hard_to_tell_from_matte(rng):
    lights = sphere_of_lights(331)
    surface = glossy_surface(rng, SHAPE, exponent=5.0, lobe=0.5)
    terms = fitted(surface, surface.readings(lights).astype(np.float16), lights)
    assert np.mean(terms.flags & PixelFlag.UNDERDETERMINED != 0) > 0.9
    assert terms.confidence.max() < 0.5


def test_a_lobe_sharper_than_the_lights_are_dense_is_clamped(rng):
    lights = sphere_of_lights(96)
    surface = glossy_surface(rng, SHAPE, exponent=150.0, lobe=0.4)
    surface.lobe[...] += 0.2
    terms = fitted(surface, surface.readings(lights).astype(np.float16), lights)
    seen = terms.specular_albedo[..., 0] > 0.05
    assert terms.exponent.max() <= largest_exponent(lights) * 1.0001
    assert np.mean(terms.flags[seen] & PixelFlag.CLAMPED != 0) > 0.9
    assert np.median(terms.confidence[seen]) < 0.35


def test_denser_lights_measure_sharper_lobes():
    assert_allclose(largest_exponent(sphere_of_lights(331)), 105.0, rtol=0.15, atol=0)
    assert_allclose(largest_exponent(sphere_of_lights(156)), 50.0, rtol=0.15, atol=0)
    assert largest_exponent(np.array([VIEW])) == 8.0


def test_twelve_lights_give_finite_terms_of_little_confidence(rng):
    lights = sphere_of_lights(48)
    lights = lights[np.argsort(-lights[:, 2])[:12]]
    surface = glossy_surface(rng, SHAPE, exponent=30.0, lobe=0.5)
    terms = fitted(surface, noisy(surface.readings(lights), rng).astype(np.float16), lights)
    for plane in (terms.diffuse_albedo, terms.specular_albedo, terms.exponent, terms.confidence):
        assert np.isfinite(plane).all()
    assert np.median(terms.confidence) < 0.3
    assert np.mean(terms.flags != 0) > 0.5
    matte = np.abs(terms.diffuse_albedo / surface.albedo - 1.0)
    assert np.median(matte) < 0.05


def test_pixels_without_normal_light_or_number_have_a_reason():
    lights = sphere_of_lights(48)
    normals = np.zeros((1, 4, 3), np.float32)
    normals[0, 1:] = VIEW
    readings = np.full((48, 3, 1, 4), 0.3, np.float16)
    readings[..., 2] = 0.0
    readings[..., 3] = np.nan
    terms = phong_from_olats(
        readings, no_flags(readings), lights, normals, view_directions(1, 4, None)
    )
    reasons = terms.flags[0]
    assert reasons[0] & PixelFlag.UNDERDETERMINED
    assert reasons[2] == PixelFlag.SHADOWED
    assert reasons[3] & PixelFlag.UNDERDETERMINED
    assert not terms.diffuse_albedo[0, [0, 2, 3]].any()
    assert not terms.specular_albedo[0, [0, 2, 3]].any()


def test_maps_of_other_rows_are_refused():
    readings = np.zeros((4, 3, 2, 2), np.float16)
    view = view_directions(3, 2, None)
    with pytest.raises(ValueError, match="Cut the same rows from all three"):
        unwrap(phong_from_olats)(readings, no_flags(readings), sphere_of_lights(4), view, view)
