"""One light's pixels of one array of a reflectance field: a file that zarr calls a shard."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from olat.errors import FileError
from olat.io.field_layout import MARK_BYTES, ArrayLayout, mark, with_checksum
from olat.model.field import FieldHeader


def write_shard(
    part: Path, *, layout: ArrayLayout, planes: np.ndarray[Any, Any], tail: bytes
) -> None:
    """Write planes, each padded to whole chunks, and what follows them."""
    padding = bytes((layout.padded - layout.height) * layout.width * layout.dtype.itemsize)
    with part.open("wb") as file:
        for plane in planes:
            file.write(np.ascontiguousarray(plane, dtype=layout.dtype).data)
            file.write(padding)
        file.write(tail)


def mark_on(path: Path, layout: ArrayLayout, header: FieldHeader, light: int) -> bytes | None:
    """Return the mark of a shard as we write it; none if another program wrote it, soundly.

    Raises
    ------
    FileError
        If there is none, or it is torn, or belongs to something else.
    """
    place = path / layout.key(light)
    size, tail = _tail_of(place, MARK_BYTES + len(layout.index()))
    if tail is None:
        raise FileError(
            f"{place}: found no {layout.name} of light {light}; all "
            f"{len(header.lights)} lights of the field are needed. Run 'olat process' to finish it."
        )
    whole = layout.pixel_bytes + MARK_BYTES + len(layout.index())
    found, index = tail[:MARK_BYTES], tail[MARK_BYTES:]
    ours = [mark(header, light, is_moved=is_moved) for is_moved in (False, True)]
    if size == whole and index == layout.index() and found in ours:
        return found
    if len(index) != len(layout.index()) or with_checksum(index[:-4]) != index:
        raise FileError(
            f"{place}: found {size:,} bytes without a sound index; a whole plane has "
            f"{whole:,}. Delete the file and run 'olat process' again."
        )
    if size == whole and index == layout.index():
        raise FileError(
            f"{place}: found the plane of another light, camera, intensity or color; needed "
            f"light {light} of camera {header.camera!r} in {header.space!r}. Run 'olat process' "
            "again."
        )
    return None


def _tail_of(place: Path, count: int) -> tuple[int, bytes | None]:
    """Return the size of a file and its last bytes; none if there is no file."""
    try:
        with place.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - count))
            return size, file.read()
    except FileNotFoundError:
        return 0, None


def mapped(path: Path, layout: ArrayLayout, light: int) -> np.ndarray[Any, Any]:
    """Map the pixels of a shard, without its padding."""
    pixels = np.memmap(path / layout.key(light), layout.dtype, mode="r", shape=layout.shape)
    return np.asarray(pixels)[..., : layout.height, :]


def read_shard_rows(place: Path, layout: ArrayLayout, y0: int, rows: np.ndarray[Any, Any]) -> None:
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


def read_shard_channel(
    place: Path, layout: ArrayLayout, channel: int, out: np.ndarray[Any, Any]
) -> None:
    """Fill one channel from a shard in order, and let the system forget what it read.

    A field that is larger than memory would only push out what others need again.
    """
    offset = channel * layout.padded * layout.width * layout.dtype.itemsize
    file = os.open(place, os.O_RDONLY)
    try:
        os.posix_fadvise(file, offset, out.nbytes, os.POSIX_FADV_SEQUENTIAL)
        content, done = out.reshape(-1).view(np.uint8).data, 0
        while done < out.nbytes:
            count = os.preadv(file, [content[done:]], offset + done)
            if not count:
                raise FileError(
                    f"{place}: found an end within channel {channel}; the file was whole when the "
                    "field was opened. Run 'olat process' again."
                )
            done += count
        os.posix_fadvise(file, offset, out.nbytes, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(file)
