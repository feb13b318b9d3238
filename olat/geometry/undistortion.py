"""Where in a photograph the pixels of an undistorted picture are seen."""

from __future__ import annotations

import functools
from typing import TypeAlias

import numpy as np
from jaxtyping import Float32

from olat.geometry.camera import distorted, to_pixels, to_slopes
from olat.model.calibration import LensCalibration
from olat.model.shapes import Array, Mask

Grid: TypeAlias = Float32[Array, "h w 2"]
"""A place (x, y) for each pixel [px]."""

_ROWS = 256
"""Rows computed at a time, so that a large picture needs little memory."""


def undistorted_positions(lens: LensCalibration, *, height: int, width: int) -> Grid:
    r"""Return where in a photograph each pixel of the undistorted picture is seen.

    .. math:: D(p) = K\, D(K^{-1} p)

    The undistorted picture is that of a pinhole camera with the same matrix and size.

    Parameters
    ----------
    lens
        Scaled to the size if that differs.
    height, width
        Of the photograph, and of the undistorted picture [px].

    Returns
    -------
    positions
        Outside of the photograph, or not a number, where it shows nothing. Read-only: the last
        grid is kept, since all frames of a camera ask for the same one.

    Raises
    ------
    ValueError
        If the size has another aspect ratio than the lens.

    Notes
    -----
    Assumes Brown's model, see `olat.geometry.camera.distorted`. With barrel distortion the
    undistorted picture leaves out the rim of the photograph; with pincushion distortion its own
    rim stays empty.
    """
    fitting = lens.at(height, width)
    return _grid(fitting.matrix.tobytes(), fitting.distortion.tobytes(), height, width)


def undistorted_mask(mask: Mask, lens: LensCalibration) -> Mask:
    """Return a mask drawn on a photograph as it lies on the undistorted picture.

    Each pixel takes the nearest one of the photograph; what it does not show is not inside.
    """
    height, width = mask.shape
    positions = undistorted_positions(lens, height=height, width=width)
    column, row = (np.rint(np.nan_to_num(positions[..., k], nan=-1.0)) for k in (0, 1))
    shown = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    straight = np.zeros_like(mask)
    straight[shown] = mask[row[shown].astype(np.intp), column[shown].astype(np.intp)]
    return straight


@functools.lru_cache(maxsize=1)
def _grid(matrix: bytes, distortion: bytes, height: int, width: int) -> Grid:
    lens = LensCalibration(
        np.frombuffer(matrix).reshape(3, 3), np.frombuffer(distortion), height, width
    )
    positions = np.empty((height, width, 2), np.float32)
    columns = np.arange(width, dtype=float)
    for top in range(0, height, _ROWS):
        rows = np.arange(top, min(top + _ROWS, height), dtype=float)
        pixels = np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2)
        place = to_pixels(distorted(to_slopes(pixels, lens), lens.distortion), lens)
        positions[top : top + len(rows)] = place.reshape(len(rows), width, 2)
    positions.setflags(write=False)
    return positions
