"""How uncertain developed radiance is, pixel by pixel."""

from __future__ import annotations

import numpy as np

from olat.model.calibration import SensorCalibration
from olat.model.encoding import Encoding
from olat.model.image import Picture, RawMosaic
from olat.model.shapes import Radiance
from olat.sensor import demosaic_kernel, sites_kernel
from olat.sensor.demosaic import BILINEAR, MALVAR, QUADS, Demosaic
from olat.sensor.encoding import linear_from_codes
from olat.sensor.picture_planes import planes_of_picture
from olat.sensor.sites import noise_of, prepared, with_measured_black


def variance_from_mosaic(
    mosaic: RawMosaic,
    *,
    sensor: SensorCalibration,
    gain: float = 1.0,
    demosaic: Demosaic = "malvar",
) -> Radiance:
    r"""Return the variance of what a demosaicing method makes of a mosaic.

    .. math:: \operatorname{var} = \sum_k w_k^2 s_k^2
        \left(g (y_k - \text{dark}_k) + \sigma_r^2\right)

    with the weights w of the method and the light s per count of each site, its flat included.

    Parameters
    ----------
    mosaic
        Counts.
    sensor
        With the gain g and the read noise.
    gain
        Light at full scale, as for the radiance [1].
    demosaic
        The method.

    Returns
    -------
    variance
        Of noise in time, from frame to frame [(full scale = `gain`)^2].

    Raises
    ------
    ValueError
        If gain or read noise were not measured, or the photograph does not fit.

    Notes
    -----
    Assumes sites whose noise is independent. The count stands for its own expectation: a site that
    reads low is thought to be less noisy than it is. Where noise pulls the sum below half of the
    read noise, half of it is told, which lifts the mean in darkness by about a percent. A repaired
    site counts as independent of its neighbors, and within two pixels of the border mirrored sites
    count as sites of their own. What the errors of dark and flat add is the same in all frames and
    not in here. For ``edge_aware``, whose weights change with the picture, the variance of
    Malvar's weights is told: in an even color about that of red and blue, and a sixth too little
    for green. At edges, where noise may flip the way that it interpolates along, much too little:
    several times at some pixels. Both are printed by `tests/sensor/test_mixed_noise.py`.
    """
    _require_noise(sensor)
    mosaic = with_measured_black(mosaic, sensor)
    preparation = prepared(mosaic, gain=gain, sensor=sensor)
    height, width = mosaic.counts.shape
    arguments = (mosaic.counts, mosaic.pattern, preparation.variances, noise_of(sensor))
    if demosaic == "half":
        out = np.empty((height // 2, width // 2, 3), np.float32)
        demosaic_kernel.bin_quads(*arguments, QUADS**2, out)
        return out
    weights = BILINEAR if demosaic == "bilinear" else MALVAR
    out = np.empty((height, width, 3), np.float32)
    demosaic_kernel.interpolate(*arguments, weights**2, out)
    return out


def variance_from_picture(
    picture: Picture,
    *,
    sensor: SensorCalibration,
    encoding: Encoding = "linear",
    gain: float = 1.0,
) -> Radiance:
    """Return the variance of the radiance of a picture, as `variance_from_mosaic` does.

    Parameters
    ----------
    picture
        Codes as stored.
    sensor
        With the gain and the read noise, of the codes once their encoding is undone.
    encoding
        ``linear``, ``srgb``, or the exponent that leads from codes to light.
    gain
        Light at full scale, as for the radiance [1].

    Returns
    -------
    variance
        A gray picture has three equal ones; infinite where the value is not a number.

    Raises
    ------
    ValueError
        If gain or read noise were not measured, or the photograph does not fit.

    Notes
    -----
    Assumes pixels that were neither compressed nor sharpened nor interpolated: all of these make
    noise depend on its neighbors.
    """
    _require_noise(sensor)
    slope, read = noise_of(sensor)
    linear = linear_from_codes(picture.codes, white=picture.white, encoding=encoding)
    planes = []
    for readings, preparation in planes_of_picture(linear, picture.white, sensor):
        plane = np.empty(readings.shape, np.float32)
        sites_kernel.variance_of_sites(readings, preparation.variances, slope, read, plane)
        planes.append(plane)
    variance = np.stack(planes * (3 // len(planes)), axis=-1) * np.float32(gain * gain)
    return np.where(np.isfinite(variance), variance, np.float32(np.inf))


def _require_noise(sensor: SensorCalibration) -> None:
    if sensor.dn_per_electron is None or sensor.read_noise_dn is None:
        raise ValueError(
            "the sensor calibration has no gain and read noise; a variance needs both. Calibrate "
            "with two flat frames or more"
        )
