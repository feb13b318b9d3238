"""Radiance pictures, ``.hdr``: read and written."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import cv2
import numpy as np

from olat.errors import FileError
from olat.io.publish import publish_bytes
from olat.model.shapes import Radiance

_HEADER_BYTES = 65536
_log = logging.getLogger(__name__)


def read_hdr(path: Path) -> Radiance:
    """Read a Radiance picture, back at its exposure.

    Raises
    ------
    FileError
        If it is none, its rows run in another order, or it ends early.

    References
    ----------
    .. [1] Ward, Real pixels, Graphics Gems II, 1991.
    """
    exposure = _hdr_exposure(path)
    pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.dtype != np.float32:
        raise FileError(f"{path}: the pixels cannot be decoded. Make or copy the file again.")
    return np.ascontiguousarray(pixels[..., ::-1]) / exposure.astype(np.float32)


def write_hdr(path: Path, radiance: Radiance) -> None:
    """Write a Radiance picture, whole or not at all.

    Notes
    -----
    Eight bits of mantissa share one exponent: a value is up to 1/128 of the pixel's largest
    channel too small. The file cannot say what its primaries are; by its definition of old they
    are taken for those of a display.
    """
    done, content = cv2.imencode(".hdr", np.ascontiguousarray(radiance[..., ::-1], np.float32))
    if not done:  # OpenCV says no more than this
        raise FileError(f"{path}: the picture could not be encoded. Write an .exr instead.")
    publish_bytes(path, content.tobytes())


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
