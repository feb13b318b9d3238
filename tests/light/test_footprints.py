"""Lights from latitude-longitude pictures, against lights that are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.spatial import KDTree

from olat.light.arrangements import above, fibonacci_sphere
from olat.light.footprints import (
    CONVENTIONS,
    center_of_footprint,
    from_convention,
    share_of_nearest,
    sites_of_cells,
)
from olat.light.latlong import directions_of_pixels

HEIGHT, WIDTH = 128, 256
PIXEL = np.pi / HEIGHT


def cells_of(lights: np.ndarray) -> np.ndarray:
    """Return the nearest light of every pixel."""
    pixels = directions_of_pixels(HEIGHT, WIDTH).reshape(-1, 3)
    return KDTree(lights).query(pixels)[1].reshape(HEIGHT, WIDTH)


def centers_of(cells: np.ndarray, count: int) -> np.ndarray:
    centers = np.array([center_of_footprint(cells == light) for light in range(count)])
    return centers / np.linalg.norm(centers, axis=1, keepdims=True)


def angles(found: np.ndarray, true: np.ndarray) -> np.ndarray:
    return 2 * np.arcsin(np.linalg.norm(found - true, axis=1) / 2)


@given(
    azimuth=st.floats(-np.pi, np.pi),
    height=st.floats(-1.0, 1.0),
    radius=st.floats(np.radians(8), np.radians(40)),
)
def test_a_round_patch_leads_to_its_middle_also_at_the_poles_and_across_the_seam(
    azimuth, height, radius
):
    flat = np.sqrt(1 - height**2)
    light = np.array([flat * np.sin(azimuth), height, flat * np.cos(azimuth)])
    lit = directions_of_pixels(HEIGHT, WIDTH) @ light > np.cos(radius)
    mean = center_of_footprint(lit)
    length = np.linalg.norm(mean)
    assert angles(mean[None] / length, light[None])[0] < 0.3 * PIXEL
    # The mean direction of a cap of radius r has the length cos^2 (r / 2).
    assert length == pytest.approx(np.cos(radius / 2) ** 2, abs=0.01)


def test_a_sphere_lit_all_over_has_no_middle():
    assert_allclose(center_of_footprint(np.ones((HEIGHT, WIDTH), bool)), 0.0, rtol=0, atol=1e-12)


def test_nothing_lit_is_refused():
    with pytest.raises(ValueError, match="nothing is lit"):
        center_of_footprint(np.zeros((HEIGHT, WIDTH), bool))


@pytest.mark.parametrize("count", [30, 60, 156])
def test_the_sites_of_cells_are_the_lights_where_their_centers_are_not(count, rng):
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    lights = fibonacci_sphere(count) @ turn.T
    lights = lights[lights[:, 1] > -0.6]  # a floor makes the lowest cells lopsided
    cells = cells_of(lights)
    centers = centers_of(cells, len(lights))
    sites = sites_of_cells(cells, centers)
    off = np.degrees([angles(centers, lights).max(), angles(sites, lights).max()])
    print(f"{count} lights: centers off by up to {off[0]:.2f} degrees, sites by {off[1]:.2f}")
    # Borders are known to half of a pixel (0.7 degrees); a cell has a dozen border pixels a side.
    assert off[1] < 1.0
    assert off[0] > 5.0
    assert share_of_nearest(cells, sites).min() > 0.95


def test_sites_that_are_right_stay_where_they_are():
    lights = above(fibonacci_sphere(60), -0.7)
    sites = sites_of_cells(cells_of(lights), lights)
    assert np.degrees(angles(sites, lights).max()) < 0.6


def test_patches_that_touch_nothing_keep_their_centers():
    lights = np.array([[0.0, 0, 1], [1, 0, 0], [0, 1, 0]])
    cells = cells_of(lights)
    pixels = directions_of_pixels(HEIGHT, WIDTH)
    cells[(pixels @ lights.T).max(axis=2) < np.cos(0.3)] = -1
    centers = centers_of(cells, 3)
    assert_allclose(sites_of_cells(cells, centers), centers, rtol=0, atol=1e-15)


def test_a_wrong_light_takes_its_neighbors_cell():
    lights = fibonacci_sphere(40)
    cells = cells_of(lights)
    assert_allclose(share_of_nearest(cells, lights), 1.0, rtol=0, atol=1e-12)
    swapped = lights[[1, 0, *range(2, 40)]]
    assert_allclose(share_of_nearest(cells, swapped)[:2], 0.0, rtol=0, atol=1e-12)
    assert_allclose(share_of_nearest(cells, swapped)[2:], 1.0, rtol=0, atol=1e-12)


def pixel_in(convention: str, light: np.ndarray) -> tuple[float, float]:
    """Return u and v where a program's own formula puts a direction."""
    x, y, z = light
    u = {
        "openexr": 0.5 - np.arctan2(x, z) / (2 * np.pi),
        "skylibs": (1 + np.arctan2(x, -z) / np.pi) / 2,
        "three": np.arctan2(z, x) / (2 * np.pi) + 0.5,
    }[convention]
    return u % 1.0, np.arccos(y) / np.pi


@pytest.mark.parametrize("convention", ["openexr", "skylibs", "three"])
@given(azimuth=st.floats(-np.pi, np.pi), elevation=st.floats(-1.2, 1.2))
def test_a_light_is_read_where_the_program_meant_it(convention, azimuth, elevation):
    flat = np.cos(elevation)
    light = np.array([flat * np.sin(azimuth), np.sin(elevation), flat * np.cos(azimuth)])
    u, v = pixel_in(convention, light)
    theta, phi = np.pi * v, 2 * np.pi * (0.5 - u)
    read = [np.sin(theta) * np.sin(phi), np.cos(theta), np.sin(theta) * np.cos(phi)]
    assert_allclose(from_convention(np.array([read]), convention)[0], light, rtol=0, atol=1e-12)


def test_blender_and_three_agree_and_mitsuba_is_openexr():
    assert CONVENTIONS["blender"] == CONVENTIONS["three"]
    assert CONVENTIONS["mitsuba"] == CONVENTIONS["openexr"] == 0.0
