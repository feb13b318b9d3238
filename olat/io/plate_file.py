"""Background pictures for a relit subject: linear EXR files, or display pictures."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np

from olat.errors import FileError
from olat.io.color_header import space_told
from olat.io.exr import exr_attributes, read_exr_picture
from olat.io.photograph import read_photograph
from olat.model.color import ColorSpace
from olat.model.encoding import Encoding
from olat.model.image import RawMosaic
from olat.model.shapes import Radiance
from olat.sensor.encoding import linear_from_codes

_log = logging.getLogger(__name__)


def read_plate(path: Path) -> tuple[Radiance, ColorSpace]:
    """Read a background as linear light.

    Parameters
    ----------
    path
        ``.exr`` or TIFF of floats, taken as linear; PNG, JPEG or TIFF of integers, taken as sRGB.

    Returns
    -------
    radiance
        Linear; display white is 1.
    space
        What its red, green and blue are; Rec. 709 where the file does not say.

    Raises
    ------
    FileError
        If the file cannot be read, or holds what is not a number.
    """
    space: ColorSpace = "rec709"
    if path.suffix.lower() == ".exr":
        picture = read_exr_picture(path)
        space = space_told(exr_attributes(path)) or "rec709"
    else:
        photograph = read_photograph(path)
        if isinstance(photograph, RawMosaic):
            raise FileError(f"{path}: this is a camera RAW file; a developed picture is needed.")
        encoding: Encoding = "srgb" if np.isfinite(photograph.white) else "linear"
        if encoding == "srgb":
            _log.warning("%s: its codes are taken for sRGB; display white becomes 1", path)
        picture = linear_from_codes(photograph.codes, white=photograph.white, encoding=encoding)
    if not np.isfinite(picture).all():
        raise FileError(f"{path}: it holds what is not a number; light is needed everywhere.")
    gray = picture.ndim == 2
    channels = np.repeat(picture[..., None], 3, axis=2) if gray else picture[..., :3]
    return np.ascontiguousarray(channels, np.float32), space
