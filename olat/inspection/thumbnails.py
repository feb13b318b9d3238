"""Small linear pictures: enough to tell what the lights did."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float32

from olat.errors import FileError
from olat.io.photograph import read_photograph
from olat.model.image import Picture, RawMosaic
from olat.model.shapes import Array
from olat.sensor.encoding import linear_from_codes

_READERS = 4

_log = logging.getLogger(__name__)


def thumbnails(
    paths: Sequence[Path], *, encoding: str | float, size: int
) -> Float32[Array, "frame size size 3"]:
    """Return small linear pictures of photographs, squeezed to squares; NaN for unreadable ones.

    Parameters
    ----------
    paths
        The photographs.
    encoding
        What the values of pictures mean; RAW is linear.
    size
        Side of the small pictures [px].
    """
    with ThreadPoolExecutor(_READERS) as pool:
        small = pool.map(lambda path: _thumbnail(path, encoding=encoding, size=size), paths)
        return np.stack(list(small))


def _thumbnail(path: Path, *, encoding: str | float, size: int) -> Float32[Array, "size size 3"]:
    """Return one small linear picture."""
    try:
        photograph = read_photograph(path)
    except FileError as error:
        _log.warning("%s", error)
        return np.full((size, size, 3), np.nan, np.float32)
    linear = (
        _half_size(photograph)
        if isinstance(photograph, RawMosaic)
        else _linear(photograph, encoding)
    )
    small = cv2.resize(np.nan_to_num(linear), (size, size), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.float32)


def _linear(picture: Picture, encoding: str | float) -> Float32[Array, "h w 3"]:
    """Return linear values of a picture, gray three times."""
    linear = linear_from_codes(picture.codes, white=picture.white, encoding=encoding)
    return np.repeat(linear[..., None], 3, axis=2) if linear.ndim == 2 else linear[..., :3]


def _half_size(mosaic: RawMosaic) -> Float32[Array, "h w 3"]:
    """Return a mosaic at half size: the sites of each color, averaged."""
    height, width = (side - side % 2 for side in mosaic.counts.shape)
    sites = [(y, x) for y in (0, 1) for x in (0, 1)]
    planes = {(y, x): mosaic.counts[y:height:2, x:width:2] - mosaic.black[y, x] for y, x in sites}
    colors = [
        np.mean([planes[site] for site in sites if mosaic.pattern[site] == color], axis=0)
        for color in range(3)
    ]
    scale = mosaic.white - float(mosaic.black.mean())
    return np.stack(colors, axis=2).astype(np.float32) / np.float32(scale)
