"""Shadows that a surface casts on itself: known lengths, no false ones, a simulated head."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from olat.model.view import ViewGeometry
from olat.surface.cast_shadows import (
    BIAS_PX,
    PENUMBRA_PX,
    visibility_from_direction,
    visibility_from_position,
)
from olat.surface.normal_integration import depth_from_normals
from olat.synthetic.capture import view_of
from olat.synthetic.render import shadows
from olat.synthetic.stage import SyntheticStage
from tests.surface.reliefs import grid, sphere, sphere_in_perspective

DIRECTIONS = np.array(
    [[1.0, 0.0, 0.2], [0.3, 0.8, -0.3], [0.1, 0.0, 1.0], [-1.0, 1.0, 0.05], [0.0, 0.0, 1.0]]
)


def slope_to(degrees: float) -> np.ndarray:
    """Return the direction of a light on the left, so far from the axis."""
    return np.array([-np.sin(np.radians(degrees)), 0.0, np.cos(np.radians(degrees))])


@pytest.mark.parametrize("degrees", [30.0, 45.0, 60.0, 75.0])
def test_a_step_casts_a_shadow_of_the_length_that_geometry_says(degrees):
    geometry = ViewGeometry.of_reference(32, 128)
    depth = np.full((32, 128), 100.0, np.float32)
    depth[:, 40:60] = 90.0
    visibility = visibility_from_direction(depth, geometry, slope_to(degrees))
    length = (1.0 - visibility[:, 60:]).sum(axis=1)
    # Bias and half of the penumbra are taken off the height; the edge is half a pixel wide.
    told = (10.0 - BIAS_PX - PENUMBRA_PX / 2.0) * np.tan(np.radians(degrees))
    assert_allclose(length, told, atol=0.75)
    assert_array_equal(visibility[:, :40], 1.0)
    assert_array_equal(visibility[:, 41:60], 1.0)


def test_a_pillar_has_a_shadow_as_wide_as_itself():
    geometry = ViewGeometry.of_reference(96, 96)
    depth = np.full((96, 96), 100.0, np.float32)
    depth[40:50, 40:50] = 85.0
    light = np.array([-1.0, 0.0, 1.0])
    dark = visibility_from_direction(depth, geometry, light) < 0.5
    assert_allclose(dark[:, 55].sum(), 10, atol=1)
    assert_allclose(dark[45, 50:].sum(), 14.5, atol=1)
    assert not dark[:38].any()
    assert not dark[52:].any()


@pytest.mark.parametrize("direction", DIRECTIONS, ids=str)
@pytest.mark.parametrize("scene", [sphere, sphere_in_perspective])
def test_a_sphere_casts_no_shadow_where_it_faces_the_light(scene, direction):
    ball = scene()
    light = direction / np.linalg.norm(direction)
    visibility = visibility_from_direction(ball.depth.astype(np.float32), ball.geometry, light)
    cosine = ball.normals @ light
    assert_array_equal(visibility[ball.mask & (cosine > 0.0)], 1.0)
    away = ball.mask & (cosine < -0.2)
    if np.count_nonzero(away) > 50:
        assert visibility[away].mean() < 0.2
    assert_array_equal(visibility[~ball.mask], 1.0)


@pytest.mark.parametrize("scene", [sphere, sphere_in_perspective])
def test_a_very_far_lamp_is_a_distant_light(scene):
    ball = scene()
    depth = ball.depth.astype(np.float32)
    x, y = grid(96)
    depth[np.hypot(x - 10.0, y - 10.0) < 6.0] *= 0.95
    for direction in DIRECTIONS:
        far = visibility_from_position(depth, ball.geometry, 1e6 * direction)
        distant = visibility_from_direction(depth, ball.geometry, direction)
        assert np.mean(np.abs(far - distant) > 0.05) < 2e-3


def test_a_lamp_that_stands_lower_than_a_wall_is_hidden_by_it():
    geometry = ViewGeometry.of_reference(33, 129)
    depth = np.full((33, 129), 200.0, np.float32)
    depth[:, 60:66] = 180.0
    middle = geometry.origin_depth - 200.0  # world z of the ground
    low = visibility_from_position(depth, geometry, np.array([-40.0, 0.0, middle + 15.0]))
    assert low[16, 80:].max() < 0.5
    assert low[16, :59].min() == 1.0
    high = visibility_from_position(depth, geometry, np.array([-40.0, 0.0, middle + 40.0]))
    # The ray over the far edge of the wall: 40 px up at -40, 20 px up at 1 (column 65).
    edge = 64.0 + 1.0 + 41.0
    dark = 66 + np.count_nonzero(high[16, 66:] < 0.5)
    assert_allclose(dark, edge, atol=2.0)


def marched(depth, geometry, light, *, is_distant):
    """Return the visibility by small steps in the world: the twin of the kernel."""
    height, width = depth.shape
    places = geometry.places(depth).astype(float)
    visibility = np.ones(depth.shape)
    start = geometry.center if geometry.is_perspective else geometry.center + geometry.corner
    for y, x in zip(*np.nonzero(depth), strict=True):
        way = light / np.linalg.norm(light) if is_distant else light - places[y, x]
        most = 4.0 * width * geometry.footprint if is_distant else 1.0
        ts = most * np.linspace(0.0, 1.0, 2000)[1:]
        seen = geometry.in_picture(places[y, x] + ts[:, None] * way - start)
        scale = seen[:, 2:] if geometry.is_perspective else np.ones((len(ts), 1))
        away = np.hypot(*(seen[:, :2] / scale - (x, y)).T)[seen[:, 2] > 0]
        # One sample a pixel, as the walk takes them.
        ts = np.interp(np.arange(1.0, away[-1]), away, ts[: len(away)])
        seen = geometry.in_picture(places[y, x] + ts[:, None] * way - start)
        scale = seen[:, 2:] if geometry.is_perspective else 1.0
        column, row = (seen[:, :2] / scale).T
        inside = (column >= 0) & (row >= 0) & (column < width - 1) & (row < height - 1)
        c, r, z = column[inside], row[inside], seen[inside, 2]
        i, j = c.astype(int), r.astype(int)
        corners = np.stack([depth[j, i], depth[j, i + 1], depth[j + 1, i], depth[j + 1, i + 1]])
        known = (corners != 0).all(axis=0)
        u, v = c - i, r - j
        shares = np.stack([(1 - u) * (1 - v), u * (1 - v), (1 - u) * v, u * v])
        if geometry.is_perspective:
            surface = 1.0 / np.maximum((shares / np.maximum(corners, 1e-9)).sum(axis=0), 1e-9)
        else:
            surface = (shares * corners).sum(axis=0)
        unit = geometry.spacing * (surface if geometry.is_perspective else 1.0)
        # Nearness of the ray at the depth of the surface is compared, to first order.
        excess = (1.0 - surface / z) * (surface if geometry.is_perspective else z) / unit
        if not geometry.is_perspective:
            excess = (z - surface) / unit
        found = ((excess - BIAS_PX) / PENUMBRA_PX)[known]
        visibility[y, x] = 1.0 - np.clip(found.max(initial=0.0), 0.0, 1.0)
    return visibility


@pytest.mark.parametrize("is_distant", [True, False], ids=["distant", "near"])
@pytest.mark.parametrize("scene", [sphere, sphere_in_perspective])
def test_walks_see_what_small_steps_in_the_world_see(scene, is_distant):
    ball = scene(40, 15.0 if scene is sphere else 0.1)
    depth = ball.depth.astype(np.float32)
    x, y = grid(40)
    dented = ball.mask & (np.hypot(x + 4.0, y - 3.0) < 5.0)
    depth[dented] -= np.float32(4.0 * ball.geometry.footprint)
    reach = 1.0 if is_distant else 3.0 * 15.0 * ball.geometry.footprint
    for direction in DIRECTIONS[:4]:
        light = reach * direction
        see = visibility_from_direction if is_distant else visibility_from_position
        found = see(depth, ball.geometry, light)
        twin = marched(depth, ball.geometry, light, is_distant=is_distant)
        assert np.mean(np.abs(found - twin) > 0.02) < 2e-3


def test_shadows_of_a_head_are_those_of_its_truth():
    """From its true depth and from depth that was integrated from its normals."""
    stage = SyntheticStage(size=192, lights=40, near_lights=False)
    view = view_of(stage, stage.pose(stage.reference))
    camera, mask = stage.camera, view.mask
    geometry = ViewGeometry.of_reference(192, 192, camera.field_of_view_deg, camera.distance)
    places = view.picture(view.points)
    true = np.where(mask, camera.distance - places[..., 2], 0.0).astype(np.float32)
    assert_allclose(geometry.places(true)[mask], places[mask], atol=1e-6)
    normals = view.picture(view.outward)
    mean = float(true[mask].mean())
    solved = depth_from_normals(
        normals, mask.astype(np.float32), mask, geometry, mean_depth=mean
    ).depth
    dark = shadows(view, stage.rig)
    wrong, count, cast = np.zeros(2), 0, 0
    for light, direction in enumerate(stage.rig.directions):
        # Behind the subject shadows are of what the camera does not see.
        if direction[2] < 0.2 or direction[1] < -0.3:
            continue
        facing = mask & (normals @ direction > 0.05)
        count += np.count_nonzero(facing)
        cast += np.count_nonzero(dark[light][facing])
        for k, depth in enumerate((true, solved)):
            found = visibility_from_direction(depth, geometry, direction) < 0.5
            wrong[k] += np.count_nonzero((found != dark[light])[facing])
    shares = wrong / count
    print(
        f"\nhead: {100 * cast / count:.1f} % of what faces a light is in cast shadow; told wrong "
        f"are {100 * shares[0]:.1f} % by true depth, {100 * shares[1]:.1f} % by integrated depth"
    )
    assert cast > 0.02 * count
    # The truth's parts hide lights each for itself, without what melts them together.
    assert shares[0] < 0.3 * cast / count
    assert shares[1] < 0.4 * cast / count


def test_lights_and_widths_that_are_none_are_refused():
    geometry, depth = ViewGeometry.of_reference(8, 8), np.ones((8, 8), np.float32)
    with pytest.raises(ValueError, match="a vector of some length was needed"):
        visibility_from_direction(depth, geometry, np.zeros(3))
    with pytest.raises(ValueError, match="three numbers were needed"):
        visibility_from_position(depth, geometry, np.array([np.nan, 0.0, 0.0]))
    with pytest.raises(ValueError, match="one size was needed"):
        visibility_from_direction(depth[1:], geometry, np.array([0.0, 0.0, 1.0]))
    with pytest.raises(ValueError, match="at least 0 and more than 0"):
        visibility_from_direction(depth, geometry, np.array([0.0, 0.0, 1.0]), penumbra_px=0.0)
