"""`olat lights` as people meet it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from numpy.testing import assert_allclose

from olat.cli.lights import CONVENTIONS, command
from olat.errors import OlatError
from olat.io.calibration_file import write_calibration
from olat.io.light_file import read_lights, rig_from_lights
from olat.light.footprints import CONVENTIONS as KNOWN
from olat.light.geodesic import geodesic_sphere
from olat.model.calibration import CalibrationHeader, RigCalibration
from olat.model.rig import LightRig


def run(*words: object, code: int = 0) -> Result:
    """Run the verb in this process; errors of our own are left to be raised."""
    result = CliRunner().invoke(command, [str(word) for word in words])
    if isinstance(result.exception, OlatError):
        raise result.exception
    assert result.exit_code == code, result.output
    return result


def test_generate_writes_the_rule_and_says_what_it_amounts_to(tmp_path: Path) -> None:
    path = tmp_path / "stage.csv"
    done = run("generate", "--geodesic", 2, "--radius", 1.5, "-o", path)
    assert done.stdout.startswith("42 lights, 1.5 m away, ")
    assert done.stdout.splitlines()[-1] == str(path)
    rig = rig_from_lights(read_lights(path))
    assert rig.positions is not None
    assert_allclose(rig.positions, 1.5 * geodesic_sphere(2), rtol=0, atol=1e-9)


def test_generate_in_a_spiral_begins_at_the_camera(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    run("generate", "--fibonacci", 60, "--order", "spiral", "-o", path)
    vectors = read_lights(path).vectors
    assert vectors[0, 2] > 0.9
    assert vectors[-1, 2] < -0.9


def test_generate_warns_of_lights_in_a_plane(tmp_path: Path) -> None:
    words = ("--arcs", 24, "--per-arc", 1, "--elevation", 0, 0, "-o", tmp_path / "ring.csv")
    assert "in one plane through the subject" in run("generate", *words).stderr


def test_convert_says_what_is_lost_on_standard_error(tmp_path: Path) -> None:
    run("generate", "--fibonacci", 12, "--radius", 1.2, "-o", tmp_path / "a.csv")
    done = run("convert", tmp_path / "a.csv", tmp_path / "b.lp")
    assert "note: b.lp: it holds no positions" in done.stderr
    assert "note" not in done.stdout


def test_convert_puts_lights_in_the_order_of_capture(tmp_path: Path) -> None:
    (tmp_path / "stage.pc").write_text("v 0 0 2\nv 2 0 0\nv 0 2 0\n", encoding="utf-8")
    (tmp_path / "spiral.txt").write_text("3\n1\n2\n", encoding="utf-8")
    words = (tmp_path / "stage.pc", tmp_path / "b.csv", "--order", tmp_path / "spiral.txt")
    run("convert", *words, "--index-base", 1)
    vectors = read_lights(tmp_path / "b.csv").vectors
    assert_allclose(vectors, [[0, 2, 0], [0, 0, 2], [2, 0, 0]], rtol=0, atol=0)


def test_convert_reads_axes_units_and_center_as_told(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("600 -1500 1700\n1700 -1500 500\n", encoding="utf-8")
    meaning = ("--frame", "opencv", "--units", "mm", "--center", 600, -1500, 500)
    run("convert", tmp_path / "a.txt", tmp_path / "b.npz", *meaning, "--holds", "positions")
    lights = read_lights(tmp_path / "b.npz")
    assert lights.holds == "positions"
    assert_allclose(lights.vectors, [[0, 0, -1.2], [1.1, 0, 0]], rtol=0, atol=1e-12)


@pytest.mark.slow
def test_a_real_stage_becomes_a_table_and_its_rhythm_is_told(
    shared_data: Path, tmp_path: Path
) -> None:
    done = run("convert", shared_data / "stage" / "OLAT_EnvMaps", tmp_path / "out.csv")
    print(done.stdout)
    assert "all lights on in frames 0,20-335x21,348,349, with 19, 15 x 20, 12, 0" in done.stdout
    assert "331 lights, directions only, 10.7" in done.stdout
    assert len(read_lights(tmp_path / "out.csv")) == 331


def test_show_tells_and_draws(tmp_path: Path) -> None:
    run("generate", "--fibonacci", 24, "-o", tmp_path / "a.csv")
    done = run("show", tmp_path / "a.csv", "--table", "-o", tmp_path / "a.png")
    assert done.stdout.startswith("a: 24 lights (table with a header)\n  directions only\n")
    assert len([line for line in done.stdout.splitlines() if line.startswith("   ")]) == 24
    assert (tmp_path / "a.png").stat().st_size > 10_000


def test_a_rig_calibration_is_shown_and_converted(tmp_path: Path) -> None:
    rig = LightRig("dome", geodesic_sphere(1), np.full((12, 3), 2.0))
    header = CalibrationHeader("rig", "dome", "olat", "May")
    write_calibration(tmp_path / "rig.toml", header, RigCalibration(rig))
    done = run("show", tmp_path / "rig.toml", "-o", tmp_path / "a.png")
    assert done.stdout.startswith("dome: 12 lights (rig calibration, a candidate, not certified,")
    run("convert", tmp_path / "rig.toml", tmp_path / "out.lp")
    written = rig_from_lights(read_lights(tmp_path / "out.lp"))
    assert_allclose(written.directions, rig.directions, rtol=0, atol=1e-8)


def test_show_as_json_is_json_and_nothing_else(tmp_path: Path) -> None:
    run("generate", "--fibonacci", 24, "-o", tmp_path / "a.csv")
    done = run("show", tmp_path / "a.csv", "--json", "-o", tmp_path / "a.png")
    content = json.loads(done.stdout)
    assert (content["summary"]["count"], len(content["lights"])) == (24, 24)
    assert content["summary"]["spacing_deg"][1] == pytest.approx(38, abs=3)
    assert np.linalg.norm(content["lights"][7]["direction"]) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["generate", "-o", "x.csv"], "one of --arcs, --fibonacci, --geodesic is needed"),
        (["generate", "--fibonacci", "9", "-o", "x.cvs"], r"Did you mean 'x\.csv'\?"),
        (["generate", "--fibonacci", "9", "-o", "there.csv"], "it is there already"),
        (["generate", "--fibonacci", "9", "-o", "x.pc"], "has directions only"),
        (["convert", "nowhere.lp", "x.csv"], r"nowhere\.lp: the light file is not there"),
        (["convert", "there.csv", "x.cvs"], r"Did you mean 'x\.csv'\?"),
        (["convert", "nan.txt", "x.csv"], r"nan\.txt:2: the light is at nan 0 1"),
        (["convert", "zero.txt", "x.csv"], r"zero\.txt:1: the light is at 0 0 0"),
        (["show", "there.csv", "-o", "x.jpg"], r"a name that ends in \.png is needed"),
        (["show", "there.csv", "-o", "there.png"], "it is there already"),
        (["show", "empty"], "empty: this folder holds no pictures"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    run("generate", "--fibonacci", 9, "-o", "there.csv")
    Path("there.png").touch()
    Path("empty").mkdir()
    Path("nan.txt").write_text("0 0 1\nnan 0 1\n", encoding="utf-8")
    Path("zero.txt").write_text("0 0 0\n0 0 1\n", encoding="utf-8")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(OlatError, match=said):
        run(*words)
    assert sorted(tmp_path.iterdir()) == before


def test_a_wrong_verb_is_answered_with_the_near_one() -> None:
    assert "No such command 'covnert'. Did you mean 'convert'?" in run("covnert", code=2).stderr


def test_the_conventions_are_those_that_are_known() -> None:
    assert set(CONVENTIONS) == set(KNOWN)
