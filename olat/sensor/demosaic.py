"""Full color from a Bayer mosaic, linear in the counts and signed."""

from __future__ import annotations

import numpy as np

from olat.model.image import RawMosaic
from olat.model.shapes import Array, Mask, Radiance
from olat.sensor import demosaic_kernel


def malvar_from_mosaic(mosaic: RawMosaic, *, gain: float = 1.0) -> Radiance:
    """Interpolate every pixel from its 5 x 5 neighborhood with gradient-corrected kernels.

    Black is subtracted and full scale divided out in the same pass. Nothing is clipped, and the
    kernels are the same for every picture: a weighted sum of developed frames is the developed
    weighted sum, which relighting relies on and edge-directed methods break.

    Parameters
    ----------
    mosaic
        Counts of at least 3 x 3 sites.
    gain
        Multiplies everything [1].

    Returns
    -------
    radiance
        Signed; `gain` where the sensor is full [full scale = `gain`].

    Raises
    ------
    ValueError
        If the mosaic is too small, not Bayer, or its black is not below its white.

    Notes
    -----
    Borders are mirrored about the outermost sites, which keeps the phase of the pattern.

    References
    ----------
    .. [1] Malvar, He, Cutler, High-quality linear interpolation for demosaicing of Bayer-patterned
       color images, ICASSP 2004, figure 2.
    """
    height, width = mosaic.counts.shape
    if min(height, width) < 3:
        raise ValueError(f"a mosaic of {height} x {width} sites is too small; 3 x 3 are needed")
    out = np.empty((height, width, 3), np.float32)
    black, scale = _black_and_scale(mosaic, gain)
    demosaic_kernel.malvar(mosaic.counts, mosaic.pattern, black, scale, out)
    return out


def half_from_mosaic(mosaic: RawMosaic, *, gain: float = 1.0) -> Radiance:
    """Make one pixel of every 2 x 2 sites: half the size, no interpolation, a quick look.

    Parameters
    ----------
    mosaic
        Counts; an odd last row or column is left out.
    gain
        Multiplies everything [1].

    Returns
    -------
    radiance
        Signed, ``h // 2 w // 2 3`` [full scale = `gain`].

    Raises
    ------
    ValueError
        If the mosaic is not Bayer, or its black is not below its white.
    """
    height, width = mosaic.counts.shape
    out = np.empty((height // 2, width // 2, 3), np.float32)
    black, scale = _black_and_scale(mosaic, gain)
    demosaic_kernel.bin_quads(mosaic.counts, mosaic.pattern, black, scale, out)
    return out


def saturated_sites(mosaic: RawMosaic, *, saturation: float) -> Mask:
    """Mark the sites that read at least a fraction of full scale.

    Parameters
    ----------
    mosaic
        Counts and their levels.
    saturation
        Fraction of the way from black to white [1].
    """
    full = np.zeros(mosaic.counts.shape, np.bool_)
    # Compared as integers, and not at all in the many frames that are far from full.
    limits = np.ceil(mosaic.black + saturation * (mosaic.white - mosaic.black)).astype(np.int64)
    if mosaic.counts.max(initial=0) < limits.min():
        return full
    for y in range(2):
        for x in range(2):
            np.greater_equal(mosaic.counts[y::2, x::2], int(limits[y, x]), out=full[y::2, x::2])
    return full


def _black_and_scale(mosaic: RawMosaic, gain: float) -> tuple[Array, Array]:
    """Return the black level and the factor of each site, after a look at both."""
    pattern = mosaic.pattern
    greens_touch = pattern[0, 0] != pattern[1, 1] and pattern[0, 1] != pattern[1, 0]
    if sorted(pattern.ravel()) != [0, 1, 1, 2] or greens_touch:
        raise ValueError(f"the pattern {pattern.tolist()} is not red, green, green, blue of Bayer")
    if (mosaic.black >= mosaic.white).any():
        raise ValueError(f"black {mosaic.black.tolist()} is not below white {mosaic.white}")
    scale = gain / (mosaic.white - mosaic.black.astype(np.float64))
    return mosaic.black, scale.astype(np.float32)
