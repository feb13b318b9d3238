"""Another pipeline replaces products of the same folder, and says so first."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from olat.api.processing import Watcher, prepare, process
from olat.cli.process import command
from olat.engine.receipt import read_receipt
from tests.support.bare_sweep import bare_sweep

MINE = 'extends = "normals"\n[solve_normals]\nreweightings = 0\n'


@pytest.fixture
def session(tmp_path: Path) -> Path:
    """Return a session whose normals were solved."""
    folder = tmp_path / "session"
    folder.mkdir()
    assert not process(bare_sweep(folder), pipeline="normals", workers=0).failures
    return folder


@pytest.fixture
def mine(tmp_path: Path) -> str:
    """Return a definition with another solver."""
    path = tmp_path / "mine.toml"
    path.write_text(MINE, encoding="utf-8")
    return str(path)


class Ears(Watcher):
    """Remembers what it heard, and when."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def warned(self, text: str) -> None:
        """Hear a warning."""
        self.heard.append(text)

    def planned(self, *_: object) -> None:
        """Hear that work begins."""
        self.heard.append("begins")


def test_what_is_replaced_and_what_stands_is_told_before_work_begins(
    session: Path, mine: str
) -> None:
    ears = Ears()
    assert not process(session, pipeline=mine, workers=0, watcher=ears).failures
    assert ears.heard == [
        f"{session}/olat: mine replaces 2 products of normals (solve_normals, "
        "integrate_normals); 9 others would be the same and stand. To keep both, copy the folder "
        "first, or run a definition of yours with a 'folder' of its own.",
        "begins",
    ]
    made = read_receipt(session / "olat" / "A" / "normals.receipt.json")
    assert made is not None
    assert made.pipeline == "mine"
    (back,) = prepare(session, pipeline="normals").warnings
    assert "normals replaces 2 products of mine (solve_normals, integrate_normals)" in back


def test_a_dry_run_tells_it_to_people_and_machines(session: Path, mine: str) -> None:
    words = [str(session), "--pipeline", mine, "--dry-run"]
    told = CliRunner().invoke(command, words).stdout
    assert told.startswith(f"warning: {session}/olat: mine replaces 2 products of normals")
    (warning,) = json.loads(CliRunner().invoke(command, [*words, "--json"]).stdout)["warnings"]
    assert f"warning: {warning}" in told


@pytest.mark.parametrize(
    ("pipeline", "settings"),
    [
        ("normals", []),
        ("normals", ["solve_normals.reweightings=0"]),
        ("preview", []),
    ],
    ids=["same", "changed parameter", "folder of its own"],
)
def test_nothing_is_told_where_no_other_pipeline_loses_anything(
    session: Path, pipeline: str, settings: list[str]
) -> None:
    assert prepare(session, pipeline=pipeline, settings=settings).warnings == ()


def test_a_pipeline_that_makes_more_replaces_only_what_depends_on_it(session: Path) -> None:
    (told,) = prepare(session, pipeline="standard").warnings
    assert "standard replaces 1 product of normals (integrate_normals); " in told
