"""The grid of MERL materials, against rotations written out and materials in closed form."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from olat.surface.analytic_brdf import ggx, lambert, phong
from olat.surface.merl import (
    GRID,
    NO_DATA,
    HalfAngles,
    MerlTable,
    cell_centers,
    cells,
    characteristic_slice,
    directions_at,
    evaluated,
    half_angles,
)
from olat.surface.merl_albedo import reflected_share
from olat.surface.merl_tabulation import tabulated

UP = np.array([0.0, 0.0, 1.0])
GLOSSY = ggx((0.5, 0.3, 0.2), roughness=0.3)


@pytest.fixture(scope="module")
def glossy() -> MerlTable:
    """Return a glossy material as a table."""
    return tabulated(GLOSSY, name="glossy")


def directions(rng, count, *, largest_deg=89.9):
    """Return unit vectors above the surface."""
    z = rng.uniform(np.cos(np.radians(largest_deg)), 1.0, count)
    turn = rng.uniform(0.0, 2.0 * np.pi, count)
    radius = np.sqrt(1.0 - z * z)
    return np.stack([radius * np.cos(turn), radius * np.sin(turn), z], axis=1)


def turn_about(axis, angle):
    """Return the matrix of a turn about an axis (Rodrigues)."""
    x, y, z = axis
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def cell_by_turns(light, camera):
    """Turn the half vector upright, step by step, as the definition has it."""
    half = (light + camera) / np.linalg.norm(light + camera)
    theta, phi = np.arccos(half[2]), np.arctan2(half[1], half[0])
    upright = turn_about((0, 1, 0), -theta) @ turn_about((0, 0, 1), -phi) @ light
    turn = np.arctan2(upright[1], upright[0])
    turn += np.pi if turn < 0 else 0.0
    return (
        min(int(np.sqrt(theta / (np.pi / 2) * 90 * 90)), 89),
        min(int(np.arccos(upright[2]) / (np.pi / 2) * 90), 89),
        min(int(turn / np.pi * 180), 179),
    )


def test_cells_are_those_of_turning_the_half_vector_upright(rng):
    light, camera = directions(rng, 400), directions(rng, 400)
    found = np.stack(cells(half_angles(UP, light, camera)), axis=1)
    expected = [cell_by_turns(a, b) for a, b in zip(light, camera, strict=True)]
    assert_array_equal(found, expected)


def test_cells_do_not_depend_on_the_frame(rng):
    light, camera = directions(rng, 400), directions(rng, 400)
    turn = turn_about(directions(rng, 1)[0], 1.1)
    own, other = (
        half_angles(UP, light, camera),
        half_angles(turn @ UP, light @ turn.T, camera @ turn.T),
    )
    for name in ("half", "difference", "turn"):
        assert_allclose(getattr(other, name), getattr(own, name), rtol=0, atol=1e-9)


def test_light_and_camera_may_change_places(rng, glossy):
    light, camera = directions(rng, 400), directions(rng, 400)
    there = evaluated(glossy, half_angles(UP, light, camera))[0]
    back = evaluated(glossy, half_angles(UP, camera, light))[0]
    assert_array_equal(there, back)


def test_the_middle_of_every_cell_lies_in_it():
    middles = cell_centers()
    for found, expected in zip(cells(middles), np.indices(GRID), strict=True):
        assert_array_equal(found, expected)
    light, camera = directions_at(middles)
    again = half_angles(UP, light, camera)
    for name in ("half", "difference"):
        assert_allclose(getattr(again, name), getattr(middles, name), rtol=0, atol=1e-9)
    # Nearly along the half vector the turn of the light is ill-defined, as it is at a pole.
    assert_allclose(again.turn, middles.turn, rtol=0, atol=1e-7)


def test_the_ends_of_the_grid_fall_into_the_last_cells():
    ends = HalfAngles(*(np.array([end]) for end in (np.pi / 2, np.pi / 2, np.pi)))
    assert [int(place[0]) for place in cells(ends)] == [89, 89, 179]


def test_a_matte_table_reads_the_same_everywhere(rng):
    table = tabulated(lambert((0.8, 0.5, 0.1)))
    light, camera = directions(rng, 400, largest_deg=80), directions(rng, 400, largest_deg=80)
    for lookup in ("nearest", "trilinear"):
        values, is_known = evaluated(table, half_angles(UP, light, camera), lookup=lookup)
        assert is_known.all()
        assert_allclose(values, np.broadcast_to([0.8, 0.5, 0.1], (400, 3)) / np.pi, atol=1e-15)


def half_steps(table, *, beyond):
    """Return half the largest relative step between cells, summed over the axes of the grid."""
    light, camera = directions_at(cell_centers())
    lowest = np.cos(np.radians(beyond + 1.0))
    shown = (light[..., 2] > lowest) & (camera[..., 2] > lowest)
    level = np.log(np.where(shown & table.is_measured, table.values, np.nan))
    return sum(np.nanmax(np.abs(np.expm1(np.diff(level, axis=axis)))) / 2 for axis in (1, 2, 3))


def test_between_cells_a_smooth_material_comes_back(rng, glossy):
    light, camera = directions(rng, 4000, largest_deg=75), directions(rng, 4000, largest_deg=75)
    truth = GLOSSY(light, camera)
    angles = half_angles(UP, light, camera)
    off = {
        lookup: np.abs(evaluated(glossy, angles, lookup=lookup)[0] / truth - 1.0).max(axis=1)
        for lookup in ("nearest", "trilinear")
    }
    for lookup, errors in off.items():
        told = ", ".join(f"{100 * np.percentile(errors, part):.3f} %" for part in (50, 95, 100))
        print(f"GGX 0.3, {lookup}: median, 95 %, largest error {told}")
    # Nothing is farther from the middle of its cell than half the steps to its neighbors.
    assert off["nearest"].max() < half_steps(glossy, beyond=75.0)
    assert off["trilinear"].max() < 0.005


def test_what_was_not_measured_is_told_and_not_made_up(glossy):
    grazing = directions_at(HalfAngles(*(np.array([a]) for a in (1.5, 1.5, 0.01))))
    values, is_known = evaluated(glossy, half_angles(UP, *grazing))
    assert not is_known.any()
    assert not values.any()


def test_a_hole_in_the_table_is_not_filled_by_its_neighbors(glossy):
    holed = glossy.values.copy()
    holed[1, 10, 20, 30] = -7.0
    table = MerlTable(holed)
    middle = HalfAngles(*(angles[10, 20, 30:31] for angles in vars(cell_centers()).values()))
    for lookup in ("nearest", "trilinear"):
        values, is_known = evaluated(table, middle, lookup=lookup)
        assert not is_known.any()
        assert not values.any()


def test_beside_a_hole_only_measured_cells_count(glossy):
    holed = glossy.values.copy()
    holed[:, 10, 20, 31] = NO_DATA
    centers = cell_centers()
    place = (10, 20, 30)
    toward = HalfAngles(
        centers.half[place][np.newaxis],
        centers.difference[place][np.newaxis],
        centers.turn[place][np.newaxis] + 0.4 * np.pi / 180,
    )
    values, is_known = evaluated(MerlTable(holed), toward, lookup="trilinear")
    assert is_known.all()
    assert_allclose(values[0], glossy.values[:, 10, 20, 30], rtol=1e-12, atol=0)


def test_the_turn_closes_upon_itself(glossy):
    centers = cell_centers()
    ends = [
        HalfAngles(
            centers.half[40, 30, :1],
            centers.difference[40, 30, :1],
            np.array([turn]),
        )
        for turn in (0.0, np.pi - 1e-12)
    ]
    first, last = (evaluated(glossy, end, lookup="trilinear")[0] for end in ends)
    assert_allclose(first, last, rtol=0, atol=1e-9)


def test_a_material_that_is_not_reciprocal_is_refused():
    def one_way(light, camera):
        return np.repeat(light[..., 2:], 3, axis=-1)

    with pytest.raises(ValueError, match="when light and camera change places"):
        tabulated(one_way, name="velvet")


def test_a_material_below_zero_is_refused():
    with pytest.raises(ValueError, match="finite numbers of at least 0"):
        tabulated(lambert((0.5, -0.1, 0.5)))


@pytest.mark.parametrize(
    "brdf", [GLOSSY, phong((0.4, 0.3, 0.2), specular=0.5, exponent=40.0)], ids=["ggx", "phong"]
)
def test_analytic_materials_are_reciprocal_and_reflect_no_more_than_arrives(brdf, rng):
    light, camera = directions(rng, 200), directions(rng, 200)
    assert_allclose(brdf(light, camera), brdf(camera, light), rtol=1e-12, atol=0)
    # The reflected share under light from everywhere, seen from one side: a mean over the sphere.
    around = directions(rng, 200_000, largest_deg=90)
    for tilt in (0.0, 40.0, 70.0):
        seen = np.array([np.sin(np.radians(tilt)), 0.0, np.cos(np.radians(tilt))])
        reflected = brdf(around, np.broadcast_to(seen, around.shape)) * around[:, 2:]
        assert (2.0 * np.pi * reflected.mean(axis=0) < 1.0).all()


@pytest.mark.parametrize("tilt_deg", [0.0, 50.0])
def test_a_matte_material_reflects_its_albedo(tilt_deg):
    share, missing = reflected_share(tabulated(lambert((0.8, 0.5, 0.1))), tilt_deg=tilt_deg)
    # What is not measured is left out, and told.
    assert_allclose(share / (1.0 - missing), [0.8, 0.5, 0.1], rtol=1e-12, atol=0)
    assert missing < 0.02


@pytest.mark.parametrize("exponent", [1.0, 10.0])
def test_a_lobe_along_the_normal_reflects_what_its_integral_says(exponent):
    table = tabulated(phong((0.0, 0.0, 0.0), specular=1.0, exponent=exponent))
    share, missing = reflected_share(table)
    # 2 times the integral of cos^(m + 1) over the cosine.
    assert missing < 0.02
    assert_allclose(share, 2.0 / (exponent + 2.0), rtol=2e-3, atol=0)


def test_the_slice_has_the_highlight_at_the_top_and_grazing_light_on_the_right(glossy):
    shown = characteristic_slice(glossy)[..., 1]
    assert shown[:, :60].argmax(axis=0).max() == 0
    assert (np.diff(shown[0, 30:85]) > 0.0).all()
    assert shown[89, 89] == NO_DATA
