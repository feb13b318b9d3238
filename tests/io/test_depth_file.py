"""Depth and meshes on disk."""

from __future__ import annotations

from dataclasses import fields, replace

import cv2
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from olat.errors import FileError
from olat.io.depth_file import read_depth, write_depth
from olat.io.depth_picture import picture_from_depth
from olat.io.exr import read_exr, write_exr
from olat.io.ply_file import write_ply
from olat.model.maps import DepthMap, Mesh
from tests.support.ply import read_ply
from tests.surface.reliefs import sphere, sphere_in_perspective


def depth_of(relief, *, mesh=None) -> DepthMap:
    depth = relief.depth.astype(np.float32)
    geometry = relief.geometry
    return DepthMap(
        depth,
        geometry.places(depth),
        relief.sure / 2,
        relief.mask.astype(np.uint8) * 128,
        is_metric=geometry.is_metric,
        is_perspective=geometry.is_perspective,
        mesh=mesh,
    )


def some_mesh(rng, *, has_colors=True) -> Mesh:
    places, normals = rng.normal(size=(2, 7, 3)).astype(np.float32)
    faces = np.array([[0, 1, 2], [2, 1, 3], [4, 5, 6]], np.int32)
    colors = rng.integers(0, 256, (7, 3), dtype=np.uint8) if has_colors else None
    return Mesh(places, normals, faces, colors)


@pytest.mark.parametrize("scene", [sphere, sphere_in_perspective])
def test_depth_comes_back_to_the_bit_with_what_belongs_beside_it(tmp_path, rng, scene):
    depth = depth_of(scene(40, 15.0 if scene is sphere else 0.1), mesh=some_mesh(rng))
    path = tmp_path / "A" / "depth.exr"
    files = write_depth(path, depth, {"olat/provenance": "{}"})
    assert [file.name for file in files] == ["depth.exr", "depth.png", "mesh.ply"]
    assert all(file.exists() for file in files)
    found = read_depth(path)
    for field in fields(DepthMap):
        if field.name != "mesh":
            assert_array_equal(getattr(found, field.name), getattr(depth, field.name))
    assert found.mesh is None
    assert found.flags.dtype == np.uint8


def test_headers_say_unit_and_rays(tmp_path):
    for scene, unit, rays in (
        (sphere(20, 8.0), "px: width of a pixel at the world's origin", "orthographic"),
        (sphere_in_perspective(20), "m", "perspective"),
    ):
        write_depth(tmp_path / "depth.exr", depth_of(scene), {})
        _, attributes = read_exr(tmp_path / "depth.exr")
        assert attributes["olat/unit"] == unit
        assert attributes["olat/rays"] == rays
        assert not (tmp_path / "mesh.ply").exists()


def test_a_file_of_something_else_is_refused(tmp_path):
    plane = np.zeros((4, 4), np.float32)
    write_exr(tmp_path / "depth.exr", {"Z": plane}, attributes={})
    with pytest.raises(FileError, match=r"P\.X, P\.Y, P\.Z, .*olat/rays missing"):
        read_depth(tmp_path / "depth.exr")


@pytest.mark.parametrize("has_colors", [True, False])
def test_another_reader_finds_the_same_mesh(tmp_path, rng, has_colors):
    mesh = some_mesh(rng, has_colors=has_colors)
    write_ply(tmp_path / "mesh.ply", mesh, ["unit m", "two\nlines"])
    comments, rows = read_ply(tmp_path / "mesh.ply")
    assert comments == ["unit m", "two lines"]
    for names, expected in (
        (("x", "y", "z"), mesh.places),
        (("nx", "ny", "nz"), mesh.normals),
        (("red", "green", "blue"), mesh.colors),
    ):
        if expected is not None:
            found = [[row[name] for name in names] for row in rows["vertex"]]
            assert_array_equal(np.array(found), expected)
    assert len(rows["vertex"][0]) == (9 if has_colors else 6)
    assert [row["vertex_indices"] for row in rows["face"]] == mesh.faces.tolist()


def test_an_empty_mesh_is_a_whole_file(tmp_path):
    nothing = np.zeros((0, 3))
    mesh = Mesh(nothing.astype(np.float32), nothing.astype(np.float32), nothing.astype(np.int32))
    write_ply(tmp_path / "mesh.ply", mesh)
    assert read_ply(tmp_path / "mesh.ply")[1] == {"vertex": [], "face": []}


def test_the_picture_lights_the_upper_left_and_shows_near_depth_bright():
    ball = sphere()
    picture = picture_from_depth(depth_of(ball)).astype(float)
    relief, colors = np.hsplit(picture[24:], 2)
    size = relief.shape[0]
    assert relief.shape == colors.shape
    at = lambda part, y, x: part[int(y * size), int(x * size)].mean()  # noqa: E731
    assert at(relief, 0.35, 0.35) > 2.0 * at(relief, 0.65, 0.65)
    assert at(colors, 0.5, 0.5) > 1.3 * at(colors, 0.5, 0.12)
    assert_array_equal(picture[26:30, :10], 0)


def test_the_picture_of_nothing_is_black(tmp_path):
    depth = depth_of(sphere(20, 8.0))
    nothing = replace(depth, depth=np.zeros_like(depth.depth), places=np.zeros_like(depth.places))
    assert_array_equal(picture_from_depth(nothing)[24:], 0)
    write_depth(tmp_path / "depth.exr", nothing, {})
    assert cv2.imread(str(tmp_path / "depth.png")) is not None
