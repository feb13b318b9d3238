"""Folders that appear whole, and that replace nothing but what was published."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from olat.errors import UsageError
from olat.io.publish_folder import MARK, publish_folder


def filled(text: str) -> object:
    return lambda folder: (folder / "a.txt").write_text(text)


def test_a_folder_says_what_it_is(tmp_path: Path) -> None:
    place = tmp_path / "deep" / "out"
    publish_folder(place, filled("one"), told={"kind": "test"})
    assert json.loads((place / MARK).read_text()) == {"kind": "test"}
    assert [path.name for path in place.parent.iterdir()] == ["out"]


def test_only_an_export_is_replaced_and_only_when_asked(tmp_path: Path) -> None:
    place = tmp_path / "out"
    publish_folder(place, filled("one"), told={})
    with pytest.raises(UsageError, match="an export is there already"):
        publish_folder(place, filled("two"), told={})
    publish_folder(place, filled("two"), told={}, overwrite=True)
    assert (place / "a.txt").read_text() == "two"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_what_others_made_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").touch()
    with pytest.raises(UsageError, match="no export has made"):
        publish_folder(tmp_path, filled("x"), told={}, overwrite=True)
    with pytest.raises(UsageError, match="no export has made"):
        publish_folder(tmp_path / "mine.txt", filled("x"), told={}, overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    place = tmp_path / "out"
    publish_folder(place, filled("one"), told={})

    def fail(folder: Path) -> None:
        (folder / "a.txt").write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        publish_folder(place, fail, told={}, overwrite=True)
    assert (place / "a.txt").read_text() == "one"
    with pytest.raises(KeyboardInterrupt):
        publish_folder(tmp_path / "new", fail, told={})
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
