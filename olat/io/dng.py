"""Write Bayer mosaics as DNG, which every RAW reader opens."""

from __future__ import annotations

import datetime
from fractions import Fraction
from pathlib import Path

import numpy as np
import tifffile

from olat.io.publish import publish
from olat.model.image import RawMosaic

CFA_PHOTOMETRIC = 32803
BYTE, ASCII, SHORT, LONG, RATIONAL, SRATIONAL = 1, 2, 3, 4, 5, 10
D65 = 21
XYZ_TO_LINEAR_SRGB = (32405, -15371, -4985, -9693, 18760, 416, 556, -2040, 10572)
"""Camera color is linear sRGB [1/10000]."""


def write_dng(
    path: Path,
    mosaic: RawMosaic,
    *,
    exposure_s: float,
    model: str = "olat",
    serial: str = "",
    day: datetime.date | None = None,
) -> None:
    """Write a mosaic as an uncompressed DNG whose camera color is linear sRGB.

    Parameters
    ----------
    path
        Where the file shall be; it appears whole or not at all.
    mosaic
        Counts and what they mean.
    exposure_s
        Exposure time [s].
    model
        Name of the camera.
    serial
        Serial number of the camera; left out if empty.
    day
        On which the photograph was taken, at noon; left out if none.

    Raises
    ------
    ValueError
        If a black level is not a whole number from 0 to 65535, which is all the tag can hold.

    References
    ----------
    .. [1] Adobe, Digital Negative Specification 1.4, chapter 4.
    """
    tags = _tags(mosaic, exposure_s=exposure_s, model=model)
    if serial:
        tags.append((50735, ASCII, 0, serial))  # CameraSerialNumber

    if day is not None:
        tags.append((36867, ASCII, 0, f"{day:%Y:%m:%d} 12:00:00"))  # DateTimeOriginal

    def write(part: Path) -> None:
        tifffile.imwrite(
            part,
            mosaic.counts,
            photometric=CFA_PHOTOMETRIC,
            planarconfig=1,
            subfiletype=0,
            rowsperstrip=mosaic.counts.shape[0],
            metadata=None,
            extratags=[(*tag, True) for tag in tags],
        )

    publish(path, write)


def _tags(
    mosaic: RawMosaic, *, exposure_s: float, model: str
) -> list[tuple[int, int, int, object]]:
    """Return code, type, count and value of the tags that make a TIFF a DNG."""
    height, width = mosaic.counts.shape
    black = mosaic.black.ravel()
    if not np.array_equal(black, np.clip(np.round(black), 0, 65535)):
        raise ValueError(f"black levels {black.tolist()} are not whole numbers from 0 to 65535")
    exposure = Fraction(exposure_s).limit_denominator(1_000_000)
    matrix = tuple(number for entry in XYZ_TO_LINEAR_SRGB for number in (entry, 10_000))
    return [
        (271, ASCII, 0, "olat"),  # Make
        (272, ASCII, 0, model),  # Model
        (33421, SHORT, 2, (2, 2)),  # CFARepeatPatternDim
        (33422, BYTE, 4, mosaic.pattern.astype(np.uint8).tobytes()),  # CFAPattern
        (33434, RATIONAL, 1, (exposure.numerator, exposure.denominator)),  # ExposureTime
        (50706, BYTE, 4, bytes((1, 4, 0, 0))),  # DNGVersion
        (50707, BYTE, 4, bytes((1, 1, 0, 0))),  # DNGBackwardVersion
        (50708, ASCII, 0, model),  # UniqueCameraModel
        (50710, BYTE, 3, bytes((0, 1, 2))),  # CFAPlaneColor
        (50711, SHORT, 1, 1),  # CFALayout: rectangular
        (50713, SHORT, 2, (2, 2)),  # BlackLevelRepeatDim
        (50714, SHORT, 4, tuple(int(level) for level in black)),  # BlackLevel
        (50717, LONG, 1, int(mosaic.white)),  # WhiteLevel
        (50719, LONG, 2, (0, 0)),  # DefaultCropOrigin
        (50720, LONG, 2, (width, height)),  # DefaultCropSize
        (50721, SRATIONAL, 9, matrix),  # ColorMatrix1
        (50728, RATIONAL, 3, (1, 1, 1, 1, 1, 1)),  # AsShotNeutral
        (50778, SHORT, 1, D65),  # CalibrationIlluminant1
        (50829, LONG, 4, (0, 0, height, width)),  # ActiveArea
    ]
