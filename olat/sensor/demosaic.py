"""Full color from a Bayer mosaic, signed."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import cv2
import numpy as np

from olat.model.calibration import SensorCalibration
from olat.model.image import RawMosaic
from olat.model.shapes import Mask, Radiance
from olat.sensor import demosaic_kernel, edge_aware_kernel, sites_kernel
from olat.sensor.sites import prepared, with_measured_black
from olat.sensor.sites_kernel import Sites

Demosaic: TypeAlias = Literal["malvar", "bilinear", "half", "edge_aware"]

REACH: Final[dict[Demosaic, int]] = {"malvar": 2, "bilinear": 1, "half": 0, "edge_aware": 4}
"""How far a site spreads to either side [px]."""

MALVAR = np.array([1 / 2, 1 / 4, -1 / 8, 6 / 8, -3 / 16, 5 / 8, 1 / 16], np.float32)
"""Weights of figure 2 of the paper: near, at corners, far and in the middle."""
BILINEAR = np.array([1 / 2, 1 / 4], np.float32)
"""Weights of one of two and of one of four neighbors."""
QUADS = np.array([1.0, 0.5, 1.0], np.float32)
"""Weights of red, of either green, and of blue in a quad."""
NO_NOISE = np.zeros(0, np.float32)
"""Asks the kernels for light; the noise of a site asks them for its variance."""


def malvar_from_mosaic(
    mosaic: RawMosaic, *, gain: float = 1.0, sensor: SensorCalibration | None = None
) -> Radiance:
    """Interpolate every pixel from its 5 x 5 neighborhood with gradient-corrected kernels.

    Black is subtracted and full scale divided out in the same pass; with a calibration, the dark
    and the flat of every site. Nothing is clipped, and the kernels are the same for every picture:
    a weighted sum of developed frames is the developed weighted sum, which relighting relies on
    and edge-directed methods break.

    Parameters
    ----------
    mosaic
        Counts of at least 3 x 3 sites.
    gain
        Multiplies everything [1].
    sensor
        Dark, flat and defects of each site, if they were measured.

    Returns
    -------
    radiance
        Signed; `gain` where the sensor is full [full scale = `gain`].

    Raises
    ------
    ValueError
        If the mosaic is too small, not Bayer, its black is not below its white, or the calibration
        is of another size.

    Notes
    -----
    Borders are mirrored about the outermost sites, which keeps the phase of the pattern.

    References
    ----------
    .. [1] Malvar, He, Cutler, High-quality linear interpolation for demosaicing of Bayer-patterned
       color images, ICASSP 2004, figure 2.
    """
    return _made(mosaic, "malvar", gain, sensor)


def bilinear_from_mosaic(
    mosaic: RawMosaic, *, gain: float = 1.0, sensor: SensorCalibration | None = None
) -> Radiance:
    """Interpolate each color by itself, from the two or four nearest sites of it.

    Softer than Malvar's kernels and with colored fringes at edges, but with less noise, and a full
    site spoils 3 x 3 pixels instead of 5 x 5. Linear, like them.

    Parameters
    ----------
    mosaic, gain, sensor
        As for `malvar_from_mosaic`.

    Returns
    -------
    radiance
        Signed [full scale = `gain`].

    Raises
    ------
    ValueError
        As `malvar_from_mosaic` does.
    """
    return _made(mosaic, "bilinear", gain, sensor)


def edge_aware_from_mosaic(
    mosaic: RawMosaic, *, gain: float = 1.0, sensor: SensorCalibration | None = None
) -> Radiance:
    r"""Interpolate along rows or columns, whichever has the smoother color there.

    Green is interpolated both ways, e.g. along the row at a red site

    .. math:: G_h = \tfrac12 (G_{-1} + G_{+1}) + \tfrac14 (2R - R_{-2} - R_{+2})

    and the way is chosen along which :math:`R - G` changes less in the neighborhood. Red and blue
    follow from their differences to green, which are smooth.

    Parameters
    ----------
    mosaic, gain, sensor
        As for `malvar_from_mosaic`.

    Returns
    -------
    radiance
        Signed [full scale = `gain`].

    Raises
    ------
    ValueError
        As `malvar_from_mosaic` does; 5 x 5 sites are needed.

    Notes
    -----
    Assumes that what is looked at is one picture: the choice depends on the contrast, so that the
    sum of two developed frames is not the developed sum. The refinement of the paper's last
    section, which trades more of that for a little sharpness, is left out. No variance of its own
    is told of this method, but that of Malvar's filters, which is up to a fifth off in an even
    color, and at edges several times too small at some pixels; see `olat.sensor.noise`.

    References
    ----------
    .. [1] Menon, Andriani, Calvagno, Demosaicing with directional filtering and a posteriori
       decision, IEEE Trans. Image Processing 16(1), 2007, sections II to IV.
    """
    return _made(mosaic, "edge_aware", gain, sensor)


def half_from_mosaic(
    mosaic: RawMosaic, *, gain: float = 1.0, sensor: SensorCalibration | None = None
) -> Radiance:
    """Make one pixel of every 2 x 2 sites: half the size, no interpolation, a quick look.

    Parameters
    ----------
    mosaic
        Counts; an odd last row or column is left out.
    gain
        Multiplies everything [1].
    sensor
        Dark, flat and defects of each site, if they were measured.

    Returns
    -------
    radiance
        Signed, ``h // 2 w // 2 3`` [full scale = `gain`].

    Raises
    ------
    ValueError
        If the mosaic is not Bayer, its black is not below its white, or the calibration is of
        another size.
    """
    return _made(mosaic, "half", gain, sensor)


def demosaiced(mosaic: RawMosaic, sites: Sites, *, demosaic: Demosaic) -> Radiance:
    """Run a method over sites that are prepared.

    Parameters
    ----------
    mosaic
        Counts.
    sites
        What they are turned into light with, as `olat.sensor.sites.prepared` returns it.
    demosaic
        The method.

    Raises
    ------
    ValueError
        If the mosaic is smaller than the method needs.
    """
    height, width = mosaic.counts.shape
    if demosaic == "half":
        out = np.empty((height // 2, width // 2, 3), np.float32)
        demosaic_kernel.bin_quads(mosaic.counts, mosaic.pattern, sites, NO_NOISE, QUADS, out)
        return out
    least = 5 if demosaic == "edge_aware" else 3
    if min(height, width) < least:
        raise ValueError(
            f"a mosaic of {height} x {width} sites is too small; {least} x {least} are needed"
        )
    if demosaic == "edge_aware":
        return _along_edges(mosaic, sites)
    out = np.empty((height, width, 3), np.float32)
    weights = BILINEAR if demosaic == "bilinear" else MALVAR
    demosaic_kernel.interpolate(mosaic.counts, mosaic.pattern, sites, NO_NOISE, weights, out)
    return out


def saturated_sites(
    mosaic: RawMosaic, *, saturation: float, sensor: SensorCalibration | None = None
) -> Mask:
    """Mark the sites that read at least a fraction of full scale, or more than is linear.

    Parameters
    ----------
    mosaic
        Counts and their levels.
    saturation
        Fraction of the way from black to white [1].
    sensor
        Tells up to which count the sensor is linear, and which sites are not looked at: a
        repaired one counts as full where a site is that it may be repaired from.
    """
    full = np.zeros(mosaic.counts.shape, np.bool_)
    # Compared as integers, and not at all in the many frames that are far from full.
    limits = np.ceil(mosaic.black + saturation * (mosaic.white - mosaic.black)).astype(np.int64)
    if sensor is not None and sensor.full_dn is not None:
        limits = np.minimum(limits, int(np.floor(sensor.full_dn)) + 1)
    if mosaic.counts.max(initial=0) < limits.min():
        return full
    for y in range(2):
        for x in range(2):
            np.greater_equal(mosaic.counts[y::2, x::2], int(limits[y, x]), out=full[y::2, x::2])
    return full if sensor is None else without_defects(full, sensor.defects[..., 0], reach=2)


def without_defects(full: Mask, defects: Mask, *, reach: int) -> Mask:
    """Return which sites are full, with defective ones full where any good one in reach is."""
    good: Mask = np.asarray(full & ~defects)
    if good.any() and defects.any():
        good = np.asarray(good | (defects & grown(good, reach)))
    return good


def grown(mask: Mask, reach: int) -> Mask:
    """Return a mask with everything within a reach to either side, as a square [px]."""
    if reach == 0 or not mask.any():
        return mask
    square = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    wide = cv2.dilate(mask.view(np.uint8), square).reshape(mask.shape)
    return np.greater(wide, 0)


def _made(
    mosaic: RawMosaic, demosaic: Demosaic, gain: float, sensor: SensorCalibration | None
) -> Radiance:
    """Prepare the sites of a mosaic and run a method over them."""
    mosaic = with_measured_black(mosaic, sensor)
    preparation = prepared(mosaic, gain=gain, sensor=sensor)
    return demosaiced(mosaic, preparation.sites, demosaic=demosaic)


def _along_edges(mosaic: RawMosaic, sites: Sites) -> Radiance:
    """Run the edge-directed method over light with a mirrored margin."""
    light = np.empty(mosaic.counts.shape, np.float32)
    sites_kernel.light_of_sites(mosaic.counts, sites, light)
    margin = edge_aware_kernel.MARGIN
    # An even margin keeps the phase of the pattern.
    out = edge_aware_kernel.edge_aware(np.pad(light, margin, mode="reflect"), mosaic.pattern)
    return np.ascontiguousarray(out[margin:-margin, margin:-margin])
