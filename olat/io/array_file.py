"""Arrays for other programs: NumPy files and zarr arrays, written part by part."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import zarr
from scipy.io import savemat
from zarr.codecs import ZstdCodec

from olat.errors import UsageError
from olat.io.publish import publish

Block = tuple[int, int, np.ndarray[Any, Any]]
"""First row, row after the last, and what is in them."""


def write_npy(path: Path, array: np.ndarray[Any, Any]) -> None:
    """Write an array as ``.npy``."""
    np.save(path, array, allow_pickle=False)


def write_arrays(path: Path, **arrays: np.ndarray[Any, Any] | str) -> None:
    """Write arrays by their names as ``.npz``, whole or not at all."""
    content: dict[str, Any] = {name: np.asarray(array) for name, array in arrays.items()}

    def write(part: Path) -> None:
        with part.open("wb") as file:
            np.savez(file, **content)

    publish(path, write)


def read_arrays(path: Path) -> dict[str, np.ndarray[Any, Any]] | None:
    """Return what `write_arrays` wrote; none if there is nothing, or nothing that can be read."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return dict(file)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile):
        return None


def write_mat(path: Path, arrays: Mapping[str, np.ndarray[Any, Any]]) -> None:
    """Write arrays as a MATLAB file, by their names."""
    savemat(path, dict(arrays), do_compression=True)


def write_npy_parts(
    path: Path, shape: tuple[int, ...], kind: np.dtype[Any], planes: Iterator[np.ndarray[Any, Any]]
) -> None:
    """Write an array as ``.npy``, the entries of its first axis one after the other."""
    out = np.lib.format.open_memmap(path, mode="w+", dtype=kind, shape=shape)
    for place, plane in enumerate(planes):
        out[place] = plane
    out.flush()


@dataclass(frozen=True)
class ZarrArray:
    """An array as zarr stores it."""

    shape: tuple[int, ...]
    kind: np.dtype[Any]
    names: tuple[str, ...]
    """Of the axes; one is ``y``."""
    chunks: tuple[int, ...]
    """Lengths of a chunk."""
    compression: Literal["none", "zstd"]
    told: Mapping[str, Any]
    """Attributes."""

    def __post_init__(self) -> None:
        fits = [1 <= chunk <= side for chunk, side in zip(self.chunks, self.shape, strict=False)]
        if len(self.chunks) != len(self.shape) or not all(fits):
            raise UsageError(
                f"chunks {','.join(map(str, self.chunks))}: the array is "
                f"{' x '.join(map(str, self.shape))} ({', '.join(self.names)}); needed is a length "
                "from 1 to that of each axis."
            )


def write_zarr_parts(path: Path, wanted: ZarrArray, blocks: Iterator[Block]) -> None:
    """Write a zarr v3 array in blocks of rows, into a folder which may be there."""
    array = zarr.create_array(
        path,
        shape=wanted.shape,
        dtype=wanted.kind,
        chunks=wanted.chunks,
        compressors=ZstdCodec(level=1) if wanted.compression == "zstd" else None,
        dimension_names=wanted.names,
        attributes=dict(wanted.told),
        fill_value=np.nan,
        overwrite=True,
    )
    axis = wanted.names.index("y")
    for top, bottom, pixels in blocks:
        array[(*(slice(None),) * axis, slice(top, bottom))] = pixels
