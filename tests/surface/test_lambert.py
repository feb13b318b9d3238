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
from olat.surface.strip import REFUSED, joined_pixels, pixels_under_lights
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


def doubted(residual, scale):
    return 1.0 / (1.0 + (np.where(residual > 0, residual, 0.6 * residual) / scale) ** 2) ** 2


def middle_by_sorting(value, lit, lowest, highest):
    """Tell which lit readings lie between two ranks; all of them where these are too few."""
    rank = np.argsort(np.argsort(np.where(lit > 0, value, np.inf), axis=0), axis=0)
    count = lit.sum(axis=0)
    middle = lit * (rank >= np.floor(lowest * count)) * (rank < np.ceil(highest * count))
    return np.where(middle.sum(axis=0) >= 8, middle, lit)


def normals_by_numpy(
    readings, lights, *, confidence=None, shadow_fraction, shadow_floor, reweightings
):
    """Solve as `normals_from_olats` does, in plain numpy and double precision, and by sorting."""
    value = readings.astype(float).mean(axis=1).reshape(len(lights), -1)
    threshold = np.maximum(shadow_fraction * np.sort(value, axis=0)[-3], shadow_floor)
    is_lit = (value > threshold).astype(float)
    trust = 1.0 if confidence is None else confidence.reshape(is_lit.shape) / 255.0
    lit = is_lit * trust
    weight = middle_by_sorting(value, is_lit, 0.4, 0.8) * trust if reweightings else lit
    for remaining in range(reweightings, -1, -1):
        system = np.einsum("lp,li,lj->pij", weight, lights, lights)
        scaled = np.linalg.solve(
            system, np.einsum("lp,lp,li->pi", weight, value, lights)[..., np.newaxis]
        )[..., 0]
        if remaining:
            residual = value - lights @ scaled.T
            rms = np.sqrt((weight * residual**2).sum(axis=0) / weight.sum(axis=0))
            rms *= 2.0 if remaining == reweightings else 1.0
            scale = np.maximum(rms, 0.02 * np.linalg.norm(scaled, axis=1))
            weight = lit * doubted(residual, scale)
    return (scaled / np.linalg.norm(scaled, axis=1, keepdims=True)).reshape(*readings.shape[2:], 3)


@pytest.mark.parametrize("reweightings", [0, 8])
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
    for reweightings in (0, 8):
        normals, *_ = normals_from_olats(
            readings, no_flags(readings), lights, reweightings=reweightings
        )
        mean[reweightings] = degrees_between(normals, surface.normals).mean()
    print(f"156 lights, glossy: plain {mean[0]:.2f}, reweighted {mean[8]:.2f} degrees")
    assert mean[8] < 0.5
    assert mean[8] < mean[0] / 5


# Sorting and halving differ by a reading at either end of the middle; passes take that out.
@pytest.mark.parametrize("reweightings", [0, 20])
def test_the_compiled_loops_agree_with_numpy(rng, reweightings):
    lights = sphere_of_lights(48)
    readings = noisy(
        glossy_surface(rng, SHAPE, exponent=30.0, lobe=0.4).readings(lights), rng
    ).astype(np.float16)
    settings_ = {"shadow_fraction": 0.05, "shadow_floor": 1e-3, "reweightings": reweightings}
    normals, *_ = normals_from_olats(readings, no_flags(readings), lights, **settings_)
    expected = normals_by_numpy(readings, lights, **settings_)
    assert np.quantile(degrees_between(normals, expected), 0.99) < 0.01


# 16 x 24 are one whole block of the kernel and a part; 5 x 29 are a part.
@pytest.mark.parametrize("shape", [SHAPE, (5, 29)])
@pytest.mark.parametrize("reweightings", [0, 20])
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


@pytest.mark.parametrize("reweightings", [0, 8])
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
    for reweightings in (0, 8):
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
    for name, at in (("plain", 0), ("reweighted", 8)):
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
        unwrap(joined_pixels)(readings, no_flags(readings)[:, :1], 4)
    with pytest.raises(ValueError, match=r"strip confidence: .* \(4, 2, 2\) was needed"):
        unwrap(joined_pixels)(readings, no_flags(readings), 4, no_flags(readings)[:3])
    with pytest.raises(ValueError, match="it has 2 channels; one or three were needed"):
        joined_pixels(readings[:, :2], no_flags(readings), 4)
    with pytest.raises(ValueError, match="'robust', 'least_squares', 'sparse_bayesian' was needed"):
        unwrap(normals_from_olats)(readings, no_flags(readings), FRONT, method="sparse")
    with pytest.raises(ValueError, match="Use 0 for plain least squares"):
        normals_from_olats(readings, no_flags(readings), FRONT, reweightings=-1)


@pytest.mark.parametrize("method", ["robust", "least_squares"])
def test_one_channel_is_solved_as_three_alike_are(rng, method):
    lights = sphere_of_lights(48)
    surface = glossy_surface(rng, SHAPE, exponent=30.0, lobe=0.4)
    gray = surface.readings(lights)[:, :1].astype(np.float32)
    one = normals_from_olats(gray, no_flags(gray), lights, method=method)
    alike = np.repeat(gray, 3, axis=1)
    three = normals_from_olats(alike, no_flags(alike), lights, method=method)
    assert_allclose(one[0], three[0], rtol=0, atol=1e-5)
    assert one[1].shape == (*SHAPE, 1)
    assert_allclose(np.repeat(one[1], 3, axis=-1), three[1], rtol=1e-3, atol=0)


@pytest.mark.parametrize("method", ["robust", "least_squares", "sparse_bayesian"])
def test_a_pixel_is_solved_alike_whatever_lies_beside_it(rng, method):
    lights = sphere_of_lights(53)
    surface = glossy_surface(rng, (8, 50), exponent=20.0, lobe=0.6)
    readings = noisy(surface.readings(lights), rng).astype(np.float16)
    flags = rng.choice([0, 0, 0, 0, 1], (53, 8, 50)).astype(np.uint8)
    whole = normals_from_olats(readings, flags, lights, method=method)
    part = normals_from_olats(readings[:, :, 3:5, 7:], flags[:, 3:5, 7:], lights, method=method)
    for one, other in zip(whole, part, strict=True):
        assert_array_equal(one[3:5, 7:], other)


def sparse_bayes_by_numpy(value, lights):
    """Solve as the method `sparse_bayesian` does, in plain numpy and double precision."""
    lit = (value > np.maximum(0.05 * np.sort(value, axis=0)[-3], 1e-3)).astype(float)
    weight = middle_by_sorting(value, lit, 0.4, 0.8)
    scaled, pixels = None, value.shape[1]
    settled = np.zeros(pixels, bool)
    for _ in range(41):
        system = np.einsum("lp,li,lj->pij", weight, lights, lights)
        right = np.einsum("lp,lp,li->pi", weight, value, lights)
        found = np.linalg.solve(system, right[..., np.newaxis])[..., 0]
        if scaled is not None:
            change = np.linalg.norm(found - scaled, axis=1) / value.max(axis=0)
            found[settled] = scaled[settled]
            settled |= change < 1e-4
        scaled = found
        covariance = np.linalg.inv(np.eye(3) + system)
        error = (value - lights @ scaled.T) / value.max(axis=0)
        spread = np.einsum("li,pij,lj->lp", lights, covariance, lights)
        weight = lit / (error**2 + spread + 1e-6)
    return scaled / np.linalg.norm(scaled, axis=1, keepdims=True)


def test_the_sparse_bayesian_loops_agree_with_numpy(rng):
    lights = sphere_of_lights(48)
    surface = glossy_surface(rng, SHAPE, exponent=30.0, lobe=0.4)
    readings = noisy(surface.readings(lights), rng).astype(np.float32)
    normals, *_ = normals_from_olats(readings, no_flags(readings), lights, method="sparse_bayesian")
    expected = sparse_bayes_by_numpy(readings.astype(float).mean(axis=1).reshape(48, -1), lights)
    error = degrees_between(normals.reshape(-1, 3), expected)
    print(f"sparse Bayesian against numpy: median {np.median(error):.4f} degrees")
    assert np.median(error) < 1e-3
    assert np.quantile(error, 0.95) < 0.05
