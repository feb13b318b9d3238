"""Made-up rigs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from olat.light.arrangements import (
    above,
    angles_of,
    arcs,
    direction_at,
    fibonacci_sphere,
    spiral_order,
)
from olat.light.quadrature import solid_angles
from olat.light.spacing import spacings


@pytest.mark.parametrize("count", [24, 156, 331])
def test_every_light_of_a_spiral_stands_for_about_the_same_share(count):
    shares = solid_angles(fibonacci_sphere(count)) / (4 * np.pi / count)
    assert shares.min() > 0.85
    assert shares.max() < 1.15


def test_a_spiral_leans_nowhere():
    directions = fibonacci_sphere(156)
    assert_allclose(np.linalg.norm(directions, axis=1), 1.0, rtol=0, atol=1e-12)
    assert_allclose(directions.mean(axis=0), 0.0, rtol=0, atol=2e-3)
    # A uniform sphere has a third of its moment on each axis.
    assert_allclose(directions.T @ directions / 156, np.eye(3) / 3, rtol=0, atol=2e-3)


def test_the_first_light_is_near_the_top():
    assert fibonacci_sphere(100)[0, 1] == pytest.approx(0.99, abs=1e-12)


def test_a_sphere_needs_a_light():
    with pytest.raises(ValueError, match="at least 1"):
        fibonacci_sphere(0)


def test_azimuth_grows_to_the_right_and_elevation_upwards():
    angles = np.radians([[0, 0], [90, 0], [0, 90], [-90, 0], [180, 0]])
    directions = direction_at(angles[:, 0], angles[:, 1])
    expected = [[0, 0, 1], [1, 0, 0], [0, 1, 0], [-1, 0, 0], [0, 0, -1]]
    assert_allclose(directions, expected, rtol=0, atol=1e-15)


@given(
    azimuth=st.floats(-np.pi + 1e-6, np.pi - 1e-6),
    elevation=st.floats(-np.pi / 2 + 1e-4, np.pi / 2 - 1e-4),
)
def test_angles_lead_back_to_the_direction(azimuth, elevation):
    back = angles_of(direction_at(np.array([azimuth]), np.array([elevation])))
    # Near a pole the arcsine loses half of the digits.
    assert_allclose(np.ravel(back), [azimuth, elevation], rtol=0, atol=1e-8)


def test_arcs_stand_at_equal_azimuths_and_hold_both_ends():
    lights = arcs(12, 5, elevations=(np.radians(-40), np.radians(60)))
    azimuth, elevation = (np.degrees(angles).reshape(12, 5) for angles in angles_of(lights))
    assert_allclose(elevation, np.broadcast_to([-40, -15, 10, 35, 60], (12, 5)), rtol=0, atol=1e-9)
    assert_allclose(azimuth[:, 0] % 360, 30 * np.arange(12), rtol=0, atol=1e-9)
    assert_allclose(lights[0], direction_at(np.zeros(1), np.radians([-40.0]))[0], rtol=0, atol=0)


def test_a_whole_arc_ends_half_a_step_from_the_poles():
    _, elevation = angles_of(arcs(3, 9))
    assert_allclose(np.degrees(elevation[:9]), np.arange(-80, 81, 20), rtol=0, atol=1e-9)


def test_an_arc_of_one_light_is_a_ring():
    lights = arcs(8, 1, elevations=(0.3, 0.3))
    assert_allclose(lights[:, 1], np.sin(0.3), rtol=0, atol=1e-15)


@pytest.mark.parametrize(
    ("count", "per_arc", "degrees", "words"),
    [
        (0, 4, None, "0 arcs of 4 lights; at least 1"),
        (4, 2, (30, -30), "elevations 30 to -30 degrees; from low to high"),
        (4, 2, (-30, 100), "within -90 and 90"),
        (4, 2, (10, 10), "room between the two"),
        (4, 5, (-45, 90), "their lights meet in the pole"),
        (4, 5, (-90, 45), "their lights meet in the pole"),
    ],
)
def test_arcs_that_cannot_hang_are_refused(count, per_arc, degrees, words):
    elevations = None if degrees is None else tuple(np.radians(degrees).tolist())
    with pytest.raises(ValueError, match=words):
        arcs(count, per_arc, elevations=elevations)


def test_a_single_arc_may_reach_the_pole():
    assert_allclose(arcs(1, 3, elevations=(0.0, np.pi / 2))[-1], [0, 1, 0], rtol=0, atol=1e-15)


def test_lights_below_the_floor_are_left_out_and_those_on_it_stay():
    lights = arcs(6, 7, elevations=(np.radians(-60), np.radians(60)))
    assert len(above(lights, np.radians(-20))) == 6 * 5
    with pytest.raises(ValueError, match="all 42 lights are below an elevation of 80 degrees"):
        above(lights, np.radians(80))


@pytest.mark.parametrize("count", [60, 156, 331])
def test_a_spiral_leads_from_the_camera_to_the_back_in_small_steps(count):
    directions = fibonacci_sphere(count)
    order = spiral_order(directions)
    assert sorted(order) == list(range(count))
    ordered = directions[order]
    assert ordered[0, 2] > 0.95
    assert ordered[-1, 2] < -0.95
    steps = 2 * np.arcsin(np.linalg.norm(np.diff(ordered, axis=0), axis=1) / 2)
    spacing = np.median(spacings(directions))
    # Lights of one winding are neighbors, or neighbors of neighbors.
    assert np.median(steps) < 2.0 * spacing
    # The angle from +z grows by no more than a winding back and forth.
    theta = np.arccos(ordered[:, 2])
    assert (theta - np.maximum.accumulate(theta)).min() > -1.5 * np.sqrt(4 * np.pi / count)
