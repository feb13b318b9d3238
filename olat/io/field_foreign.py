"""Reflectance fields that another program has rewritten, read through zarr."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, overload

import numpy as np
import zarr
import zarr.errors

from olat.errors import FileError
from olat.io.field_layout import confidence_layout, layouts
from olat.model.field import ConfidenceStrip, FieldHeader, ReflectanceField


def open_foreign_field(path: Path, header: FieldHeader) -> ReflectanceField:
    """Open a field of any zarr layout; its planes are read when they are asked for.

    Raises
    ------
    FileError
        If zarr cannot open the arrays, or they are of another shape or type than the field's.
    """
    reflectance, flags = (
        _open_array(path / layout.name, layout.document(header.rows))
        for layout in layouts(header.height, header.width)
    )
    field = ReflectanceField(
        header=header,
        planes=_ForeignPlanes(reflectance, header.lights),
        flag_planes=_ForeignPlanes(flags, header.lights),
        read_rows=partial(_read_rows, reflectance, flags, header.lights),
    )
    layout = confidence_layout(header.height, header.width)
    if not (path / layout.name / "zarr.json").is_file():
        return field
    confidence = _open_array(path / layout.name, layout.document(header.rows))
    return replace(
        field,
        confidence_planes=_ForeignPlanes(confidence, header.lights),
        read_confidence=partial(_read_confidence, confidence, header.lights),
    )


class _ForeignPlanes(Sequence[np.ndarray[Any, Any]]):
    """One plane a light, decoded at each access."""

    def __init__(self, array: zarr.Array[Any], lights: tuple[int, ...]) -> None:
        self._array = array
        self._lights = lights

    def __len__(self) -> int:
        return len(self._lights)

    @overload
    def __getitem__(self, row: int) -> np.ndarray[Any, Any]: ...
    @overload
    def __getitem__(self, row: slice) -> Sequence[np.ndarray[Any, Any]]: ...
    def __getitem__(
        self, row: int | slice
    ) -> np.ndarray[Any, Any] | Sequence[np.ndarray[Any, Any]]:
        if isinstance(row, slice):
            return [self[number] for number in range(*row.indices(len(self)))]
        return _decoded(self._array, self._lights[row])


def _open_array(folder: Path, wanted: dict[str, Any]) -> zarr.Array[Any]:
    """Open an array and check that it holds what the field needs."""
    try:
        array = zarr.open_array(folder, mode="r")
    except (OSError, KeyError, TypeError, ValueError, zarr.errors.BaseZarrError) as error:
        raise FileError(
            f"{folder}: found no array that zarr can open ({error}); a field needs one. "
            "Process the session again."
        ) from error
    found = [list(array.shape), str(array.dtype)]
    needed = [wanted["shape"], wanted["data_type"]]
    if found != needed:
        raise FileError(
            f"{folder}: found an array of {found[1]} {found[0]}; needed {needed[1]} {needed[0]}. "
            "Process the session again."
        )
    return array


def _read_rows(
    reflectance: zarr.Array[Any], flags: zarr.Array[Any], lights: tuple[int, ...], y0: int, y1: int
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Read rows of every light; see `ReflectanceField.read_rows`."""
    planes, rows = list(lights), slice(y0, y1)
    return _decoded(reflectance, (planes, slice(None), rows)), _decoded(flags, (planes, rows))


def _read_confidence(
    confidence: zarr.Array[Any], lights: tuple[int, ...], y0: int, y1: int
) -> ConfidenceStrip:
    """Read rows of every light; see `ReflectanceField.read_confidence`."""
    return _decoded(confidence, (list(lights), slice(y0, y1)))


def _decoded(array: zarr.Array[Any], where: Any) -> np.ndarray[Any, Any]:
    """Read a part of an array; absent chunks read as their fill value and are refused."""
    try:
        part = np.asarray(array.oindex[where])
    except (OSError, ValueError, RuntimeError) as error:
        raise FileError(
            f"{array.store_path}: found chunks that zarr cannot read ({error}); whole ones are "
            "needed. Process the session again."
        ) from error
    if part.dtype.kind == "f" and np.isnan(part).any():
        raise FileError(
            f"{array.store_path}: found reflectance that is missing; every light is needed. "
            "Run 'olat process' to finish the field."
        )
    return part
