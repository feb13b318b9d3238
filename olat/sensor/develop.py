"""Photographs -> scene-linear radiance and what is doubtful about it."""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from olat.model.flags import PixelFlag
from olat.model.image import Picture, RawMosaic
from olat.model.shapes import Array, Flags, Radiance
from olat.sensor.demosaic import half_from_mosaic, malvar_from_mosaic, saturated_sites
from olat.sensor.encoding import linear_from_codes


def radiance_from_mosaic(
    mosaic: RawMosaic,
    *,
    white_patch: float = 1.0,
    gain: float = 1.0,
    saturation: float = 0.98,
    demosaic: Literal["malvar", "half"] = "malvar",
) -> tuple[Radiance, Flags]:
    r"""Develop sensor counts.

    .. math:: \frac{\text{count} - \text{black}}{\text{white} - \text{black}}
        \cdot \frac{\text{gain}}{\text{white patch}}

    Parameters
    ----------
    mosaic
        Counts and the levels they lie between.
    white_patch
        What a white Lambert patch facing a light of intensity 1 reads [fraction of full scale].
    gain
        Brings this frame to the exposure and drive level of the others [1].
    saturation
        From where on a site may have clipped [fraction of full scale].
    demosaic
        ``malvar`` for measurement, ``half`` for a quick look at half the size.

    Returns
    -------
    radiance
        Camera color; noise below black stays negative [diffuse white = 1].
    flags
        SATURATED wherever a clipped site took part in a pixel.

    Raises
    ------
    ValueError
        If the mosaic is not Bayer, or `white_patch` is not positive.
    """
    unit = _unit(white_patch, gain)
    full = saturated_sites(mosaic, saturation=saturation).view(np.uint8)
    if demosaic == "half":
        radiance = half_from_mosaic(mosaic, gain=unit)
        height, width = radiance.shape[:2]
        quads = full[: 2 * height, : 2 * width].reshape(height, 2, width, 2)
        return radiance, quads.max(axis=(1, 3)) * np.uint8(PixelFlag.SATURATED)
    reached = cv2.dilate(full, np.ones((5, 5), np.uint8)).reshape(full.shape)
    radiance = malvar_from_mosaic(mosaic, gain=unit)
    return radiance, reached * np.uint8(PixelFlag.SATURATED)


def radiance_from_picture(
    picture: Picture,
    *,
    encoding: str | float = "linear",
    white_patch: float = 1.0,
    gain: float = 1.0,
    saturation: float = 0.98,
) -> tuple[Radiance, Flags]:
    """Develop a photograph that is a picture already; a gray one gets three equal channels.

    Parameters
    ----------
    picture
        Codes as stored, integers or floats.
    encoding
        ``linear``, ``srgb``, or the exponent that leads from codes to light.
    white_patch
        What a white Lambert patch facing a light of intensity 1 reads, after the encoding is
        undone [fraction of full scale].
    gain
        Brings this frame to the exposure and drive level of the others [1].
    saturation
        Code from where on a pixel may have clipped; floats never do [fraction of full scale].

    Returns
    -------
    radiance
        Zero where it is not a number in the file [diffuse white = 1].
    flags
        SATURATED where any channel is; DEAD where any channel is not a finite number.

    Raises
    ------
    ValueError
        If there is no such encoding, or `white_patch` is not positive.
    """
    linear = linear_from_codes(picture.codes, white=picture.white, encoding=encoding)
    linear = linear * np.float32(_unit(white_patch, gain))
    codes = picture.codes
    if linear.ndim == 2:
        linear = np.repeat(linear[..., None], 3, axis=2)
        codes = codes[..., None]
    flags = np.zeros(linear.shape[:2], np.uint8)
    if np.isfinite(picture.white):
        full = codes >= saturation * picture.white
        flags[full.any(axis=2)] |= np.uint8(PixelFlag.SATURATED)
    dead = ~np.isfinite(linear).all(axis=2)
    flags[dead] |= np.uint8(PixelFlag.DEAD)
    linear[dead] = 0.0
    return linear, flags


def halved(
    radiance: Radiance, flags: Flags
) -> tuple[Float32[Array, "half_h half_w 3"], UInt8[Array, "half_h half_w"]]:
    """Average 2 x 2 pixels, for a first look; an odd last row or column is left out.

    Parameters
    ----------
    radiance, flags
        As `radiance_from_picture` returns them.

    Returns
    -------
    radiance
        At half the size [diffuse white = 1].
    flags
        Those of any of the four pixels.
    """
    rows, columns = (length - length % 2 for length in flags.shape)
    sites = [(y, x) for y in (0, 1) for x in (0, 1)]
    parts = [radiance[y:rows:2, x:columns:2] for y, x in sites]
    doubts = [flags[y:rows:2, x:columns:2] for y, x in sites]
    return sum(parts[1:], parts[0]) / np.float32(4.0), np.bitwise_or.reduce(np.stack(doubts))


def _unit(white_patch: float, gain: float) -> float:
    """Return the factor from fractions of full scale to diffuse white."""
    if not white_patch > 0:
        raise ValueError(f"white_patch is {white_patch}; a fraction above 0 is needed")
    return gain / white_patch
