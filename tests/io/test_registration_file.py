"""Registrations on disk."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from olat.errors import FileError
from olat.io.registration_file import read_registration, write_registration
from olat.model.motion import SweepRegistration


def registration() -> SweepRegistration:
    rng = np.random.default_rng(3)
    flows = rng.normal(size=(2, 4, 6, 2)).astype(np.float32)
    return SweepRegistration(5, (5, 8), flows, rng.random((2, 4, 6), np.float32), (40, 60))


def test_a_registration_comes_back_to_the_bit(tmp_path: Path) -> None:
    written, path = registration(), tmp_path / "registration.npz"
    write_registration(path, written)
    found = read_registration(path)
    assert (found.reference, found.frames, found.shape) == (5, (5, 8), (40, 60))
    np.testing.assert_array_equal(found.flows, written.flows)
    np.testing.assert_array_equal(found.confidence, written.confidence)


def as_npy() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.zeros(3))
    return buffer.getvalue()


def as_npz(**changes: object) -> bytes:
    arrays = {name: getattr(registration(), name) for name in SweepRegistration.__slots__}
    buffer = io.BytesIO()
    np.savez(buffer, **(arrays | changes))
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no arrays",
        as_npy(),
        as_npz()[:200],
        as_npz(shape=np.zeros(3)),
        as_npz(frames=np.arange(3)),
        as_npz(flows=np.zeros(4)),
    ],
    ids=["empty", "text", "one array", "torn", "three sides", "three frames", "flat"],
)
def test_a_file_that_is_something_else_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "registration.npz"
    path.write_bytes(content)
    with pytest.raises(FileError, match=r"registration\.npz: .*Delete it and run again"):
        read_registration(path)
