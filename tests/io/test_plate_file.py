from __future__ import annotations

import logging
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from olat.errors import FileError
from olat.io.color_header import color_attributes
from olat.io.exr import write_exr
from olat.io.plate_file import read_plate


def test_a_linear_plate_is_taken_as_it_is(tmp_path: Path, rng: np.random.Generator) -> None:
    plate = rng.random((6, 9, 3)).astype(np.float32) * 7
    planes = {name: plate[..., k] for k, name in enumerate("RGB")}
    write_exr(tmp_path / "a.exr", planes, attributes=color_attributes("acescg"))
    radiance, space = read_plate(tmp_path / "a.exr")
    assert_array_equal(radiance, plate)
    assert space == "acescg"


def test_a_display_picture_is_linearized_and_it_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    codes = np.full((4, 5, 3), (0, 128, 255), np.uint8)  # blue, green, red in OpenCV's order
    cv2.imwrite(str(tmp_path / "a.png"), codes)
    with caplog.at_level(logging.WARNING):
        radiance, space = read_plate(tmp_path / "a.png")
    expected = [1.0, ((128 / 255 + 0.055) / 1.055) ** 2.4, 0.0]
    assert_allclose(radiance[0, 0], expected, rtol=0, atol=1e-6)
    assert space == "rec709"
    assert "its codes are taken for sRGB" in caplog.text


def test_a_gray_plate_has_three_channels_and_numbers_only(tmp_path: Path) -> None:
    plane = np.ones((4, 5), np.float32)
    write_exr(tmp_path / "a.exr", {"Y": plane}, attributes={})
    assert read_plate(tmp_path / "a.exr")[0].shape == (4, 5, 3)
    plane[0, 0] = np.nan
    write_exr(tmp_path / "b.exr", {"Y": plane}, attributes={})
    with pytest.raises(FileError, match=r"b.exr: it holds what is not a number"):
        read_plate(tmp_path / "b.exr")
