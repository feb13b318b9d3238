from __future__ import annotations

import logging
from pathlib import Path

import cv2
import numpy as np
import OpenEXR
import pytest
import tifffile
from numpy.testing import assert_allclose, assert_array_equal

from olat.errors import FileError
from olat.io.environment_file import read_environment, write_environment
from olat.io.environment_picture import read_environment_picture
from olat.io.exr import read_exr, write_exr
from olat.model.environment import EnvironmentMap


@pytest.fixture
def radiance(rng: np.random.Generator) -> np.ndarray:
    return (rng.random((16, 32, 3)) * 5.0).astype(np.float32)


def write_codes(path: Path, codes: np.ndarray) -> Path:
    assert cv2.imwrite(str(path), codes)
    return path


def test_a_map_of_float_tiff_is_read(tmp_path: Path, radiance: np.ndarray) -> None:
    tifffile.imwrite(tmp_path / "a.tif", radiance, photometric="rgb")
    assert_array_equal(read_environment(tmp_path / "a.tif").radiance, radiance)


def test_a_tiff_of_codes_is_refused(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((16, 32, 3), np.uint16), photometric="rgb")
    with pytest.raises(FileError, match=r"a.tif: the TIFF holds uint16 codes, clipped at 65535"):
        read_environment(tmp_path / "a.tif")


def test_what_is_no_picture_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"a.csv: a .csv file is no picture; a .exr or .hdr map"):
        read_environment(tmp_path / "a.csv")
    with pytest.raises(FileError, match=r"a: a nameless file is no picture"):
        read_environment(tmp_path / "a")


def test_a_display_picture_is_read_only_when_its_encoding_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write_codes(tmp_path / "a.png", np.full((16, 32, 3), 188, np.uint8))
    with pytest.raises(FileError, match=r"olat envmap convert .*a.png --assume srgb -o MAP.exr"):
        read_environment_picture(path)
    with caplog.at_level(logging.WARNING):
        picture = read_environment_picture(path, assume="srgb")
    expected = ((188 / 255 + 0.055) / 1.055) ** 2.4
    assert_allclose(picture.radiance, expected, rtol=0, atol=1e-6)
    assert "a display picture is clipped at white; light sources in it are too dark" in caplog.text


def test_a_map_that_ends_at_one_looks_like_a_display_picture(
    tmp_path: Path, radiance: np.ndarray, caplog: pytest.LogCaptureFixture
) -> None:
    clipped = np.minimum(radiance / 4.0, 1.0)
    write_environment(tmp_path / "a.exr", EnvironmentMap(clipped))
    with caplog.at_level(logging.WARNING):
        read_environment(tmp_path / "a.exr")
    assert "it looks like a display picture: nothing is brighter than 1" in caplog.text


@pytest.mark.parametrize("kind", ["bright", "smooth", "uniform"])
def test_other_maps_do_not_look_like_one(
    tmp_path: Path, radiance: np.ndarray, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    ramp = np.linspace(0, 1, 512 * 256, dtype=np.float32).reshape(256, 512, 1) ** 8
    maps = {
        "bright": np.minimum(radiance, 3.0),
        "smooth": np.repeat(ramp, 3, axis=2),
        "uniform": np.ones_like(radiance),
    }
    write_environment(tmp_path / "a.exr", EnvironmentMap(maps[kind]))
    with caplog.at_level(logging.WARNING):
        read_environment(tmp_path / "a.exr")
    assert "looks like" not in caplog.text


def test_a_map_that_its_file_holds_in_part_is_said(
    tmp_path: Path, radiance: np.ndarray, caplog: pytest.LogCaptureFixture
) -> None:
    header = {
        "compression": OpenEXR.ZIP_COMPRESSION,
        "type": OpenEXR.scanlineimage,
        "displayWindow": (np.array([0, 0], np.int32), np.array([31, 15], np.int32)),
        "dataWindow": (np.array([0, 4], np.int32), np.array([31, 15], np.int32)),
    }
    channels = {name: radiance[4:, :, k].copy() for k, name in enumerate("RGB")}
    OpenEXR.File(header, channels).write(str(tmp_path / "a.exr"))
    with caplog.at_level(logging.WARNING):
        found = read_environment(tmp_path / "a.exr").radiance
    assert not found[:4].any()
    assert_array_equal(found[4:], radiance[4:])
    assert "its data window covers 75.0 % of the picture; the rest is black" in caplog.text


def test_half_floats_that_ran_over_are_told_from_other_damage(tmp_path: Path) -> None:
    plane = np.ones((16, 32), np.float32)
    plane[3, 4] = np.inf
    write_exr(tmp_path / "a.exr", {"Y": plane}, attributes={})
    with pytest.raises(FileError, match=r"infinite: 16-bit floats end at 65504. Export the map in"):
        read_environment(tmp_path / "a.exr")


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((96, 16), r"cube of six faces \(--projection cube\)"),
        ((40, 30), r"cross of six faces \(--projection cross\)"),
        ((16, 16), r"mirror ball \(--projection mirror_ball\) or a light probe"),
        ((16, 48), r"a part of a panorama"),
    ],
)
def test_other_shapes_are_named_and_what_to_do(
    tmp_path: Path, shape: tuple[int, int], words: str
) -> None:
    write_exr(tmp_path / "a.exr", {"Y": np.ones(shape, np.float32)}, attributes={})
    with pytest.raises(FileError, match=words + ".* olat envmap convert .*a.exr --projection"):
        read_environment(tmp_path / "a.exr")


def test_a_written_map_says_what_it_is(tmp_path: Path, radiance: np.ndarray) -> None:
    environment = EnvironmentMap(radiance, space="acescg")
    assert write_environment(tmp_path / "a.exr", environment, words="as asked") == []
    channels, header = read_exr(tmp_path / "a.exr")
    assert header["envmap"] == OpenEXR.ENVMAP_LATLONG
    assert header["colorInteropID"] == "lin_ap1_scene"
    assert header["olat/environment"] == "as asked"
    assert_array_equal(channels["G"], radiance[..., 1])
    again = read_environment(tmp_path / "a.exr")
    assert again.space == "acescg"
    assert_array_equal(again.radiance, radiance)


def test_a_radiance_map_keeps_eight_bits(tmp_path: Path, radiance: np.ndarray) -> None:
    notes = write_environment(tmp_path / "a.hdr", EnvironmentMap(radiance))
    assert notes == ["a.hdr: .hdr keeps eight bits of a pixel's largest channel, .exr all"]
    again = read_environment(tmp_path / "a.hdr").radiance
    limit = radiance.max(axis=2, keepdims=True) / 128.0
    assert (np.abs(again - radiance) <= limit).all()


def test_a_radiance_map_is_in_rec709(tmp_path: Path, radiance: np.ndarray) -> None:
    gray = np.repeat(radiance[..., :1], 3, axis=2)
    notes = write_environment(tmp_path / "a.hdr", EnvironmentMap(gray, space="acescg"))
    assert "taken to Rec. 709" in notes[1]
    # White stays white, whatever the primaries.
    again = read_environment(tmp_path / "a.hdr").radiance
    assert_allclose(again, gray, rtol=0.02, atol=0.01)


def test_half_floats_that_end_are_said(tmp_path: Path, radiance: np.ndarray) -> None:
    radiance[0, 0] = 1e5
    notes = write_environment(tmp_path / "a.exr", EnvironmentMap(radiance), half=True)
    assert "brighter than 65504 became 65504" in notes[0]


def test_a_map_of_another_name_is_refused(tmp_path: Path, radiance: np.ndarray) -> None:
    with pytest.raises(FileError, match=r"a.tif: maps are written as .exr or .hdr"):
        write_environment(tmp_path / "a.tif", EnvironmentMap(radiance))


def test_the_real_dwab_map_is_read_with_a_word_on_its_ringing(
    shared_data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = shared_data / "env" / "city.exr"
    assert str(read_exr(path)[1]["compression"]) == "Compression.DWAB_COMPRESSION"
    with caplog.at_level(logging.WARNING):
        radiance = read_environment(path).radiance
    assert radiance.shape == (256, 512, 3)
    assert "342 values below zero" in caplog.text
