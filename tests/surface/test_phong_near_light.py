"""Phong terms under lights at finite distance."""

from __future__ import annotations

from inspect import unwrap

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import nnls

from olat.light.quadrature import solid_angles
from olat.surface.albedo import albedo_with_flat_light
from olat.surface.near_light import Lamps
from olat.surface.phong_ladder import largest_exponent, phong_from_olats
from olat.surface.phong_refinement import refined_phong
from olat.surface.phong_render import phong_under_light
from olat.surface.view import view_directions
from tests.surface.near_sphere import REACH, shot, sphere
from tests.surface.readings import degrees_between, no_flags, noisy, sphere_of_lights

ALBEDO, LOBE, EXPONENT = 0.4, 0.5, 20.0


def lamps_of(count, **told):
    return Lamps(REACH * sphere_of_lights(count), **told)


def fitted(readings, lights, normals, **told):
    view = view_directions(*normals.shape[:2], None)
    return phong_from_olats(
        readings, no_flags(readings), lights, normals.astype(np.float32), view, **told
    )


def refined(readings, lights, normals, terms, **told):
    view = view_directions(*normals.shape[:2], None)
    return refined_phong(
        readings, no_flags(readings), lights, terms, normals.astype(np.float32), view, **told
    )


def errors_of(terms):
    """Return medians and worst tenths of relative errors of d and s, and of m in octaves."""
    errors = (
        np.abs(terms.diffuse_albedo[..., 0] / ALBEDO - 1.0),
        np.abs(terms.specular_albedo[..., 0] / LOBE - 1.0),
        np.abs(np.log2(np.maximum(terms.exponent, 1.0) / EXPONENT)),
    )
    return np.quantile(errors, [0.5, 0.9], axis=(1, 2)).T


@pytest.mark.parametrize("count", [48, 96])
def test_a_glossy_head_needs_the_places_of_its_lights(count):
    normals, places = sphere()
    near = lamps_of(count).seen_from(places)
    readings = shot(near, normals, ALBEDO, LOBE, EXPONENT).astype(np.float32)
    found = {}
    for name, lights in (("distant", sphere_of_lights(count)), ("near", near)):
        terms = fitted(readings, lights, normals, largest=256.0)
        better = refined(readings, lights, normals, terms, largest=256.0)
        for kind, made in (("ladder", terms), ("refined", better)):
            found[name, kind] = errors_of(made)
            print(
                f"{count} lights at {REACH} m, {name}, {kind}, median (worst tenth): "
                + ", ".join(
                    f"{term} {part[0]:.4f} ({part[1]:.4f})"
                    for term, part in zip("dsm", found[name, kind], strict=True)
                )
            )
        turned = degrees_between(better.normals, normals)
        print(f"refined normals off by {np.median(turned):.3f} degree")
        found[name, "turn"] = np.median(turned)
    for kind in ("ladder", "refined"):
        matte, gloss, octaves = found["near", kind]
        assert matte[0] < 0.005
        assert gloss[0] < 0.02
        assert octaves[0] < 0.1
        assert found["distant", kind][0, 0] > 5.0 * matte[0]
        assert found["distant", kind][1, 0] > 4.0 * gloss[0]
    assert found["near", "turn"] < 0.05
    assert found["distant", "turn"] > 0.5


def test_each_rung_solves_least_squares_of_readings_made_even(rng):
    normals, places = sphere((6, 5))
    near = lamps_of(157, exponents=rng.uniform(0.0, 2.0, 157)).seen_from(places)
    wrong = rng.uniform(0.95, 1.05, (157, 1, 6, 5))
    readings = (shot(near, normals, ALBEDO, LOBE, 16.0) * wrong).astype(np.float32)
    confidence = rng.integers(64, 256, (157, 6, 5)).astype(np.uint8)
    terms = fitted(readings, near, normals, confidence=confidence)
    gains = np.linalg.norm(near.beams, axis=-1)
    for y, x in np.ndindex(6, 5):
        normal, gain = normals[y, x], gains[:, y, x]
        toward = near.beams[:, y, x] / gain[:, np.newaxis]
        facing = np.maximum(toward @ normal, 0.0)
        mirror = 2.0 * normal[2] * normal - [0.0, 0.0, 1.0]
        taken = readings[:, 0, y, x].astype(float)
        used = (facing > 0.0) & (taken > 0.05 * np.sort(taken)[-3])
        mean, trust = taken / gain, confidence[:, y, x] / 255.0
        matte, doubt = 0.0, 0.0
        for _ in range(3):
            weight = used * trust / (1.0 + ((mean - matte * facing) * doubt) ** 2) ** 2
            matte = np.sum(weight * facing * mean) / np.sum(weight * facing**2)
            doubt = 1.0 / (0.2 * matte)
        share = 1.0 / (1.0 + (np.maximum(matte * facing - mean, 0.0) * doubt) ** 2) ** 2
        lobe = np.maximum(toward @ mirror, 0.0) ** float(terms.exponent[y, x])
        root = np.sqrt(trust * share)[used]
        pair = root[:, np.newaxis] * np.stack([facing, lobe], axis=1)[used]
        matte, gloss = nnls(pair, root * mean[used])[0]
        assert_allclose(terms.diffuse_albedo[y, x].mean(), matte, rtol=0, atol=2e-3)
        assert_allclose(terms.specular_albedo[y, x, 0], gloss, rtol=0.03, atol=0)


def test_channels_share_the_lobe_and_keep_their_albedo():
    normals, places = sphere()
    near = lamps_of(156).seen_from(places)
    albedo = np.array([0.6, 0.4, 0.2])[:, np.newaxis, np.newaxis]
    matte = shot(near, normals, 1.0, 0.0, 1.0)
    readings = albedo * matte + shot(near, normals, 0.0, LOBE, EXPONENT)
    readings = readings.astype(np.float32)
    terms = fitted(readings, near, normals)
    for made in (terms, refined(readings, near, normals, terms)):
        off = np.abs(made.diffuse_albedo / albedo[:, 0, 0] - 1.0)
        assert np.median(off) < 0.003
        assert np.quantile(off, 0.9) < 0.03


def test_around_the_origin_near_lights_are_distant_ones(rng):
    normals, places = sphere()
    lights = sphere_of_lights(96)
    near = lamps_of(96).seen_from(0.0 * places)
    readings = noisy(shot(near, normals, ALBEDO, LOBE, EXPONENT), rng).astype(np.float16)
    assert_allclose(largest_exponent(near), largest_exponent(lights), rtol=1e-9, atol=0)
    made = []
    for seen in (lights, near):
        terms = fitted(readings, seen, normals)
        made.append((terms, refined(readings, seen, normals, terms)))
    for one, other in zip(*made, strict=True):
        for name in ("diffuse_albedo", "specular_albedo", "confidence"):
            assert_allclose(getattr(one, name), getattr(other, name), rtol=0, atol=2e-3)
        assert_allclose(one.exponent, other.exponent, rtol=5e-3, atol=0)


def test_shadow_is_told_by_readings_as_they_were_taken():
    """A place twice as near reads four times as much: what is below the floor there is noise."""
    lamps = Lamps(np.array([[x, y, 2.0] for x in (-0.3, 0.0, 0.3) for y in (-0.3, 0.0, 0.3)]))
    normals = np.zeros((1, 2, 3))
    normals[..., 2] = 1.0
    places = np.array([[[0.0, 0.0, 0.0], [0.0, 0.0, 1.0]]], np.float32)
    near = lamps.seen_from(places)
    readings = shot(near, normals, 0.003, 0.0, 1.0).astype(np.float32)
    terms = fitted(readings, near, normals, shadow_floor=0.008)
    assert terms.diffuse_albedo[0, 0].tolist() == [0.0, 0.0, 0.0]
    assert_allclose(terms.diffuse_albedo[0, 1], 0.003, rtol=1e-4, atol=0)


def test_a_lamp_that_sends_nothing_to_a_place_says_nothing_there():
    normals, places = sphere()
    lights = sphere_of_lights(97)
    # The last stands beside the subject and lights a thin cone: half of the subject is behind it.
    stands = np.vstack([REACH * lights[:96], [[0.04, 0.0, 0.0]]])
    axes = -stands / np.linalg.norm(stands, axis=1, keepdims=True)
    lamps = Lamps(stands, axes, np.append(np.zeros(96), 2.0))
    near = lamps.seen_from(places)
    gone = (near.beams[-1] == 0.0).all(axis=-1)
    assert 0.2 < gone.mean() < 0.8
    readings = shot(Lamps(stands[:96]).seen_from(places), normals, ALBEDO, LOBE, EXPONENT)
    readings = np.concatenate([readings, np.full_like(readings[:1], 0.7)]).astype(np.float32)
    terms = fitted(readings, near, normals, largest=64.0)
    few = fitted(readings[:96], near[np.arange(97) < 96], normals, largest=64.0)
    for made, expected in (
        (terms, few),
        (
            refined(readings, near, normals, terms, largest=64.0),
            refined(readings[:96], near[np.arange(97) < 96], normals, few, largest=64.0),
        ),
    ):
        assert np.isfinite(made.diffuse_albedo).all()
        for name in ("diffuse_albedo", "specular_albedo", "confidence"):
            one, other = getattr(made, name)[gone], getattr(expected, name)[gone]
            assert_allclose(one, other, rtol=0, atol=2e-3)


def test_a_strip_of_rows_is_fitted_as_the_whole_is(rng):
    normals, places = sphere()
    near = lamps_of(97).seen_from(places)
    readings = noisy(shot(near, normals, ALBEDO, LOBE, EXPONENT), rng).astype(np.float16)
    whole = refined(readings, near, normals, fitted(readings, near, normals))
    strip, some = np.ascontiguousarray(readings[:, :, 7:12]), near.rows(7, 12)
    part = refined(strip, some, normals[7:12], fitted(strip, some, normals[7:12]))
    assert_array_equal(part.diffuse_albedo, whole.diffuse_albedo[7:12])
    assert_array_equal(part.normals, whole.normals[7:12])


def test_a_picture_is_what_the_surface_reads(rng):
    normals, places = sphere()
    near = lamps_of(24).seen_from(places)
    readings = shot(near, normals, ALBEDO, LOBE, EXPONENT).astype(np.float32)
    terms = fitted(readings, near, normals)
    exact = type(terms)(
        np.full_like(terms.diffuse_albedo, ALBEDO),
        np.full_like(terms.specular_albedo, LOBE),
        np.full_like(terms.exponent, EXPONENT),
        terms.confidence,
        terms.flags,
    )
    view = view_directions(*normals.shape[:2], None)
    for light in range(24):
        one = near[np.arange(24) == light]
        picture = phong_under_light(exact, normals.astype(np.float32), view, one)
        assert_allclose(np.moveaxis(picture, -1, 0), readings[light], rtol=0, atol=2e-6)
    with pytest.raises(ValueError, match="Render light by light"):
        unwrap(phong_under_light)(exact, normals.astype(np.float32), view, near)


def test_flat_light_is_what_near_lights_send_where_the_pixel_is():
    normals, places = sphere()
    # A dome in front of the subject: on a whole sphere one side makes up for the other.
    lights = sphere_of_lights(200)
    lights = lights[lights[:, 2] > 0.0]
    near = Lamps(REACH * lights).seen_from(places)
    readings, weights = shot(near, normals, ALBEDO, LOBE, EXPONENT), solid_angles(lights)
    flat = np.moveaxis(np.tensordot(weights / np.pi, readings, axes=1), 0, -1)
    terms = fitted(readings.astype(np.float32), near, normals)
    view, unsure = view_directions(*normals.shape[:2], None), np.ones(normals.shape[:2], np.float32)
    unsure[1::2] = 0.0
    spread = {}
    for name, seen in (("near", near), ("distant", lights)):
        made = albedo_with_flat_light(
            flat.astype(np.float32), terms, normals.astype(np.float32), unsure, view,
            (seen, weights),
        )  # fmt: skip
        spread[name] = np.abs(made.openness - 1.0).max(), np.abs(made.albedo / ALBEDO - 1.0).max()
    print({name: [f"{part:.4f}" for part in both] for name, both in spread.items()})
    assert spread["near"][0] < 0.005
    assert spread["distant"][0] > 0.03


def test_places_of_other_rows_are_refused():
    normals, places = sphere((4, 4))
    near = lamps_of(12).seen_from(places[:3])
    readings = np.zeros((12, 3, 4, 4), np.float32)
    with pytest.raises(ValueError, match=r"places: .* \(4, 4, 3\) was needed"):
        fitted(readings, near, normals)
