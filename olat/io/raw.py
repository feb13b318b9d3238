"""Camera RAW files -> sensor counts, untouched."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import rawpy

from olat.errors import FileError
from olat.model.image import RawMosaic

RAW_SUFFIXES = frozenset(
    {".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".fff", ".iiq", ".kdc"}
    | {".mef", ".mos", ".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf", ".raw", ".rw2", ".rwl"}
    | {".sr2", ".srf", ".srw", ".x3f"}
)
"""What RAW files are called, in lower case."""

_BAYER = (2, 2)


def read_raw(path: Path) -> RawMosaic:
    """Read the counts of a Bayer sensor.

    Nothing is subtracted, clipped, balanced or interpolated. The mosaic is turned upright, and
    the pattern and black levels with it.

    Parameters
    ----------
    path
        Any camera RAW or DNG file that LibRaw decodes.

    Raises
    ------
    FileError
        If the file cannot be read, ends early, or is not from a Bayer sensor.
    """
    with _opened(path) as raw:
        _require_bayer(raw, path)
        # Unlike raw_pattern, this counts sites from the first visible pixel.
        sites = raw.raw_colors_visible[:2, :2]
        channels = np.array(["RGB".index(letter) for letter in raw.color_desc.decode()], np.uint8)
        # LibRaw lists black levels by color index (red, green, blue, second green), not by site.
        black = np.array(raw.black_level_per_channel, np.float32)[sites]
        shape, flip = raw.raw_image_visible.shape, raw.sizes.flip
        return RawMosaic(
            # The memory belongs to LibRaw and goes when the file is closed.
            counts=upright(raw.raw_image_visible, flip).copy(),
            pattern=_upright_tile(channels[sites], shape, flip),
            black=_upright_tile(black, shape, flip),
            white=float(raw.white_level),
        )


def raw_size(path: Path) -> tuple[int, int]:
    """Return height and width of the upright mosaic without decoding it [px]."""
    with _opened(path) as raw:
        size = raw.sizes.height, raw.sizes.width
        return size[::-1] if raw.sizes.flip & 4 else size


def upright(pixels: np.ndarray[Any, Any], flip: int) -> np.ndarray[Any, Any]:
    """Turn a picture upright, as a view.

    Parameters
    ----------
    pixels
        Array ``h w ...`` in the sensor's orientation.
    flip
        LibRaw's code: 1 mirrors left and right, 2 up and down, 4 then swaps rows and columns.
    """
    if flip & 2:
        pixels = pixels[::-1]
    if flip & 1:
        pixels = pixels[:, ::-1]
    return pixels.swapaxes(0, 1) if flip & 4 else pixels


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """Open a RAW file; whatever LibRaw says about it becomes a `FileError`."""
    try:
        with path.open("rb") as file:
            is_empty = not file.read(1)
    except OSError as error:
        raise FileError(f"{path}: cannot be opened: {error.strerror}.") from error
    if is_empty:
        raise FileError(f"{path}: the file is empty; a camera RAW file is needed. Copy it again.")
    try:
        with rawpy.imread(str(path)) as raw:
            yield raw
    except rawpy.LibRawError as error:
        reason = error.args[0].decode() if error.args else type(error).__name__
        raise FileError(
            f"{path}: LibRaw cannot read it ({reason}); a whole camera RAW file is needed. "
            "Compare its size with its neighbors and copy it again from the card."
        ) from error


def _require_bayer(raw: Any, path: Path) -> None:
    """Refuse sensors whose sites are not red, green and blue in a 2 x 2 pattern."""
    if raw.raw_type != rawpy.RawType.Flat:
        found = "several values at every site (Foveon, linear DNG)"
    elif raw.raw_pattern is None or raw.num_colors == 1:
        found = "no color filter pattern (a monochrome sensor)"
    elif raw.raw_pattern.shape != _BAYER:
        found = "a {} x {} color filter pattern (X-Trans)".format(*raw.raw_pattern.shape)
    elif set(raw.color_desc.decode()) != set("RGB"):
        found = f"filters of colors {raw.color_desc.decode()!r}"
    else:
        return
    raise FileError(
        f"{path}: the sensor has {found}; a 2 x 2 Bayer pattern of red, green and blue is needed. "
        "Develop the files to linear 16-bit TIFF or EXR elsewhere and use those."
    )


def _upright_tile(
    tile: np.ndarray[Any, Any], shape: tuple[int, int], flip: int
) -> np.ndarray[Any, Any]:
    """Turn what repeats every 2 x 2 sites: only the parity of the mosaic's shape matters."""
    rows, columns = (np.arange(2 + length % 2) % 2 for length in shape)
    return upright(tile[np.ix_(rows, columns)], flip)[:2, :2].copy()
