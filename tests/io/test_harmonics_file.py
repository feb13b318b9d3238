"""Harmonics as text files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.errors import FileError
from olat.io.harmonics_file import read_harmonics, write_harmonics


@pytest.mark.parametrize(("convention", "lines"), [("olat", 9), ("sfsnet", 27), ("dpr", 9)])
def test_what_was_written_is_read(
    tmp_path: Path, rng: np.random.Generator, convention: str, lines: int
) -> None:
    ours = rng.normal(size=(9, 1 if convention == "dpr" else 3)).repeat(
        3 if convention == "dpr" else 1, axis=1
    )
    path = tmp_path / "light.txt"
    write_harmonics(path, ours, convention)
    assert len(path.read_text().splitlines()) == lines
    assert_allclose(read_harmonics(path, convention), ours, rtol=0, atol=1e-12)


def test_a_file_of_dpr_is_gray_light(tmp_path: Path) -> None:
    # Light from the front in its axes: y points away from the camera.
    path = tmp_path / "rotate_light_00.txt"
    path.write_text("0.8\n-0.3\n0\n0\n0\n0\n0\n0\n0\n")
    found = read_harmonics(path, "dpr")
    expected = np.zeros((9, 3))
    expected[0], expected[2] = 0.8, 0.3  # ours: 1, y, z
    assert_allclose(found, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1 2 3", "found 3 numbers, 3 of them finite; dpr has 9"),
        ("1 2 3 4 5 6 7 8 nan", "8 of them finite"),
        ("1 2 red", "could not convert string to float: 'red'; numbers are needed"),
    ],
)
def test_another_file_is_named(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "light.txt"
    path.write_text(text)
    with pytest.raises(FileError, match=words):
        read_harmonics(path, "dpr")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot be read as text"):
        read_harmonics(tmp_path / "no.txt", "olat")
