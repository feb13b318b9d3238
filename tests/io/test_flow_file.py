from __future__ import annotations

import logging
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from olat.errors import FileError
from olat.io.exr import write_exr
from olat.io.flow_file import read_flow_file, write_flo
from olat.io.map_files import write_flow
from olat.model.motion import TrackingFlow

SIZE = (37, 53)
# Magic, width 2, height 1, then (1, -2) and (0.5, 1e10) in little-endian IEEE 754.
BYTES = (
    b"PIEH\x02\x00\x00\x00\x01\x00\x00\x00"
    b"\x00\x00\x80\x3f\x00\x00\x00\xc0\x00\x00\x00\x3f\xf9\x02\x15\x50"
)


@pytest.fixture
def flow(rng: np.random.Generator) -> np.ndarray:
    return rng.normal(0.0, 10.0, (*SIZE, 2)).astype(np.float32)


def tracked(flow: np.ndarray) -> TrackingFlow:
    shape = (flow.shape[0], flow.shape[1])
    return TrackingFlow(flow, np.ones(shape, np.float32), shape)


def test_a_file_is_read_byte_by_byte_as_middlebury_defines_it(tmp_path: Path) -> None:
    (tmp_path / "a.flo").write_bytes(BYTES)
    found = read_flow_file(tmp_path / "a.flo")
    np.testing.assert_array_equal(found.flow, [[[1, -2], [0, 0]]])
    np.testing.assert_array_equal(found.confidence, [[1, 0]])
    assert found.shape == (1, 2)


def test_a_file_is_written_byte_by_byte_as_middlebury_defines_it(tmp_path: Path) -> None:
    flow = np.array([[[1, -2], [0.5, 3]]], np.float32)
    write_flo(tmp_path / "a.flo", TrackingFlow(flow, np.array([[1, 0]], np.float32), (1, 2)))
    written = (tmp_path / "a.flo").read_bytes()
    assert written == BYTES[:20] + 2 * BYTES[-4:]


def test_opencv_reads_what_we_write(tmp_path: Path, flow: np.ndarray) -> None:
    write_flo(tmp_path / "a.flo", tracked(flow))
    np.testing.assert_array_equal(cv2.readOpticalFlow(str(tmp_path / "a.flo")), flow)


def test_we_read_what_opencv_writes(tmp_path: Path, flow: np.ndarray) -> None:
    assert cv2.writeOpticalFlow(str(tmp_path / "a.flo"), flow)
    found = read_flow_file(tmp_path / "a.flo")
    np.testing.assert_array_equal(found.flow, flow)
    assert found.confidence.min() == 1.0
    assert (found.shape, found.flow.dtype) == (SIZE, np.float32)


@given(
    height=st.integers(1, 9),
    width=st.integers(1, 9),
    seed=st.integers(0, 2**32 - 1),
    hidden=st.floats(0, 1),
)
def test_flow_comes_back_to_the_bit_where_it_is_known(
    tmp_path_factory: pytest.TempPathFactory, height: int, width: int, seed: int, hidden: float
) -> None:
    rng = np.random.default_rng(seed)
    flow = rng.normal(0.0, 1e3, (height, width, 2)).astype(np.float32)
    is_known = rng.random((height, width)) >= hidden
    path = tmp_path_factory.getbasetemp() / "again.flo"
    write_flo(path, TrackingFlow(flow, is_known.astype(np.float32), (height, width)))
    found = read_flow_file(path)
    np.testing.assert_array_equal(found.confidence, is_known)
    np.testing.assert_array_equal(found.flow, np.where(is_known[..., None], flow, 0))


@pytest.mark.parametrize("unknown", [1.1e9, -1.1e9, np.nan, np.inf])
@pytest.mark.parametrize("axis", [0, 1])
def test_an_unknown_vector_has_no_motion_and_no_trust(
    unknown: float, axis: int, tmp_path: Path, flow: np.ndarray
) -> None:
    flow[3, 4, axis] = unknown
    cv2.writeOpticalFlow(str(tmp_path / "a.flo"), flow)
    write_exr(tmp_path / "a.exr", {"u": flow[..., 0], "v": flow[..., 1]}, attributes={})
    for name in ("a.flo", "a.exr"):
        found = read_flow_file(tmp_path / name)
        assert (found.confidence == 0).sum() == 1
        assert found.confidence[3, 4] == 0
        assert np.abs(found.flow[3, 4]).max() == 0
        assert np.isfinite(found.flow).all()


def test_flow_of_half_size_is_written_at_the_size_of_the_frame(tmp_path: Path) -> None:
    half = TrackingFlow(
        np.full((20, 30, 2), 3.0, np.float32), np.ones((20, 30), np.float32), (40, 59)
    )
    write_flo(tmp_path / "a.flo", half)
    found = read_flow_file(tmp_path / "a.flo")
    assert found.shape == found.flow.shape[:2] == (40, 59)
    np.testing.assert_allclose(found.flow, 3.0, rtol=1e-6)


@pytest.mark.parametrize(
    "names",
    [
        ("flow.X", "flow.Y"),
        ("forward.u", "forward.v"),
        ("u", "v"),
        ("X", "Y"),
        ("R", "G"),
    ],
)
def test_motion_is_found_under_the_names_that_programs_give_it(
    names: tuple[str, str], tmp_path: Path, flow: np.ndarray
) -> None:
    channels = {name: flow[..., axis] for axis, name in enumerate(names)}
    write_exr(tmp_path / "a.exr", channels, attributes={})
    found = read_flow_file(tmp_path / "a.exr")
    np.testing.assert_array_equal(found.flow, flow)
    assert found.confidence.min() == 1.0
    assert found.shape == SIZE


def test_our_own_file_keeps_its_trust_and_the_size_of_the_frame(
    tmp_path: Path, flow: np.ndarray, rng: np.random.Generator
) -> None:
    confidence = rng.random(SIZE).astype(np.float32)
    write_flow(tmp_path / "a.exr", TrackingFlow(flow, confidence, (74, 105)), {})
    found = read_flow_file(tmp_path / "a.exr")
    np.testing.assert_array_equal(found.flow, flow)
    np.testing.assert_array_equal(found.confidence, confidence)
    assert found.shape == (74, 105)


def test_our_own_names_count_before_others(tmp_path: Path, flow: np.ndarray) -> None:
    wrong = np.zeros(SIZE, np.float32)
    channels = {"R": wrong, "G": wrong, "flow.X": flow[..., 0], "flow.Y": flow[..., 1]}
    write_exr(tmp_path / "a.exr", channels, attributes={})
    np.testing.assert_array_equal(read_flow_file(tmp_path / "a.exr").flow, flow)


def test_motion_in_red_and_green_may_have_a_level_blue(tmp_path: Path, flow: np.ndarray) -> None:
    channels = {"R": flow[..., 0], "G": flow[..., 1], "B": np.zeros(SIZE, np.float32)}
    write_exr(tmp_path / "a.exr", channels, attributes={})
    np.testing.assert_array_equal(read_flow_file(tmp_path / "a.exr").flow, flow)


def test_trust_that_is_not_a_number_is_none(tmp_path: Path, flow: np.ndarray) -> None:
    confidence = np.full(SIZE, 0.5, np.float32)
    confidence[2, 5] = np.nan
    channels = {"u": flow[..., 0], "v": flow[..., 1], "confidence.Y": confidence}
    write_exr(tmp_path / "a.exr", channels, attributes={})
    found = read_flow_file(tmp_path / "a.exr").confidence
    assert (found[2, 5], found[0, 0]) == (0.0, 0.5)


def test_a_name_whose_direction_differs_between_programs_is_told(
    tmp_path: Path, flow: np.ndarray, caplog: pytest.LogCaptureFixture
) -> None:
    channels = {"forward.u": flow[..., 0], "forward.v": flow[..., 1]}
    write_exr(tmp_path / "a.exr", channels, attributes={})
    with caplog.at_level(logging.WARNING):
        read_flow_file(tmp_path / "a.exr")
    assert "a.exr: forward.v is taken to count down the picture" in caplog.text


# Faults


def altered(at: int, new: bytes) -> bytes:
    return BYTES[:at] + new + BYTES[at + len(new) :]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file has 0 bytes; the header of a .flo file has 12"),
        (BYTES[:11], "the file has 11 bytes"),
        (altered(0, b"HEIP"), "begins with b'HEIP'; a .flo file begins with b'PIEH'"),
        (altered(0, b"\x48\x45\x49\x50"), "begins with b'HEIP'"),
        (BYTES[:-1], r"the file has 27 bytes; 2 x 1 px take 28"),
        (BYTES + b"\x00", r"the file has 29 bytes; 2 x 1 px take 28"),
        (altered(4, b"\x00\x00\x00\x00"), "its header says 0 x 1 px"),
        (altered(8, b"\xff\xff\xff\xff"), "its header says 2 x -1 px"),
        (altered(4, b"\xff\xff\xff\x7f"), "its header says 2147483647 x 1 px"),
    ],
)
def test_a_damaged_file_says_what_is_wrong_with_it(
    content: bytes, words: str, tmp_path: Path
) -> None:
    (tmp_path / "a.flo").write_bytes(content)
    with pytest.raises(FileError, match=words) as caught:
        read_flow_file(tmp_path / "a.flo")
    assert str(caught.value).startswith(f"{tmp_path / 'a.flo'}: ")


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    for name in ("a.flo", "a.exr"):
        with pytest.raises(FileError, match=f"{name}: there is no such file"):
            read_flow_file(tmp_path / name)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "a.flo").mkdir()
    with pytest.raises(FileError, match="it cannot be read: Is a directory"):
        read_flow_file(tmp_path / "a.flo")


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"a \.png file holds no motion .* \.flo or \.exr"):
        read_flow_file(tmp_path / "a.png")


def test_channels_that_are_no_motion_are_listed(tmp_path: Path, flow: np.ndarray) -> None:
    write_exr(tmp_path / "a.exr", {"N.X": flow[..., 0], "u": flow[..., 1]}, attributes={})
    with pytest.raises(FileError, match=r"the channels 'N\.X', 'u'; .* u and v"):
        read_flow_file(tmp_path / "a.exr")


def test_a_photograph_is_not_taken_for_motion(tmp_path: Path, flow: np.ndarray) -> None:
    channels = dict(zip("RGB", (*flow.transpose(2, 0, 1), flow[..., 0]), strict=True))
    write_exr(tmp_path / "a.exr", channels, attributes={})
    with pytest.raises(FileError, match="R, G and B all vary, as in a photograph"):
        read_flow_file(tmp_path / "a.exr")


def test_trust_in_percent_is_refused(tmp_path: Path, flow: np.ndarray) -> None:
    confidence = np.full(SIZE, 97.0, np.float32)
    channels = {"u": flow[..., 0], "v": flow[..., 1], "confidence.Y": confidence}
    write_exr(tmp_path / "a.exr", channels, attributes={})
    with pytest.raises(FileError, match=r"confidence\.Y runs from 97 to 97; 0 to 1 is needed"):
        read_flow_file(tmp_path / "a.exr")
