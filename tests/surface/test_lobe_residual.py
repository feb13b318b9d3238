"""What lobes lack: with it, the photographs that they were fitted to come back."""

from __future__ import annotations

from dataclasses import replace
from inspect import unwrap

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.surface.cosine_lobe import lobes_from_moments
from olat.surface.lobe_residual import missing_moments, missing_under_lights, shortest_basis
from tests.surface.readings import (
    Surface,
    normals_facing,
    sphere_of_lights,
    with_cast_shadows,
)

SHAPE = (6, 8)
LIGHTS = sphere_of_lights(331)


def scene(rng):
    """Return readings ``(light, h, w, 3)`` of glossy pixels, some in cast shadow, and weights."""
    albedo = rng.uniform(0.05, 0.8, (*SHAPE, 3))
    albedo[:, ::2] *= 1e-3  # polished metal, sharper than any lobe
    surface = Surface(
        normals_facing(rng, SHAPE, 45.0),
        albedo,
        rng.uniform(0.5, 3.0, SHAPE),
        rng.uniform(5.0, 600.0, SHAPE),
    )
    readings = with_cast_shadows(surface.readings(LIGHTS), LIGHTS, rng)
    tints = rng.uniform(0.8, 1.2, (331, 1)) * rng.uniform(0.9, 1.1, (331, 3))
    return np.moveaxis(readings, 1, -1), 4 * np.pi * tints / tints.sum(axis=0)


def gradients(readings, weights, *, white):
    """Return the photographs: full-on, then a color gradient or three white ones."""
    drives = (1.0 + LIGHTS) / 2.0
    full_on = np.einsum("lhwc,lc->hwc", readings, weights)
    if white:
        return full_on, np.einsum("lhwc,lc,lj->hwcj", readings, weights, drives)
    return full_on, np.einsum("lhwc,lc,lc->hwc", readings, weights, drives)


def visible(direction):
    """Hide some lights from some pixels, softly."""
    columns = np.linspace(-1.0, 1.0, SHAPE[1])
    return np.broadcast_to(np.clip(0.5 + 3.0 * (direction[0] - columns), 0.0, 1.0), SHAPE)


@pytest.mark.parametrize("white", [False, True], ids=["color gradient", "white gradients"])
@pytest.mark.parametrize("shadows", [None, visible], ids=["", "in shadows"])
def test_the_photographs_come_back_from_lobes_and_residual(rng, white, shadows):
    readings, weights = scene(rng)
    full_on, shot = gradients(readings, weights, white=white)
    moment = 2.0 * shot - (full_on[..., np.newaxis] if white else full_on)
    lobes = lobes_from_moments(full_on, moment)
    assert lobes.flags.any()
    assert not lobes.flags.all()
    missing = missing_under_lights(lobes, full_on, moment, LIGHTS, weights, visibility=shadows)
    added = missing.over_lights(shortest_basis(LIGHTS, weights, is_shared=not white))
    seen = [1.0 if shadows is None else shadows(w)[..., np.newaxis] for w in LIGHTS]
    of_lobes = np.stack([lobes.reading(w) * v for w, v in zip(LIGHTS, seen, strict=True)])
    again = gradients(of_lobes + added, weights, white=white)
    alone = gradients(of_lobes, weights, white=white)
    worst = max(np.abs(a / b - 1.0).max() for a, b in zip(again, (full_on, shot), strict=True))
    before = max(np.abs(a / b - 1.0).max() for a, b in zip(alone, (full_on, shot), strict=True))
    print(f"largest relative error: {worst:.1e}; without the residual {before:.1e}")
    assert worst < 1e-6
    assert before > 1e-2


def test_the_residual_is_the_shortest_that_there_is(rng):
    weights = rng.uniform(0.5, 1.5, (40, 3))
    lights = sphere_of_lights(40)
    basis = shortest_basis(lights, weights, is_shared=False)
    rows = np.column_stack([np.ones(40), lights])
    for channel in range(3):
        patterns = rows.T * weights[:, channel]
        assert_allclose(patterns @ basis[:, channel], np.eye(4), rtol=0, atol=1e-12)
        # What gradients cannot see, added to it, can only make it longer.
        unseen = np.eye(40) - np.linalg.pinv(patterns) @ patterns
        assert_allclose(unseen @ basis[:, channel], 0.0, rtol=0, atol=1e-12)


def test_over_a_whole_sphere_integral_and_moment_are_those_that_are_missing(rng):
    integral = rng.uniform(0.2, 1.0, (3, 4, 3))
    vectors = rng.normal(size=(3, 4, 3, 3))
    vectors /= np.linalg.norm(vectors, axis=-1, keepdims=True)
    moment = (integral * rng.uniform(0.996, 1.5, (3, 4, 3)))[..., np.newaxis] * vectors
    lobes = lobes_from_moments(integral, moment)
    assert (lobes.flags != 0).all()
    missing = missing_moments(lobes, integral, moment)
    node, weight = np.polynomial.legendre.leggauss(8)
    azimuth = 2 * np.pi * np.arange(16) / 16
    total, along = np.zeros_like(integral), np.zeros_like(moment)
    for z, share in zip(node, weight, strict=True):
        for phi in azimuth:
            side = np.sqrt(1 - z * z)
            direction = np.array([side * np.cos(phi), side * np.sin(phi), z])
            reading = missing.reading(direction) * share * 2 * np.pi / 16
            total += reading
            along += reading[..., np.newaxis] * direction
    assert_allclose(lobes.integral + total, integral, rtol=0, atol=1e-9)
    assert_allclose(lobes.moment + along, moment, rtol=0, atol=1e-9)


def test_nothing_is_missing_where_no_lobe_was_clamped(rng):
    integral = rng.uniform(0.2, 1.0, (3, 4, 3))
    moment = integral * 0.5 * rng.uniform(-1.0, 1.0, (3, 4, 3))
    missing = missing_moments(lobes_from_moments(integral, moment), integral, moment)
    assert_allclose(missing.integral, 0.0, rtol=0, atol=1e-15)
    assert_allclose(missing.moment, 0.0, rtol=0, atol=1e-15)


def test_a_dark_pixel_gives_its_photographs_back_by_the_residual_alone():
    integral = np.full((1, 1, 3), -2e-4)
    moment = np.array([[[1e-4, -3e-4, 2e-4]]])
    lobes = lobes_from_moments(integral, moment)
    missing = missing_moments(lobes, integral, moment)
    assert not lobes.integral.any()
    assert_allclose(missing.integral, integral, rtol=0, atol=0)
    assert_allclose(np.einsum("hwcc->hwc", missing.moment), moment, rtol=0, atol=1e-18)


def test_leaking_primaries_add_to_what_is_missing_as_they_were_seen(rng):
    matrix = np.array([[0.88, 0.10, 0.02], [0.10, 0.80, 0.10], [0.02, 0.15, 0.83]])
    integral = rng.uniform(0.2, 1.0, (3, 4, 3))
    moment = integral * 0.8 * rng.choice([-1.0, 1.0], (3, 4, 3))  # a ratio of 1.39 everywhere
    in_primaries = missing_moments(lobes_from_moments(integral, moment), integral, moment)
    lobes = lobes_from_moments(integral, moment)
    seen = missing_moments(
        replace(lobes, integral=integral @ matrix.T),
        integral @ matrix.T,
        moment @ matrix.T,
        primaries=matrix,
    )
    for direction in LIGHTS[::50]:
        expected = in_primaries.reading(direction) @ matrix.T
        assert_allclose(seen.reading(direction), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("count", [3, 24])
def test_lights_in_a_plane_are_refused(count):
    turn = 2 * np.pi * np.arange(count) / count
    ring = np.stack([np.cos(turn), np.sin(turn), np.zeros(count)], axis=1)
    with pytest.raises(ValueError, match=f"{count} that are too few, or in one plane"):
        unwrap(shortest_basis)(ring, np.ones((count, 3)), is_shared=False)
