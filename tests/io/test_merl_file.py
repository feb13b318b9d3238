"""MERL files: exactly the bytes that the format describes, and words for those that are not."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from olat.errors import FileError
from olat.io.merl_file import FILE_SIZE, read_merl, write_merl
from olat.surface.merl import MerlTable


@pytest.fixture(scope="module")
def table() -> MerlTable:
    """Return reflectance that is another number in every cell, and holes."""
    values = np.random.default_rng(3).uniform(0.0, 2.0, (3, 90, 90, 180))
    values[:, 80:, 70:] = -1.0
    return MerlTable(values, "made")


@pytest.fixture(scope="module")
def path(table: MerlTable, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of that material."""
    path = tmp_path_factory.mktemp("merl") / "made.binary"
    write_merl(path, table)
    return path


def test_a_material_comes_back(path: Path, table: MerlTable) -> None:
    again = read_merl(path)
    assert_allclose(again.values, table.values, rtol=1e-15, atol=0)
    assert_array_equal(again.is_measured, table.is_measured)
    assert again.name == "made"


def test_the_bytes_are_those_of_the_format(path: Path, table: MerlTable, rng) -> None:
    """Read single numbers at the places where the format has them."""
    assert path.stat().st_size == FILE_SIZE == 34_992_012
    with path.open("rb") as file:
        assert struct.unpack("<3i", file.read(12)) == (90, 90, 180)
        for channel, scale in enumerate((1.0 / 1500, 1.15 / 1500, 1.66 / 1500)):
            for half, difference, turn in rng.integers(0, (70, 90, 180), (50, 3)).tolist():
                index = turn + 180 * (difference + 90 * half) + channel * 90 * 90 * 180
                file.seek(12 + 8 * index)
                (stored,) = struct.unpack("<d", file.read(8))
                expected = table.values[channel, half, difference, turn]
                assert stored * scale == pytest.approx(expected, rel=1e-14)


def test_nothing_measured_is_below_zero_in_the_file(path: Path) -> None:
    with path.open("rb") as file:
        file.seek(12 + 8 * (0 + 180 * (75 + 90 * 85)))
        assert struct.unpack("<d", file.read(8))[0] == -1.0


def test_a_file_that_ends_early_is_refused(path: Path, tmp_path: Path) -> None:
    short = tmp_path / "short.binary"
    short.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(FileError, match="ends early, with 1,000 bytes; 34,992,012 are needed"):
        read_merl(short)


def test_a_file_that_goes_on_is_refused(path: Path, tmp_path: Path) -> None:
    long = tmp_path / "long.binary"
    long.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(FileError, match="goes on after the table, with 34,992,013 bytes"):
        read_merl(long)


@pytest.mark.parametrize("content", [b"", b"\x5a\0\0\0"], ids=["empty", "half a header"])
def test_a_file_without_a_header_ends_early(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "empty.binary"
    path.write_bytes(content)
    with pytest.raises(FileError, match="ends early"):
        read_merl(path)


def test_another_grid_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.binary"
    path.write_bytes(np.array([45, 90, 360], "<i4").tobytes() + bytes(100))
    with pytest.raises(FileError, match="the grid is 45 x 90 x 360; 90 x 90 x 180"):
        read_merl(path)


def test_numbers_that_are_none_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "nan.binary"
    stored = np.ones(3 * 90 * 90 * 180)
    stored[:7] = np.nan
    path.write_bytes(np.array([90, 90, 180], "<i4").tobytes() + stored.astype("<f8").tobytes())
    with pytest.raises(FileError, match="7 values are not finite numbers"):
        read_merl(path)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="there is no such file"):
        read_merl(tmp_path / "none.binary")


def test_a_table_that_no_file_can_hold_leaves_none(tmp_path: Path, table: MerlTable) -> None:
    path = tmp_path / "broken.binary"
    values = table.values.copy()
    values[0, 0, 0, 0] = np.inf
    with pytest.raises(ValueError, match="finite numbers were needed"):
        write_merl(path, MerlTable(values))
    assert not list(tmp_path.iterdir())
