"""Reflectance fields on disk: written light by light, mapped instead of read.

Any zarr v3 reader opens them. Files that another program has rewritten, compressed say, are read
through zarr itself.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from olat.errors import FileError
from olat.io.field_layout import (
    KIND,
    SCHEMA,
    ArrayLayout,
    confidence_layout,
    document_from_header,
    encoded,
    header_from_attributes,
    layouts,
    mark,
)
from olat.io.field_shard import mapped, mark_on, read_shard_channel, read_shard_rows, write_shard
from olat.io.publish import publish, publish_bytes
from olat.model.field import CERTAIN, ConfidenceStrip, FieldHeader, LightPlane, ReflectanceField
from olat.model.shapes import Array, HalfPlane, HalfStrip

Rows = tuple[HalfStrip, UInt8[Array, "light rows w"]]


def create_field(path: Path, header: FieldHeader) -> list[Path]:
    """Write the documents of a field, without its planes, and return them.

    The confidence has one where a plane with confidence stands; its first plane brings it. Every
    worker may call it: all write the same bytes, and nothing is written twice. Where a field
    stands, this changes which lights it has; a plane's place is its light's, so planes that stand
    stay valid.
    """
    documents = {path / "zarr.json": encoded(document_from_header(header))}
    confidence = confidence_layout(header.height, header.width)
    is_moved = any((path / confidence.name / "c").glob("*/0/0"))
    for layout in (*layouts(header.height, header.width), *([confidence] if is_moved else [])):
        documents[path / layout.name / "zarr.json"] = encoded(layout.document(header.rows))
    for place, content in reversed(documents.items()):
        _publish_once(place, content)
    return list(documents)


def _publish_once(place: Path, content: bytes) -> None:
    if not place.is_file() or place.read_bytes() != content:
        publish_bytes(place, content)


def write_plane(path: Path, plane: LightPlane) -> list[Path]:
    """Write one light of a field, whole or not at all.

    Parameters
    ----------
    path
        Folder of the field; `create_field` has made it.
    plane
        Finite reflectance, flags and, if it was moved, confidence of one of the field's lights,
        of the field's size.

    Returns
    -------
    files
        The flags, the confidence if there is one, and the reflectance; the latter comes last, so
        where it is, all are.

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
    confidence = confidence_layout(header.height, header.width)
    _check_plane(plane, header)
    parts = [(flags, plane.flags[None]), (reflectance, plane.reflectance)]
    is_moved = plane.confidence is not None
    if plane.confidence is not None:
        document = encoded(confidence.document(header.rows))
        _publish_once(path / confidence.name / "zarr.json", document)
        parts.insert(1, (confidence, plane.confidence[None]))
    written = []
    for layout, pixels in parts:
        place = path / layout.key(plane.light)
        says_moved = is_moved and layout is reflectance
        tail = mark(header, plane.light, is_moved=says_moved) + layout.index()
        publish(place, partial(write_shard, layout=layout, planes=pixels, tail=tail))
        written.append(place)
    if not is_moved:  # one from before would still be seen by other programs
        (path / confidence.key(plane.light)).unlink(missing_ok=True)
    return written


def _check_plane(plane: LightPlane, header: FieldHeader) -> None:
    """Refuse a plane that does not belong into a field."""
    if plane.light not in header.lights:
        raise ValueError(f"light {plane.light} is none of the field's lights {header.lights}")
    expected = (3, header.height, header.width)
    found = [plane.reflectance.shape, plane.flags.shape]
    wanted = [expected, expected[1:]]
    if plane.confidence is not None:
        found.append(plane.confidence.shape)
        wanted.append(expected[1:])
    if found != wanted:
        raise ValueError(
            f"light {plane.light} has planes of {_listed(found)}; the field needs {_listed(wanted)}"
        )
    if plane.space != header.space:
        raise ValueError(
            f"light {plane.light} is in the color {plane.space!r}; the field is in {header.space!r}"
        )
    if not np.isfinite(plane.reflectance).all():
        raise ValueError(f"light {plane.light} has reflectance that is not finite")


def _listed(shapes: Sequence[tuple[int, ...]]) -> str:
    return " and ".join(map(str, shapes))


def remove_planes(path: Path, *, keep: Collection[int]) -> None:
    """Remove the planes of all lights but some, so that absent lights read as absent."""
    confidence = confidence_layout(1, 1)
    for layout in (*layouts(1, 1), confidence):
        for shards in (path / layout.name / "c").glob("*"):
            if not (shards.name.isdecimal() and int(shards.name) in keep):
                shutil.rmtree(shards)
    if not any((path / confidence.name / "c").glob("*/0/0")):
        shutil.rmtree(path / confidence.name, ignore_errors=True)


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
    marks = [[is_ours and mark_on(path, layout, header, i) for i in lights] for layout in pair]
    moved = [i for i, found in zip(lights, marks[0], strict=True) if _is_moved(header, i, found)]
    confidence = confidence_layout(header.height, header.width)
    if moved:
        is_ours = is_ours and _has_our_document(path, confidence, header)
        marks.append([is_ours and mark_on(path, confidence, header, i) for i in moved])
    if not all(map(all, marks)):
        # Importing zarr takes longer than opening a field of ours.
        from olat.io.field_foreign import open_foreign_field  # noqa: PLC0415

        return open_foreign_field(path, header)
    reflectance, flags = ([mapped(path, layout, i) for i in lights] for layout in pair)
    field = ReflectanceField(
        header,
        reflectance,
        flags,
        partial(_read_rows, path, header),
        read_channel=partial(_read_channel, path, header),
    )
    if not moved:
        return field
    return replace(
        field,
        confidence_planes=[mapped(path, confidence, i) if i in moved else None for i in lights],
        read_confidence=partial(_read_confidence, path, header, moved),
    )


def _is_moved(header: FieldHeader, light: int, found: bytes | bool | None) -> bool:
    """Tell whether a shard of reflectance says that it has a confidence beside it."""
    return found == mark(header, light, is_moved=True)


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


def _read_rows(path: Path, header: FieldHeader, y0: int, y1: int) -> Rows:
    """Copy rows of every light; see `ReflectanceField.read_rows`."""
    _check_rows(header, y0, y1)
    strips = []
    for layout in layouts(header.height, header.width):
        strip = np.empty(
            (len(header.lights), *layout.outer, y1 - y0, layout.width), dtype=layout.dtype
        )
        for light, rows in zip(header.lights, strip, strict=True):
            read_shard_rows(path / layout.key(light), layout, y0, rows)
        strips.append(strip)
    return strips[0], strips[1]


def _read_channel(path: Path, header: FieldHeader, row: int, channel: int, out: HalfPlane) -> None:
    """Fill one channel of a plane; see `ReflectanceField.read_channel`."""
    layout, _ = layouts(header.height, header.width)
    place = path / layout.key(header.lights[row])
    read_shard_channel(place, layout, channel, out)


def _read_confidence(
    path: Path, header: FieldHeader, moved: Collection[int], y0: int, y1: int
) -> ConfidenceStrip:
    """Copy rows of every light; see `ReflectanceField.read_confidence`."""
    _check_rows(header, y0, y1)
    layout = confidence_layout(header.height, header.width)
    strip = np.full((len(header.lights), y1 - y0, header.width), CERTAIN, np.uint8)
    for light, rows in zip(header.lights, strip, strict=True):
        if light in moved:
            read_shard_rows(path / layout.key(light), layout, y0, rows)
    return strip


def _check_rows(header: FieldHeader, y0: int, y1: int) -> None:
    if not 0 <= y0 < y1 <= header.height:
        raise ValueError(f"rows {y0} to {y1} are not among the field's {header.height} rows")
