"""`olat envmap` as people meet it."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result
from numpy.testing import assert_allclose, assert_array_equal

from olat.cli.envmap import CONVENTIONS, PROJECTIONS, command
from olat.errors import OlatError, UsageError
from olat.io.environment_file import read_environment, write_environment
from olat.light.latlong_resampling import MAP_CONVENTIONS
from olat.light.map_projections import PROJECTIONS as KNOWN_PROJECTIONS
from olat.model.environment import EnvironmentMap


def run(*words: object, code: int = 0) -> Result:
    """Run the verb in this process; errors of our own are left to be raised."""
    result = CliRunner().invoke(command, [str(word) for word in words])
    if isinstance(result.exception, OlatError):
        raise result.exception
    assert result.exit_code == code, result.output
    return result


@pytest.fixture
def source(tmp_path: Path, rng: np.random.Generator) -> Path:
    """Write a map of noise."""
    radiance = (rng.random((16, 32, 3)) * 4.0).astype(np.float32)
    write_environment(tmp_path / "map.exr", EnvironmentMap(radiance))
    return tmp_path / "map.exr"


@pytest.fixture
def lights(tmp_path: Path) -> Path:
    """Write a light file."""
    (tmp_path / "six.txt").write_text("1 0 0\n-1 0 0\n0 1 0\n0 -1 0\n0 0 1\n0 0 -1\n")
    return tmp_path / "six.txt"


def test_the_choices_are_those_that_there_are() -> None:
    assert set(CONVENTIONS) == set(MAP_CONVENTIONS)
    assert PROJECTIONS == KNOWN_PROJECTIONS


def test_convert_says_what_it_wrote(source: Path, tmp_path: Path) -> None:
    done = run("convert", source, "-o", tmp_path / "b.exr", "--to", "skylibs", "--exposure", 1)
    assert done.stdout.startswith(f"{tmp_path / 'b.exr'}: 32 x 16 px, mean radiance ")
    expected = 2.0 * np.roll(read_environment(source).radiance, 16, axis=1)
    assert_array_equal(read_environment(tmp_path / "b.exr").radiance, expected)


def test_convert_in_json(source: Path, tmp_path: Path) -> None:
    words = ("--rotate", "x:20", "--rotate", "Y:-90", "--width", 16, "--half", "--json")
    told = json.loads(run("convert", source, "-o", tmp_path / "b.exr", *words).stdout)
    assert (told["width"], told["height"], told["exact"]) == (16, 8, False)
    assert told["output"] == str(tmp_path / "b.exr")


def test_a_jpeg_is_taken_when_its_encoding_is_said(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.jpg"), np.full((16, 32, 3), 128, np.uint8))
    done = run("convert", tmp_path / "a.jpg", "--assume", "2.0", "-o", tmp_path / "b.hdr")
    assert "note: b.hdr: .hdr keeps eight bits" in done.stderr
    found = read_environment(tmp_path / "b.hdr").radiance
    assert_allclose(found, (128 / 255) ** 2, rtol=0.01)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--rotate", "90"), "--rotate 90: an axis and degrees are needed"),
        (("--rotate", "w:90"), "an axis and degrees are needed, as in --rotate y:90"),
        (("--rotate", "y:nan"), "an axis and degrees are needed"),
        (("--assume", "bright"), "--assume bright: srgb, linear or an exponent"),
    ],
)
def test_what_is_not_understood_is_refused(
    source: Path, tmp_path: Path, words: tuple[str, ...], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        run("convert", source, "-o", tmp_path / "b.exr", *words)
    assert not (tmp_path / "b.exr").exists()


def test_no_file_is_replaced_unless_told(source: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="it is there already"):
        run("convert", source, "-o", source)
    run("axes", "-o", source, "--width", 64, "--overwrite")
    assert read_environment(source).radiance.shape == (32, 64, 3)
    with pytest.raises(UsageError, match=r"needed is a name that ends in \.exr, \.hdr"):
        run("convert", source, "-o", tmp_path / "b.png")


def test_axes_for_blender_come_with_words(tmp_path: Path) -> None:
    done = run("axes", "-o", tmp_path / "a.png", "--to", "blender", "--width", 64)
    assert "Blender's up is its +Z" in done.stderr
    told = json.loads(run("axes", "-o", tmp_path / "a.exr", "--width", 64, "--json").stdout)
    assert told == {
        "output": str(tmp_path / "a.exr"),
        "width": 64,
        "orientation": "openexr",
        "notes": [],
    }


def test_weights_are_printed_or_written(source: Path, lights: Path, tmp_path: Path) -> None:
    printed = list(csv.DictReader(io.StringIO(run("weights", source, lights).stdout)))
    assert [row["id"] for row in printed] == list("012345")
    done = run("weights", source, lights, "-o", tmp_path / "w.csv", "-o", tmp_path / "w.png")
    assert done.stdout.splitlines() == [str(tmp_path / "w.csv"), str(tmp_path / "w.png")]
    written = list(csv.DictReader(io.StringIO((tmp_path / "w.csv").read_text())))
    for ours, theirs in zip(printed, written, strict=True):
        assert float(ours["g"]) == pytest.approx(float(theirs["g"]), rel=1e-5)


def test_weights_in_json_turn_with_the_map(source: Path, lights: Path) -> None:
    words = ("--kernel", "voronoi", "--json")
    still = json.loads(run("weights", source, lights, *words).stdout)["lights"]
    turned = json.loads(run("weights", source, lights, *words, "--rotate", 90).stdout)["lights"]
    # What came from +z comes from +x; what came from -x, from +z.
    assert turned[0]["r"] == pytest.approx(still[4]["r"], rel=0.02)
    assert turned[4]["r"] == pytest.approx(still[1]["r"], rel=0.02)
