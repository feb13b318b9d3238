from __future__ import annotations

import logging
from pathlib import Path

import cv2
import numpy as np
import pytest

from olat.errors import FileError
from olat.io.environment_file import read_environment
from olat.io.exr import write_exr


@pytest.fixture
def radiance(rng: np.random.Generator) -> np.ndarray:
    """Colors whose largest channel fills the shared exponent: 8 bits hold them exactly."""
    return rng.integers(128, 256, (16, 32, 3)).astype(np.float32) / 16


def _write_hdr(path: Path, radiance: np.ndarray, *lines: str, size: str = "-Y 16 +X 32") -> Path:
    """Write a flat Radiance picture byte by byte, from its definition."""
    mantissas = (radiance * 16).astype(np.uint8)
    exponents = np.full((*radiance.shape[:2], 1), 128 + 4, np.uint8)
    head = "\n".join(["#?RADIANCE", *lines, "FORMAT=32-bit_rle_rgbe", "", size, ""])
    path.write_bytes(head.encode() + np.dstack([mantissas, exponents]).tobytes())
    return path


def test_a_radiance_picture_is_read_by_value_and_in_red_green_blue(
    tmp_path: Path, radiance: np.ndarray
) -> None:
    environment = read_environment(_write_hdr(tmp_path / "sky.hdr", radiance))
    assert environment.name == "sky"
    # Decoders differ by half a step: in Ward's own, a mantissa stands for the middle of its step.
    np.testing.assert_allclose(environment.radiance, radiance, rtol=0, atol=0.5001 / 16)


def test_a_compressed_radiance_picture_is_read(tmp_path: Path, radiance: np.ndarray) -> None:
    path = tmp_path / "sky.hdr"
    assert cv2.imwrite(str(path), radiance[..., ::-1])
    np.testing.assert_allclose(read_environment(path).radiance, radiance, rtol=0.01)


def test_exposure_and_color_correction_are_taken_back(
    tmp_path: Path, radiance: np.ndarray, caplog: pytest.LogCaptureFixture
) -> None:
    plain = read_environment(_write_hdr(tmp_path / "a.hdr", radiance)).radiance
    lines = ("EXPOSURE=2.0", "EXPOSURE= 4", "COLORCORR=1 2 0.5", "PRIMARIES=0 0 0 0 0 0 .3 .3")
    with caplog.at_level(logging.WARNING):
        exposed = read_environment(_write_hdr(tmp_path / "b.hdr", radiance, *lines)).radiance
    np.testing.assert_allclose(exposed, plain / [8, 16, 4], rtol=1e-6)
    assert "divided by the exposure [8.0, 16.0, 4.0]" in caplog.text
    assert "primaries" in caplog.text


@pytest.mark.parametrize(
    ("lines", "size", "words"),
    [
        ((), "+Y 16 +X 32", r"rows are stored as '\+Y 16 \+X 32'; '-Y height"),
        ((), "-Y 16 -X 32", r"rows are stored as '-Y 16 -X 32'"),
        (("EXPOSURE=dark",), "-Y 16 +X 32", "EXPOSURE is 'dark'; positive numbers"),
        (("EXPOSURE=-1",), "-Y 16 +X 32", "EXPOSURE is '-1'; positive numbers"),
        (("FORMAT=32-bit_rle_xyze",), "-Y 16 +X 32", "the format is '32-bit_rle_xyze'"),
    ],
)
def test_radiance_headers_that_would_be_misread_are_refused(
    tmp_path: Path, radiance: np.ndarray, lines: tuple, size: str, words: str
) -> None:
    path = _write_hdr(tmp_path / "sky.hdr", radiance, *lines, size=size)
    with pytest.raises(FileError, match=f"sky.hdr: .*{words}"):
        read_environment(path)


def test_a_radiance_picture_that_ends_early_is_refused(
    tmp_path: Path, radiance: np.ndarray
) -> None:
    path = _write_hdr(tmp_path / "sky.hdr", radiance)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(FileError, match=r"sky.hdr: the pixels cannot be decoded"):
        read_environment(path)
    path.write_bytes(b"")
    with pytest.raises(FileError, match=r"sky.hdr: the file does not begin with '#\?'"):
        read_environment(path)


@pytest.mark.parametrize("shape", [(16, 31), (16, 32), (16, 33)])
def test_twice_as_wide_as_high_within_a_pixel_is_a_map(
    tmp_path: Path, shape: tuple[int, int]
) -> None:
    write_exr(tmp_path / "a.exr", {"Y": np.ones(shape, np.float32)}, attributes={})
    assert read_environment(tmp_path / "a.exr").radiance.shape == (*shape, 3)


def test_other_shapes_and_kinds_are_refused(tmp_path: Path) -> None:
    write_exr(tmp_path / "ball.exr", {"Y": np.ones((16, 16), np.float32)}, attributes={})
    with pytest.raises(FileError, match=r"ball.exr: the map is 16 x 16; a latitude-longitude"):
        read_environment(tmp_path / "ball.exr")
    with pytest.raises(FileError, match=r"sky.jpg: a .jpg picture .* clipped at display white"):
        read_environment(tmp_path / "sky.jpg")


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_a_number_is_refused_with_its_place(tmp_path: Path, bad: float) -> None:
    plane = np.ones((16, 32), np.float32)
    plane[5, 7] = bad
    write_exr(tmp_path / "a.exr", {"Y": plane}, attributes={})
    with pytest.raises(FileError, match=r"1 pixels are not finite .* column 7, row 5"):
        read_environment(tmp_path / "a.exr")


def test_negative_radiance_is_lifted_to_zero_and_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    plane = np.ones((16, 32), np.float32)
    plane[0, 0] = -0.25
    write_exr(tmp_path / "a.exr", {"Y": plane}, attributes={})
    with caplog.at_level(logging.WARNING):
        radiance = read_environment(tmp_path / "a.exr").radiance
    assert radiance[0, 0].tolist() == [0, 0, 0]
    assert "3 values below zero, down to -0.25, become 0" in caplog.text


@pytest.mark.parametrize("name", ["grace_probe", "pisa", "city"])
def test_real_maps_are_read_whatever_their_compression(shared_data: Path, name: str) -> None:
    radiance = read_environment(shared_data / "env" / f"{name}.exr").radiance
    assert radiance.shape == (256, 512, 3)
    assert radiance.min() >= 0
    assert radiance.max() > 1, "brighter than any display picture"
