from __future__ import annotations

import datetime
from pathlib import Path

import numpy as np
import pytest
import rawpy
import tifffile

from olat.inspection.exif import day_of
from olat.io.dng import write_dng
from olat.model.image import RawMosaic

PHASES = {
    "RGGB": [[0, 1], [1, 2]],
    "GRBG": [[1, 0], [2, 1]],
    "GBRG": [[1, 2], [0, 1]],
    "BGGR": [[2, 1], [1, 0]],
}
BLACK = np.array([[512.0, 514.0], [511.0, 509.0]], np.float32)


def a_mosaic(rng: np.random.Generator, phase: str) -> RawMosaic:
    counts = rng.integers(0, 16384, (40, 56), dtype=np.uint16)
    return RawMosaic(counts, np.array(PHASES[phase], np.uint8), BLACK, 16383.0)


@pytest.mark.parametrize("phase", PHASES)
def test_libraw_reads_back_every_count_and_level_in_every_phase(
    phase: str, tmp_path: Path, rng: np.random.Generator
) -> None:
    mosaic = a_mosaic(rng, phase)
    write_dng(tmp_path / "frame.dng", mosaic, exposure_s=1 / 60)
    with rawpy.imread(str(tmp_path / "frame.dng")) as raw:
        np.testing.assert_array_equal(raw.raw_image_visible, mosaic.counts)
        assert raw.white_level == 16383
        # LibRaw counts the second green as a color of its own.
        color = raw.raw_pattern
        np.testing.assert_array_equal(np.where(color == 3, 1, color), PHASES[phase])
        black = np.array(raw.black_level_per_channel)[color]
        np.testing.assert_array_equal(black, BLACK)
        assert list(raw.camera_whitebalance[:3]) == [1.0, 1.0, 1.0]


def test_the_exposure_time_is_kept(tmp_path: Path, rng: np.random.Generator) -> None:
    write_dng(tmp_path / "frame.dng", a_mosaic(rng, "RGGB"), exposure_s=1 / 125)
    with rawpy.imread(str(tmp_path / "frame.dng")) as raw:
        assert raw.other.shutter_speed == pytest.approx(1 / 125, rel=1e-6)


def test_the_serial_number_is_kept_where_it_is_told(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    write_dng(tmp_path / "told.dng", a_mosaic(rng, "RGGB"), exposure_s=1 / 60, serial="OLAT-7")
    write_dng(tmp_path / "not.dng", a_mosaic(rng, "RGGB"), exposure_s=1 / 60)
    with tifffile.TiffFile(tmp_path / "told.dng") as file:
        assert file.pages[0].tags["CameraSerialNumber"].value == "OLAT-7"
    with tifffile.TiffFile(tmp_path / "not.dng") as file:
        assert "CameraSerialNumber" not in file.pages[0].tags


def test_the_day_is_kept_where_it_is_told(tmp_path: Path, rng: np.random.Generator) -> None:
    day = datetime.date(2026, 11, 23)
    write_dng(tmp_path / "told.dng", a_mosaic(rng, "RGGB"), exposure_s=1 / 60, day=day)
    write_dng(tmp_path / "not.dng", a_mosaic(rng, "RGGB"), exposure_s=1 / 60)
    assert day_of([tmp_path / "not.dng"]) is None
    assert day_of([tmp_path / "not.dng", tmp_path / "told.dng"]) == day


def test_a_fractional_black_level_is_refused(tmp_path: Path, rng: np.random.Generator) -> None:
    mosaic = a_mosaic(rng, "RGGB")
    half = RawMosaic(mosaic.counts, mosaic.pattern, BLACK + 0.5, 16383.0)
    with pytest.raises(ValueError, match="whole numbers"):
        write_dng(tmp_path / "frame.dng", half, exposure_s=1 / 60)
    assert not list(tmp_path.iterdir())
