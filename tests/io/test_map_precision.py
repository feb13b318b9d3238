"""What files take from maps: nothing that a solve could tell."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import OpenEXR
import pytest

from olat.io.map_files import read_normals, write_normals
from olat.model.maps import NormalMap


@pytest.fixture
def normals(rng: np.random.Generator) -> np.ndarray:
    vectors = rng.normal(size=(64, 96, 3))
    return vectors / np.linalg.norm(vectors, axis=2, keepdims=True)


def test_storing_normals_turns_them_by_less_than_a_hundredth_of_a_degree(
    tmp_path: Path, normals: np.ndarray
) -> None:
    path = tmp_path / "normals.exr"
    maps = NormalMap(
        normals.astype(np.float32), np.ones((64, 96), np.float32), np.zeros((64, 96), np.uint8)
    )
    write_normals(path, maps, {})
    found = read_normals(path).normals.astype(np.float64)
    found /= np.linalg.norm(found, axis=2, keepdims=True)
    turned = np.degrees(np.linalg.norm(np.cross(found, normals), axis=2).max())
    print(f"turned by at most {turned:.1e} degrees")
    assert turned < 0.01


def test_channels_of_normals_have_32_bits(tmp_path: Path, normals: np.ndarray) -> None:
    path = tmp_path / "normals.exr"
    plane = np.ones((64, 96), np.float32)
    write_normals(path, NormalMap(normals.astype(np.float32), plane, plane.astype(np.uint8)), {})
    with OpenEXR.File(str(path), separate_channels=True) as stored:
        types = {name: stored.channels()[name].pixels.dtype for name in ("N.X", "N.Y", "N.Z")}
    assert set(types.values()) == {np.dtype(np.float32)}
