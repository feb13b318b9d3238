"""Lights at finite distance: where they are from each pixel, and what they send there."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.surface.lambert import normals_from_olats
from olat.surface.near_light import Lamps
from tests.surface.readings import degrees_between, no_flags, sphere_of_lights

RADIUS, REACH = 0.1, 1.7
"""Of a head and of a stage [m]."""


def sphere(size: int = 24):
    """Return normals and places of the visible cap of a sphere around the origin."""
    x, y = np.meshgrid(*(np.linspace(-0.9, 0.9, size),) * 2)
    x, y = x[:, : size - 2], -y[:, : size - 2]
    square = np.minimum(x**2 + y**2, 0.95)
    scale = np.sqrt(square / np.maximum(x**2 + y**2, 1e-12))
    normals = np.stack([x * scale, y * scale, np.sqrt(1.0 - square)], axis=-1)
    return normals, (RADIUS * normals).astype(np.float32)


def photographed(normals, beams, albedo=0.5):
    facing = np.maximum(np.einsum("lhwk,hwk->lhw", beams, normals), 0.0)
    return (albedo * facing)[:, np.newaxis].astype(np.float32)


def lamps_of(count=96, **told):
    return Lamps(REACH * sphere_of_lights(count), **told)


def test_a_head_in_a_stage_leans_by_degrees_under_distant_lights_and_not_under_near_ones():
    normals, places = sphere()
    lamps = lamps_of()
    near = lamps.seen_from(places)
    readings = photographed(normals, near.beams)
    error = {}
    for name, lights in (("distant", sphere_of_lights(96)), ("near", near)):
        for method in ("least_squares", "robust", "sparse_bayesian"):
            found, albedo, _, flags = normals_from_olats(
                readings, no_flags(readings), lights, method=method
            )
            assert not flags.any()
            error[name, method] = degrees_between(found, normals).max()
            if name == "near":
                assert_allclose(albedo, 0.5, rtol=0, atol=1e-3)
    print({key: round(float(worst), 4) for key, worst in error.items()})
    assert max(worst for (name, _), worst in error.items() if name == "near") < 0.05
    # Errors from opposite sides cancel in plain least squares over a whole sphere of lights.
    assert error["distant", "least_squares"] > 0.5
    assert error["distant", "robust"] > 2.0


@pytest.mark.parametrize("exponent", [1.0, 2.7])
def test_a_beam_that_dims_off_its_axis_is_taken_out(rng, exponent):
    normals, places = sphere()
    axes = -sphere_of_lights(60) + rng.normal(0.0, 0.1, (60, 3))
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    told = {"axes": axes, "exponents": np.full(60, exponent)}
    near = lamps_of(60, **told).seen_from(places)
    readings = photographed(normals, near.beams)
    aimed, *_ = normals_from_olats(readings, no_flags(readings), near)
    even, *_ = normals_from_olats(readings, no_flags(readings), lamps_of(60).seen_from(places))
    assert degrees_between(aimed, normals).max() < 0.05
    assert degrees_between(even, normals).mean() > 0.05


def test_at_the_origin_a_near_light_is_a_distant_one():
    places = np.zeros((1, 2, 3), np.float32)
    lamps = lamps_of(5, exponents=np.array([0.0, 1.0, 2.0, 3.5, 0.5]))
    beams = lamps.seen_from(places).beams
    assert_allclose(beams, sphere_of_lights(5)[:, None, None] * np.ones((1, 1, 2, 1)), atol=1e-12)


def test_half_way_to_a_light_it_is_four_times_as_bright():
    lamps = Lamps(np.array([[0.0, 0.0, 2.0]]))
    beams = lamps.seen_from(np.array([[[0.0, 0.0, 1.0]]], np.float32)).beams
    assert_allclose(beams[0, 0, 0], [0.0, 0.0, 4.0], atol=1e-12)


def test_the_compiled_loops_agree_with_numpy(rng):
    """Masked normal equations with each pixel's own beams, in double precision."""
    normals, places = sphere(16)
    near = lamps_of(48, exponents=rng.uniform(0.0, 3.0, 48)).seen_from(places)
    beams = near.beams
    readings = photographed(normals, beams) + rng.normal(0.0, 0.01, (48, 1, 16, 14))
    readings = readings.astype(np.float32)
    value = readings[:, 0].astype(float)
    lit = value > np.maximum(0.05 * np.sort(value, axis=0)[-3], 1e-3)
    system = np.einsum("lhw,lhwi,lhwj->hwij", lit, beams, beams)
    scaled = np.linalg.solve(system, np.einsum("lhw,lhwi->hwi", lit * value, beams)[..., None])
    expected = scaled[..., 0] / np.linalg.norm(scaled[..., 0], axis=-1, keepdims=True)
    found, *_ = normals_from_olats(readings, no_flags(readings), near, method="least_squares")
    assert degrees_between(found, expected).max() < 1e-3


def test_a_strip_of_rows_is_solved_as_the_whole_is(rng):
    normals, places = sphere()
    near = lamps_of().seen_from(places)
    readings = photographed(normals, near.beams)
    whole, *_ = normals_from_olats(readings, no_flags(readings), near)
    strip = np.ascontiguousarray(readings[:, :, 7:12])
    part, *_ = normals_from_olats(strip, no_flags(strip), near.rows(7, 12))
    np.testing.assert_array_equal(part, whole[7:12])


def test_lamps_that_cannot_be_are_refused():
    place = np.array([[0.0, 0.0, 1.0]])
    for told, words in (
        ({"positions": np.zeros((1, 3))}, "a place off the origin was needed"),
        ({"positions": place * np.nan}, "a place off the origin was needed"),
        ({"positions": place, "exponents": np.array([-1.0])}, "0 or more were needed"),
        (
            {"positions": place, "axes": place, "exponents": np.array([1.0])},
            "its axis points away from the origin",
        ),
    ):
        with pytest.raises(ValueError, match=words):
            Lamps(**told)
    readings = np.zeros((1, 3, 2, 2), np.float32)
    elsewhere = Lamps(place).seen_from(np.zeros((2, 3, 3), np.float32))
    with pytest.raises(ValueError, match=r"places: .* \(2, 2, 3\) was needed"):
        normals_from_olats(readings, no_flags(readings), elsewhere)
