from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from olat.cli.init import command
from olat.errors import SessionError, UsageError
from olat.io.frame_table import RESOLVED
from olat.io.manifest import read_session
from olat.model.condition import AxisGradient, Polarized, Tracking
from tests.support.lambert_sphere import sphere_pictures, spread_directions, write_pictures


def init(*arguments: object) -> Result:
    return CliRunner().invoke(command, [str(word) for word in arguments])


def capture(folder: Path, *, lights: int = 9, pictures: int = 9) -> Path:
    directions = spread_directions(pictures, hemisphere=True)
    write_pictures([folder / f"{n}.png" for n in range(pictures)], sphere_pictures(directions))
    np.savetxt(folder / "lights.txt", spread_directions(lights, hemisphere=True))
    return folder


def jpeg_capture(folder: Path) -> Path:
    """Write three JPEGs of which two have one light."""
    lights = np.array([[0.0, 0.0, 1.0], [0.0, 0.0, 1.0], [0.6, 0.0, 0.8]])
    write_pictures([folder / f"{n}.jpg" for n in range(3)], sphere_pictures(lights), bits=8)
    np.savetxt(folder / "lights.txt", lights)
    return folder


def listing(folder: Path) -> list[tuple[str, int, int]]:
    return [
        (str(path), path.stat().st_size, path.stat().st_mtime_ns)
        for path in sorted([folder, *folder.rglob("*")])
    ]


def test_a_capture_becomes_a_session_in_place(tmp_path: Path) -> None:
    result = init(capture(tmp_path))
    assert result.exit_code == 0
    assert len(read_session(tmp_path).frames) == 9
    assert (
        (tmp_path / RESOLVED).read_text().startswith("camera,frame,role,light,gain,exposure,file\n")
    )
    assert "9 pictures = 9 OLAT frames" in result.output
    assert result.output.splitlines()[-1] == f"Next: olat process {tmp_path}"
    assert 'files = "{frame}.png"' in (tmp_path / "session.toml").read_text()


def test_pictures_that_are_named_as_patterns_are_told_apart(tmp_path: Path) -> None:
    folder = capture(tmp_path)
    singles = ("complement_x.png", "full_on_crossed.png", "full_on.png", "gradient_x.png")
    write_pictures([folder / name for name in singles], sphere_pictures(np.eye(3)[[2] * 4]))
    assert init(folder).exit_code == 0
    session = read_session(folder)
    found = {frame.path.name: frame.condition for frame in session.frames if frame.index > 8}
    assert found == {
        "complement_x.png": AxisGradient("x", complement=True),
        "full_on_crossed.png": Polarized(Tracking(), "crossed"),
        "full_on.png": Tracking(),
        "gradient_x.png": AxisGradient("x"),
    }
    assert len(session.olat_frames(session.cameras[0].name)) == 9


def test_a_session_elsewhere_leaves_the_capture_alone(tmp_path: Path) -> None:
    folder = capture(tmp_path / "capture")
    before = listing(folder)
    assert init(folder, "-o", tmp_path / "sessions" / "one").exit_code == 0
    assert init(folder, "-o", tmp_path / "beside").exit_code == 0
    assert listing(folder) == before
    assert len(read_session(tmp_path / "sessions" / "one").frames) == 9
    text = (tmp_path / "beside" / "session.toml").read_text()
    assert 'files = "../capture/{frame}.png"' in text


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    folder = capture(tmp_path / "capture")
    init(folder)
    before = listing(folder)
    error = init(folder).exception
    assert isinstance(error, UsageError)
    assert "it is a session already, and init never overwrites. Edit" in str(error)
    assert listing(folder) == before


def test_a_frame_table_that_is_there_already_is_kept(tmp_path: Path, shared_data: Path) -> None:
    (tmp_path / "frames.csv").write_text("mine")
    error = init(shared_data / "yale" / "yaleB01", "-o", tmp_path).exception
    assert isinstance(error, UsageError)
    assert "frames.csv: it is there already" in str(error)
    assert [path.name for path in tmp_path.iterdir()] == ["frames.csv"]


def test_lights_that_were_found_and_do_not_match_write_nothing(tmp_path: Path) -> None:
    folder = capture(tmp_path / "capture", lights=11)
    before = listing(folder)
    for target in (folder, tmp_path / "session"):
        result = init(folder, "-o", target)
        assert isinstance(result.exception, SessionError)
        assert "9 OLAT frames (0-8) for 11 lights" in str(result.exception)
        assert "\nNothing was written. Give the lights of these" in str(result.exception)
        assert "9 pictures = 9 OLAT frames" in result.output
        assert "Wrote" not in result.output
    assert [path for path, *_ in listing(folder)] == [path for path, *_ in before]
    assert not (tmp_path / "session").exists()


def test_lights_that_were_given_and_do_not_match_leave_a_session_to_edit(tmp_path: Path) -> None:
    folder = capture(tmp_path, lights=11)
    result = init(folder, "--lights", folder / "lights.txt")
    assert isinstance(result.exception, SessionError)
    assert f"{folder / 'session.toml'} was written all the same" in str(result.exception)
    assert f"Wrote {folder / 'session.toml'}" in result.output
    assert "Next:" not in result.output
    with (folder / "session.toml").open("a") as manifest:
        manifest.write("skip_lights = [3, 7]\n")
    assert len(read_session(folder).frames) == 9


def test_what_is_strange_about_the_session_is_told(tmp_path: Path) -> None:
    result = init(jpeg_capture(tmp_path), "--encoding", "linear")
    assert "  ! JPEG is read as linear (camera A), but cameras write it sRGB" in result.output
    assert "  ! Lights 0 and 1 (from 0) have the same direction" in result.output


def test_json_says_the_same_to_programs(tmp_path: Path) -> None:
    said = json.loads(init(capture(tmp_path), "--json").output)
    assert said["written"] == [str(tmp_path / "session.toml")]
    assert (said["lights"], said["cameras"]) == (9, {"A": 9})
    assert {"what", "value", "confidence", "reason"} == set(said["findings"][0])


@pytest.mark.parametrize(
    ("word", "encoding"), [("linear", "linear"), ("srgb", "srgb"), ("2.2", 2.2)]
)
def test_the_encoding_may_be_said(tmp_path: Path, word: str, encoding: str | float) -> None:
    init(capture(tmp_path), "--encoding", word)
    assert read_session(tmp_path).camera("A").encoding == encoding


def test_an_encoding_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    error = init(capture(tmp_path), "--encoding", "log").exception
    assert isinstance(error, UsageError)
    assert "--encoding log: 'linear', 'srgb' or an exponent above 0" in str(error)
    assert not (tmp_path / "session.toml").exists()


def test_a_capture_without_lights_is_told_what_to_give(shared_data: Path, tmp_path: Path) -> None:
    error = init(shared_data / "lens", "-o", tmp_path / "session").exception
    assert isinstance(error, UsageError)
    assert "13 photographs (.jpg), but no light file; the direction to every" in str(error)
    assert not (tmp_path / "session").exists()


def test_a_stage_that_pictures_its_lights_alone_holds_no_photographs(
    shared_data: Path, tmp_path: Path
) -> None:
    error = init(shared_data / "stage", "-o", tmp_path / "session").exception
    assert isinstance(error, UsageError)
    assert "no photographs but pictures of where the lights are (OLAT_EnvMaps)" in str(error)


@pytest.mark.slow
def test_a_real_stage_with_its_lights_given_finds_its_rhythm(
    shared_data: Path, tmp_path: Path
) -> None:
    np.savetxt(tmp_path / "rig.txt", spread_directions(331))
    result = init(shared_data / "stage", "-o", tmp_path, "--lights", tmp_path / "rig.txt")
    assert result.exit_code == 0
    text = (tmp_path / "session.toml").read_text()
    assert 'dark = "0,20-335x21,348,349"' in text
    assert len(read_session(tmp_path).olat_frames("A")) == 331


def test_asking_for_help_imports_no_numpy() -> None:
    code = (
        "import sys, olat.cli.init; sys.exit('numpy' in sys.modules or 'pydantic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
