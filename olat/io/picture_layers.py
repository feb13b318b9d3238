"""Pictures of any kind as named layers of floats, to be looked at beside each other."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from zipfile import BadZipFile

import cv2
import numpy as np

from olat.errors import FileError
from olat.io.color_header import space_told
from olat.io.exr import read_exr
from olat.io.photograph import PHOTOGRAPH_SUFFIXES, read_photograph
from olat.io.png_text import read_text
from olat.io.raw import RAW_SUFFIXES
from olat.model.color import ColorSpace
from olat.model.image import RawMosaic
from olat.model.shapes import Plane

_HDR = frozenset({".hdr", ".pic"})
_NUMPY = frozenset({".npy", ".npz"})
_SETS = ("RGB", "rgb", "XYZ", "xyz")
_ALONE = frozenset("YVZ")
"""Letters that add nothing to the name of their layer."""


@dataclass(frozen=True)
class Layer:
    """One picture of a file."""

    pixels: np.ndarray[Any, Any]
    """``h w`` or ``h w 3``, float."""
    letters: str = ""
    """``RGB``, ``XYZ``, or that of the one channel."""


@dataclass(frozen=True)
class PictureLayers:
    """What a file shows, by the names of its layers; the unnamed one is ``""``."""

    layers: Mapping[str, Layer]
    encoding: Literal["linear", "codes"] = "linear"
    """Whether values are light, or codes over the code of white."""
    space: ColorSpace | None = None
    """What red, green and blue are, if the file says so."""
    notes: tuple[str, ...] = field(default=())
    """What there is to know of them."""


def read_layers(path: Path) -> PictureLayers:
    """Read a picture: OpenEXR with all layers, Radiance, NumPy, or one that photographs come in.

    Values that are not finite numbers are kept.

    Raises
    ------
    FileError
        If the file is of no known kind, or cannot be read.
    """
    suffix = path.suffix.lower()
    if suffix == ".exr":
        channels, attributes = read_exr(path)
        notes = ("alpha is left out",) if channels.keys() & {"A", "a"} else ()
        return PictureLayers(layers_of(channels), space=space_told(attributes), notes=notes)
    if suffix in _NUMPY:
        return _read_numpy(path)
    if suffix in _HDR:
        return PictureLayers({"": Layer(_read_hdr(path), "RGB")}, space="rec709")
    if suffix not in PHOTOGRAPH_SUFFIXES - RAW_SUFFIXES:
        raise FileError(
            f"{path}: a {suffix or 'nameless'} file is no picture that is compared; .exr, .hdr, "
            ".png, .tif, .jpg, .npy or .npz is needed. Export it as one of them."
        )
    picture = read_photograph(path)
    if isinstance(picture, RawMosaic):
        raise FileError(f"{path}: it is a mosaic; a developed picture is needed. Export it.")
    letters = "Y" if picture.codes.ndim == 2 else "RGB"
    if np.isinf(picture.white):
        return PictureLayers({"": Layer(picture.codes.astype(np.float32), letters)})
    shares = (picture.codes / np.float64(picture.white)).astype(np.float64)
    return PictureLayers({"": Layer(shares, letters)}, encoding="codes", notes=_words_of(path))


def layers_of(channels: Mapping[str, Plane]) -> dict[str, Layer]:
    """Group the channels of a file: three letters of one layer together, all others alone."""
    groups: dict[str, dict[str, Plane]] = {}
    for name, plane in channels.items():
        prefix, _, letter = name.rpartition(".")
        groups.setdefault(prefix, {})[letter] = plane
    layers = {}
    for prefix, planes in groups.items():
        left = dict(planes)
        for letters in _SETS:
            if set(letters) <= left.keys():
                layers[prefix] = Layer(
                    np.stack([left.pop(k) for k in letters], -1), letters.upper()
                )
                break
        for letter, plane in left.items():
            if letter not in "Aa":
                is_named = prefix and letter in _ALONE and prefix not in layers
                unnamed = not prefix and letter == "Y" and "" not in layers
                name = prefix if is_named or unnamed else f"{prefix}.{letter}".strip(".")
                layers[name] = Layer(plane, letter)
    return layers


def _words_of(path: Path) -> tuple[str, ...]:
    """Return what a PNG says of its values, if it was made for eyes."""
    if path.suffix.lower() != ".png":
        return ()
    told: dict[str, str] = {}
    with suppress(FileError):
        told = read_text(path)[1]
    is_for_eyes = told.get("Software") == "olat" and "display" in told.get("Comment", "")
    return ("it has an exposure of its own: compare the .exr, or scale",) if is_for_eyes else ()


def _read_numpy(path: Path) -> PictureLayers:
    """Read the arrays of a file that are pictures: floats are linear, booleans 0 and 1."""
    try:
        loaded = np.load(path, allow_pickle=False)
        arrays = dict(loaded) if isinstance(loaded, np.lib.npyio.NpzFile) else {"": loaded}
    except (OSError, ValueError, EOFError, BadZipFile) as error:
        raise FileError(f"{path}: cannot be read as NumPy arrays: {error}.") from error
    layers = {
        name: Layer(array.astype(np.float64), _letters(name, array))
        for name, array in arrays.items()
        if array.dtype.kind in "fb" and (array.ndim == 2 or array.shape[2:] == (3,))
    }
    if not layers:
        told = ", ".join(f"{name!r} {array.shape}" for name, array in arrays.items())
        raise FileError(
            f"{path}: it holds {told or 'nothing'}; floats or booleans of (height, width) or "
            "(height, width, 3) are needed."
        )
    return PictureLayers(layers)


def _letters(name: str, array: np.ndarray[Any, Any]) -> str:
    """Return what the channels of an array are: its name tells."""
    if array.ndim == 2:
        return "Y"
    return "XYZ" if "normal" in name.lower() else "RGB"


def _read_hdr(path: Path) -> np.ndarray[Any, Any]:
    """Read a Radiance picture, back at its exposure."""
    try:
        with path.open("rb") as file:
            head = file.read(65536).partition(b"\n\n")[0].decode("latin-1")
    except OSError as error:
        raise FileError(f"{path}: cannot be opened: {error.strerror}.") from error
    pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.dtype != np.float32:
        raise FileError(f"{path}: the pixels cannot be decoded. Make or copy the file again.")
    exposure = np.ones(3)
    for words in re.findall(r"^(?:EXPOSURE|COLORCORR)\s*=(.*)$", head, re.MULTILINE):
        try:
            exposure = exposure * np.array([float(word) for word in words.split()])
        except ValueError:
            raise FileError(
                f"{path}: an exposure in its header is {words.strip()!r}; one or three numbers are "
                "needed."
            ) from None
    return np.ascontiguousarray(pixels[..., ::-1]) / exposure.astype(np.float32)
