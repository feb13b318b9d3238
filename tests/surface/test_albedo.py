"""Albedo from the solve and from flat light."""

from __future__ import annotations

from inspect import unwrap

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.light.quadrature import solid_angles
from olat.model.maps import PhongMaps
from olat.surface.albedo import albedo_with_flat_light
from olat.surface.lambert import normals_from_olats
from olat.surface.phong_ladder import phong_from_olats
from olat.surface.view import view_directions
from tests.surface.readings import Surface, glossy_surface, no_flags, noisy, sphere_of_lights

SHAPE = (24, 40)


def flat_lit(readings, lights):
    """Return what stage `light_evenly` makes of a field."""
    picture = np.tensordot(solid_angles(lights) / np.pi, readings, axes=1)
    return np.moveaxis(picture, 0, -1).astype(np.float32)


def solved(readings, lights):
    view = view_directions(*readings.shape[2:], None)
    normals, _, confidence, _ = normals_from_olats(readings, no_flags(readings), lights)
    terms = phong_from_olats(readings, no_flags(readings), lights, normals, view)
    return terms, normals, confidence, view


def errors_of(albedo, surface):
    return np.abs(albedo / surface.albedo - 1.0).mean(axis=-1)


def test_flat_light_and_the_solve_agree_where_both_are_right(rng):
    lights = sphere_of_lights(156)
    surface = glossy_surface(rng, SHAPE, exponent=20.0, lobe=0.4)
    readings = surface.readings(lights)
    terms, normals, _, view = solved(readings.astype(np.float16), lights)
    flat = 1.7 * flat_lit(readings, lights)
    rig = lights, solid_angles(lights)
    # The solve is believed in some pixels, which tie the scales, and nowhere else.
    sure = np.zeros(SHAPE, np.float32)
    sure[::2] = 1.0
    made = albedo_with_flat_light(flat, terms, normals, sure, view, rig)
    errors = errors_of(made.albedo, surface)
    print(
        f"scale {made.scale:.3f} of 1.7; "
        f"albedo from flat light off by {np.median(errors[1::2]):.2%}"
    )
    assert_allclose(made.scale, 1.7, rtol=0.01, atol=0)
    assert_allclose(made.albedo[::2], terms.diffuse_albedo[::2], rtol=0, atol=1e-6)
    assert np.median(errors[1::2]) < 0.02


def test_what_the_solve_cannot_tell_comes_from_flat_light(rng):
    lights = sphere_of_lights(156)
    surface = glossy_surface(rng, SHAPE, exponent=20.0, lobe=0.3)
    readings = noisy(surface.readings(lights), rng)
    # A quarter of the pixels moved: normals and lobe are lost, but not the sum of all light.
    lost = rng.random(SHAPE) < 0.25
    spoiled = readings.copy()
    for light in range(156):
        spoiled[light][:, lost] = readings[rng.permutation(156)[light]][:, lost]
    terms, normals, confidence, view = solved(spoiled.astype(np.float16), lights)
    flat = flat_lit(readings, lights)
    rig = lights, solid_angles(lights)
    made = albedo_with_flat_light(flat, terms, normals, confidence, view, rig)
    before, after = errors_of(terms.diffuse_albedo, surface), errors_of(made.albedo, surface)
    print(
        f"lost pixels: albedo off by {np.median(before[lost]):.0%} in the solve, "
        f"{np.median(after[lost]):.0%} with flat light; others {np.median(after[~lost]):.2%}"
    )
    assert np.median(confidence[lost]) < 0.5
    assert np.median(after[lost]) < 0.5 * np.median(before[lost])
    assert np.median(after[~lost]) < 0.01


def test_openness_is_the_share_of_light_that_arrives(rng):
    lights = sphere_of_lights(331)
    surface = glossy_surface(rng, SHAPE, exponent=20.0, lobe=0.0)
    readings = surface.readings(lights)
    # Walls to one side hide what comes from beyond them, more for some pixels than for others.
    depth = np.linspace(-1.0, 0.6, SHAPE[1])
    hidden = lights[:, 0, None] < depth
    readings = readings * ~hidden[:, None, None, :]
    irradiance = np.maximum(np.einsum("lk,hwk->lhw", lights, surface.normals), 0.0)
    weights = solid_angles(lights)[:, None, None] / np.pi
    arrives = np.sum(weights * irradiance * ~hidden[:, None, :], axis=0)
    terms, normals, confidence, view = solved(readings.astype(np.float16), lights)
    rig = lights, solid_angles(lights)
    flat = flat_lit(readings, lights)
    made = albedo_with_flat_light(flat, terms, normals, confidence, view, rig)
    sure = confidence > 0.9
    assert sure.mean() > 0.5
    assert_allclose(made.openness[sure], arrives[sure], rtol=0, atol=0.03)


def test_a_pixel_without_a_normal_gets_the_usual_light():
    lights = sphere_of_lights(156)
    surface = Surface(np.tile([0.0, 0.0, 1.0], (2, 3, 1)), np.full((2, 3, 3), 0.4))
    flat = flat_lit(surface.readings(lights), lights)
    normals = surface.normals.astype(np.float32)
    normals[0, 0] = 0.0
    plane = np.zeros((2, 3), np.float32)
    terms = PhongMaps(
        surface.albedo.astype(np.float32), np.zeros((2, 3, 3), np.float32), plane, plane,
        np.zeros((2, 3), np.uint8),
    )  # fmt: skip
    view = view_directions(2, 3, None)
    sure = np.float32(normals.any(axis=-1))
    whole = albedo_with_flat_light(flat, terms, normals, sure, view, (lights, solid_angles(lights)))
    assert_allclose(whole.albedo, 0.4, rtol=0.02, atol=0)
    assert whole.openness[0, 0] == 0.0
    assert_allclose(whole.openness[1], 1.0, rtol=0.02, atol=0)


def test_maps_and_lights_of_another_size_are_refused(rng):
    lights = sphere_of_lights(24)
    surface = glossy_surface(rng, SHAPE, exponent=20.0, lobe=0.1)
    terms, normals, confidence, view = solved(surface.readings(lights).astype(np.float16), lights)
    flat = flat_lit(surface.readings(lights), lights)
    with pytest.raises(ValueError, match="Cut the same rows from all"):
        unwrap(albedo_with_flat_light)(
            flat[:3], terms, normals, confidence, view, (lights, solid_angles(lights))
        )
    with pytest.raises(ValueError, match="Pass those of the same rig"):
        unwrap(albedo_with_flat_light)(
            flat, terms, normals, confidence, view, (lights, solid_angles(lights)[1:])
        )
