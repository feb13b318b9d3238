"""Reflectance fields on disk: written light by light, mapped instead of read.

Any zarr v3 reader opens them. Files that another program has rewritten, compressed say, are read
through zarr itself.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Collection
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from olat.errors import FileError
from olat.io.field_layout import (
    KIND,
    MARK_BYTES,
    SCHEMA,
    ArrayLayout,
    document_from_header,
    encoded,
    header_from_attributes,
    layouts,
    mark,
    with_checksum,
)
from olat.io.publish import publish, publish_bytes
from olat.model.field import FieldHeader, LightPlane, ReflectanceField
from olat.model.shapes import Array, HalfStrip

Rows = tuple[HalfStrip, UInt8[Array, "light rows w"]]


def create_field(path: Path, header: FieldHeader) -> list[Path]:
    """Write the documents of a field, without its planes, and return them.

    Every worker may call it: all write the same bytes, and nothing is written twice. Where a field
    stands, this changes which lights it has; a plane's place is its light's, so planes that stand
    stay valid.
    """
    documents = {path / "zarr.json": encoded(document_from_header(header))}
    for layout in layouts(header.height, header.width):
        document = layout.document(header.rows)
        documents[path / layout.name / "zarr.json"] = encoded(document)
    for place, content in reversed(documents.items()):
        if not place.is_file() or place.read_bytes() != content:
            publish_bytes(place, content)
    return list(documents)


def write_plane(path: Path, plane: LightPlane) -> list[Path]:
    """Write one light of a field, whole or not at all.

    Parameters
    ----------
    path
        Folder of the field; `create_field` has made it.
    plane
        Finite reflectance and flags of one of the field's lights, of the field's size.

    Returns
    -------
    files
        The flags and the reflectance; the latter comes last, so where it is, both are.

    Raises
    ------
    ValueError
        If the plane does not belong to this field, or is not finite.
    FileError
        If there is no field.
    StorageError
        If the disk refuses.
    """
    header = read_header(path)
    reflectance, flags = layouts(header.height, header.width)
    if plane.light not in header.lights:
        raise ValueError(f"light {plane.light} is none of the field's lights {header.lights}")
    expected = (3, header.height, header.width)
    if plane.reflectance.shape != expected or plane.flags.shape != expected[1:]:
        raise ValueError(
            f"light {plane.light} has planes of {plane.reflectance.shape} and "
            f"{plane.flags.shape}; the field needs {expected} and {expected[1:]}"
        )
    if plane.space != header.space:
        raise ValueError(
            f"light {plane.light} is in the color {plane.space!r}; the field is in {header.space!r}"
        )
    if not np.isfinite(plane.reflectance).all():
        raise ValueError(f"light {plane.light} has reflectance that is not finite")
    written = []
    for layout, pixels in ((flags, plane.flags[None]), (reflectance, plane.reflectance)):
        place = path / layout.key(plane.light)
        tail = mark(header, plane.light) + layout.index()
        publish(place, partial(_write_shard, layout=layout, planes=pixels, tail=tail))
        written.append(place)
    return written


def remove_planes(path: Path, *, keep: Collection[int]) -> None:
    """Remove the planes of all lights but some, so that absent lights read as absent."""
    for layout in layouts(1, 1):
        for shards in (path / layout.name / "c").glob("*"):
            if not (shards.name.isdecimal() and int(shards.name) in keep):
                shutil.rmtree(shards)


def open_field(path: Path) -> ReflectanceField:
    """Open a field: its planes are mapped, not read.

    Raises
    ------
    FileError
        If this is no field, or a light's planes are missing, torn, or belong to other lights.
    """
    header = read_header(path)
    pair, lights = layouts(header.height, header.width), header.lights
    is_ours = all(_has_our_document(path, layout, header) for layout in pair)
    # Every shard is looked at: a torn one must not hide behind a foreign one.
    shards = [is_ours and _is_plain(path, layout, header, i) for layout in pair for i in lights]
    if not all(shards):
        # Importing zarr takes longer than opening a field of ours.
        from olat.io.field_foreign import open_foreign_field  # noqa: PLC0415

        return open_foreign_field(path, header)
    reflectance, flags = ([_mapped(path, layout, i) for i in lights] for layout in pair)
    return ReflectanceField(header, reflectance, flags, partial(_read_rows, path, header))


def read_header(path: Path) -> FieldHeader:
    """Read the document of a field.

    Raises
    ------
    FileError
        If there is none, or it describes no field.
    """
    document = _read_document(path / "zarr.json")
    attributes = document.get("attributes", {})
    if not isinstance(attributes, dict) or attributes.get("kind") != KIND:
        raise FileError(
            f"{path}: found a zarr {document.get('node_type', 'document')} of another kind; "
            f"needed an {KIND}. Give the 'field.zarr' that 'olat process' has made."
        )
    if attributes.get("schema") != SCHEMA:
        raise FileError(
            f"{path}: found schema {attributes.get('schema')!r}; this olat reads schema {SCHEMA}. "
            f"Use the olat that wrote it ({attributes.get('olat', 'unknown')}) or process again."
        )
    try:
        return header_from_attributes(attributes)
    except (KeyError, TypeError, ValueError) as error:
        raise FileError(
            f"{path / 'zarr.json'}: found attributes that do not describe a field ({error}); "
            "needed those that 'olat process' writes. Process the session again."
        ) from error


def _read_document(place: Path) -> dict[str, Any]:
    """Read a ``zarr.json``."""
    try:
        document = json.loads(place.read_bytes())
    except FileNotFoundError as error:
        raise FileError(
            f"{place.parent}: found no 'zarr.json'; needed a reflectance field. "
            "Run 'olat process' on the session first."
        ) from error
    except (OSError, ValueError) as error:
        raise FileError(
            f"{place}: found no readable JSON ({error}); needed the document of a zarr v3 group "
            "or array. Process the session again."
        ) from error
    if not isinstance(document, dict):
        raise FileError(f"{place}: found {type(document).__name__}; needed a JSON object.")
    return document


def _has_our_document(path: Path, layout: ArrayLayout, header: FieldHeader) -> bool:
    """Tell whether an array is laid out as we write it."""
    found = _read_document(path / layout.name / "zarr.json")
    wanted = layout.document(header.rows)
    return all(found.get(key) == value for key, value in wanted.items() if key != "attributes")


def _write_shard(
    part: Path, *, layout: ArrayLayout, planes: np.ndarray[Any, Any], tail: bytes
) -> None:
    """Write planes, each padded to whole chunks, and what follows them."""
    padding = bytes((layout.padded - layout.height) * layout.width * layout.dtype.itemsize)
    with part.open("wb") as file:
        for plane in planes:
            file.write(np.ascontiguousarray(plane, dtype=layout.dtype).data)
            file.write(padding)
        file.write(tail)


def _is_plain(path: Path, layout: ArrayLayout, header: FieldHeader, light: int) -> bool:
    """Tell whether a shard is as we write it; another program's may still be sound zarr."""
    place = path / layout.key(light)
    wanted = mark(header, light) + layout.index()
    try:
        with place.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - len(wanted)))
            tail = file.read()
    except FileNotFoundError as error:
        raise FileError(
            f"{place}: found no {layout.name} of light {light}; all "
            f"{len(header.lights)} lights of the field are needed. Run 'olat process' to finish it."
        ) from error
    if size == layout.pixel_bytes + len(wanted) and tail == wanted:
        return True
    index = tail[MARK_BYTES:]
    if len(index) != len(layout.index()) or with_checksum(index[:-4]) != index:
        raise FileError(
            f"{place}: found {size:,} bytes without a sound index; a whole plane has "
            f"{layout.pixel_bytes + len(wanted):,}. Delete the file and run 'olat process' again."
        )
    if size == layout.pixel_bytes + len(wanted) and index == layout.index():
        raise FileError(
            f"{place}: found the plane of another light, camera, intensity or color; needed "
            f"light {light} of camera {header.camera!r} in {header.space!r}. Run 'olat process' "
            "again."
        )
    return False


def _mapped(path: Path, layout: ArrayLayout, light: int) -> np.ndarray[Any, Any]:
    """Map the pixels of a shard, without its padding."""
    pixels = np.memmap(path / layout.key(light), layout.dtype, mode="r", shape=layout.shape)
    return np.asarray(pixels)[..., : layout.height, :]


def _read_rows(path: Path, header: FieldHeader, y0: int, y1: int) -> Rows:
    """Copy rows of every light; see `ReflectanceField.read_rows`."""
    if not 0 <= y0 < y1 <= header.height:
        raise ValueError(f"rows {y0} to {y1} are not among the field's {header.height} rows")
    strips = []
    for layout in layouts(header.height, header.width):
        strip = np.empty(
            (len(header.lights), *layout.outer, y1 - y0, layout.width), dtype=layout.dtype
        )
        for light, rows in zip(header.lights, strip, strict=True):
            _read_shard_rows(path / layout.key(light), layout, y0, rows)
        strips.append(strip)
    return strips[0], strips[1]


def _read_shard_rows(place: Path, layout: ArrayLayout, y0: int, rows: np.ndarray[Any, Any]) -> None:
    """Fill rows from a shard, plane by plane."""
    row_bytes = layout.width * layout.dtype.itemsize
    planes = rows.reshape(-1, *rows.shape[-2:])
    file = os.open(place, os.O_RDONLY)
    try:
        for number, plane in enumerate(planes):
            offset = (number * layout.padded + y0) * row_bytes
            if os.preadv(file, [plane.view(np.uint8)], offset) != plane.nbytes:
                raise FileError(
                    f"{place}: found an end before row {y0 + len(plane)}; the file was whole when "
                    "the field was opened. Run 'olat process' again."
                )
    finally:
        os.close(file)
