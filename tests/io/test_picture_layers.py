"""Channels of a file, grouped as people name them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.api.pictures import write_relit
from olat.errors import FileError
from olat.io.exr import write_exr
from olat.io.picture_layers import layers_of, read_layers


def planes(*names: str) -> dict[str, np.ndarray]:
    return {name: np.full((2, 3), at, np.float32) for at, name in enumerate(names)}


def test_channels_are_grouped_into_layers() -> None:
    channels = planes(
        "R", "G", "B", "A", "N.X", "N.Y", "N.Z", "N.confidence", "flags.Y", "Z", "flow.X", "flow.Y"
    )
    found = layers_of(channels)
    assert set(found) == {"", "N", "N.confidence", "flags", "Z", "flow.X", "flow"}
    assert found[""].letters == "RGB"
    assert found["N"].pixels[0, 0].tolist() == [4.0, 5.0, 6.0]
    assert found["flags"].pixels.shape == (2, 3)


def test_names_of_other_programs_are_kept() -> None:
    found = layers_of(planes(*(f"ViewLayer.Normal.{k}" for k in "XYZ"), "mask.V", "Y"))
    assert set(found) == {"ViewLayer.Normal", "mask", ""}


def test_a_radiance_file_comes_back_at_its_exposure(tmp_path: Path) -> None:
    path = tmp_path / "map.hdr"
    light = np.full((4, 8, 3), [4.0, 2.0, 1.0], np.float32)
    assert cv2.imwrite(str(path), light[..., ::-1])
    assert_allclose(read_layers(path).layers[""].pixels, light, rtol=0.01, atol=0)
    path.write_bytes(path.read_bytes().replace(b"\n\n", b"\nEXPOSURE= 2.0\n\n", 1))
    assert_allclose(read_layers(path).layers[""].pixels, light / 2, rtol=0.01, atol=0)
    path.write_bytes(path.read_bytes().replace(b"EXPOSURE= 2.0", b"EXPOSURE= two"))
    with pytest.raises(FileError, match="an exposure in its header is 'two'"):
        read_layers(path)


def test_arrays_of_numpy_are_layers(tmp_path: Path, rng) -> None:
    arrays = {
        "normals": rng.normal(size=(4, 5, 3)),
        "mask": rng.random((4, 5)) > 0.5,
        "shadows": np.zeros((7, 4, 5), bool),
        "count": np.int64(3),
    }
    np.savez(tmp_path / "truth.npz", **arrays)
    found = read_layers(tmp_path / "truth.npz").layers
    assert {name: layer.letters for name, layer in found.items()} == {"normals": "XYZ", "mask": "Y"}
    np.save(tmp_path / "a.npy", arrays["normals"].astype(np.float32))
    assert read_layers(tmp_path / "a.npy").layers[""].pixels.shape == (4, 5, 3)
    np.save(tmp_path / "b.npy", np.zeros((2, 3, 4, 5)))
    with pytest.raises(FileError, match=r"it holds '' \(2, 3, 4, 5\); floats or booleans of"):
        read_layers(tmp_path / "b.npy")
    (tmp_path / "c.npz").write_bytes(b"PK no zip")
    with pytest.raises(FileError, match="cannot be read as NumPy arrays"):
        read_layers(tmp_path / "c.npz")


def test_a_png_for_display_says_so(tmp_path: Path) -> None:
    path = tmp_path / "relit.png"
    write_relit(path, np.full((4, 5, 3), 0.5, np.float32), lighting="a lamp")
    assert "exposure of its own" in read_layers(path).notes[0]


def test_values_that_are_no_numbers_are_kept(tmp_path: Path) -> None:
    channels = planes("R", "G", "B")
    channels["G"][0, 0] = np.nan
    write_exr(tmp_path / "a.exr", channels, attributes={})
    assert np.isnan(read_layers(tmp_path / "a.exr").layers[""].pixels[0, 0, 1])


@pytest.mark.parametrize("name", ["a.hdr", "a.exr", "a.png", "a.npz"])
def test_a_missing_file_is_told(name: str, tmp_path: Path) -> None:
    with pytest.raises(FileError, match=name):
        read_layers(tmp_path / name)


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"a \.txt file is no picture that is compared"):
        read_layers(tmp_path / "a.txt")
