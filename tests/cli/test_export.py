"""``olat export`` from a processed session to files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import olat
from olat.cli.export import KINDS
from olat.cli.main import cli
from tests.support.bare_sweep import bare_sweep

pytestmark = pytest.mark.slow

FILES = {"exr": "out.exr", "ptm": "out.ptm", "nuke": "out.nk"}
"""Kinds that make a file, and its name; others make a folder."""


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = bare_sweep(tmp_path_factory.mktemp("bare"))
    assert olat.process(folder, workers=0).exit_code == 0
    return folder


def run(*words: object) -> Result:
    return CliRunner().invoke(cli, list(map(str, words)))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_says_what_it_wrote_and_replaces_only_when_asked(
    session: Path, tmp_path: Path, kind: str
) -> None:
    place = tmp_path / FILES.get(kind, "out")
    done = run("export", kind, session, "-o", place, "--json")
    assert done.exit_code == 0, done.output
    files = json.loads(done.stdout)["files"]
    assert files
    assert all(Path(path).exists() for path in files)
    again = run("export", kind, session, "-o", place)
    assert again.exception is not None
    assert "there already" in str(again.exception)
    assert run("export", kind, session, "-o", place, "--overwrite").exit_code == 0


def test_a_file_of_another_suffix_is_refused(session: Path, tmp_path: Path) -> None:
    done = run("export", "exr", session, "-o", tmp_path / "out.png")
    assert "needed is a name that ends in .exr" in str(done.exception)


def test_chunks_are_four_lengths(session: Path, tmp_path: Path) -> None:
    done = run("export", "zarr", session, "-o", tmp_path / "z", "--chunks", "1,2")
    assert "needed are four lengths" in str(done.exception)
    assert not (tmp_path / "z").exists()


def test_a_session_that_was_not_processed_is_named(tmp_path: Path) -> None:
    bare_sweep(tmp_path / "raw")
    done = run("export", "numpy", tmp_path / "raw", "-o", tmp_path / "out")
    assert "has no finished 'field'" in str(done.exception)
