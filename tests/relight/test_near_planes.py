"""Lamps at finite places, against Lambert's law on surfaces with known places."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.light.arrangements import fibonacci_sphere
from olat.light.interpolation import weights_for_directions
from olat.model.lighting import PointLight, SpotLight
from olat.model.rig import LightRig
from olat.relight.emitters import Emitters, emitters_of
from olat.relight.near_planes import relit_near
from tests.support.exports import sphere_normals

SIZE, RADIUS = 48, 0.1
NORMALS = sphere_normals(SIZE)
PLACES = (RADIUS * NORMALS).astype(np.float32)
INSIDE = NORMALS[..., 2] > 0.2
DIRECTIONS = fibonacci_sphere(600)
REACH = 1.7


def rig_of(*, near: bool) -> LightRig:
    positions = REACH * DIRECTIONS if near else None
    return LightRig("rig", DIRECTIONS, np.ones((len(DIRECTIONS), 3)), positions=positions)


def matte_planes(*, near: bool) -> list[np.ndarray]:
    """Return the field of a white matte sphere, normalized at the origin."""
    planes = []
    for direction in DIRECTIONS:
        if near:
            away = REACH * direction - PLACES
            square = (away**2).sum(axis=2)
            facing = np.einsum("hwc,hwc->hw", NORMALS, away) / np.sqrt(square)
            shade = np.maximum(facing, 0.0) * REACH**2 / square
        else:
            shade = np.maximum(NORMALS @ direction, 0.0)
        planes.append(np.repeat((shade * INSIDE).astype(np.float16)[None], 3, axis=0))
    return planes


def lamp_reading(position: np.ndarray) -> np.ndarray:
    """Return what a white matte sphere reads under a point light, by the inverse square."""
    away = position - PLACES.astype(float)
    square = (away**2).sum(axis=2)
    facing = np.maximum(np.einsum("hwc,hwc->hw", NORMALS, away), 0.0) / np.sqrt(square)
    return facing * (position @ position) / square * INSIDE


@pytest.mark.parametrize("near", [False, True])
@pytest.mark.parametrize("position", [(0.3, 0.1, 0.3), (-0.8, 0.6, 0.5), (5.0, 3.0, 4.0)])
def test_a_sphere_is_shaded_by_the_inverse_square(
    position: tuple[float, float, float], near: bool
) -> None:
    found = relit_near(
        matte_planes(near=near), rig_of(near=near), PLACES, emitters_of(PointLight(position))
    )
    expected = lamp_reading(np.array(position))
    lit = expected > 0.2 * expected.max()  # at the terminator neighbors mix light and dark
    assert found.extrapolated == 0.0
    for k in range(3):
        assert_allclose(found.radiance[lit][:, k], expected[lit], rtol=0.02, atol=0)


def test_a_rig_taken_for_distant_errs_where_a_near_one_does_not() -> None:
    # Pixels off the middle of the stage saw other directions and other irradiance.
    shifted = PLACES + np.float32([0.2, 0.0, 0.0])
    away = REACH * DIRECTIONS[:, None, None] - shifted
    square = (away**2).sum(axis=3)
    facing = np.maximum(np.einsum("hwc,lhwc->lhw", NORMALS, away), 0.0) / np.sqrt(square)
    planes = (facing * REACH**2 / square * INSIDE).astype(np.float16)[:, None].repeat(3, axis=1)
    emitters = emitters_of(PointLight((1.0, 0.3, 1.2)))
    position = np.array([1.0, 0.3, 1.2])
    way = position - shifted
    distance = (way**2).sum(axis=2)
    shade = np.maximum(np.einsum("hwc,hwc->hw", NORMALS, way), 0.0) / np.sqrt(distance)
    truth = shade * (position @ position) / distance * INSIDE
    lit = truth > 0.2 * truth.max()
    known = relit_near(list(planes), rig_of(near=True), shifted, emitters).radiance[..., 0]
    taken = relit_near(list(planes), rig_of(near=False), shifted, emitters).radiance[..., 0]
    assert np.abs(known[lit] / truth[lit] - 1.0).max() < 0.02
    assert np.abs(taken[lit] / truth[lit] - 1.0).max() > 0.2


def test_a_far_lamp_is_a_distant_light() -> None:
    planes, rig = matte_planes(near=False), rig_of(near=False)
    toward = np.array([0.3, -0.2, 0.93])
    toward /= np.linalg.norm(toward)
    found = relit_near(planes, rig, PLACES, emitters_of(PointLight(tuple(1e5 * toward))))
    weights = weights_for_directions(DIRECTIONS, toward[None]).weights[0]
    expected = np.einsum("l,lhw->hw", weights, np.stack(planes)[:, 0].astype(float))
    assert_allclose(found.radiance[..., 0], expected, rtol=0, atol=1e-5)


def test_the_loops_are_their_plain_twin(rng: np.random.Generator) -> None:
    # Each pixel on its own: the triangulation as its place sees it, by another program's search.
    directions = fibonacci_sphere(40)
    rig = LightRig("rig", directions, np.ones((40, 3)), positions=1.5 * directions)
    planes = [rng.random((3, 4, 5)).astype(np.float16) for _ in range(40)]
    places = rng.normal(scale=0.1, size=(4, 5, 3)).astype(np.float32)
    emitters = emitters_of(SpotLight((0.5, 0.4, 0.9), cone_deg=25.0, color=(1.0, 2.0, 3.0)))
    found = relit_near(planes, rig, places, emitters)
    table = np.stack(planes).astype(float)
    expected = np.zeros((4, 5, 3))
    for row, column in np.ndindex(4, 5):
        place = places[row, column].astype(float)
        to_lamps = rig.positions - place
        distance = np.linalg.norm(to_lamps, axis=1)
        way = emitters.positions[0] - place
        square = way @ way
        weights = weights_for_directions(
            to_lamps / distance[:, None], (way / np.sqrt(square))[None]
        ).weights[0]
        cosine = -way @ emitters.axes[0] / np.sqrt(square)
        edge = np.clip((cosine - emitters.cone[1]) / (emitters.cone[0] - emitters.cone[1]), 0, 1)
        sent = edge**2 * (3 - 2 * edge) / square * emitters.intensities[0]
        flat = table[:, :, row, column] / (1.5**2 / distance**2)[:, None]
        expected[row, column] = sent * (weights @ flat)
    assert_allclose(found.radiance, expected, rtol=0, atol=1e-5)


def test_a_lamp_beyond_the_rig_is_counted_and_the_nearest_light_stands_in() -> None:
    front = DIRECTIONS[DIRECTIONS[:, 2] > 0.5]
    rig = LightRig("front", front, np.ones((len(front), 3)))
    planes = [np.full((3, 4, 4), 0.5, np.float16) for _ in front]
    places = np.zeros((4, 4, 3), np.float32)
    found = relit_near(planes, rig, places, emitters_of(PointLight((0.0, 0.0, -2.0))))
    assert found.extrapolated == 1.0
    assert_allclose(found.radiance, 0.5, rtol=1e-6)


def test_lamps_add_up() -> None:
    planes, rig = matte_planes(near=True), rig_of(near=True)
    one, two = (emitters_of(PointLight(place)) for place in ((0.4, 0.2, 0.5), (-0.5, 0.1, 0.6)))
    both = Emitters(
        *(np.concatenate(pair) for pair in zip(
            (one.positions, one.intensities, one.axes),
            (two.positions, two.intensities, two.axes),
            strict=True,
        ))
    )  # fmt: skip
    single = [relit_near(planes, rig, PLACES, lamp).radiance for lamp in (one, two)]
    assert_allclose(relit_near(planes, rig, PLACES, both).radiance, sum(single), atol=1e-6)
