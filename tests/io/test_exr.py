from __future__ import annotations

from pathlib import Path

import numpy as np
import OpenEXR
import pytest

from olat.errors import FileError
from olat.io.exr import exr_size, read_exr, write_exr


@pytest.fixture
def planes(rng: np.random.Generator) -> dict[str, np.ndarray]:
    names = ("N.X", "N.Y", "N.Z", "flags.Y")
    return {name: rng.standard_normal((37, 53)).astype(np.float32) for name in names}


@pytest.mark.parametrize("compression", ["zip", "piz"])
def test_floats_come_back_to_the_bit(
    tmp_path: Path, planes: dict[str, np.ndarray], compression: str
) -> None:
    planes["N.X"][0, :4] = [np.nan, np.inf, -0.0, 1e-40]
    write_exr(tmp_path / "a.exr", planes, attributes={}, compression=compression)
    found, _ = read_exr(tmp_path / "a.exr")
    assert found.keys() == planes.keys()
    for name, plane in planes.items():
        np.testing.assert_array_equal(found[name].view(np.uint32), plane.view(np.uint32))


def test_half_keeps_eleven_bits(tmp_path: Path, planes: dict[str, np.ndarray]) -> None:
    write_exr(tmp_path / "a.exr", planes, attributes={}, half=True)
    found, _ = read_exr(tmp_path / "a.exr")
    np.testing.assert_allclose(found["N.Y"], planes["N.Y"], rtol=2**-11, atol=2**-25)


def test_half_holds_on_to_light_that_is_too_bright_for_it(tmp_path: Path) -> None:
    plane = np.array([[1e6, -1e6, np.nan]], np.float32)
    write_exr(tmp_path / "a.exr", {"Y": plane}, attributes={}, half=True)
    np.testing.assert_array_equal(read_exr(tmp_path / "a.exr")[0]["Y"], [[65504, -65504, np.nan]])


def test_the_header_reads_as_it_was_written(tmp_path: Path, planes: dict) -> None:
    attributes = {
        "olat/provenance": '{"größe": 1}',
        "olat/scale": 0.25,
        "olat/light": -(2**31),
        "olat/names": ["a", "b"],
        "olat/direction": [0.0, 1.0, 0.5],
        "olat/lights": [3, 1, 2],
        "colorInteropID": "data",
    }
    write_exr(tmp_path / "a.exr", planes, attributes=attributes)
    _, found = read_exr(tmp_path / "a.exr")
    assert attributes.items() <= found.items()
    assert found["type"] == OpenEXR.scanlineimage
    assert found["compression"] == OpenEXR.ZIP_COMPRESSION


def test_an_integer_that_a_header_cannot_hold_is_refused(tmp_path: Path, planes: dict) -> None:
    with pytest.raises(ValueError, match="'olat/seed' is 2147483648; headers hold 32 bits"):
        write_exr(tmp_path / "a.exr", planes, attributes={"olat/seed": 2**31})


def test_planes_of_different_shape_are_refused(tmp_path: Path) -> None:
    planes = {"R": np.zeros((2, 3), np.float32), "G": np.zeros((3, 2), np.float32)}
    with pytest.raises(ValueError, match=r"channels R, G have shapes \[\(2, 3\), \(3, 2\)\]"):
        write_exr(tmp_path / "a.exr", planes, attributes={})


def _windowed(path: Path, plane: np.ndarray, data: tuple, shown: tuple) -> None:
    windows = {"dataWindow": data, "displayWindow": shown}
    header = {
        name: tuple(np.array(corner, np.int32) for corner in window)
        for name, window in windows.items()
    }
    header |= {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    OpenEXR.File(header, {"Y": plane}).write(str(path))


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (((2, 1), (5, 3)), ((0, 0), (9, 7))),
        (((0, 0), (3, 2)), ((1, 1), (2, 2))),
        (((-2, -1), (1, 1)), ((0, 0), (5, 4))),
        (((0, 0), (3, 2)), ((2, 1), (8, 9))),
        (((0, 0), (3, 2)), ((20, 30), (24, 33))),
    ],
    ids=["inside", "overscan", "hangs over above left", "hangs over below right", "apart"],
)
def test_pixels_lie_where_the_windows_say(tmp_path: Path, data: tuple, shown: tuple) -> None:
    plane = np.arange(1, 13, dtype=np.float32).reshape(3, 4)
    _windowed(tmp_path / "a.exr", plane, data, shown)
    found = read_exr(tmp_path / "a.exr")[0]["Y"]
    (left, top), (right, bottom) = shown
    assert found.shape == exr_size(tmp_path / "a.exr") == (bottom - top + 1, right - left + 1)
    for y in range(top, bottom + 1):
        for x in range(left, right + 1):
            row, column = y - data[0][1], x - data[0][0]
            is_stored = 0 <= row < 3 and 0 <= column < 4
            assert found[y - top, x - left] == (plane[row, column] if is_stored else 0)


@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 0.99])
def test_files_that_end_early_are_refused(tmp_path: Path, planes: dict, share: float) -> None:
    path = tmp_path / "cut.exr"
    write_exr(path, planes, attributes={})
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(FileError, match=r"cut.exr: (the pixels end early|cannot be read as Open)"):
        read_exr(path)


def test_a_missing_file_is_said_before_the_library_speaks(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(FileError, match=r"gone.exr: there is no such file; an OpenEXR file"):
        read_exr(tmp_path / "gone.exr")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"\x89PNG\r\n", "a PNG"),
        (b"\xff\xd8\xff\xe0", "a JPEG"),
        (b"II*\x00", "a TIFF or RAW"),
        (b"#?RADIANCE", "a Radiance HDR"),
        (b"hello", "another"),
    ],
)
def test_a_file_of_another_kind_is_called_what_it_is(
    tmp_path: Path, start: bytes, kind: str, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.exr").write_bytes(start)
    with pytest.raises(FileError, match=rf"a.exr: it is {kind} file, whatever its name"):
        exr_size(tmp_path / "a.exr")
    assert capfd.readouterr() == ("", "")


def test_several_parts_are_refused(tmp_path: Path) -> None:
    plane = np.zeros((4, 4), np.float32)
    OpenEXR.File([OpenEXR.Part({}, {"Z": plane}, name) for name in "ab"]).write(
        str(tmp_path / "a.exr")
    )
    with pytest.raises(FileError, match=r"a.exr: the file has 2 parts; one is needed"):
        read_exr(tmp_path / "a.exr")
