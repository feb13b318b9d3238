"""Small linear pictures: enough to tell what the lights did."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float32

from olat.errors import FileError
from olat.io.photograph import read_photograph
from olat.model.encoding import Encoding
from olat.model.image import Picture, RawMosaic
from olat.model.shapes import Array
from olat.sensor.encoding import linear_from_codes

_READERS = 4

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Thumbnail:
    """What is left of a photograph."""

    small: Float32[Array, "size size 3"]
    range_dn: float | None = None
    fault: str = ""


def thumbnails(
    paths: Sequence[Path], *, encoding: Encoding, size: int
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
    read = _read_all(paths, encoding, size)
    for one in read:
        if one.fault:
            _log.warning("%s", one.fault)
    return np.stack([one.small for one in read])


def glance(
    paths: Sequence[Path], *, encoding: Encoding, size: int
) -> tuple[Float32[Array, "frame size size 3"], float | None]:
    """Return the same, and the range of RAW counts from black to white; say nothing of faults.

    Returns
    -------
    small
        Black level subtracted [fraction of full scale].
    range_dn
        None unless all that can be read are camera RAW [DN].
    """
    read = _read_all(paths, encoding, size)
    ranges = [one.range_dn for one in read if not one.fault]
    known = [value for value in ranges if value is not None]
    is_raw = len(known) == len(ranges) > 0
    return np.stack([one.small for one in read]), float(np.median(known)) if is_raw else None


def _read_all(paths: Sequence[Path], encoding: Encoding, size: int) -> list[_Thumbnail]:
    """Read photographs at once, as decoders leave the interpreter free."""

    def small_of(path: Path) -> _Thumbnail:
        try:
            photograph = read_photograph(path)
        except FileError as error:
            return _Thumbnail(np.full((size, size, 3), np.nan, np.float32), fault=str(error))
        if isinstance(photograph, RawMosaic):
            range_dn = photograph.white - float(photograph.black.mean())
            return _Thumbnail(_of_mosaic(photograph, size), range_dn)
        return _Thumbnail(_resized(_linear(photograph, encoding), size))

    with ThreadPoolExecutor(_READERS) as pool:
        return list(pool.map(small_of, paths))


def _resized(linear: Float32[Array, "h w ..."], size: int) -> Float32[Array, "size size ..."]:
    """Return a picture squeezed to a square by the mean over what each pixel covers."""
    small = cv2.resize(np.nan_to_num(linear), (size, size), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.float32)


def _linear(picture: Picture, encoding: Encoding) -> Float32[Array, "h w 3"]:
    """Return linear values of a picture, gray three times."""
    linear = linear_from_codes(picture.codes, white=picture.white, encoding=encoding)
    return np.repeat(linear[..., None], 3, axis=2) if linear.ndim == 2 else linear[..., :3]


def _of_mosaic(mosaic: RawMosaic, size: int) -> Float32[Array, "size size 3"]:
    """Return a mosaic as a small picture: the sites of each color, averaged."""
    height, width = (side - side % 2 for side in mosaic.counts.shape)
    colors = np.zeros((3, size, size), np.float32)
    for y, x in ((0, 0), (0, 1), (1, 0), (1, 1)):
        plane = mosaic.counts[y:height:2, x:width:2].astype(np.float32)
        color = mosaic.pattern[y, x]
        # Black is subtracted from the few pixels that are left: the mean is linear.
        share = np.float32(1.0 / (mosaic.pattern == color).sum())
        colors[color] += share * (_resized(plane, size) - mosaic.black[y, x])
    return np.moveaxis(colors, 0, 2) / np.float32(mosaic.white - float(mosaic.black.mean()))
