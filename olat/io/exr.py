"""OpenEXR files: planes and attributes, by value."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import OpenEXR

from olat.errors import FileError
from olat.io.publish import publish
from olat.model.shapes import Plane

Attribute = str | float | int | list[str] | list[float] | tuple[float, ...] | np.ndarray[Any, Any]
"""What a header can hold under a name; a tuple only under names that stand for one.

An array of three floats is a vector, one of 4 x 4 a matrix.
"""
Window = tuple[slice, slice]
"""Rows and columns of a picture."""

_COMPRESSION = {"zip": OpenEXR.ZIP_COMPRESSION, "piz": OpenEXR.PIZ_COMPRESSION}
_HALF_MAX = 65504.0
_MAGIC = bytes([0x76, 0x2F, 0x31, 0x01])
_OTHERS = {
    b"\x89PNG": "a PNG",
    b"\xff\xd8\xff": "a JPEG",
    b"II*\x00": "a TIFF or RAW",
    b"MM\x00*": "a TIFF or RAW",
    b"#?": "a Radiance HDR",
}


def write_exr(
    path: Path,
    channels: Mapping[str, Plane],
    *,
    attributes: Mapping[str, Attribute],
    half: bool | Collection[str] = False,
    compression: Literal["zip", "piz"] = "zip",
    window: Window | None = None,
) -> None:
    """Write planes as one scanline part, whole or not at all.

    Parameters
    ----------
    path
        File to make or replace.
    channels
        Planes of one shape by channel name, such as ``R`` or ``N.X``.
    attributes
        Header entries by name.
    half
        Store 16-bit floats, or the names of channels that are; what is larger than the largest
        of them, 65504, becomes it.
    compression
        ``zip`` for clean maps, ``piz`` for noisy photographs; neither loses anything.
    window
        Rows and columns that are stored: the data window, beyond which readers see 0. All, if none.

    Raises
    ------
    ValueError
        If the planes differ in shape, or an integer does not fit into a header.
    StorageError
        If the disk is full, read-only or failing.
    """
    shapes = {plane.shape for plane in channels.values()}
    if len(shapes) != 1:
        raise ValueError(f"the channels {', '.join(channels)} have shapes {sorted(shapes)}")
    header = {
        **{name: _storable(name, value) for name, value in attributes.items()},
        "compression": _COMPRESSION[compression],
        "type": OpenEXR.scanlineimage,
    }
    kept = window or (slice(None), slice(None))
    if window is not None:
        header |= _windows(shapes.pop(), window)
    halves = (set(channels) if half else set()) if isinstance(half, bool) else set(half)
    pixels = {
        name: np.ascontiguousarray(plane[kept].clip(-_HALF_MAX, _HALF_MAX), np.float16)
        if name in halves
        else np.ascontiguousarray(plane[kept], np.float32)
        for name, plane in channels.items()
    }
    publish(path, lambda part: OpenEXR.File(header, pixels, num_threads=0).write(str(part)))


def read_exr(path: Path) -> tuple[dict[str, Plane], dict[str, object]]:
    """Read all channels of a file, in its display window.

    Parameters
    ----------
    path
        File of one part: half, float or integer, scanlines or tiles, any compression.

    Returns
    -------
    channels
        Planes by channel name; zero where the display window holds no data.
    attributes
        All header entries but the channel list.

    Raises
    ------
    FileError
        If the file is missing, ends early, or holds several parts, deep or subsampled pixels.
    """
    file = _opened(path, header_only=False)
    header = dict(file.header())
    data, shown = (np.array(header[window]) for window in ("dataWindow", "displayWindow"))
    planes = {}
    for name, channel in file.channels().items():
        if channel.pixels.dtype == object or channel.pixels.shape != _extent(data):
            raise FileError(
                f"{path}: channel {name!r} is deep or subsampled; one value a pixel is needed. "
                "Export it flat and at full size."
            )
        planes[name] = _in_window(channel.pixels.astype(np.float32, copy=False), data, shown)
    return planes, {name: value for name, value in header.items() if name != "channels"}


def exr_size(path: Path) -> tuple[int, int]:
    """Return height and width of the display window, from the header [px]."""
    return _extent(np.array(_opened(path, header_only=True).header()["displayWindow"]))


def exr_attributes(path: Path) -> dict[str, object]:
    """Return all header entries but the channel list, without reading pixels."""
    header = dict(_opened(path, header_only=True).header())
    return {name: value for name, value in header.items() if name != "channels"}


def read_exr_picture(path: Path) -> np.ndarray[Any, Any]:
    """Read the unnamed picture of a file: ``h w 3`` from R, G, B, or ``h w`` from Y.

    Raises
    ------
    FileError
        If the file is none, or holds neither.
    """
    channels, _ = read_exr(path)
    if {"R", "G", "B"} <= channels.keys():
        return np.stack([channels[name] for name in "RGB"], axis=-1)
    if "Y" in channels and not {"RY", "BY"} & channels.keys():
        return channels["Y"]
    raise FileError(
        f"{path}: it has the channels {', '.join(map(repr, channels))}; R, G, B or Y are needed. "
        "Export the picture without a layer name."
    )


def _storable(name: str, value: Attribute) -> Attribute:
    """Return a header entry that the library keeps; what it cannot hold, it drops silently."""
    if isinstance(value, int) and not -(2**31) <= value < 2**31:
        raise ValueError(f"attribute {name!r} is {value}; headers hold 32 bits. Use a string")
    if isinstance(value, np.ndarray):
        return np.ascontiguousarray(value, np.float32)
    if isinstance(value, list) and not all(isinstance(entry, str) for entry in value):
        return [float(entry) for entry in value]
    return value


def _windows(shape: tuple[int, ...], window: Window) -> dict[str, Any]:
    """Return the header of what is stored of a picture: inclusive corners (x, y)."""
    rows, columns = (range(*part.indices(side)) for part, side in zip(window, shape, strict=True))
    if not (rows and columns):
        raise ValueError(f"window {window} holds nothing of a picture of {shape}")
    return {
        "dataWindow": _corners(columns[0], rows[0], columns[-1], rows[-1]),
        "displayWindow": _corners(0, 0, shape[1] - 1, shape[0] - 1),
    }


def _corners(*places: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return two corners from left, top, right and bottom."""
    return np.array(places[:2], np.int32), np.array(places[2:], np.int32)


def _opened(path: Path, *, header_only: bool) -> Any:
    """Open a file of exactly one part."""
    _require_magic(path)
    try:
        file = OpenEXR.File(
            str(path), separate_channels=True, header_only=header_only, num_threads=0
        )
    except (RuntimeError, ValueError) as error:
        raise FileError(f"{path}: cannot be read as OpenEXR: {error}.") from error
    parts = len(file.parts)
    if parts == 0:
        raise FileError(
            f"{path}: the pixels end early or are damaged; a whole OpenEXR file is needed. "
            "Make or copy it again."
        )
    if parts > 1:
        raise FileError(
            f"{path}: the file has {parts} parts; one is needed. Export them one by one."
        )
    return file


def _require_magic(path: Path) -> None:
    """Refuse what is no OpenEXR file before the library, which prints a line of its own, sees it.

    An empty file and one that ends early are left to the library.
    """
    try:
        with path.open("rb") as file:
            start = file.read(len(_MAGIC))
    except FileNotFoundError:
        raise FileError(f"{path}: there is no such file; an OpenEXR file is needed.") from None
    except OSError as error:
        raise FileError(f"{path}: it cannot be read: {error.strerror}.") from None
    if _MAGIC.startswith(start):
        return
    kind = next((kind for magic, kind in _OTHERS.items() if start.startswith(magic)), "another")
    raise FileError(
        f"{path}: it is {kind} file, whatever its name; an OpenEXR file is needed. Export it as "
        "OpenEXR."
    )


def _extent(window: np.ndarray[Any, Any]) -> tuple[int, int]:
    """Return height and width of a window of inclusive (x, y) corners [px]."""
    width, height = window[1] - window[0] + 1
    return int(height), int(width)


def _in_window(plane: Plane, data: np.ndarray[Any, Any], shown: np.ndarray[Any, Any]) -> Plane:
    """Move a plane from its data window to the display window: cut what hangs over, fill with 0."""
    if np.array_equal(data, shown):
        return plane
    out = np.zeros(_extent(shown), np.float32)
    left, top = data[0] - shown[0]
    above, before = max(top, 0), max(left, 0)
    rows, columns = (max(0, n - m) for n, m in zip(out.shape, (above, before), strict=True))
    inside = plane[above - top :, before - left :][:rows, :columns]
    out[above : above + inside.shape[0], before : before + inside.shape[1]] = inside
    return out
