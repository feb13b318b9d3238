"""Photographs as the calibration of a sensor sees them: readings by site and plane."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float32

from olat.model.encoding import Encoding
from olat.model.image import Picture, RawMosaic
from olat.model.shapes import Array
from olat.sensor.encoding import linear_from_codes

CHANNELS = ("red", "green", "blue")
LOST_SHARE = 1e-3
"""Share of readings that are no numbers up to which they count as defects."""
LIKE_BLACK = 1e-3
"""Share of the range that the black level of frames may differ by; some cameras measure it."""


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


def lost_sites(readings: Float32[Array, "h w plane"]) -> Bool[Array, "h w plane"] | None:
    """Mark readings that are no numbers; none if all are.

    Raises
    ------
    ValueError
        If they are too many to be repaired like defects.
    """
    lost = ~np.isfinite(readings)
    count = np.count_nonzero(lost)
    if count > LOST_SHARE * lost.size and count > 1:
        raise ValueError(
            f"{lost.mean():.2%} of the readings are not numbers (NaN or infinity); up to "
            f"{LOST_SHARE:.1%} can be repaired like defects. Make the file again"
        )
    return lost if count else None


def without_gaps(
    readings: Float32[Array, "h w plane"],
) -> tuple[Float32[Array, "h w plane"], Bool[Array, "h w plane"] | None]:
    """Return readings with the median of their plane for what is no number, and where that was.

    Raises
    ------
    ValueError
        If that is more than `lost_sites` lets pass.
    """
    lost = lost_sites(readings)
    if lost is None:
        return readings, None
    middles = [np.median(plane[np.isfinite(plane)]) for plane in np.moveaxis(readings, 2, 0)]
    return np.where(lost, np.array(middles, np.float32), readings), lost


def require_like(levels: Levels, first: Levels) -> None:
    """Check that two files say the same of black, white and color.

    Raises
    ------
    ValueError
        Naming what differs. Black may differ by a thousandth of the range.
    """
    if levels.colors != first.colors:
        found, needed = ([CHANNELS[c.channel] for c in one.colors] for one in (levels, first))
        raise ValueError(f"its sites are {', '.join(found)}, not {', '.join(needed)}")
    if levels.white != first.white:
        raise ValueError(f"its white level is {levels.white:g} DN, not {first.white:g} DN")
    apart = np.abs(levels.black - first.black).max()
    if np.isfinite(first.white) and apart > LIKE_BLACK * first.white:
        told = (f"{one.black.mean():g} DN" for one in (levels, first))
        raise ValueError("its black level is {}, not {}".format(*told))
