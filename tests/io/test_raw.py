from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from olat.errors import FileError
from olat.io.raw import raw_size, read_raw
from tests.support.dng import BAYER, write_dng, write_linear_dng, write_xtrans_dng

BLACK = (500, 511, 523, 541)


@pytest.fixture
def counts(rng: np.random.Generator) -> np.ndarray:
    return rng.integers(0, 16384, (48, 70), dtype=np.uint16)


@pytest.mark.parametrize("phase", BAYER)
def test_counts_pattern_and_levels_come_back_exactly_in_every_phase(
    tmp_path: Path, counts: np.ndarray, phase: str
) -> None:
    mosaic = read_raw(write_dng(tmp_path / "a.dng", counts, phase=phase, black=BLACK, white=15000))
    np.testing.assert_array_equal(mosaic.counts, counts)
    np.testing.assert_array_equal(mosaic.pattern.ravel(), BAYER[phase])
    np.testing.assert_array_equal(mosaic.black.ravel(), BLACK)
    assert mosaic.white == 15000


# What a viewer must do to what the camera stored (Exif 2.3, table 6).
TURNS = {
    1: lambda a: a,
    2: np.fliplr,
    3: lambda a: np.rot90(a, 2),
    4: np.flipud,
    5: np.transpose,
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.rot90(a, 2).T,
    8: lambda a: np.rot90(a, 1),
}


@pytest.mark.parametrize("orientation", TURNS)
def test_the_mosaic_stands_upright_with_its_pattern_and_black(
    tmp_path: Path, counts: np.ndarray, orientation: int
) -> None:
    path = write_dng(tmp_path / "a.dng", counts, black=BLACK, orientation=orientation)
    mosaic = read_raw(path)
    turn = TURNS[orientation]
    np.testing.assert_array_equal(mosaic.counts, turn(counts))
    for tile, sites in ((mosaic.pattern, BAYER["RGGB"]), (mosaic.black, BLACK)):
        everywhere = np.tile(np.reshape(sites, (2, 2)), (24, 35))
        np.testing.assert_array_equal(tile, turn(everywhere)[:2, :2])
    assert raw_size(path) == mosaic.counts.shape


@pytest.mark.parametrize("orientation", TURNS)
def test_turning_a_mosaic_of_odd_size_changes_its_phase(
    tmp_path: Path, rng: np.random.Generator, orientation: int
) -> None:
    counts = rng.integers(0, 16384, (49, 71), dtype=np.uint16)
    mosaic = read_raw(write_dng(tmp_path / "a.dng", counts, orientation=orientation))
    turn = TURNS[orientation]
    everywhere = np.tile(np.reshape(BAYER["RGGB"], (2, 2)), (25, 36))[:49, :71]
    np.testing.assert_array_equal(mosaic.counts, turn(counts))
    np.testing.assert_array_equal(mosaic.pattern, turn(everywhere)[:2, :2])


def test_the_counts_outlive_the_file(tmp_path: Path, counts: np.ndarray) -> None:
    mosaic = read_raw(write_dng(tmp_path / "a.dng", counts))
    assert mosaic.counts.base is None
    assert mosaic.counts.flags.c_contiguous


def test_files_that_are_not_bayer_say_what_they_are(tmp_path: Path, counts: np.ndarray) -> None:
    with pytest.raises(
        FileError, match=r"x.dng: .* 6 x 6 color filter pattern \(X-Trans\); a 2 x 2"
    ):
        read_raw(write_xtrans_dng(tmp_path / "x.dng", counts))
    with pytest.raises(FileError, match=r"l.dng: .* several values at every site .*linear DNG"):
        read_raw(write_linear_dng(tmp_path / "l.dng", np.dstack([counts] * 3)))


@pytest.mark.parametrize(
    ("keep", "words"),
    [
        (0, r"the file is empty"),
        (100, r"LibRaw cannot read it \(Input/output error\)"),
        (5000, r"LibRaw cannot read it \(Input/output error\); a whole camera RAW"),
    ],
)
def test_files_that_end_early_are_refused(
    tmp_path: Path, counts: np.ndarray, keep: int, words: str
) -> None:
    path = write_dng(tmp_path / "cut.dng", counts)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(FileError, match=f"cut.dng: .*{words}"):
        read_raw(path)


def test_missing_and_foreign_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"gone.dng: cannot be opened: No such file"):
        read_raw(tmp_path / "gone.dng")
    (tmp_path / "text.dng").write_bytes(b"hello " * 1000)
    with pytest.raises(FileError, match=r"text.dng: .*Unsupported file format"):
        read_raw(tmp_path / "text.dng")


def test_a_real_camera_file_is_read(shared_data: Path) -> None:
    path = shared_data / "raw" / "colorchart.dng"
    mosaic = read_raw(path)
    assert mosaic.counts.shape == raw_size(path) == (1156, 1734)
    assert mosaic.pattern.tolist() == [[0, 1], [1, 2]]
    assert np.unique(mosaic.black).tolist() == [2056]
    assert mosaic.white == 15000
