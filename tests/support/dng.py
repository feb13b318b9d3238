"""Camera RAW files made on the spot: what a DNG of a Bayer sensor must say, and no more."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tifffile

BAYER = {"RGGB": (0, 1, 1, 2), "BGGR": (2, 1, 1, 0), "GRBG": (1, 0, 2, 1), "GBRG": (1, 2, 0, 1)}
XTRANS = bytes.fromhex(
    "010100010102 010102010100 020001000201 010102010100 010100010102 000201020001"
)

_SHORT, _LONG, _BYTE, _ASCII, _SRATIONAL, _RATIONAL = 3, 4, 1, 2, 10, 5
_CFA, _LINEAR_RAW = 32803, 34892


def write_dng(
    path: Path,
    counts: np.ndarray,
    *,
    phase: str = "RGGB",
    black: Sequence[int] = (0, 0, 0, 0),
    white: int = 16383,
    orientation: int = 1,
) -> Path:
    """Write a Bayer mosaic; black levels by site, row by row."""
    pattern = [
        (33421, _SHORT, 2, (2, 2)),
        (33422, _BYTE, 4, bytes(BAYER[phase])),
        (50713, _SHORT, 2, (2, 2)),
        (50714, _SHORT, 4, tuple(black)),
    ]
    return _write(path, counts, [*pattern, *_identity(counts, white, orientation)], _CFA)


def write_xtrans_dng(path: Path, counts: np.ndarray) -> Path:
    """Write a mosaic behind a 6 x 6 pattern."""
    pattern = [(33421, _SHORT, 2, (6, 6)), (33422, _BYTE, 36, XTRANS)]
    return _write(path, counts, [*pattern, *_identity(counts, 16383, 1)], _CFA)


def write_linear_dng(path: Path, pixels: np.ndarray) -> Path:
    """Write a DNG whose pixels hold three values each."""
    return _write(path, pixels, _identity(pixels, 16383, 1), _LINEAR_RAW)


def _identity(counts: np.ndarray, white: int, orientation: int) -> list[tuple]:
    """Return the tags that every DNG needs."""
    height, width = counts.shape[:2]
    camera_from_xyz = sum(((int(v), 1) for v in np.eye(3).ravel()), ())
    return [
        (271, _ASCII, 0, "olat"),
        (272, _ASCII, 0, "test"),
        (274, _SHORT, 1, orientation),
        (50706, _BYTE, 4, bytes((1, 4, 0, 0))),
        (50707, _BYTE, 4, bytes((1, 1, 0, 0))),
        (50708, _ASCII, 0, "olat test"),
        (50717, _LONG, 1, white),
        (50719, _LONG, 2, (0, 0)),
        (50720, _LONG, 2, (width, height)),
        (50721, _SRATIONAL, 9, camera_from_xyz),
        (50728, _RATIONAL, 3, (1, 1, 1, 1, 1, 1)),
        (50778, _SHORT, 1, 21),
        (50829, _LONG, 4, (0, 0, height, width)),
    ]


def _write(path: Path, pixels: np.ndarray, tags: list[tuple], photometric: int) -> Path:
    tifffile.imwrite(
        path,
        pixels,
        photometric=photometric,
        planarconfig=1,
        subfiletype=0,
        rowsperstrip=pixels.shape[0],
        metadata=None,
        extratags=[(*tag, True) for tag in tags],
    )
    return path
