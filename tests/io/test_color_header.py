"""Headers that tell other programs what red, green and blue are, read back without our reader."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import OpenEXR
import pytest

from olat.api.field import Field
from olat.errors import FileError
from olat.io.color_header import color_attributes, space_told
from olat.io.environment_file import read_environment
from olat.io.exr import write_exr
from olat.io.field_file import create_field, open_field, write_plane
from olat.io.map_files import (
    read_phong,
    read_radiance,
    write_normals,
    write_phong,
    write_radiance,
    write_relit,
)
from olat.light.arrangements import fibonacci_sphere
from olat.light.quadrature import solid_angles
from olat.model.field import FieldHeader, LightPlane
from olat.model.image import RadianceImage
from olat.model.maps import NormalMap, PhongMaps
from olat.sensor.working_space import ACESCG_FROM_REC709, converted
from tests.support.fields import rig_of

SPACES = ("camera", "rec709", "acescg")
INTEROP = {"rec709": "lin_rec709_scene", "acescg": "lin_ap1_scene", "camera": "unknown"}
"""As the Color Interop Forum names them."""
CORNERS = {
    "rec709": (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290),
    "acescg": (0.713, 0.293, 0.165, 0.830, 0.128, 0.044, 0.32168, 0.33767),
}
COLOR = np.random.default_rng(1).normal(0.4, 0.3, (6, 5, 3)).astype(np.float32)
PLANE = COLOR[..., 0].copy()
FLAGS = np.zeros((6, 5), np.uint8)


def header_of(path: Path) -> dict:
    return OpenEXR.File(str(path), header_only=True).header()


def write(kind: str, path: Path, space: str) -> None:
    if kind == "radiance":
        write_radiance(path, RadianceImage(COLOR, FLAGS, space=space), {})
    elif kind == "phong":
        write_phong(path, PhongMaps(COLOR, COLOR, PLANE, PLANE, FLAGS, space), {})
    else:
        write_relit(path, COLOR, {}, space=space)


@pytest.mark.parametrize("kind", ["radiance", "phong", "relit"])
@pytest.mark.parametrize("space", SPACES)
def test_pictures_say_their_space_in_the_ways_that_programs_read(
    tmp_path: Path, kind: str, space: str
) -> None:
    write(kind, tmp_path / "a.exr", space)
    header = header_of(tmp_path / "a.exr")
    print(kind, space, {key: header.get(key) for key in ("colorInteropID", "chromaticities")})
    assert header["colorInteropID"] == INTEROP[space]
    assert header["olat/color"] == space
    if space == "camera":
        assert "chromaticities" not in header
    else:
        np.testing.assert_allclose(header["chromaticities"], CORNERS[space], rtol=0, atol=1e-7)


def test_normals_are_data_and_have_no_chromaticities(tmp_path: Path) -> None:
    write_normals(tmp_path / "a.exr", NormalMap(COLOR, PLANE, FLAGS), {})
    header = header_of(tmp_path / "a.exr")
    assert header["colorInteropID"] == "data"
    assert "chromaticities" not in header


@pytest.mark.parametrize("space", SPACES)
def test_radiance_and_albedo_come_back_in_their_space(tmp_path: Path, space: str) -> None:
    write("radiance", tmp_path / "r.exr", space)
    write("phong", tmp_path / "p.exr", space)
    assert read_radiance(tmp_path / "r.exr").space == space
    assert read_phong(tmp_path / "p.exr").space == space


def test_the_variance_of_radiance_comes_back_with_it(tmp_path: Path) -> None:
    image = RadianceImage(COLOR, FLAGS, COLOR**2, "rec709")
    write_radiance(tmp_path / "a.exr", image, {})
    np.testing.assert_array_equal(read_radiance(tmp_path / "a.exr").variance, COLOR**2)


@pytest.mark.parametrize("space", ["rec709", "acescg"])
def test_files_of_other_programs_are_known_by_name_or_by_chromaticities(space: str) -> None:
    assert space_told({"colorInteropID": INTEROP[space]}) == space
    near = tuple(corner + 5e-4 for corner in CORNERS[space])
    assert space_told({"chromaticities": near}) == space
    assert space_told({}) is None
    assert space_told({"chromaticities": (0.7,) * 8}) is None
    # The name counts: chromaticities are often stale.
    stale = {"colorInteropID": "lin_rec2020_scene", "chromaticities": CORNERS[space]}
    assert space_told(stale) is None


# Fields


def field_in(path: Path, space: str, planes: list[np.ndarray]) -> FieldHeader:
    """Write a field of one plane a light."""
    rig = rig_of(fibonacci_sphere(len(planes)))
    header = FieldHeader(
        "s", "A", 4, 4, len(planes), rig, tuple(range(len(planes))),
        solid_angles(rig.directions), space,
    )  # fmt: skip
    create_field(path, header)
    for light, plane in enumerate(planes):
        write_plane(path, LightPlane(light, plane, np.zeros((4, 4), np.uint8), space))
    return header


def planes(count: int = 30) -> list[np.ndarray]:
    random = np.random.default_rng(3)
    return [random.uniform(0, 1, (3, 4, 4)).astype(np.float16) for _ in range(count)]


@pytest.mark.parametrize("space", SPACES)
def test_a_field_knows_its_space(tmp_path: Path, space: str) -> None:
    field_in(tmp_path / "field.zarr", space, planes())
    assert open_field(tmp_path / "field.zarr").header.space == space


def test_a_field_from_before_there_were_spaces_is_in_camera_color(tmp_path: Path) -> None:
    field_in(tmp_path / "field.zarr", "camera", planes())
    document = tmp_path / "field.zarr/zarr.json"
    document.write_text(document.read_text().replace('"color": "camera",', ""))
    assert open_field(tmp_path / "field.zarr").header.space == "camera"
    document.write_text(document.read_text().replace('"schema"', '"color": "cmyk", "schema"'))
    with pytest.raises(FileError, match="its color is 'cmyk'; camera, rec709, acescg are known"):
        open_field(tmp_path / "field.zarr")


def test_planes_of_two_spaces_make_no_field(tmp_path: Path) -> None:
    path = tmp_path / "field.zarr"
    header = field_in(path, "rec709", planes())
    with pytest.raises(ValueError, match="in the color 'acescg'; the field is in 'rec709'"):
        write_plane(path, LightPlane(0, planes()[0], np.zeros((4, 4), np.uint8), "acescg"))
    other = FieldHeader(**{**vars(header), "space": "acescg"})
    create_field(path, other)
    write_plane(path, LightPlane(0, planes()[0], np.zeros((4, 4), np.uint8), "acescg"))
    with pytest.raises(FileError, match="of another light, camera, intensity or color"):
        open_field(path)


def test_an_environment_is_taken_to_the_color_of_the_field(tmp_path: Path) -> None:
    """A white subject under a map shows the color of the map, in whichever space."""
    white = [np.ones((3, 4, 4), np.float16)] * 30
    for space in ("rec709", "acescg"):
        field_in(tmp_path / space, space, white)
    red = np.zeros((16, 32, 3), np.float32) + np.array([1.0, 0.1, 0.2], np.float32)
    seen = {space: Field(tmp_path / space).relight(environment=red) for space in SPACES[1:]}
    expected = converted(seen["rec709"], source="rec709", target="acescg")
    np.testing.assert_allclose(seen["acescg"], expected, rtol=1e-5)


@pytest.mark.parametrize("told", ["name", "chromaticities", "nothing", "unknown"])
def test_an_environment_file_says_what_color_it_has(
    tmp_path: Path, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    attributes = {
        "name": {"colorInteropID": "lin_ap1_scene"},
        "chromaticities": {"chromaticities": CORNERS["acescg"]},
        "nothing": {},
        "unknown": {"colorInteropID": "lin_p3d65_scene"},
    }[told]
    flat = np.full((8, 16), 0.5, np.float32)
    write_exr(tmp_path / "m.exr", dict.fromkeys("RGB", flat), attributes=attributes)
    found = read_environment(tmp_path / "m.exr").space
    assert found == ("acescg" if told in ("name", "chromaticities") else "rec709")
    assert ("is taken for that of Rec. 709" in caplog.text) == (told == "unknown")


def test_a_display_shows_acescg_as_the_color_that_it_is(tmp_path: Path) -> None:
    import cv2

    color = np.random.default_rng(2).uniform(0.1, 0.9, (40, 50, 3)).astype(np.float32)
    wide = (color @ ACESCG_FROM_REC709.T).astype(np.float32)
    flags = np.zeros((40, 50), np.uint8)
    write_radiance(tmp_path / "a.exr", RadianceImage(color, flags, space="rec709"), {})
    write_radiance(tmp_path / "b.exr", RadianceImage(wide, flags, space="acescg"), {})
    shown = [cv2.imread(str(tmp_path / f"{name}.png")).astype(int) for name in "ab"]
    assert np.abs(shown[0] - shown[1]).max() <= 1


def test_color_attributes_are_strings_and_chromaticities() -> None:
    assert set(color_attributes("rec709")) - set(color_attributes("camera")) == {"chromaticities"}
