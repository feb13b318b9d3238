"""Photographs of any kind -> sensor counts, or codes as stored."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import cv2
import imageio.v3 as iio
import numpy as np
import tifffile

from olat.errors import FileError
from olat.io.exr import exr_size, read_exr_picture
from olat.io.raw import RAW_SUFFIXES, raw_size, read_raw, upright
from olat.model.image import Picture, RawMosaic

_TIFF = frozenset({".tif", ".tiff"})
_JPEG = frozenset({".jpg", ".jpeg"})
_PIXMAP = frozenset({".pgm", ".ppm", ".pnm"})
_PLAIN = frozenset({".png", ".bmp"}) | _PIXMAP
_EXR = frozenset({".exr"})

PHOTOGRAPH_SUFFIXES = RAW_SUFFIXES | _TIFF | _JPEG | _PLAIN | _EXR
"""What photographs are called, in lower case."""

_FLIPS = (0, 0, 1, 3, 2, 4, 6, 7, 5)
"""LibRaw's flip code for each Exif orientation; what is out of range is upright."""

T = TypeVar("T")

_log = logging.getLogger(__name__)


def read_photograph(path: Path) -> RawMosaic | Picture:
    """Read a photograph by its suffix, upright, with its values as they are stored.

    Parameters
    ----------
    path
        Camera RAW, DNG, TIFF, PNG, JPEG, PGM, PPM, BMP or OpenEXR. A TIFF that says that it is
        behind a color filter array stays a mosaic. Alpha is left out.

    Raises
    ------
    FileError
        If the file is of no known kind, cannot be read, or ends early.
    """
    suffix = _suffix(path)
    if suffix in RAW_SUFFIXES:
        return read_raw(path)
    if suffix in _EXR:
        return Picture(read_exr_picture(path), np.inf)
    _require_content(path)
    if suffix in _TIFF:
        return _read_tiff(path)
    if suffix in _JPEG:
        # OpenCV fills in what a truncated JPEG lacks; this reader refuses it.
        codes = _decoded(path, lambda: iio.imread(path, plugin="pillow", rotate=True))
        if codes.ndim == 3 and codes.shape[2] == 4:
            raise FileError(f"{path}: the colors are inks (CMYK); gray or RGB is needed.")
        return _picture(path, codes, 255.0)
    codes = _decoded(path, lambda: _decode_with_opencv(path))
    white = _pixmap_white(path) if suffix in _PIXMAP else _full_scale(codes.dtype)
    return _picture(path, codes, white)


def photograph_size(path: Path) -> tuple[int, int]:
    """Return height and width of the upright photograph, from its header alone [px].

    Raises
    ------
    FileError
        If the file is of no known kind, or its header cannot be read.
    """
    suffix = _suffix(path)
    if suffix in RAW_SUFFIXES:
        return raw_size(path)
    if suffix in _EXR:
        return exr_size(path)
    _require_content(path)
    if suffix in _TIFF:
        return _decoded(path, lambda: _tiff_size(path))
    about = _decoded(path, lambda: iio.immeta(path, plugin="pillow", exclude_applied=False))
    width, height = (int(side) for side in about["shape"])
    return (width, height) if _flip(about.get("Orientation", 1)) & 4 else (height, width)


def _suffix(path: Path) -> str:
    """Return the suffix in lower case if it is one that is read."""
    suffix = path.suffix.lower()
    if suffix not in PHOTOGRAPH_SUFFIXES:
        close = get_close_matches(suffix, PHOTOGRAPH_SUFFIXES, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        known = " ".join(sorted(PHOTOGRAPH_SUFFIXES))
        raise FileError(f"{path}: the suffix is {suffix!r}; photographs end in {known}.{hint}")
    return suffix


def _require_content(path: Path) -> None:
    """Tell a missing and an empty file from one that is damaged."""
    try:
        size = path.stat().st_size
    except OSError as error:
        raise FileError(f"{path}: cannot be opened: {error.strerror}.") from error
    if size == 0:
        raise FileError(f"{path}: the file is empty; a photograph is needed. Copy it again.")


def _decoded(path: Path, decode: Callable[[], T]) -> T:
    """Decode; whatever a decoder says about the file becomes a `FileError`."""
    try:
        return decode()
    except FileError:
        raise
    # Decoders of damaged files raise whatever their parsers run into.
    except Exception as error:
        reason = str(error).strip() or type(error).__name__
        raise FileError(
            f"{path}: cannot be decoded: {reason}; a whole {path.suffix[1:].upper()} file is "
            "needed. Compare its size with its neighbors and copy it again."
        ) from error


def _decode_with_opencv(path: Path) -> np.ndarray[Any, Any]:
    """Decode at full depth (Pillow cuts 16-bit color to 8 bits): gray, RGB or RGB and alpha."""
    codes = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if codes is None:
        raise ValueError("the data ends early or is damaged")
    return codes if codes.ndim == 2 else codes[..., [2, 1, 0, 3][: codes.shape[2]]]


def _read_tiff(path: Path) -> RawMosaic | Picture:
    """Read the first page of a TIFF file."""
    photometric, flip = _decoded(path, lambda: _tiff_kind(path))
    if photometric == "CFA":
        return read_raw(path)
    if photometric not in ("MINISBLACK", "RGB"):
        raise FileError(
            f"{path}: the pixels are stored as {photometric}; gray or RGB is needed. Export it so."
        )
    codes = _decoded(path, lambda: _tiff_codes(path, flip))
    return _picture(path, codes, _full_scale(codes.dtype))


def _tiff_kind(path: Path) -> tuple[str, int]:
    """Return what the values of the first page mean, and how it lies."""
    with tifffile.TiffFile(path) as file:
        page = file.pages.first
        kind = page.photometric
        return getattr(kind, "name", str(kind)), _flip(page.tags.valueof("Orientation", 1))


def _tiff_size(path: Path) -> tuple[int, int]:
    """Return the upright shape of the first page."""
    if _tiff_kind(path)[0] == "CFA":
        return raw_size(path)
    with tifffile.TiffFile(path) as file:
        page = file.pages.first
        flip = _flip(page.tags.valueof("Orientation", 1))
        height, width = int(page.imagelength), int(page.imagewidth)
        return (width, height) if flip & 4 else (height, width)


def _tiff_codes(path: Path, flip: int) -> np.ndarray[Any, Any]:
    """Return the first page, upright, as ``h w`` or ``h w channel``."""
    with tifffile.TiffFile(path) as file:
        page = file.pages.first
        try:
            codes = page.asarray()
        except ValueError as error:
            # LZW needs another package, or OpenCV, which turns the picture upright by itself.
            if "imagecodecs" not in str(error):
                raise
            return _decode_with_opencv(path)
        return upright(np.moveaxis(codes, 0, -1) if page.axes == "SYX" else codes, flip)


def _flip(orientation: object) -> int:
    """Return LibRaw's flip code for an Exif orientation."""
    is_known = isinstance(orientation, int) and 0 <= orientation < len(_FLIPS)
    return _FLIPS[int(str(orientation))] if is_known else 0


def _full_scale(kind: np.dtype[Any]) -> float:
    """Return the code at which a type is full: infinity for floats [code]."""
    return float(np.iinfo(kind).max) if np.issubdtype(kind, np.integer) else np.inf


def _pixmap_white(path: Path) -> float:
    """Return the largest code that a PGM or PPM header declares [code]."""
    with path.open("rb") as file:
        header = re.sub(rb"#[^\n]*\n", b" ", file.read(4096))
    match = re.match(rb"P[2356]\s+\d+\s+\d+\s+(\d+)\s", header)
    return float(match[1]) if match else 255.0


def _picture(path: Path, codes: np.ndarray[Any, Any], white: float) -> Picture:
    """Return codes as a picture of one or three channels."""
    if codes.ndim == 3 and codes.shape[2] in (2, 4):
        see_through = float((codes[..., -1] < _full_scale(codes.dtype)).mean())
        if see_through:
            _log.warning("%s: alpha is left out; %.1f %% is see-through", path, 100 * see_through)
        codes = codes[..., :-1]
    if codes.ndim == 3 and codes.shape[2] == 1:
        codes = codes[..., 0]
    if codes.ndim != 2 and codes.shape[2:] != (3,):
        raise FileError(f"{path}: the pixels have shape {codes.shape}; gray or RGB is needed.")
    return Picture(np.ascontiguousarray(codes), white)
