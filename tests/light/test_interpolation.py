"""Lights between the lights."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from olat.light.arrangements import arcs, fibonacci_sphere
from olat.light.interpolation import weights_for_directions

SPHERE = fibonacci_sphere(156)
DOME = SPHERE[SPHERE[:, 1] > 0.1]
METHODS = ["nearest", "barycentric", "local", "thin_plate", "radial"]
OCTAHEDRON = np.vstack([np.eye(3), -np.eye(3)])
angles = st.floats(-1, 1).map(lambda x: round(x, 6))


def mixed_for(rig, toward, method="barycentric"):
    """Return weights, whether lights surround it, and the angle to the nearest, of one light."""
    found = weights_for_directions(rig, np.asarray(toward)[None], method=method)
    return SimpleNamespace(
        weights=found.weights[0],
        is_interpolated=bool(found.is_interpolated[0]),
        nearest_deg=float(found.nearest_deg[0]),
    )


def unit(*vector):
    vector = np.array(vector, np.float64)
    return vector / np.linalg.norm(vector)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("rig", [SPHERE, DOME, OCTAHEDRON, SPHERE[:1], SPHERE[:2], SPHERE[:3]])
def test_at_a_light_all_weight_is_its_own(rig, method):
    for light, direction in enumerate(rig):
        mixed = mixed_for(rig, 2.5 * direction, method)
        assert_array_equal(mixed.weights, np.eye(len(rig))[light])
        assert mixed.is_interpolated
        assert mixed.nearest_deg < 1e-5


def test_halfway_between_two_neighbors_each_gets_half():
    mixed = mixed_for(OCTAHEDRON, np.array([1.0, 1.0, 0.0]))
    assert_allclose(mixed.weights, [0.5, 0.5, 0, 0, 0, 0], rtol=0, atol=1e-12)
    assert mixed.nearest_deg == pytest.approx(45)


def test_in_the_middle_of_three_each_gets_a_third():
    mixed = mixed_for(OCTAHEDRON, np.array([1.0, 1.0, -1.0]))
    assert_allclose(mixed.weights, [1 / 3, 1 / 3, 0, 0, 0, 1 / 3], rtol=0, atol=1e-12)


@settings(max_examples=60)
@given(x=angles, y=angles, z=angles)
def test_the_mixed_lights_point_where_the_wanted_light_does(x, y, z):
    toward = np.array([x, y, z])
    if np.linalg.norm(toward) < 1e-3:
        return
    mixed = mixed_for(SPHERE, toward)
    assert mixed.is_interpolated
    assert (mixed.weights >= 0).all()
    assert np.count_nonzero(mixed.weights) <= 3
    assert mixed.weights.sum() == pytest.approx(1, abs=1e-12)
    middle = mixed.weights @ SPHERE
    assert_allclose(unit(*middle), unit(x, y, z), rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("method", "most"),
    [("barycentric", 0.15), ("local", 0.15), ("radial", 0.2), ("thin_plate", 0.2)],
)
def test_the_weights_move_smoothly_with_the_light(method, most):
    steps = np.linspace(0, np.pi, 400)
    path = np.stack([np.sin(steps), 0.3 * np.cos(3 * steps), np.cos(steps)], axis=1)
    weights = weights_for_directions(SPHERE, path, method=method).weights
    # A step is at most a thirteenth of the spacing of the lights.
    assert np.abs(np.diff(weights, axis=0)).max() < most


@pytest.mark.parametrize("method", METHODS)
def test_below_a_dome_the_nearest_light_stands_in(method):
    mixed = mixed_for(DOME, np.array([0.1, -1.0, 0.2]), method)
    assert not mixed.is_interpolated
    assert np.count_nonzero(mixed.weights) == 1
    assert mixed.nearest_deg > 60
    cosine = DOME @ unit(0.1, -1.0, 0.2)
    assert mixed.weights[cosine.argmax()] == 1


def test_inside_a_dome_three_lights_mix():
    assert mixed_for(DOME, np.array([0.2, 1.0, 0.3])).is_interpolated


def test_a_hole_in_a_sphere_is_not_bridged():
    holed = SPHERE[SPHERE @ unit(0, 0, -1) < np.cos(np.deg2rad(50))]
    assert not mixed_for(holed, np.array([0.0, 0.0, -1.0])).is_interpolated


def test_three_lights_mix_between_themselves_only():
    side = np.sqrt(0.03)
    three = np.array([unit(0, 0.2, 1), unit(side, -0.1, 1), unit(-side, -0.1, 1)])
    assert_allclose(mixed_for(three, np.array([0.0, 0.0, 1.0])).weights, 1 / 3, rtol=0, atol=1e-9)
    assert not mixed_for(three, np.array([0.0, 1.0, 0.0])).is_interpolated


@pytest.mark.parametrize("tilt", [0.5, 1.0])
def test_a_flat_ring_works(tilt):
    turn = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    flat = np.stack([np.cos(turn) * tilt, np.full(12, np.sqrt(1 - tilt**2)), np.sin(turn) * tilt])
    mixed = mixed_for(flat.T.copy(), np.array([1.0, 0.6, 0.05]))
    assert mixed.weights.sum() == pytest.approx(1)
    assert mixed.weights.argmax() == 0


def test_two_lights_in_one_place_do_not_confuse_their_neighbors():
    doubled = np.vstack([OCTAHEDRON, OCTAHEDRON[2]])
    mixed = mixed_for(doubled, np.array([1.0, 1.0, 1.0]))
    assert mixed.is_interpolated
    assert_allclose(mixed.weights[:2], 1 / 3, rtol=0, atol=1e-9)


@pytest.mark.parametrize("nowhere", [[0.0, 0.0, 0.0], [np.nan, 0.0, 1.0]])
def test_a_light_without_a_direction_is_refused(nowhere):
    with pytest.raises(ValueError, match="points nowhere"):
        mixed_for(SPHERE, np.array(nowhere))


def test_a_rig_without_lights_is_refused():
    with pytest.raises(ValueError, match="at least 1"):
        mixed_for(np.zeros((0, 3)), np.array([0.0, 0.0, 1.0]))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("rig", [SPHERE, DOME, np.vstack([OCTAHEDRON, OCTAHEDRON[:2]])])
def test_what_is_the_same_under_all_lights_stays_so(rig, method, rng):
    toward = rng.normal(size=(200, 3))
    found = weights_for_directions(rig, toward, method=method)
    assert_allclose(found.weights.sum(axis=1), 1.0, rtol=0, atol=1e-9)
    if method not in ("radial", "thin_plate"):
        assert (found.weights >= 0).all()


CUBE = np.array([[x, y, z] for x in (1, -1) for y in (1, -1) for z in (1, -1)]) / np.sqrt(3.0)
ARCS = arcs(12, 8)


@pytest.mark.parametrize("rig", [CUBE, ARCS, np.round(ARCS, 4), arcs(16, 11)])
def test_lights_on_arcs_leave_no_gaps_between_them(rig, rng):
    # Four lights on a circle make two triangles in one plane; which of them holds a direction must
    # not be left to rounding.
    rig = rig / np.linalg.norm(rig, axis=1, keepdims=True)
    toward = rng.normal(size=(2000, 3))
    toward /= np.linalg.norm(toward, axis=1, keepdims=True)
    mixed = weights_for_directions(rig, toward)
    assert mixed.is_interpolated.all()
    middle = mixed.weights @ rig
    middle /= np.linalg.norm(middle, axis=1, keepdims=True)
    assert_allclose(middle, toward, rtol=0, atol=1e-6)


def test_gaussians_are_refused_where_noise_would_grow(rng):
    with pytest.raises(ValueError, match=r"noise .* times as strong with these 96 lights"):
        weights_for_directions(ARCS, rng.normal(size=(500, 3)), method="radial")
    weights_for_directions(ARCS, rng.normal(size=(500, 3)), method="thin_plate")
