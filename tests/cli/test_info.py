"""What `olat info` says about files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from olat.cli.main import cli
from olat.io.exr import write_exr
from olat.io.field_file import create_field, write_plane
from olat.light.arrangements import fibonacci_sphere
from olat.light.quadrature import solid_angles
from olat.model.field import FieldHeader, LightPlane
from olat.model.flags import PixelFlag
from olat.model.rig import LightRig


def run(*words: object) -> Result:
    return CliRunner().invoke(cli, ["info", *map(str, words)])


@pytest.fixture
def field(tmp_path: Path) -> Path:
    """Write 9 of 12 lights; in a quarter of the pixels of one the sensor clipped."""
    lights = tuple(light for light in range(12) if light not in (2, 5, 11))
    directions = fibonacci_sphere(12)[list(lights)]
    rig = LightRig("dome", directions, np.ones((9, 3)))
    header = FieldHeader("head", "A", 8, 6, 12, rig, lights, solid_angles(directions), "rec709")
    create_field(tmp_path / "field.zarr", header)
    for light in lights:
        flags = np.zeros((8, 6), np.uint8)
        flags[:2] = PixelFlag.SATURATED if light == 3 else 0
        plane = np.full((3, 8, 6), 0.5, np.float16)
        write_plane(tmp_path / "field.zarr", LightPlane(light, plane, flags, "rec709"))
    return tmp_path / "field.zarr"


def test_a_field_says_what_it_holds(field: Path) -> None:
    done = run(field)
    assert done.exit_code == 0
    for words in (
        "reflectance field, schema 1",
        "session 'head', camera 'A', rig 'dome'",
        "9 of 12 lights, 6 x 8 px",
        "no frame of light 2, 5, 11: others stand for their parts",
        "scene-linear Rec.709",
        "a white Lambert patch facing light i reads 1",
        "SATURATED 2.8 %",
        "nothing was moved",
    ):
        assert words in done.output


def test_a_field_says_it_to_programs(field: Path) -> None:
    told = json.loads(run(field, "--json").output)[str(field)]
    assert (told["lights_held"], told["lights_of_rig"]) == (9, 12)
    assert told["missing_lights"] == [2, 5, 11]
    assert told["flags"] == {"SATURATED": pytest.approx(1 / 36)}
    assert told["bytes"] == sum(p.stat().st_size for p in field.rglob("*") if p.is_file())


def test_the_document_explains_itself(field: Path) -> None:
    attributes = json.loads((field / "zarr.json").read_text())["attributes"]
    assert attributes["flag_bits"] == {flag.name: flag.value for flag in PixelFlag}
    assert "NaN" in attributes["missing"]


def test_another_schema_is_named(field: Path) -> None:
    document = json.loads((field / "zarr.json").read_text())
    document["attributes"]["schema"] = 99
    (field / "zarr.json").write_text(json.dumps(document))
    done = run(field)
    assert "found schema 99; this olat reads schema 1" in str(done.exception)


def test_pictures_and_lights_say_what_they_are(tmp_path: Path) -> None:
    write_exr(tmp_path / "a.exr", {"Y": np.ones((4, 8))}, attributes={"comments": "a map"})
    (tmp_path / "lights.csv").write_text("x,y,z\n0,0,1\n1,0,0\n0,1,0\n")
    done = run(tmp_path / "a.exr", tmp_path / "lights.csv")
    assert "EXR of 8 x 4 px" in done.output
    assert "comments: a map" in done.output
    assert "3 lights" in done.output


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    assert "there is no such file" in str(run(tmp_path / "no.exr").exception)
