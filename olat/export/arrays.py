"""The field as one array, for those who compute with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from olat.errors import SessionError
from olat.export.source import Advance, ExportSource
from olat.io.array_file import Block, ZarrArray, write_npy, write_npy_parts, write_zarr_parts
from olat.io.color_header import WORDS
from olat.io.publish import publish_text
from olat.model.field import ReflectanceField

AXES = ("light", "y", "x", "channel")


@dataclass(frozen=True)
class ArrayOptions:
    """How the numbers are stored."""

    precision: Literal["float16", "float32"] = "float16"
    chunks: tuple[int, ...] | None = None
    """Lengths of a zarr chunk: lights, rows, columns, channels; none: a light of 32 rows."""
    compression: Literal["none", "zstd"] = "zstd"


def write_numpy(
    source: ExportSource, folder: Path, options: ArrayOptions, advance: Advance
) -> list[Path]:
    """Write ``field.npy`` with axes `AXES`, ``lights.json``, and maps as arrays beside it.

    Beside it are ``directions.npy`` (light, 3), ``solid_angles.npy`` [sr], and, as far as they
    were made, ``mask.npy``, ``normals.npy``, ``albedo.npy``, ``specular.npy``, ``exponent.npy``
    and ``places.npy`` [m or px, see the depth].

    Parameters
    ----------
    source
        A processed camera.
    folder
        Folder to fill.
    options
        How the numbers are stored; chunks do not matter here.
    advance
        Told after each light.

    Returns
    -------
    files
        All that were written.
    """
    field = source.field()
    shape, kind = (*field.shape, 3), np.dtype(options.precision)
    place = folder / "field.npy"
    write_npy_parts(place, shape, kind, _planes(field, kind, advance))
    files = [place]
    for name, array in _beside(source, field).items():
        files.append(folder / f"{name}.npy")
        write_npy(files[-1], array)
    files.append(folder / "lights.json")
    publish_text(files[-1], json.dumps(told(source, field), indent=1) + "\n")
    return files


def write_zarr(
    source: ExportSource, folder: Path, options: ArrayOptions, advance: Advance
) -> list[Path]:
    """Write the field as one zarr v3 array with axes `AXES`; lights are in its attributes.

    The field of a session is a zarr group already, planar and uncompressed; this is for programs
    that want pixels interleaved, other chunks, or compression.

    Parameters
    ----------
    source, folder, advance
        As for `write_numpy`.
    options
        How the numbers are stored.

    Raises
    ------
    UsageError
        If the chunks do not fit.
    """
    field = source.field()
    shape, kind = (*field.shape, 3), np.dtype(options.precision)
    chunks = options.chunks or (1, min(32, shape[1]), shape[2], 3)
    wanted = ZarrArray(shape, kind, AXES, chunks, options.compression, told(source, field))
    write_zarr_parts(folder, wanted, _blocks(field, kind, chunks[1], advance))
    return [folder]


def told(source: ExportSource, field: ReflectanceField) -> dict[str, Any]:
    """Return what the numbers mean: frame, scale, color, and every light."""
    rig = field.header.rig
    lights = [
        {
            "row": row,
            "id": field.header.lights[row],
            "name": rig.names[row] if rig.names else None,
            "direction": rig.directions[row].tolist(),
            "position_m": None if rig.positions is None else rig.positions[row].tolist(),
            "intensity": rig.intensities[row].tolist(),
            "solid_angle_sr": float(field.header.solid_angles[row]),
        }
        for row in range(len(rig))
    ]
    return {
        "session": source.session.name,
        "camera": source.camera,
        "axes": list(AXES),
        "frame": "world: right-handed, +x image right, +y up, +z to the reference camera; "
        "directions from the subject to the light",
        "scale": "a white Lambert patch facing light i reads 1 under light i; signed",
        "color": WORDS[field.header.space],
        "lights": lights,
    }


def _planes(
    field: ReflectanceField, kind: np.dtype[Any], advance: Advance
) -> Iterator[np.ndarray[Any, Any]]:
    """Yield the picture under each light, ``h w 3``."""
    for row, plane in enumerate(field.planes):
        yield np.moveaxis(plane, 0, 2).astype(kind, copy=False)
        advance(row + 1, len(field.planes))


def _blocks(
    field: ReflectanceField, kind: np.dtype[Any], rows: int, advance: Advance
) -> Iterator[Block]:
    """Yield strips of all lights, in multiples of a chunk's rows so that none is written twice."""
    height = field.header.height
    fitting = field.strips()[0][1]
    step = max(rows, fitting // max(rows, 1) * rows)
    for top in range(0, height, step):
        bottom = min(top + step, height)
        strip, _ = field.read_rows(top, bottom)
        yield top, bottom, np.moveaxis(strip, 1, 3).astype(kind, copy=False)
        advance(bottom, height)


def _beside(source: ExportSource, field: ReflectanceField) -> dict[str, np.ndarray[Any, Any]]:
    """Return the lights, the matte, and all maps that were made."""
    arrays: dict[str, np.ndarray[Any, Any]] = {
        "directions": field.header.rig.directions,
        "solid_angles": field.header.solid_angles,
    }
    matte, _ = source.matte()
    if matte is not None:
        arrays["mask"] = matte
    for maps in (_normals, _phong, _places):
        try:
            arrays |= maps(source)
        except SessionError:
            continue  # a map that was not made is not there
    return arrays


def _normals(source: ExportSource) -> dict[str, np.ndarray[Any, Any]]:
    return {"normals": source.normals().normals}


def _phong(source: ExportSource) -> dict[str, np.ndarray[Any, Any]]:
    phong = source.phong()
    return {
        "albedo": phong.diffuse_albedo,
        "specular": phong.specular_albedo,
        "exponent": phong.exponent,
    }


def _places(source: ExportSource) -> dict[str, np.ndarray[Any, Any]]:
    return {"places": source.depth().places}
