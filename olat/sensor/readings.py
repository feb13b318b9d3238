"""Photographs as the calibration of a sensor sees them: readings by site and plane."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float32

from olat.model.encoding import Encoding
from olat.model.image import Picture, RawMosaic
from olat.model.shapes import Array
from olat.sensor.encoding import linear_from_codes

CHANNELS = ("red", "green", "blue")


class Color(NamedTuple):
    """Sites that have one place in the filter pattern, or one plane of a picture."""

    channel: int
    """0 red, 1 green, 2 blue."""
    rows: slice
    columns: slice
    plane: int

    @property
    def sites(self) -> tuple[slice, slice, int]:
        """What picks these sites out of an array ``h w plane``."""
        return self.rows, self.columns, self.plane


class Levels(NamedTuple):
    """What a file says about its readings."""

    colors: tuple[Color, ...]
    """Four places of a filter pattern, or one or three planes."""
    black: Float32[Array, "2 2"]
    """Black level of each site; zero for pictures [DN]."""
    white: float
    """Reading at which the sensor is full; infinity for floats [DN]."""


def readings_of(
    photo: RawMosaic | Picture, *, encoding: Encoding = "linear"
) -> Float32[Array, "h w plane"]:
    """Return a photograph as numbers that are linear in light, in one plane for a mosaic.

    Parameters
    ----------
    photo
        Counts of a sensor, or a picture.
    encoding
        Of a picture: ``linear``, ``srgb``, or the exponent that leads from codes to light.

    Returns
    -------
    readings
        Counts; of pictures, codes whose encoding is undone and whose full scale stays, and of
        floats the values themselves [DN].

    Raises
    ------
    ValueError
        If there is no such encoding.
    """
    if isinstance(photo, RawMosaic):
        return photo.counts[..., None].astype(np.float32)
    linear = linear_from_codes(photo.codes, white=photo.white, encoding=encoding)
    scale = photo.white if np.isfinite(photo.white) else 1.0
    return np.atleast_3d(linear * np.float32(scale))


def levels_of(photo: RawMosaic | Picture) -> Levels:
    """Return what a file says about black, white and which site has which color.

    Parameters
    ----------
    photo
        Counts of a sensor, or a picture; a gray one counts as green.
    """
    if isinstance(photo, RawMosaic):
        colors = tuple(
            Color(int(photo.pattern[y, x]), slice(y, None, 2), slice(x, None, 2), 0)
            for y in (0, 1)
            for x in (0, 1)
        )
        return Levels(colors, photo.black, photo.white)
    whole = slice(None)
    channels = (1,) if photo.codes.ndim == 2 else (0, 1, 2)
    colors = tuple(Color(channel, whole, whole, i) for i, channel in enumerate(channels))
    return Levels(colors, np.zeros((2, 2), np.float32), photo.white)
