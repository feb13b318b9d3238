"""Fields as NumPy files and zarr arrays, read by NumPy, zarr and dask."""

from __future__ import annotations

import json
from pathlib import Path

import dask.array
import numpy as np
import pytest
import zarr
from numpy.testing import assert_allclose, assert_array_equal

from olat.errors import UsageError
from olat.export.arrays import ArrayOptions, write_numpy, write_zarr
from tests.support.exports import ALBEDO, sphere_normals, sphere_source


def ignore(done: int, total: int, /) -> None:
    """Nobody watches."""


def test_numpy_reads_the_field_and_what_belongs_to_it(tmp_path: Path) -> None:
    source = sphere_source(lights=7, size=24)
    write_numpy(source, tmp_path, ArrayOptions(), ignore)
    pixels = np.load(tmp_path / "field.npy")
    assert (pixels.shape, pixels.dtype) == ((7, 24, 24, 3), np.dtype(np.float16))
    directions = np.load(tmp_path / "directions.npy")
    shade = np.einsum("hwc,lc->lhw", sphere_normals(24), directions).clip(0)[..., None] * ALBEDO
    assert_allclose(pixels, shade, rtol=1e-3, atol=1e-6)
    assert_allclose(np.load(tmp_path / "albedo.npy")[12, 12], ALBEDO, rtol=1e-6)
    assert np.load(tmp_path / "mask.npy").dtype == bool
    told = json.loads((tmp_path / "lights.json").read_text())
    assert told["axes"] == ["light", "y", "x", "channel"]
    assert_allclose([light["direction"] for light in told["lights"]], directions)
    assert [light["name"] for light in told["lights"]] == [f"lamp {n}" for n in range(7)]


def test_maps_that_were_not_made_are_not_there(tmp_path: Path) -> None:
    write_numpy(sphere_source(maps=False), tmp_path, ArrayOptions("float32"), ignore)
    assert {path.name for path in tmp_path.iterdir()} == {
        "field.npy",
        "directions.npy",
        "solid_angles.npy",
        "lights.json",
    }
    assert np.load(tmp_path / "field.npy").dtype == np.float32


@pytest.mark.parametrize("compression", ["none", "zstd"])
def test_zarr_and_dask_read_the_chunks_that_were_asked_for(
    tmp_path: Path, compression: str
) -> None:
    source = sphere_source(lights=7, size=24)
    options = ArrayOptions("float16", (4, 5, 24, 3), compression)
    write_zarr(source, tmp_path / "z", options, ignore)
    array = zarr.open_array(tmp_path / "z", mode="r")
    assert array.chunks == (4, 5, 24, 3)
    assert array.metadata.dimension_names == ("light", "y", "x", "channel")
    expected = np.stack([np.moveaxis(plane, 0, 2) for plane in source.field().planes])
    assert_array_equal(array[:], expected)
    assert_array_equal(dask.array.from_zarr(tmp_path / "z")[2].compute(), expected[2])
    assert len(array.attrs["lights"]) == 7


@pytest.mark.parametrize("chunks", [(1, 32, 32), (1, 33, 32, 3), (0, 1, 1, 1)])
def test_chunks_that_do_not_fit_are_refused(tmp_path: Path, chunks: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match=r"the array is 9 x 32 x 32 x 3 \(light, y, x, channel\)"):
        write_zarr(sphere_source(), tmp_path / "z", ArrayOptions(chunks=chunks), ignore)
