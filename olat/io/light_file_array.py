"""Light files that NumPy saved: an array of vectors, or arrays that say what they are."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from olat.errors import FileError
from olat.io.light_list import Holds, LightFile, LightRow, lights_from_rows

HOLDS: tuple[Holds, ...] = ("directions", "positions")
"""Names of arrays that say what they hold."""


def read_array(path: Path) -> LightFile:
    """Read an array of N x 3, or N x 6 with colors; or ``directions`` or ``positions`` by name.

    Beside a named array may stand ``intensities``, N x 3, and ``names``.
    """
    try:
        content = np.load(path, allow_pickle=False)
        arrays = {key: content[key] for key in content} if path.suffix == ".npz" else {"": content}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise FileError(f"{path}: {error}; an array that NumPy saved is needed.") from None
    holds = next((name for name in HOLDS if name in arrays), None)
    if holds is not None:
        return _read_named(path, arrays, holds)
    rows = next((array for array in arrays.values() if _holds_lights(array)), None)
    if rows is None:
        shapes = ", ".join(f"{key} {array.shape}".strip() for key, array in arrays.items())
        raise FileError(f"{path}: found {shapes}; an array of shape (lights, 3) is needed.")
    notes = []
    if rows.shape[1] not in (3, 6):
        rows = rows.T
        notes.append(f"the array is {rows.shape[1]} x {rows.shape[0]} and was transposed")
    return lights_from_rows(path, _rows(path, rows), source_format="NumPy array", notes=notes)


def _read_named(path: Path, arrays: Mapping[str, Any], holds: Holds) -> LightFile:
    """Read arrays that are called what they are."""
    vectors, colors = arrays[holds], arrays.get("intensities")
    if vectors.ndim != 2 or vectors.shape[1] != 3 or vectors.dtype.kind not in "fiu":
        raise FileError(f"{path}: {holds} is {vectors.shape}; shape (lights, 3) is needed.")
    if colors is not None and colors.shape != vectors.shape:
        raise FileError(f"{path}: intensities is {colors.shape}; {vectors.shape} is needed.")
    rows = vectors if colors is None else np.hstack([vectors, colors])
    lights = lights_from_rows(path, _rows(path, rows), source_format="NumPy arrays", holds=holds)
    names = tuple(map(str, np.ravel(arrays.get("names", ()))))
    if names and len(names) != len(lights):
        raise FileError(f"{path}: {len(names)} names for {len(lights)} lights; one each is needed.")
    return replace(lights, names=names)


def _rows(path: Path, table: np.ndarray[Any, Any]) -> list[LightRow]:
    """Return a light for each row of three or six numbers."""
    return [
        LightRow(
            f"{path}: row {index}", (x, y, z), (color[0], color[1], color[2]) if color else None
        )
        for index, (x, y, z, *color) in enumerate(table.astype(np.float64).tolist())
    ]


def _holds_lights(array: np.ndarray[Any, Any]) -> bool:
    """Tell whether an array can be a list of lights."""
    numbers = array.ndim == 2 and array.dtype.kind in "fiu"
    return bool(numbers and (array.shape[1] in (3, 6) or array.shape[0] == 3))
