"""Registrations and corrections of motion on disk."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from olat.errors import FileError
from olat.io.sweep_flow_file import (
    read_correction,
    read_registration,
    write_correction,
    write_registration,
)
from olat.model.motion import MotionCorrection, SweepRegistration


def flows() -> np.ndarray:
    return np.random.default_rng(3).normal(size=(2, 4, 6, 2)).astype(np.float32)


def registration() -> SweepRegistration:
    confidence = np.random.default_rng(4).random((2, 4, 6), np.float32)
    return SweepRegistration(5, (5, 8), flows(), confidence, (40, 60))


def correction() -> MotionCorrection:
    return MotionCorrection((5, 8), flows(), (40, 60))


def test_a_registration_comes_back_to_the_bit(tmp_path: Path) -> None:
    written, path = registration(), tmp_path / "registration.npz"
    write_registration(path, written)
    found = read_registration(path)
    assert (found.reference, found.frames, found.shape) == (5, (5, 8), (40, 60))
    np.testing.assert_array_equal(found.flows, written.flows)
    np.testing.assert_array_equal(found.confidence, written.confidence)


def test_a_correction_comes_back_to_the_bit(tmp_path: Path) -> None:
    written, path = correction(), tmp_path / "correction.npz"
    write_correction(path, written)
    found = read_correction(path)
    assert (found.frames, found.shape) == ((5, 8), (40, 60))
    np.testing.assert_array_equal(found.flows, written.flows)


def test_a_correction_of_no_frame_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "correction.npz"
    write_correction(path, MotionCorrection((), np.zeros((0, 1, 1, 2), np.float32), (40, 60)))
    assert read_correction(path).frames == ()


def as_npy() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.zeros(3))
    return buffer.getvalue()


def as_npz(product: SweepRegistration | MotionCorrection, **changes: object) -> bytes:
    arrays = {name: getattr(product, name) for name in product.__slots__}
    buffer = io.BytesIO()
    np.savez(buffer, **(arrays | changes))
    return buffer.getvalue()


WRONG = {
    "three sides": {"shape": np.zeros(3)},
    "three frames": {"frames": np.arange(3)},
    "one frame": {"frames": np.array(5)},
    "flat": {"flows": np.zeros(4)},
    "words": {"flows": np.array([["a", "b"]])},
    "three directions": {"flows": np.zeros((2, 4, 6, 3))},
}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no arrays",
        as_npy(),
        as_npz(registration())[:200],
        as_npz(correction()),
        as_npz(registration(), confidence=np.zeros((3, 4, 6))),
        *(as_npz(registration(), **change) for change in WRONG.values()),
    ],
    ids=["empty", "text", "one array", "torn", "a correction", "confidence of three", *WRONG],
)
def test_a_registration_that_is_something_else_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "registration.npz"
    path.write_bytes(content)
    with pytest.raises(FileError, match=r"registration\.npz: .*Delete it and run again"):
        read_registration(path)


@pytest.mark.parametrize(
    "content",
    [b"", as_npy(), *(as_npz(correction(), **change) for change in WRONG.values())],
    ids=["empty", "one array", *WRONG],
)
def test_a_correction_that_is_something_else_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "correction.npz"
    path.write_bytes(content)
    with pytest.raises(FileError, match=r"correction\.npz: .*Delete it and run again"):
        read_correction(path)
