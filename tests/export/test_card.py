"""Cards, validated by the libraries of their formats and lit by their own textures."""

from __future__ import annotations

import base64
import json
import struct
from dataclasses import replace
from pathlib import Path

import cv2
import MaterialX
import numpy as np
import pytest
from numpy.testing import assert_allclose
from pxr import Gf, Usd, UsdGeom, UsdShade, UsdValidation

from olat.errors import SessionError, SolveError
from olat.export.card import CardOptions, write_card
from olat.surface.normal_reflectance import normal_reflectance
from tests.support.exports import ALBEDO, sphere_normals, sphere_source


def ignore(done: int, total: int, /) -> None:
    """Nobody watches."""


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("card")
    write_card(sphere_source(64), folder, CardOptions(directx=True), ignore)
    return folder


def texture(card: Path, name: str) -> np.ndarray:
    """Return what a texture holds from 0 to 1, RGB or RGBA, rows from the top."""
    codes = cv2.imread(str(card / name), cv2.IMREAD_UNCHANGED)
    return codes[..., [2, 1, 0, 3][: codes.shape[2]]] / np.iinfo(codes.dtype).max


def linear(coded: np.ndarray) -> np.ndarray:
    return np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)


def test_usd_validates_and_stands_in_the_world(card: Path) -> None:
    stage = Usd.Stage.Open(str(card / "card.usda"))
    validators = UsdValidation.ValidationRegistry().GetOrLoadAllValidators()
    errors = UsdValidation.ValidationContext(validators).Validate(stage)
    assert [error.GetErrorAsString() for error in errors] == []
    assert UsdGeom.GetStageUpAxis(stage) == "Y"
    mesh = UsdGeom.Mesh(stage.GetPrimAtPath("/Card/Surface"))
    points = mesh.GetPointsAttr().Get()
    first = Gf.Cross(points[1] - points[0], points[2] - points[0])
    assert first[2] > 0  # counterclockwise from the camera's side: it faces +z
    assert points[2] == Gf.Vec3f(0.5, 0.5, 0)  # a picture as wide as high, 1 m tall
    st = UsdGeom.PrimvarsAPI(mesh).GetPrimvar("st").Get()
    assert st[2] == Gf.Vec2f(1, 1)  # upper right, where USD's textures have their last corner
    material, _ = UsdShade.MaterialBindingAPI(mesh).ComputeBoundMaterial()
    surface, _, _ = material.ComputeSurfaceSource()
    assert surface.GetIdAttr().Get() == "UsdPreviewSurface"


def test_materialx_validates(card: Path) -> None:
    library, document = MaterialX.createDocument(), MaterialX.createDocument()
    MaterialX.loadLibraries(
        MaterialX.getDefaultDataLibraryFolders(), MaterialX.getDefaultDataSearchPath(), library
    )
    MaterialX.readFromXmlFile(document, str(card / "card.mtlx"))
    document.setDataLibrary(library)
    assert document.validate() == (True, "")
    for image in document.getNodeGraph("card_maps").getNodes("image"):
        assert (card / image.getInput("file").getValueString()).is_file()


def test_gltf_holds_a_rectangle_that_faces_the_camera(card: Path) -> None:
    document = json.loads((card / "card.gltf").read_text())
    content = base64.b64decode(document["buffers"][0]["uri"].partition(",")[2])
    assert len(content) == document["buffers"][0]["byteLength"]
    width = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
    arrays = []
    for accessor in document["accessors"]:
        view = document["bufferViews"][accessor["bufferView"]]
        letter = {5126: "f", 5123: "H"}[accessor["componentType"]]
        count = accessor["count"] * width[accessor["type"]]
        assert struct.calcsize(f"<{count}{letter}") == view["byteLength"]
        numbers = struct.unpack_from(f"<{count}{letter}", content, view["byteOffset"])
        arrays.append(np.array(numbers).reshape(accessor["count"], -1))
    place = document["meshes"][0]["primitives"][0]["attributes"]
    corners, coordinates = arrays[place["POSITION"]], arrays[place["TEXCOORD_0"]]
    a, b, c = corners[arrays[-1].ravel().astype(int)[:3]]
    assert np.cross(b - a, c - a)[2] > 0
    top_left = np.argmax(corners @ [-1, 1, 0])
    assert coordinates[top_left].tolist() == [0.0, 0.0]  # glTF's textures begin at the upper left
    assert arrays[place["TANGENT"]].tolist() == [[1, 0, 0, 1]] * 4
    assert all((card / image["uri"]).is_file() for image in document["images"])


def test_a_renderer_shades_the_card_as_the_sphere(card: Path) -> None:
    # What any of these files tells a renderer: Lambert's law by base color and tangent normal.
    normal = texture(card, "normal_tangent_gl.png") * 2.0 - 1.0
    color = texture(card, "base_color.png")
    light = np.array([0.6, 0.3, 0.74])
    shaded = linear(color[..., :3]) * np.maximum(normal @ light, 0.0)[..., None]
    truth = sphere_normals(64)
    inner = truth[..., 2] > 0.4  # within the outline, whose terms are its neighbors'
    expected = ALBEDO * np.maximum(truth @ light, 0.0)[..., None]
    assert_allclose(shaded[inner], expected[inner], rtol=0, atol=0.005)
    assert_allclose(color[..., 3], truth.any(axis=2))
    assert (normal[..., 2] > 0).all()


def test_directx_turns_green_over(card: Path) -> None:
    gl, dx = texture(card, "normal_tangent_gl.png"), texture(card, "normal_tangent_dx.png")
    assert_allclose(gl[..., 1] + dx[..., 1], 1.0, atol=2e-5)
    assert_allclose(gl[..., [0, 2]], dx[..., [0, 2]])
    assert gl[8, 32, 1] > 0.6  # the top of the sphere faces up


def test_gloss_peaks_in_a_renderer_where_phong_peaks(card: Path) -> None:
    document = json.loads((card / "card.gltf").read_text())
    gain = document["materials"][0]["extensions"]["KHR_materials_specular"]["specularColorFactor"]
    reflectance = 0.04 * np.array(gain) * linear(texture(card, "specular.png")[32, 32])
    alpha = texture(card, "roughness.png")[32, 32, 1] ** 2
    # GGX along the normal: D = 1/(pi alpha^2), f = D F / 4; a white patch reads pi f.
    peak = np.pi * reflectance / (np.pi * alpha**2) / 4.0
    assert_allclose(peak, 0.1 * ALBEDO, rtol=0.03)


def test_without_a_lobe_nothing_is_reflected() -> None:
    ones, exponent = np.ones((1, 2, 3), np.float32), np.array([[0.0, 2.0]], np.float32)
    found = normal_reflectance(0.1 * ones, exponent)
    assert_allclose(found[0, 0], 0.0)
    assert_allclose(found[0, 1], 0.4 / 5.0, rtol=1e-6)  # alpha squared is 1/(2m + 1)


def test_a_card_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SessionError):
        write_card(sphere_source(maps=False), tmp_path, CardOptions(), ignore)
    source = sphere_source()
    empty = np.zeros((32, 32), bool)
    object.__setattr__(source, "matte", lambda: (empty, "the session's mask"))
    with pytest.raises(SolveError, match="no pixel inside the matte"):
        write_card(source, tmp_path, CardOptions(), ignore)


def test_matte_pixels_keep_their_color_without_confidence_in_a_lobe(tmp_path: Path) -> None:
    source = sphere_source(64)
    phong = source.phong()
    rng = np.random.default_rng(1)
    grain = rng.uniform(0.2, 0.8, phong.diffuse_albedo.shape).astype(np.float32)
    inside = phong.confidence[..., None] > 0
    bare = replace(phong, diffuse_albedo=grain * inside, confidence=0 * phong.confidence)
    write_card(replace(source, phong=lambda: bare), tmp_path, CardOptions(), ignore)
    inner = sphere_normals(64)[..., 2] > 0.4
    found = linear(texture(tmp_path, "base_color.png")[..., :3])
    assert_allclose(found[inner], grain[inner], rtol=0, atol=0.005)
