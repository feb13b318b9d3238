"""`olat cameras` as people meet it."""

from __future__ import annotations

import json
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner, Result
from numpy.testing import assert_allclose

from olat.cli.cameras import command
from olat.errors import OlatError, PipelineError, UsageError
from olat.geometry.placement import place_of
from olat.io.calibration_file import read_calibration
from olat.io.camera_file import read_cameras, write_cameras
from tests.api.test_camera_places import SETTINGS, certified_lenses, photographed
from tests.api.test_camera_places import stage as board_stage
from tests.geometry.test_placement import in_other_world, stage


def run(*words: object, code: int = 0) -> Result:
    """Run the verb in this process; errors of our own are left to be raised."""
    result = CliRunner().invoke(command, [str(word) for word in words])
    if isinstance(result.exception, OlatError):
        raise result.exception
    assert result.exit_code == code, result.output
    return result


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """Return three cameras in another world and unit."""
    path = tmp_path / "foreign.json"
    write_cameras(path, in_other_world(stage(), np.random.default_rng(1), 0.25))
    return path


def test_show_lists_the_cameras_and_says_whose_world_it_is(foreign: Path) -> None:
    own = run("show", foreign).stdout.splitlines()
    assert own[0].startswith("foreign.json: 3 cameras; in the file's own world and unit")
    placed = run("show", foreign, "--reference", "front", "--scale", 0.25).stdout.splitlines()
    assert placed[0] == "foreign.json: 3 cameras; in the world of the stage [m]"
    assert placed[1].split()[:3] == ["name", "size", "[px]"]
    front = next(line for line in placed if line.startswith("  front"))
    assert "640 x 480  520.0 524.0  63.2 x 49.2  0.000 0.000 1.500" in front
    assert "0.000 0.000 -1.000" in front
    assert front.endswith("k1 -0.28 k2 0.06 p1 0.001 p2 -0.0005")


def test_show_as_json_is_json_and_nothing_else(foreign: Path) -> None:
    content = json.loads(run("show", foreign, "--reference", "left", "--json").stdout)
    assert content["in_stage_world"]
    left = next(row for row in content["cameras"] if row["name"] == "left")
    assert left["looks_along"] == [0.0, 0.0, -1.0]


def test_convert_makes_calibrations_that_show_reads_again(foreign: Path, tmp_path: Path) -> None:
    words = ("--reference", "front", "--scale", 0.25, "--valid-from", "2026-11-01", "--by", "Bo")
    done = run("convert", foreign, "-o", tmp_path / "shelf", *words)
    path = tmp_path / "shelf/cameras/left/2026-11-01/lens.toml"
    assert str(path) in done.stdout
    header, lens = read_calibration(path)
    assert (header.certified_by, header.from_session) == ("Bo", "foreign.json")
    assert_allclose(place_of(lens), [-1.2, 0.3, 0.9], rtol=0, atol=1e-9)
    assert "-1.200 0.300 0.900" in run("show", path).stdout


@pytest.mark.parametrize("name", ["a.json", "a.xml", "a.calib", "model/cameras.txt"])
def test_convert_writes_cameras_for_other_programs(
    foreign: Path, tmp_path: Path, name: str
) -> None:
    placed = ("--reference", "front", "--distance", 1.5, "--scale", 0.25)
    run("convert", foreign, "-o", tmp_path / name, *placed)
    found = read_cameras(tmp_path / name, size=(480, 640))
    for camera, lens in stage().items():
        assert_allclose(place_of(found[camera]), place_of(lens), rtol=0, atol=1e-9)
    with pytest.raises(UsageError, match="there already; a new name is needed"):
        run("convert", foreign, "-o", tmp_path / name)
    run("convert", foreign, "-o", tmp_path / name, "--force")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--name", "left"], "--name left: FILE_NAME=NAME is needed"),
        (["--reference", "Front"], "there is no camera 'Front'"),
        (["-o", "a.json", "--by", "Bo"], "--by and --note are about calibrations"),
        (["-o", "shelf"], "--reference CAMERA"),
        (["-o", "shelf", "--reference", "front"], "--valid-from YYYY-MM-DD"),
        (["-o", "shelf", "--valid-from", "17.5.2026"], "did you mean --valid-from 2026-05-17"),
    ],
)
def test_what_cannot_be_meant_is_refused(foreign: Path, words: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        run("convert", foreign, *words)


def test_a_verb_that_is_misspelled_is_suggested() -> None:
    done = run("shwo", code=2)
    assert "Did you mean 'show'?" in done.stderr
    assert isinstance(command, click.Group)


def test_place_prints_the_board_the_cameras_and_their_calibrations(tmp_path: Path) -> None:
    two = {name: lens for name, lens in board_stage().items() if name != "right"}
    session = photographed(tmp_path, two, range(10, 14))
    certified_lenses(session / "calibration", two)
    told = [word for setting in SETTINGS for word in ("--set", setting)]
    done = run("place", session, "--reference", "front", "--distance", 0.6, "--by", "Bo", *told)
    assert "board: chessboard of 7 x 4 corners" in done.stderr
    assert "boards: 2 cameras; in the world of the stage [m]" in done.stdout
    assert "0.000 0.000 0.600" in done.stdout
    assert "reprojection, of poses" in done.stdout
    assert "-0.320 0.100 0.500" in run("show", session).stdout


def test_place_takes_parameters_of_the_board_alone(tmp_path: Path) -> None:
    two = {name: lens for name, lens in board_stage().items() if name != "right"}
    session = photographed(tmp_path, two, range(10, 11))
    certified_lenses(session / "calibration", two)
    with pytest.raises(PipelineError, match=r"has no parameter 'colums'\. Did you mean 'columns'"):
        run("place", session, "--set", "measure_lens.colums=7")
