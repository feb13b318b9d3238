"""Photometric stereo from one light at a time."""

from __future__ import annotations

import warnings
from inspect import unwrap

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.transform import Rotation

from olat.model.flags import PixelFlag
from olat.surface.lambert import normals_from_olats
from olat.surface.strip import REFUSED, pixels_under_lights
from tests.surface.readings import (
    Surface,
    bumpy_surface,
    degrees_between,
    glossy_surface,
    misaligned,
    no_flags,
    noisy,
    normals_facing,
    sphere_of_lights,
    with_cast_shadows,
)

SHAPE = (16, 24)
FRONT = np.array([[0.0, 0.0, 1.0], [0.6, 0.0, 0.8], [0.0, 0.6, 0.8], [-0.6, 0.0, 0.8]])


def matte(rng, lights, shape=SHAPE, dtype=np.float16):
    surface = Surface(normals_facing(rng, shape, 75.0), rng.uniform(0.1, 0.9, (*shape, 3)))
    return surface, surface.readings(lights).astype(dtype)


def normals_by_numpy(
    readings, lights, *, confidence=None, shadow_fraction, shadow_floor, reweightings
):
    """Solve as `normals_from_olats` does, in plain numpy and double precision."""
    value = readings.astype(float).mean(axis=1).reshape(len(lights), -1)
    threshold = np.maximum(shadow_fraction * np.sort(value, axis=0)[-3], shadow_floor)
    lit = (value > threshold).astype(float)
    if confidence is not None:
        lit *= confidence.reshape(lit.shape) / 255.0
    weight = lit
    for remaining in range(reweightings, -1, -1):
        system = np.einsum("lp,li,lj->pij", weight, lights, lights)
        scaled = np.linalg.solve(
            system, np.einsum("lp,lp,li->pi", weight, value, lights)[..., np.newaxis]
        )[..., 0]
        if remaining:
            residual = value - lights @ scaled.T
            rms = np.sqrt((weight * residual**2).sum(axis=0) / weight.sum(axis=0))
            scale = np.maximum(rms, 0.02 * np.linalg.norm(scaled, axis=1))
            doubt = np.where(residual > 0, residual, 0.6 * residual) / scale
            weight = lit / (1.0 + doubt**2) ** 2
    return (scaled / np.linalg.norm(scaled, axis=1, keepdims=True)).reshape(*readings.shape[2:], 3)


@pytest.mark.parametrize("reweightings", [0, 6])
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_noise_free_matte_pixels_give_exact_normals(rng, reweightings, dtype):
    lights = sphere_of_lights(96)
    surface, readings = matte(rng, lights, dtype=dtype)
    normals, albedo, confidence, flags = normals_from_olats(
        readings, no_flags(readings), lights, reweightings=reweightings
    )
    error = degrees_between(normals, surface.normals)
    print(f"noise-free, {dtype.__name__}: median {np.median(error):.5f} degrees")
    assert np.median(error) < (0.005 if dtype == np.float16 else 1e-4)
    assert_allclose(albedo, surface.albedo, rtol=0, atol=5e-4)
    assert not flags.any()
    assert confidence.min() > 0.9


def test_reweighting_removes_highlights_and_cast_shadows(rng):
    lights = sphere_of_lights(156)
    exponent = np.exp(rng.uniform(np.log(8), np.log(100), SHAPE))
    surface = glossy_surface(rng, SHAPE, exponent=exponent, lobe=0.6)
    readings = with_cast_shadows(surface.readings(lights), lights, rng)
    readings = noisy(readings, rng).astype(np.float16)
    mean = {}
    for reweightings in (0, 6):
        normals, *_ = normals_from_olats(
            readings, no_flags(readings), lights, reweightings=reweightings
        )
        mean[reweightings] = degrees_between(normals, surface.normals).mean()
    print(f"156 lights, glossy: plain {mean[0]:.2f}, reweighted {mean[6]:.2f} degrees")
    assert mean[6] < 0.5
    assert mean[6] < mean[0] / 5


@pytest.mark.parametrize("reweightings", [0, 6])
def test_the_compiled_loops_agree_with_numpy(rng, reweightings):
    lights = sphere_of_lights(48)
    readings = noisy(
        glossy_surface(rng, SHAPE, exponent=30.0, lobe=0.4).readings(lights), rng
    ).astype(np.float16)
    settings_ = {"shadow_fraction": 0.05, "shadow_floor": 1e-3, "reweightings": reweightings}
    normals, *_ = normals_from_olats(readings, no_flags(readings), lights, **settings_)
    expected = normals_by_numpy(readings, lights, **settings_)
    assert np.quantile(degrees_between(normals, expected), 0.99) < 0.01


# 16 x 24 are three whole blocks of the kernel; 5 x 29 are one and a part.
@pytest.mark.parametrize("shape", [SHAPE, (5, 29)])
@pytest.mark.parametrize("reweightings", [0, 6])
def test_the_compiled_loops_weigh_by_confidence_as_numpy_does(rng, shape, reweightings):
    lights = sphere_of_lights(48)
    surface = glossy_surface(rng, shape, exponent=30.0, lobe=0.4)
    readings = noisy(surface.readings(lights), rng).astype(np.float16)
    settings_ = {
        "confidence": rng.integers(0, 256, (48, *shape)).astype(np.uint8),
        "shadow_fraction": 0.05,
        "shadow_floor": 1e-3,
        "reweightings": reweightings,
    }
    normals, *_ = normals_from_olats(readings, no_flags(readings), lights, **settings_)
    expected = normals_by_numpy(readings, lights, **settings_)
    assert np.quantile(degrees_between(normals, expected), 0.99) < 0.01
    ignored, *_ = normals_from_olats(readings, no_flags(readings), lights)
    assert np.median(degrees_between(normals, ignored)) > 0.03


@pytest.mark.parametrize("reweightings", [0, 6])
def test_certain_readings_change_no_bit(rng, reweightings):
    lights = sphere_of_lights(48)
    surface = glossy_surface(rng, SHAPE, exponent=30.0, lobe=0.4)
    readings = noisy(surface.readings(lights), rng).astype(np.float16)
    flags = rng.choice([0, 0, 0, 1], (48, *SHAPE)).astype(np.uint8)
    plain = normals_from_olats(readings, flags, lights, reweightings=reweightings)
    certain = normals_from_olats(
        readings, flags, lights, confidence=np.full_like(flags, 255), reweightings=reweightings
    )
    for one, other in zip(plain, certain, strict=True):
        assert_array_equal(one, other)


def test_a_reading_without_confidence_has_no_say(rng):
    lights = sphere_of_lights(48)
    surface, readings = matte(rng, lights, dtype=np.float32)
    spoiled = rng.random((48, *SHAPE)) < 0.2
    # Unlike what a flag refuses, these readings are looked at for what counts as shadow.
    readings[np.broadcast_to(spoiled[:, np.newaxis], readings.shape)] *= 0.5
    confidence = np.where(spoiled, 0, 255).astype(np.uint8)
    normals, albedo, _, flags = normals_from_olats(
        readings, no_flags(readings), lights, confidence=confidence, reweightings=0
    )
    assert np.median(degrees_between(normals, surface.normals)) < 1e-3
    assert_allclose(albedo, surface.albedo, rtol=0, atol=1e-4)
    assert not flags.any()


def test_pixels_of_which_nothing_is_sure_are_left_open(rng):
    lights = sphere_of_lights(48)
    _, readings = matte(rng, lights)
    normals, albedo, confidence, flags = normals_from_olats(
        readings, no_flags(readings), lights, confidence=no_flags(readings)
    )
    assert (flags == PixelFlag.UNDERDETERMINED).all()
    for unknown in (normals, albedo, confidence):
        assert not unknown.any()


def test_misaligned_readings_bend_normals_less_when_they_are_trusted_less(rng):
    lights = sphere_of_lights(96)
    surface = bumpy_surface(rng, (48, 64))
    readings, confidence = misaligned(surface.readings(lights), rng, largest_px=4.0)
    readings = noisy(readings, rng).astype(np.float16)
    mean = {}
    for reweightings in (0, 6):
        for trust in (None, confidence):
            normals, albedo, *_ = normals_from_olats(
                readings,
                no_flags(readings),
                lights,
                confidence=trust,
                reweightings=reweightings,
            )
            mean[reweightings, trust is not None] = (
                degrees_between(normals, surface.normals).mean(),
                np.abs(albedo - surface.albedo).mean(),
            )
    for name, at in (("plain", 0), ("reweighted", 6)):
        (angle, albedo), (angle_trusted, albedo_trusted) = mean[at, False], mean[at, True]
        print(
            f"misaligned by up to 4 px, {name}: normals {angle:.2f} degrees, by confidence "
            f"{angle_trusted:.2f}; albedo {albedo:.4f}, by confidence {albedo_trusted:.4f}"
        )
        assert angle_trusted < 0.7 * angle
        assert albedo_trusted < 0.7 * albedo


def test_confidence_falls_with_that_of_the_readings(rng):
    lights = sphere_of_lights(96)
    _, readings = matte(rng, lights)
    trust = {}
    for share in (1.0, 0.8, 0.5, 0.2):
        codes = np.full((96, *SHAPE), round(255 * share), np.uint8)
        trust[share] = normals_from_olats(readings, no_flags(readings), lights, confidence=codes)[2]
    print({share: round(float(np.median(trust[share])), 3) for share in trust})
    for share in (0.8, 0.5, 0.2):
        assert (trust[share] < share * trust[1.0]).all()
        assert (trust[share] > 0.9 * share * trust[1.0]).all()


def test_half_and_single_precision_are_read_alike(rng):
    lights = sphere_of_lights(40)
    _, half = matte(rng, lights)
    half[3] *= -1e-3  # signs and subnormals
    half[7] *= np.float16(1e-4)
    solved = [normals_from_olats(r, no_flags(r), lights) for r in (half, half.astype(np.float32))]
    for one, other in zip(*solved, strict=True):
        assert_allclose(one, other, rtol=0, atol=0)


@settings(max_examples=25)
@given(exposure=st.floats(0.2, 20.0), tint=st.lists(st.floats(0.3, 3.0), min_size=3, max_size=3))
def test_exposure_and_white_albedo_change_no_normal(exposure, tint):
    rng = np.random.default_rng(8)
    lights = sphere_of_lights(48)
    surface = Surface(normals_facing(rng, (4, 6), 70.0), np.full((4, 6, 3), 0.4))
    readings = surface.readings(lights)
    scaled = readings * exposure * np.reshape(tint, (3, 1, 1))
    before, *_ = normals_from_olats(readings.astype(np.float32), no_flags(readings), lights)
    after, albedo, *_ = normals_from_olats(scaled.astype(np.float32), no_flags(readings), lights)
    assert_allclose(after, before, rtol=0, atol=1e-5)
    assert_allclose(albedo, np.full_like(albedo, 0.4) * exposure * tint, rtol=1e-4, atol=0)


def test_turning_rig_and_subject_turns_the_normals(rng):
    lights = sphere_of_lights(64)
    turn = Rotation.from_rotvec([0.3, -0.5, 0.2]).as_matrix()
    _, readings = matte(rng, lights)
    still, *_ = normals_from_olats(readings, no_flags(readings), lights)
    turned, *_ = normals_from_olats(readings, no_flags(readings), lights @ turn.T)
    assert np.median(degrees_between(turned, still @ turn.T)) < 0.02


def test_a_light_above_lifts_the_normal():
    readings = np.full((4, 3, 1, 1), 0.4, np.float32)
    readings[2] = 0.5
    normals, *_ = normals_from_olats(readings, no_flags(readings), FRONT)
    assert normals[0, 0, 1] > 0.1


@pytest.mark.parametrize("flag", list(REFUSED))
def test_flagged_readings_are_left_out(rng, flag):
    lights = sphere_of_lights(48)
    surface, readings = matte(rng, lights, dtype=np.float32)
    flags = no_flags(readings)
    spoiled = rng.random(flags.shape) < 0.2
    flags[spoiled] = flag
    readings[np.broadcast_to(spoiled[:, np.newaxis], readings.shape)] = 5.0
    normals, _, _, found = normals_from_olats(readings, flags, lights, reweightings=0)
    assert np.median(degrees_between(normals, surface.normals)) < 1e-3
    assert not found.any()


@pytest.mark.parametrize("hole", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_holes_in_the_field_are_left_out(rng, hole, dtype):
    lights = sphere_of_lights(48)
    surface, readings = matte(rng, lights, dtype=dtype)
    readings[5] = hole
    readings[9, 1] = hole
    normals, albedo, _, flags = normals_from_olats(readings, no_flags(readings), lights)
    assert np.median(degrees_between(normals, surface.normals)) < 0.005
    assert np.isfinite(albedo).all()
    assert not flags.any()


def test_too_little_light_has_a_reason_and_no_normal():
    readings = np.full((4, 3, 1, 5), 0.4, np.float16)
    flags = no_flags(readings)
    readings[..., 1] = 0.0
    readings[2:, ..., 2] = 0.0
    flags[1:, 0, 3] = PixelFlag.SATURATED
    flags[..., 4] = PixelFlag.OUT_OF_FRAME
    normals, albedo, confidence, found = normals_from_olats(readings, flags, FRONT)
    assert found[0].tolist() == [
        0,
        PixelFlag.SHADOWED,
        PixelFlag.UNDERDETERMINED,
        PixelFlag.UNDERDETERMINED | PixelFlag.SATURATED,
        PixelFlag.UNDERDETERMINED | PixelFlag.OUT_OF_FRAME,
    ]
    for unknown in (normals, albedo, confidence):
        assert not unknown[0, 1:].any()


@pytest.mark.parametrize("count", [3, 5, 30])
def test_lights_in_a_plane_determine_nothing(count):
    turn = np.linspace(0.0, 2.0, count)
    lights = np.stack([np.zeros(count), np.sin(turn), np.cos(turn)], axis=1)
    readings = np.full((count, 3, 2, 2), 0.4, np.float32)
    normals, _, _, flags = normals_from_olats(readings, no_flags(readings), lights)
    assert (flags == PixelFlag.UNDERDETERMINED).all()
    assert not normals.any()


def test_confidence_falls_with_noise_and_with_fewer_lights(rng):
    few, many = sphere_of_lights(12), sphere_of_lights(156)
    trust = {}
    for name, lights, sigma in (("many", many, 0.001), ("noisy", many, 0.1), ("few", few, 0.001)):
        _, readings = matte(rng, lights)
        readings = noisy(readings, rng, sigma).astype(np.float16)
        trust[name] = np.median(normals_from_olats(readings, no_flags(readings), lights)[2])
    assert trust["many"] > 0.99
    assert trust["noisy"] < trust["many"]
    assert trust["few"] < 0.95


def test_confident_pixels_are_the_accurate_ones(rng):
    lights = sphere_of_lights(48)
    surface = glossy_surface(rng, (64, 64), exponent=10.0, lobe=0.6)
    readings = noisy(surface.readings(lights), rng).astype(np.float16)
    normals, _, confidence, _ = normals_from_olats(
        readings, no_flags(readings), lights, reweightings=0
    )
    error = degrees_between(normals, surface.normals)
    sure = confidence > np.median(confidence)
    assert error[sure].mean() < error[~sure].mean() / 3


def test_nothing_at_all_is_handled_without_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        empty = np.zeros((2, 3, 4, 4), np.float16)
        _, _, _, flags = normals_from_olats(empty, no_flags(empty), FRONT[:2])
    assert (flags == PixelFlag.SHADOWED).all()


def test_arguments_that_do_not_belong_together_are_refused():
    readings = np.zeros((4, 3, 2, 2), np.float16)
    with pytest.raises(ValueError, match="there are 3, but the strip holds 4 lights"):
        unwrap(pixels_under_lights)(readings, no_flags(readings), FRONT[:3])
    with pytest.raises(ValueError, match=r"strip flags: .* \(4, 2, 2\) was needed"):
        unwrap(pixels_under_lights)(readings, no_flags(readings)[:, :1], FRONT)
    with pytest.raises(ValueError, match=r"strip confidence: .* \(4, 2, 2\) was needed"):
        unwrap(pixels_under_lights)(readings, no_flags(readings), FRONT, no_flags(readings)[:3])
    with pytest.raises(ValueError, match="Use 0 for plain least squares"):
        normals_from_olats(readings, no_flags(readings), FRONT, reweightings=-1)
