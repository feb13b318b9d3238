"""Photographs -> scene-linear radiance and what is doubtful about it."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, UInt8

from olat.model.calibration import SensorCalibration
from olat.model.encoding import Encoding
from olat.model.flags import PixelFlag
from olat.model.image import Picture, RadianceImage, RawMosaic
from olat.model.shapes import Array, Flags, Mask, Radiance
from olat.sensor.demosaic import (
    REACH,
    Demosaic,
    demosaiced,
    grown,
    saturated_sites,
    without_defects,
)
from olat.sensor.encoding import linear_from_codes
from olat.sensor.noise import variance_from_mosaic, variance_from_picture
from olat.sensor.picture_planes import calibrated_picture
from olat.sensor.sites import prepared, require_fit, with_measured_black


def developed(
    photo: RawMosaic | Picture,
    *,
    encoding: Encoding = "linear",
    white_patch: float = 1.0,
    gain: float = 1.0,
    saturation: float = 0.98,
    demosaic: Demosaic = "malvar",
    sensor: SensorCalibration | None = None,
) -> RadianceImage:
    """Develop a photograph of either kind, with its variance where the sensor's noise is known.

    Parameters
    ----------
    photo
        Counts of a sensor, or a picture.
    encoding
        Of a picture; sensors are linear.
    white_patch, gain, saturation, sensor
        As for `radiance_from_mosaic` and `radiance_from_picture`.
    demosaic
        As for `radiance_from_mosaic`; of a picture, ``half`` averages 2 x 2 pixels.

    Raises
    ------
    ValueError
        As those two do.
    """
    levels = {"white_patch": white_patch, "gain": gain, "saturation": saturation}
    unit = _unit(white_patch, gain)
    has_noise = sensor is not None and None not in (sensor.dn_per_electron, sensor.read_noise_dn)
    variance = None
    if isinstance(photo, RawMosaic):
        radiance, flags = radiance_from_mosaic(photo, **levels, demosaic=demosaic, sensor=sensor)
        if sensor is not None and has_noise:
            variance = variance_from_mosaic(photo, gain=unit, demosaic=demosaic, sensor=sensor)
        return RadianceImage(radiance, flags, variance)
    radiance, flags = radiance_from_picture(photo, **levels, encoding=encoding, sensor=sensor)
    if sensor is not None and has_noise:
        variance = variance_from_picture(photo, gain=unit, encoding=encoding, sensor=sensor)
    if demosaic != "half":
        return RadianceImage(radiance, flags, variance)
    if variance is not None:
        # Of the mean of four.
        variance = halved(variance, flags)[0] / np.float32(4.0)
    return RadianceImage(*halved(radiance, flags), variance)


def radiance_from_mosaic(
    mosaic: RawMosaic,
    *,
    white_patch: float = 1.0,
    gain: float = 1.0,
    saturation: float = 0.98,
    demosaic: Demosaic = "malvar",
    sensor: SensorCalibration | None = None,
) -> tuple[Radiance, Flags]:
    r"""Develop sensor counts.

    .. math:: \frac{\text{count} - \text{black}}{\text{white} - \text{black}}
        \cdot \frac{\text{gain}}{\text{white patch}}

    With a calibration, each site has a black of its own, its dark, and is divided by its flat.

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
        ``malvar`` for measurement, ``half`` for a quick look at half the size, ``bilinear`` for
        less noise and softer edges, ``edge_aware`` for sharp pictures that are not added up.
    sensor
        Dark, flat and defects of each site, if they were measured.

    Returns
    -------
    radiance
        Camera color; noise below black stays negative [diffuse white = 1].
    flags
        SATURATED wherever a clipped site took part in a pixel; DEAD wherever a defective one did
        that has too few good neighbors to be repaired from.

    Raises
    ------
    ValueError
        If the mosaic is not Bayer, `white_patch` is not positive, or the calibration is of another
        size.
    """
    unit = _unit(white_patch, gain)
    mosaic = with_measured_black(mosaic, sensor)
    full = saturated_sites(mosaic, saturation=saturation, sensor=sensor)
    preparation = prepared(mosaic, gain=unit, sensor=sensor)
    radiance = demosaiced(mosaic, preparation.sites, demosaic=demosaic)
    flags = _spread(full, demosaic) * np.uint8(PixelFlag.SATURATED)
    if preparation.doubtful is not None:
        flags |= _spread(preparation.doubtful, demosaic) * np.uint8(PixelFlag.DEAD)
    return radiance, flags


def _spread(sites: Mask, demosaic: Demosaic) -> UInt8[Array, "out_h out_w"]:
    """Return 1 for the pixels that any of some sites has a part in."""
    if demosaic != "half":
        return grown(sites, REACH[demosaic]).view(np.uint8)
    height, width = (length // 2 for length in sites.shape)
    if not sites.any():
        return np.zeros((height, width), np.uint8)
    quads = sites[: 2 * height, : 2 * width].view(np.uint8).reshape(height, 2, width, 2)
    return np.asarray(quads.max(axis=(1, 3)))


def radiance_from_picture(
    picture: Picture,
    *,
    encoding: Encoding = "linear",
    white_patch: float = 1.0,
    gain: float = 1.0,
    saturation: float = 0.98,
    sensor: SensorCalibration | None = None,
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
    sensor
        Dark, flat and defects of each plane, in codes whose encoding is undone.

    Returns
    -------
    radiance
        Zero where it is not a number in the file [diffuse white = 1].
    flags
        SATURATED where any channel is; DEAD where any channel is not a finite number, or is
        defective with too few good neighbors to be repaired from.

    Raises
    ------
    ValueError
        If there is no such encoding, `white_patch` is not positive, or the calibration is of
        another size.
    """
    linear = linear_from_codes(picture.codes, white=picture.white, encoding=encoding)
    flags = np.zeros(linear.shape[:2], np.uint8)
    full = _full_pixels(picture, linear, saturation, sensor)
    if sensor is not None:
        linear, doubtful = calibrated_picture(linear, picture.white, sensor)
        flags[doubtful] |= np.uint8(PixelFlag.DEAD)
    flags[full] |= np.uint8(PixelFlag.SATURATED)
    linear = linear * np.float32(_unit(white_patch, gain))
    if linear.ndim == 2:
        linear = np.repeat(linear[..., None], 3, axis=2)
    dead = ~np.isfinite(linear).all(axis=2)
    flags[dead] |= np.uint8(PixelFlag.DEAD)
    linear[dead] = 0.0
    return linear, flags


def _full_pixels(
    picture: Picture,
    linear: Float32[Array, "h w *channels"],
    saturation: float,
    sensor: SensorCalibration | None,
) -> Mask:
    """Mark pixels of which any channel clipped, or reads more than is linear."""
    codes = np.atleast_3d(picture.codes)
    full = np.zeros(codes.shape, np.bool_)
    if np.isfinite(picture.white):
        full = codes >= saturation * picture.white
    if sensor is None:
        return np.asarray(full.any(axis=2))
    require_fit(sensor, full.shape)
    if sensor.full_dn is not None:
        scale = picture.white if np.isfinite(picture.white) else 1.0
        full |= linear.reshape(codes.shape) * scale > sensor.full_dn
    planes = zip(np.moveaxis(full, 2, 0), np.moveaxis(sensor.defects, 2, 0), strict=True)
    good = [without_defects(plane, defects, reach=1) for plane, defects in planes]
    return np.asarray(np.logical_or.reduce(good))


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
