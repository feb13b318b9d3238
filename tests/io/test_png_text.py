"""Words in a PNG: other readers find them, and the picture stays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from olat.errors import FileError
from olat.io.display import write_png
from olat.io.png_text import read_text

TOLD = {"Description": "distant light from 1, 0.5, 2 — “key”", "Software": "olat"}


def test_what_is_told_is_read_back_here_and_elsewhere(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    picture = rng.integers(0, 256, (5, 7, 3), np.uint8)
    write_png(tmp_path / "a.png", picture, told=TOLD)
    assert read_text(tmp_path / "a.png") == ((5, 7), TOLD)
    with Image.open(tmp_path / "a.png") as seen:
        assert {name: str(words) for name, words in seen.text.items()} == TOLD
        np.testing.assert_array_equal(np.asarray(seen), picture)


def test_a_picture_that_tells_nothing_has_its_size(tmp_path: Path) -> None:
    write_png(tmp_path / "a.png", np.zeros((2, 3, 3), np.uint8))
    assert read_text(tmp_path / "a.png") == ((2, 3), {})


@pytest.mark.parametrize("keep", [0, 8, 20, 60])
def test_what_is_no_whole_png_is_refused(tmp_path: Path, keep: int) -> None:
    write_png(tmp_path / "a.png", np.zeros((9, 9, 3), np.uint8))
    (tmp_path / "a.png").write_bytes((tmp_path / "a.png").read_bytes()[:keep])
    with pytest.raises(FileError, match="it is no whole PNG"):
        read_text(tmp_path / "a.png")
    with pytest.raises(FileError, match="it cannot be read"):
        read_text(tmp_path / "b.png")
