from __future__ import annotations

import logging
import struct
import zlib
from pathlib import Path

import cv2
import imageio.v3 as iio
import numpy as np
import pytest
import tifffile

from olat.errors import FileError
from olat.io.exr import write_exr
from olat.io.photograph import PHOTOGRAPH_SUFFIXES, photograph_size, read_photograph
from olat.model.image import Picture, RawMosaic
from tests.support.dng import write_dng

ORIENTATION_TAG = 274
TURNED_RIGHT = 6


@pytest.fixture
def color(rng: np.random.Generator) -> np.ndarray:
    return rng.integers(0, 65536, (40, 60, 3), dtype=np.uint16)


def _read(path: Path) -> Picture:
    picture = read_photograph(path)
    assert isinstance(picture, Picture)
    assert photograph_size(path) == picture.codes.shape[:2]
    return picture


def _write_with_opencv(path: Path, rgb: np.ndarray, *options: int) -> Path:
    """OpenCV stores blue first, so that a reader with the wrong order is found out."""
    order = [2, 1, 0, 3][: rgb.shape[2]] if rgb.ndim == 3 else slice(None)
    assert cv2.imwrite(str(path), rgb[..., order] if rgb.ndim == 3 else rgb, options)
    return path


@pytest.mark.parametrize("suffix", [".png", ".tif", ".ppm"])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_color_keeps_its_order_and_all_its_bits(
    tmp_path: Path, color: np.ndarray, suffix: str, kind: type
) -> None:
    codes = color.astype(kind)
    picture = _read(_write_with_opencv(tmp_path / f"a{suffix}", codes))
    assert picture.codes.dtype == kind
    assert picture.white == np.iinfo(kind).max
    np.testing.assert_array_equal(picture.codes, codes)


@pytest.mark.parametrize("suffix", [".png", ".tiff", ".pgm", ".bmp"])
def test_gray_stays_gray(tmp_path: Path, color: np.ndarray, suffix: str) -> None:
    gray = color[..., 0].astype(np.uint8 if suffix == ".bmp" else np.uint16)
    np.testing.assert_array_equal(
        _read(_write_with_opencv(tmp_path / f"a{suffix}", gray)).codes, gray
    )


def test_a_pixmap_is_full_where_its_header_says(tmp_path: Path, color: np.ndarray) -> None:
    codes = color[..., 0] >> 4
    path = tmp_path / "a.pgm"
    path.write_bytes(b"P5\n# 12 bit camera\n60 40\n4095\n" + codes.astype(">u2").tobytes())
    picture = _read(path)
    assert picture.white == 4095
    np.testing.assert_array_equal(picture.codes, codes)


def test_alpha_is_left_out_with_a_warning_where_it_matters(
    tmp_path: Path, color: np.ndarray, caplog: pytest.LogCaptureFixture
) -> None:
    alpha = np.full(color.shape[:2], 65535, np.uint16)
    for name, first in (("opaque", 65535), ("veiled", 0)):
        alpha[:20] = first
        for suffix in (".png", ".tif"):
            path = _write_with_opencv(tmp_path / (name + suffix), np.dstack([color, alpha]))
            with caplog.at_level(logging.WARNING):
                np.testing.assert_array_equal(_read(path).codes, color)
    assert [r.getMessage().split("/")[-1] for r in caplog.records] == [
        "veiled.png: alpha is left out; 50.0 % is see-through",
        "veiled.tif: alpha is left out; 50.0 % is see-through",
    ]


def test_a_palette_is_looked_up(tmp_path: Path) -> None:
    indices = np.arange(200, dtype=np.uint8).reshape(10, 20) % 4
    colors = np.array([[250, 10, 20], [30, 240, 50], [0, 0, 255], [7, 8, 9]], np.uint8)
    path = tmp_path / "a.png"
    path.write_bytes(_palette_png(indices, colors))
    np.testing.assert_array_equal(_read(path).codes, colors[indices])


def _palette_png(indices: np.ndarray, colors: np.ndarray) -> bytes:
    """Make a PNG of color type 3 by hand."""

    def chunk(name: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(name + data)
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", crc)

    height, width = indices.shape
    rows = b"".join(b"\0" + row.tobytes() for row in indices)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0))
        + chunk(b"PLTE", colors.tobytes())
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    "options",
    [
        {"compression": "zlib", "predictor": True},
        {"byteorder": ">"},
        {"planarconfig": "separate"},
    ],
)
def test_tiff_is_read_however_it_is_laid_out(
    tmp_path: Path, color: np.ndarray, options: dict
) -> None:
    path = tmp_path / "a.tif"
    stored = np.moveaxis(color, 2, 0) if "planarconfig" in options else color
    tifffile.imwrite(path, stored, photometric="rgb", **options)
    np.testing.assert_array_equal(_read(path).codes, color)


def test_lzw_tiff_is_read(tmp_path: Path, color: np.ndarray) -> None:
    path = _write_with_opencv(tmp_path / "a.tif", color, cv2.IMWRITE_TIFF_COMPRESSION, 5)
    np.testing.assert_array_equal(_read(path).codes, color)


def test_float_tiff_is_never_full(tmp_path: Path, rng: np.random.Generator) -> None:
    values = rng.standard_normal((20, 30)).astype(np.float32)
    tifffile.imwrite(tmp_path / "a.tif", values)
    picture = _read(tmp_path / "a.tif")
    assert picture.white == np.inf
    np.testing.assert_array_equal(picture.codes, values)


def test_a_tiff_behind_a_color_filter_stays_a_mosaic(tmp_path: Path, color: np.ndarray) -> None:
    path = write_dng(tmp_path / "a.dng", color[..., 0] >> 2, phase="GBRG")
    path = path.rename(path.with_suffix(".tif"))
    mosaic = read_photograph(path)
    assert isinstance(mosaic, RawMosaic)
    np.testing.assert_array_equal(mosaic.counts, color[..., 0] >> 2)
    assert photograph_size(path) == (40, 60)


def test_a_jpeg_taken_upright_is_read_upright(tmp_path: Path) -> None:
    picture = np.zeros((32, 48, 3), np.uint8)
    picture[:16, :16] = 255
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0" + bytes([TURNED_RIGHT, 0, 0])
    iio.imwrite(tmp_path / "a.jpg", picture, exif=exif + bytes(4), quality=95)
    codes = _read(tmp_path / "a.jpg").codes
    assert codes.shape == (48, 32, 3)
    assert codes[4, -4].min() > 250, "the white corner has turned to the right"


def test_a_tiff_taken_upright_is_read_upright(tmp_path: Path, color: np.ndarray) -> None:
    tag = (ORIENTATION_TAG, 3, 1, TURNED_RIGHT, True)
    tifffile.imwrite(tmp_path / "a.tif", color, photometric="rgb", extratags=[tag])
    np.testing.assert_array_equal(_read(tmp_path / "a.tif").codes, np.rot90(color, -1))


def test_exr_color_and_gray_are_read_with_what_is_not_a_number(tmp_path: Path) -> None:
    plane = np.array([[1.5, -0.25, np.nan], [np.inf, 0, 3]], np.float32)
    write_exr(tmp_path / "c.exr", {"R": plane, "G": plane + 1, "B": plane + 2}, attributes={})
    picture = _read(tmp_path / "c.exr")
    assert picture.white == np.inf
    np.testing.assert_array_equal(picture.codes, np.dstack([plane, plane + 1, plane + 2]))
    write_exr(tmp_path / "y.exr", {"Y": plane}, attributes={})
    np.testing.assert_array_equal(_read(tmp_path / "y.exr").codes, plane)


def test_exr_layers_that_are_no_photograph_are_listed(tmp_path: Path) -> None:
    write_exr(tmp_path / "n.exr", {"N.X": np.zeros((2, 2), np.float32)}, attributes={})
    with pytest.raises(FileError, match=r"n.exr: it has the channels 'N.X'; R, G, B or Y"):
        read_photograph(tmp_path / "n.exr")


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".ppm", ".exr", ".dng"])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.97])
def test_files_that_end_early_are_refused_by_name(
    tmp_path: Path, color: np.ndarray, suffix: str, share: float
) -> None:
    path = tmp_path / f"cut{suffix}"
    match suffix:
        case ".exr":
            plane = color[..., 0].astype(np.float32)
            write_exr(path, dict.fromkeys("RGB", plane), attributes={})
        case ".dng":
            write_dng(path, color[..., 0])
        case ".tif":
            tifffile.imwrite(path, color, photometric="rgb")
        case _:
            _write_with_opencv(path, color.astype(np.uint8))
    whole = path.read_bytes()
    read_photograph(path)
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(FileError, match=r"cut\.\w+: .*(needed|read as OpenEXR)"):
        read_photograph(path)


def test_an_unknown_suffix_lists_what_is_read(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"the suffix is '.jpgg'; .*\.cr2 .*Did you mean '.jpg'"):
        read_photograph(tmp_path / "a.jpgg")
    assert {".dng", ".nef", ".arw", ".cr3", ".png", ".tiff", ".exr"} <= PHOTOGRAPH_SUFFIXES


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"gone.png: cannot be opened: No such file"):
        photograph_size(tmp_path / "gone.png")


def test_real_photographs_are_read(shared_data: Path) -> None:
    faces = sorted((shared_data / "yale" / "yaleB01").glob("*.pgm"))
    assert _read(faces[0]).codes.shape == (192, 168)
    assert _read(shared_data / "gradient" / "test_ALL.jpg").codes.shape == (800, 534, 3)
