"""``olat relight`` from a processed session to pictures."""

from __future__ import annotations

import json
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import pytest
from click.testing import CliRunner, Result
from numpy.testing import assert_allclose

import olat
from olat.cli.lighting_options import parse_sweep
from olat.cli.main import cli
from olat.errors import UsageError
from olat.io.exr import read_exr, write_exr
from tests.support.bare_sweep import bare_sweep

TOML = """\
[[light]]
kind = "distant"
toward = [0.3, 0.2, 1]
group = "key"

[[light]]
kind = "distant"
toward = [-0.6, 0.2, 0.8]
stops = -1
group = "fill"
"""


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = bare_sweep(tmp_path_factory.mktemp("bare"))
    assert olat.process(folder, workers=0).exit_code == 0
    (folder / "light.toml").write_text(TOML)
    radiance = np.full((16, 32), 0.5, np.float32)
    radiance[6:9, 12:16] = 8.0
    write_exr(folder / "sky.exr", dict.fromkeys("RGB", radiance), attributes={})
    return folder


def run(session: Path, *words: object) -> Result:
    return CliRunner().invoke(cli, ["relight", str(session), *map(str, words)])


def picture(path: Path, layer: str = "") -> np.ndarray:
    channels, _ = read_exr(path)
    return np.stack([channels[f"{layer}{color}"] for color in "RGB"], axis=-1)


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ["--light", "0.3,0.2,1"],
        ["--light", "0.3,0.2,1", "--light", "-1,0,0.5", "--method", "nearest"],
        ["--light", "0.3,0.2,1", "--method", "model"],
        ["--preset", "three_point"],
        ["--env", "sky.exr", "--rotate", "40", "--turn", "x:20", "--kernel", "voronoi"],
        ["--env", "sky.exr", "--balls"],
        ["--lighting", "light.toml", "--groups"],
    ],
)
def test_every_kind_of_light_makes_a_picture(
    session: Path, tmp_path: Path, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(session)
    places = tmp_path / "a.exr", tmp_path / "a.png"
    done = run(session, *words, "-o", places[0], "-o", places[1], "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["files"] == list(map(str, places))
    assert picture(places[0]).max() > 0.05
    assert iio.imread(places[1]).shape == (32, 32, 3)


@pytest.mark.slow
def test_groups_become_layers_that_add_up(session: Path, tmp_path: Path) -> None:
    place = tmp_path / "g.exr"
    run(session, "--lighting", session / "light.toml", "--groups", "-o", place)
    parts = picture(place, "key.") + picture(place, "fill.")
    assert_allclose(parts, picture(place), rtol=0, atol=2e-3)


@pytest.mark.slow
def test_harmonics_of_gray_light_from_everywhere_are_an_even_map(
    session: Path, tmp_path: Path
) -> None:
    # Radiance 1 has the coefficient sqrt(4 pi).
    (tmp_path / "sh.txt").write_text("3.5449077\n" + "0\n" * 8)
    done = run(
        session,
        "--harmonics",
        tmp_path / "sh.txt",
        "--harmonics-of",
        "dpr",
        "-o",
        tmp_path / "h.exr",
    )
    assert done.exit_code == 0, done.output
    even = np.ones((16, 32), np.float32)
    write_exr(tmp_path / "even.exr", dict.fromkeys("RGB", even), attributes={})
    run(session, "--env", tmp_path / "even.exr", "-o", tmp_path / "e.exr")
    assert_allclose(picture(tmp_path / "h.exr"), picture(tmp_path / "e.exr"), rtol=0, atol=2e-3)


@pytest.mark.slow
def test_a_plate_shows_beside_the_subject_and_not_through_it(session: Path, tmp_path: Path) -> None:
    plate = np.full((32, 32), 3.0, np.float32)
    write_exr(tmp_path / "plate.exr", dict.fromkeys("RGB", plate), attributes={})
    words = "--light", "0,0,1", "--background", tmp_path / "plate.exr", "-o", tmp_path / "p.exr"
    done = run(session, *words)
    assert done.exit_code == 0, done.output
    found = picture(tmp_path / "p.exr")
    assert_allclose(found[0, 0], 3.0, rtol=1e-2)
    assert found[16, 16].max() < 1.2


@pytest.mark.slow
def test_a_sequence_is_written_and_carried_on(session: Path, tmp_path: Path) -> None:
    words = "--env", session / "sky.exr", "--rotate", "0:360:90", "--json"
    outputs = "-o", tmp_path / "t.##.exr", "-o", tmp_path / "t.mp4"
    done = run(session, *words, *outputs)
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["frames"] == 4
    assert len(told["files"]) == 5
    again = json.loads(run(session, *words, "-o", tmp_path / "t.##.exr").stdout)
    assert (len(again["files"]), len(again["kept"])) == (0, 4)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--light", "1,2"], "needed are three finite numbers"),
        (["--light", "0,0,1", "--env", "m.exr"], "found both --light or --point and --env"),
        (["--preset", "list"], "three_point"),
        (["--light", "0,0,1", "--env", "m.exr", "--preset", "key"], "--env and --preset"),
        (["--light", "0,0,1", "--rotate", "10"], "turn a map; there is none"),
        (["--env", "m.exr", "--rotate", "0:90:-5"], "Is the sign of the step right"),
        (["--env", "m.exr", "--turn", "w:10"], "needed"),
        (["--light", "0,0,1", "--background", "env"], "--background env without a map"),
        (["--env", "m.exr", "--rotate", "0:90:5", "--balls"], "single pictures of the field"),
    ],
)
def test_words_that_cannot_be_meant_are_refused(
    tmp_path: Path, words: list[str], told: str
) -> None:
    done = run(bare_sweep(tmp_path), *words, "-o", tmp_path / "x.png")
    assert told in str(done.exception), done.exception


def test_presets_are_listed_without_a_session() -> None:
    done = CliRunner().invoke(cli, ["relight", "--presets"])
    assert done.exit_code == 0
    assert "three_point" in done.output


def test_a_movie_needs_a_sequence(tmp_path: Path) -> None:
    done = run(bare_sweep(tmp_path), "--light", "0,0,1", "-o", tmp_path / "x.mp4")
    assert "A movie needs --rotate START:STOP:STEP or --keys" in str(done.exception)


def test_a_sweep_leaves_its_end_out() -> None:
    assert parse_sweep("0:360:90") == [0.0, 90.0, 180.0, 270.0]
    assert parse_sweep("30") == [30.0]
    assert parse_sweep("10:-10:-5") == [10.0, 5.0, 0.0, -5.0]
    assert len(parse_sweep("0:1:0.1")) == 10
    with pytest.raises(UsageError, match="from 1 to"):
        parse_sweep("0:10:0")
