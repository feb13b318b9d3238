"""Environment maps: OpenEXR and Radiance files -> light from everywhere."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import cv2
import numpy as np

from olat.errors import FileError
from olat.io.color_header import space_told
from olat.io.exr import exr_attributes, read_exr_picture
from olat.model.color import ColorSpace
from olat.model.environment import EnvironmentMap
from olat.model.shapes import Radiance

_HEADER_BYTES = 65536
_log = logging.getLogger(__name__)


def read_environment(path: Path) -> EnvironmentMap:
    """Read a latitude-longitude map in OpenEXR orientation.

    Parameters
    ----------
    path
        ``.exr``, or ``.hdr`` as Radiance writes it; twice as wide as high.

    Raises
    ------
    FileError
        If the file is of another kind or shape, cannot be read, or holds what is not a number.

    Notes
    -----
    A map is in linear Rec. 709 unless its header says ACEScg. Negative radiance, which filters
    and lossy compression leave, becomes 0 with a warning.

    References
    ----------
    .. [1] Ward, Real pixels, Graphics Gems II, 1991 (``.hdr``).
    """
    readers = {".exr": _read_exr, ".hdr": _read_hdr, ".pic": _read_hdr}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise FileError(
            f"{path}: a {path.suffix or 'nameless'} picture holds no light sources: it is clipped "
            "at display white; a .exr or .hdr map is needed."
        )
    radiance = reader(path)
    height, width = radiance.shape[:2]
    if abs(width - 2 * height) > 1:
        raise FileError(
            f"{path}: the map is {width} x {height}; a latitude-longitude map twice as wide as "
            "high is needed. Convert cube maps and mirror balls first."
        )
    space = _space(path) if reader is _read_exr else "rec709"
    return EnvironmentMap(_physical(path, radiance), name=path.stem, space=space)


def _read_exr(path: Path) -> Radiance:
    """Read R, G, B; a gray map lights with three equal channels."""
    picture = read_exr_picture(path)
    return np.repeat(picture[..., None], 3, axis=2) if picture.ndim == 2 else picture


def _space(path: Path) -> ColorSpace:
    """Return what a header says of its color; without a word it is Rec. 709, as OpenEXR says."""
    attributes = exr_attributes(path)
    told = {
        key: attributes[key] for key in ("colorInteropID", "chromaticities") if key in attributes
    }
    space = space_told(attributes)
    if told and space in (None, "camera"):
        _log.warning("%s: its color %s is taken for that of Rec. 709", path, told)
    return "acescg" if space == "acescg" else "rec709"


def _read_hdr(path: Path) -> Radiance:
    """Read a Radiance picture, back at its exposure."""
    exposure = _hdr_exposure(path)
    pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.dtype != np.float32:
        raise FileError(f"{path}: the pixels cannot be decoded. Make or copy the file again.")
    return np.ascontiguousarray(pixels[..., ::-1]) / exposure.astype(np.float32)


def _hdr_exposure(path: Path) -> np.ndarray:
    """Check a Radiance header; return what red, green and blue have been multiplied by."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEADER_BYTES).decode("latin-1")
    except OSError as error:
        raise FileError(f"{path}: cannot be opened: {error.strerror}.") from error
    header, _, rest = head.partition("\n\n")
    size = rest.split("\n", 1)[0]
    if not head.startswith("#?"):
        raise FileError(f"{path}: the file does not begin with '#?'; a Radiance picture is needed.")
    if not re.fullmatch(r"-Y \d+ \+X \d+", size.strip()):
        raise FileError(
            f"{path}: the rows are stored as {size[:40]!r}; '-Y height +X width' is needed. "
            "Rewrite the file from the top left."
        )
    exposure = np.ones(3)
    for line in header.split("\n"):
        key, _, value = (part.strip() for part in line.partition("="))
        if key == "FORMAT" and value != "32-bit_rle_rgbe":
            raise FileError(f"{path}: the format is {value!r}; '32-bit_rle_rgbe' is needed.")
        if key in ("EXPOSURE", "COLORCORR"):
            exposure = exposure * _numbers(path, key, value)
        if key == "PRIMARIES":
            _log.warning("%s: its primaries %s are taken for those of Rec. 709", path, value)
    if (exposure != 1).any():
        _log.warning("%s: divided by the exposure %s in its header", path, exposure.tolist())
    return exposure


def _numbers(path: Path, key: str, value: str) -> np.ndarray:
    """Return the one or three positive numbers of a header line."""
    try:
        numbers = np.array([float(word) for word in value.split()])
    except ValueError:
        numbers = np.zeros(0)
    if numbers.size not in (1, 3) or not (numbers > 0).all():
        raise FileError(f"{path}: {key} is {value!r}; positive numbers are needed.")
    return numbers


def _physical(path: Path, radiance: Radiance) -> Radiance:
    """Refuse what is not a number; lift what is below zero."""
    lost = ~np.isfinite(radiance).all(axis=2)
    if lost.any():
        y, x = np.argwhere(lost)[0]
        raise FileError(
            f"{path}: {lost.sum()} pixels are not finite numbers, the first at column {x}, "
            f"row {y}; radiance is needed everywhere. Repair the map or export it in 32 bits."
        )
    below = radiance < 0
    if below.any():
        _log.warning(
            "%s: %d values below zero, down to %g, become 0", path, below.sum(), radiance.min()
        )
        radiance = np.maximum(radiance, np.float32(0))
    return radiance
