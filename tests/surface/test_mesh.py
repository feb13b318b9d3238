"""Triangles of depth maps: closed where the surface is, open where it is torn."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from olat.model.maps import DepthMap
from olat.model.view import ViewGeometry
from olat.surface.mesh import mesh_of_depth
from tests.surface.reliefs import Relief, facing, grid, of_height, sphere, sphere_in_perspective


def depth_map(relief: Relief) -> DepthMap:
    depth = relief.depth.astype(np.float32)
    geometry = relief.geometry
    return DepthMap(
        depth,
        geometry.places(depth),
        relief.sure,
        np.zeros(depth.shape, np.uint8),
        is_metric=geometry.is_metric,
        is_perspective=geometry.is_perspective,
    )


def meshed(relief: Relief, **options):
    return mesh_of_depth(depth_map(relief), relief.normals, relief.geometry, **options)


def outward(mesh):
    """Return the vector areas of the triangles."""
    a, b, c = (mesh.places[mesh.faces[:, k]].astype(float) for k in range(3))
    return np.cross(b - a, c - a) / 2.0


def test_a_plane_is_two_triangles_for_four_pixels():
    x, y = grid(9)
    mesh = meshed(of_height(0.3 * x, np.full_like(x, 0.3), np.zeros_like(y)))
    assert len(mesh.places) == 81
    assert len(mesh.faces) == 2 * 64
    areas = outward(mesh)
    assert_allclose(areas.sum(axis=0), 64.0 * np.array([-0.3, 0.0, 1.0]), rtol=1e-5, atol=1e-4)
    assert (areas[:, 2] > 0.0).all()
    assert mesh.colors is None


@pytest.mark.parametrize("scene", [sphere, sphere_in_perspective])
def test_triangles_of_a_sphere_look_outward_and_enclose_half_of_it(scene):
    ball = scene(192, 88.0 if scene is sphere else 0.1)
    mesh = meshed(ball)
    radius = 88.0 if scene is sphere else 0.1
    areas = outward(mesh)
    middles = mesh.places[mesh.faces].mean(axis=1)
    assert (np.einsum("fk,fk->f", areas, middles) > 0.0).all()
    # The visible cap, but for the rim that is seen at a cosine below 0.1.
    rim = np.arcsin(0.1) + (np.arcsin(radius) if ball.geometry.is_perspective else 0.0)
    cap = 2.0 * np.pi * radius**2 * (1.0 - np.sin(rim))
    assert_allclose(np.linalg.norm(areas, axis=1).sum(), cap, rtol=0.03)
    assert_allclose(np.linalg.norm(mesh.normals, axis=1), 1.0, atol=1e-5)


def test_no_triangle_spans_a_step():
    x, _ = grid(20)
    step = np.where(x > 0.0, 5.0, 0.0)
    mesh = meshed(of_height(step, np.zeros_like(x), np.zeros_like(x)))
    heights = mesh.places[mesh.faces][..., 2]
    assert np.ptp(heights, axis=1).max() < 1e-3
    assert len(mesh.faces) == 2 * 19 * 18


def test_a_crease_is_closed():
    x, _ = grid(20)
    roof = of_height(-np.abs(x), -np.sign(x), np.zeros_like(x))
    assert len(meshed(roof).faces) == 2 * 19 * 19


def test_a_missing_corner_leaves_one_triangle():
    flat = facing(np.zeros((2, 2)), np.zeros((2, 2)))
    geometry = ViewGeometry.of_reference(2, 2)
    for missing in np.ndindex(2, 2):
        mask = np.ones((2, 2), bool)
        mask[missing] = False
        mesh = meshed(Relief(geometry, np.where(mask, 2.0, 0.0), flat, mask))
        assert_array_equal(mesh.faces.shape, (1, 3))
        assert len(mesh.places) == 3
        assert outward(mesh)[0, 2] > 0.0


def test_the_shorter_diagonal_is_taken():
    ridge = np.array([[1.0, 0.0], [0.0, 1.0]])
    flat = facing(np.zeros((2, 2)), np.zeros((2, 2)))
    relief = Relief(
        ViewGeometry.of_reference(2, 2), 10.0 - 0.5 * ridge, flat, np.ones((2, 2), bool)
    )
    faces = {tuple(sorted(face)) for face in meshed(relief).faces.tolist()}
    assert faces == {(0, 1, 3), (0, 2, 3)}


def test_fewer_vertices_and_colors_stay_in_their_places(rng):
    x, y = grid(21)
    bowl = of_height(0.01 * (x**2 + y**2), 0.02 * x, 0.02 * y)
    colors = rng.integers(0, 256, (21, 21, 3), dtype=np.uint8)
    mesh = meshed(bowl, every=4, colors=colors)
    assert len(mesh.places) == 36
    assert_array_equal(mesh.colors, colors[::4, ::4].reshape(-1, 3))
    places = depth_map(bowl).places
    assert_array_equal(mesh.places, places[::4, ::4].reshape(-1, 3))


def test_nothing_known_is_an_empty_mesh():
    nothing = np.zeros((4, 4))
    geometry = ViewGeometry.of_reference(4, 4)
    relief = Relief(geometry, nothing, np.zeros((4, 4, 3), np.float32), nothing.astype(bool))
    mesh = meshed(relief)
    assert len(mesh.places) == len(mesh.faces) == 0


def test_what_does_not_belong_together_is_refused():
    ball = sphere(20, 8.0)
    with pytest.raises(ValueError, match="every 0 px"):
        meshed(ball, every=0)
    with pytest.raises(ValueError, match="Pass what belongs together"):
        mesh_of_depth(depth_map(ball), ball.normals[1:], ball.geometry)
