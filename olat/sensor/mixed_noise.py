"""How uncertain the color of a mosaic is once a matrix has mixed its channels."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, UInt8

from olat.model.calibration import SensorCalibration
from olat.model.image import RawMosaic
from olat.model.shapes import Array, Matrix3, Radiance
from olat.sensor import demosaic_kernel, mixed_noise_kernel, sites_kernel
from olat.sensor.demosaic import MALVAR, NO_NOISE
from olat.sensor.sites import noise_of, prepared, with_measured_black
from olat.sensor.sites_kernel import Sites

_REACH = 2
"""Sites to either side that Malvar's filters look at [px]."""
_AROUND = 4
"""Sites around a quad in which filters are read; even, and beyond their reach [px]."""


def mixed_variance(
    mosaic: RawMosaic, *, sensor: SensorCalibration, matrix: Matrix3, gain: float = 1.0
) -> Radiance:
    r"""Return the variance of what a matrix makes of a mosaic that Malvar's filters filled in.

    .. math:: \operatorname{var}_i = \sum_k \left(\sum_c A_{ic} w_{ck}\right)^2 s_k^2
        \left(g (y_k - \text{dark}_k) + \sigma_r^2\right)

    with the matrix A, the weights w of site k in channel c and the light s per count of each site.

    Parameters
    ----------
    mosaic
        Counts.
    sensor
        With the gain g and the read noise.
    matrix
        A, from camera color.
    gain
        Light at full scale, as for the radiance [1].

    Returns
    -------
    variance
        Of noise in time, from frame to frame [(full scale = `gain`)^2].

    Notes
    -----
    Assumes what `olat.sensor.noise.variance_from_mosaic` does. Malvar's filters correct each color
    by the others, so that the noise of channels goes together. A color matrix subtracts channels,
    and takes out much of it: the sum of the channels' variances with squared coefficients would be
    too large. Filters that keep colors apart need no more than that sum.

    References
    ----------
    .. [1] Malvar, He, Cutler, High-quality linear interpolation for demosaicing of Bayer-patterned
       color images, ICASSP 2004, figure 2.
    """
    mosaic = with_measured_black(mosaic, sensor)
    sites = prepared(mosaic, gain=gain, sensor=sensor).variances
    height, width = mosaic.counts.shape
    plane = np.empty((height, width), np.float32)
    slope, read = noise_of(sensor)
    sites_kernel.variance_of_sites(mosaic.counts, sites, slope, read, plane)
    mixed = np.einsum("ic,yxcjk->yxijk", matrix, malvar_filters(mosaic.pattern))
    # An even number of columns, so that both halves have as many.
    right = _REACH + width % 2
    padded = np.pad(plane, ((_REACH, _REACH), (_REACH, right)), mode="reflect")
    halves = np.stack([padded[:, 0::2], padded[:, 1::2]])
    out = np.empty((height, width, 3), np.float32)
    mixed_noise_kernel.filtered(halves, np.square(mixed).astype(np.float32), out)
    return out


def malvar_filters(pattern: UInt8[Array, "2 2"]) -> Float32[Array, "2 2 3 5 5"]:
    """Return the weights of the sites around a pixel: row and column in the pattern, channel.

    They are read from what the filters make of a single bright site.
    """
    size = 2 * _AROUND + 2
    none = np.zeros((0, 0), np.float32)
    columns, values = np.zeros(0, np.int64), np.zeros(0, np.float32)
    unit = np.ones((2, 2), np.float32)
    sites = Sites(np.zeros((2, 2), np.float32), unit, none, none, columns, columns, values)
    filters = np.empty((2, 2, 3, 5, 5), np.float32)
    made = np.empty((size, size, 3), np.float32)
    for y, x, j, i in np.ndindex(2, 2, 5, 5):
        counts = np.zeros((size, size), np.uint16)
        counts[_AROUND + y + j - _REACH, _AROUND + x + i - _REACH] = 1
        demosaic_kernel.interpolate(counts, pattern, sites, NO_NOISE, MALVAR, made)
        filters[y, x, :, j, i] = made[_AROUND + y, _AROUND + x]
    return filters
