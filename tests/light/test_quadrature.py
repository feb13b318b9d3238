"""Solid angles of lights, whatever the rig."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.spatial.transform import Rotation

from olat.light.arrangements import fibonacci_sphere
from olat.light.quadrature import coverage, reach, solid_angles

SPHERE = 4 * np.pi
CUBE = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) / np.sqrt(3)
OCTAHEDRON = np.vstack([np.eye(3), -np.eye(3)])
Z = np.array([[0.0, 0.0, 1.0]])


def cap(radius_deg):
    """Return the area of a spherical cap."""
    return 2 * np.pi * (1 - np.cos(np.deg2rad(radius_deg)))


def ring(count, tilt_deg):
    """Return lights around +z, all at the same angle from it."""
    tilt, turn = np.deg2rad(tilt_deg), 2 * np.pi * np.arange(count) / count
    around = np.stack([np.cos(turn), np.sin(turn)], axis=1) * np.sin(tilt)
    return np.column_stack([around, np.full(count, np.cos(tilt))])


@pytest.mark.parametrize("count", [4, 12, 24, 156, 331])
def test_the_cells_of_a_full_sphere_fill_it(count):
    assert solid_angles(fibonacci_sphere(count)).sum() == pytest.approx(SPHERE, abs=1e-12)


@pytest.mark.parametrize("solid", [CUBE, OCTAHEDRON])
def test_the_corners_of_a_regular_solid_share_evenly(solid):
    assert_allclose(solid_angles(solid), SPHERE / len(solid), rtol=1e-12)


def test_uneven_lights_get_what_a_million_random_directions_give_them(rng):
    directions = rng.normal(size=(60, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    everywhere = rng.normal(size=(200_000, 3))
    everywhere /= np.linalg.norm(everywhere, axis=1, keepdims=True)
    cosine = everywhere @ directions.T
    nearest, best = cosine.argmax(axis=1), cosine.max(axis=1)
    near = best >= np.cos(reach(directions))
    counted = SPHERE * np.bincount(nearest[near], minlength=60) / len(everywhere)
    # One standard deviation of the count is about 0.004 sr.
    assert_allclose(solid_angles(directions), counted, rtol=0, atol=0.02)


def test_one_light_stands_for_a_cap():
    assert solid_angles(Z) == pytest.approx(cap(30), rel=1e-12)


def test_two_distant_lights_of_a_narrow_rig_do_not_light_the_far_side():
    pair = np.array([[np.sin(0.1), 0, np.cos(0.1)], [-np.sin(0.1), 0, np.cos(0.1)]])
    areas = solid_angles(pair)
    assert areas[0] == pytest.approx(areas[1], rel=1e-9)
    assert cap(30) < areas.sum() < 2 * cap(30)


def test_a_narrow_cap_of_lights_is_lit_as_far_as_they_reach():
    # Lights every few degrees within 40 degrees of +z, each reaching 30: a cap of 70 degrees.
    dense = np.vstack([Z, *(ring(6 * k, 4 * k) for k in range(1, 11))])
    assert solid_angles(dense).sum() == pytest.approx(cap(70), rel=5e-3)
    assert coverage(dense) == pytest.approx(cap(70) / SPHERE, rel=5e-3)


@pytest.mark.parametrize("tilt", [30, 60, 90])
def test_a_ring_shares_evenly_though_it_is_flat(tilt):
    areas = solid_angles(ring(12, tilt))
    assert_allclose(areas, areas[0], rtol=1e-3)


def test_two_lights_in_one_place_share_its_cell():
    lone = solid_angles(fibonacci_sphere(24))
    doubled = solid_angles(np.vstack([fibonacci_sphere(24), fibonacci_sphere(24)[5]]))
    assert doubled[5] == doubled[24] == pytest.approx(lone[5] / 2, rel=1e-12)
    assert doubled.sum() == pytest.approx(SPHERE, abs=1e-12)


@pytest.mark.parametrize("count", [1, 5, 24, 90])
def test_turning_a_rig_changes_no_cell(count):
    turn = Rotation.from_rotvec([0.3, -1.1, 0.7]).as_matrix()
    directions = fibonacci_sphere(120)[:count]
    # The integral over a clipped cell steps through the azimuth from somewhere else.
    assert_allclose(solid_angles(directions @ turn.T), solid_angles(directions), rtol=0, atol=5e-5)


def test_a_full_sphere_is_covered_and_half_of_it_about_half():
    sphere = fibonacci_sphere(331)
    assert coverage(sphere) == pytest.approx(1.0, abs=1e-12)
    # The upper half reaches 30 degrees below the horizon: (1 + sin 30)/2.
    assert coverage(sphere[sphere[:, 1] > 0]) == pytest.approx(0.75, abs=0.04)


def test_the_reach_of_a_dense_rig_is_thirty_degrees_and_of_a_sparse_one_twice_its_spacing():
    assert np.rad2deg(reach(fibonacci_sphere(331))) == pytest.approx(30)
    assert np.rad2deg(reach(OCTAHEDRON)) == pytest.approx(180)
    assert np.rad2deg(reach(Z)) == pytest.approx(30)


def test_a_second_light_in_every_place_does_not_shorten_the_reach():
    assert reach(np.vstack([OCTAHEDRON, OCTAHEDRON])) == pytest.approx(reach(OCTAHEDRON))


def test_no_lights_share_nothing():
    with pytest.raises(ValueError, match="at least 1"):
        solid_angles(np.zeros((0, 3)))
