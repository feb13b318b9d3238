"""Lightings that people write."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.errors import FileError
from olat.io.exr import write_exr
from olat.io.gains_file import read_gains
from olat.io.lighting_file import read_keys, read_lighting
from olat.light.latlong import rotation_about
from olat.model.lighting import DistantLight, PointLight, RectangleLight, SpotLight
from olat.model.rig import LightRig

RIG = LightRig("rig", np.eye(3), np.ones((3, 3)), names=("left", "top", "front"))

WHOLE = """\
name = "portrait"
gains = "gains.csv"

[groups.key]
stops = 1
color = [1, 0.5, 0.25]

[groups.off]
on = false

[[light]]
kind = "distant"
toward = [1, 0, 0]
stops = -1
group = "key"

[[light]]
kind = "point"
position = [0, 0.5, 1]

[[light]]
kind = "spot"
position = [0, 1, 1]
cone_deg = 40
group = "off"

[[light]]
kind = "rectangle"
center = [1, 0, 1]
width = 0.5
height = 0.25
on = true

[[light]]
kind = "environment"
map = "sky.exr"
rotate = [{ axis = [1, 0, 0], degrees = 90 }, { degrees = 30 }]
color = [2, 2, 2]
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "light.toml"
    path.write_text(text)
    (folder / "gains.csv").write_text("light,r,g,b\ntop,1,0.5,0\n0,2,2,2\n")
    write_exr(folder / "sky.exr", dict.fromkeys("RGB", np.ones((4, 8))), attributes={})
    return path


def test_all_that_a_file_says_is_there(tmp_path: Path) -> None:
    found = read_lighting(written(tmp_path, WHOLE), RIG)
    distant, point, rectangle, sky = found.lights
    assert distant == DistantLight((1.0, 0.0, 0.0), (1.0, 0.5, 0.25), "key")  # -1 + 1 stops
    assert point == PointLight((0.0, 0.5, 1.0))
    assert rectangle == RectangleLight((1.0, 0.0, 1.0), width=0.5, height=0.25)
    assert sky.color == (2.0, 2.0, 2.0)
    first = rotation_about((1.0, 0.0, 0.0), 90.0)
    assert_allclose(sky.rotation, rotation_about((0.0, 1.0, 0.0), 30.0) @ first)
    assert_allclose(found.gains, [[2, 2, 2], [1, 0.5, 0], [0, 0, 0]])
    assert found.name == "portrait"


def test_a_spot_has_its_cone(tmp_path: Path) -> None:
    path = written(tmp_path, '[[light]]\nkind = "spot"\nposition = [0, 1, 1]\ncone_deg = 40\n')
    assert read_lighting(path, RIG).lights == (SpotLight((0.0, 1.0, 1.0), cone_deg=40.0),)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("light = 3", "light: Input should be a valid list"),
        ('[[light]]\nkind = "laser"\n', "does not match any of the expected tags"),
        ('[[light]]\nkind = "point"\n', "light.0.point.position: Field required"),
        ('[[light]]\nkind = "point"\nposition = [0, 1]\n', "Field required"),
        ('[[light]]\nkind = "point"\nposition = [0, 1, nan]\n', "finite number"),
        ('[[light]]\nkind = "distant"\ntoward = [0, 0, 1]\nstop = 1\n', "Extra inputs"),
        (
            '[groups.key]\n[[light]]\nkind = "distant"\ntoward = [0, 0, 1]\ngroup = "kye"\n',
            "light 1 is of the group 'kye'; .groups. has key",
        ),
        ('[[light]]\nkind = "distant"\ntoward = [0, 0, 1]\non = false\n', "no light of it is on"),
        ('[[light]]\nkind = "environment"\nmap = "no.exr"\n', "light 1: .*no.exr"),
        ("name = ", "cannot be read as TOML"),
    ],
)
def test_what_no_lighting_has_is_named(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(FileError, match=words):
        read_lighting(written(tmp_path, text), RIG)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("light,r,g,b\nback,1,1,1\n", "line 2: the light is 'back'; a name of the rig or a number"),
        ("light,r,g,b\n3,1,1,1\n", "from 0 to 2 is needed"),
        ("light,r,g,b\ntop,1,1,1\n1,1,1,1\n", "line 3: light '1' is there twice"),
        ("light,r,g,b\ntop,1,bright,1\n", "line 2: .*bright.* is no level"),
        ("light,r,g\ntop,1,1\n", "'b' is no level"),
        ("light,r,g,b\ntop,1,inf,1\n", "not all finite"),
    ],
)
def test_gains_of_other_lights_are_named(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "gains.csv"
    path.write_text(text)
    with pytest.raises(FileError, match=words):
        read_gains(path, RIG)


def test_keys_hold_lightings(tmp_path: Path) -> None:
    text = "fps = 30\n"
    for frame, x in ((1, 0), (25, 1)):
        text += f"[[key]]\nframe = {frame}\nease = true\n"
        text += f'[[key.light]]\nkind = "point"\nposition = [{x}, 0, 1]\n'
    found = read_keys(written(tmp_path, text), RIG)
    assert found.fps == 30.0
    assert [(key.frame, key.ease) for key in found.keys] == [(1, True), (25, True)]
    assert found.keys[1].lighting.lights == (PointLight((1.0, 0.0, 1.0)),)


def test_a_file_without_keys_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="key: "):
        read_keys(written(tmp_path, "key = []\n"), RIG)
