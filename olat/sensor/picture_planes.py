"""The calibration of photographs that are pictures already, plane by plane."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float32

from olat.model.calibration import SensorCalibration
from olat.model.shapes import Array, Mask, Plane
from olat.sensor import sites_kernel
from olat.sensor.sites import Preparation, black_of_sites, prepared_plane, require_fit


def planes_of_picture(
    linear: Float32[Array, "h w *channels"], white: float, sensor: SensorCalibration
) -> Iterator[tuple[Plane, Preparation]]:
    """Yield the readings of each plane of a picture, and what they are turned into light with.

    Readings are codes whose encoding is undone and which keep their full scale: those of a 16-bit
    picture run from 0 to 65535 whatever its encoding, floats are what the file holds.

    Parameters
    ----------
    linear
        Of one channel or three, as `linear_from_codes` returns it [full scale = 1].
    white
        Code of full scale; infinity for floats [DN].
    sensor
        Dark, flat and defects of each plane.

    Raises
    ------
    ValueError
        If the calibration is of another size or of other planes.
    """
    stacked = linear.reshape(*linear.shape[:2], -1)
    require_fit(sensor, stacked.shape)
    for plane in range(stacked.shape[2]):
        readings = stacked[..., plane] * np.float32(_full_scale(white))
        scale = np.full((2, 2), 1.0, np.float32)
        if np.isfinite(white):
            black = black_of_sites(sensor.dark[..., plane]).mean()
            if black >= white:
                raise ValueError(f"the dark, {black:g}, is not below white {white:g}")
            scale /= white - black
        yield readings, prepared_plane(readings, sensor, plane, scale=scale)


def calibrated_picture(
    linear: Float32[Array, "h w *channels"], white: float, sensor: SensorCalibration
) -> tuple[Float32[Array, "h w *channels"], Mask]:
    """Subtract the dark, divide by the flat and repair the defects of each plane.

    Parameters
    ----------
    linear, white, sensor
        As for `planes_of_picture`.

    Returns
    -------
    linear
        Signed [full scale = 1].
    doubtful
        Pixels repaired in a plane from too few good neighbors.

    Raises
    ------
    ValueError
        If the calibration is of another size or of other planes.
    """
    doubtful = np.zeros(linear.shape[:2], np.bool_)
    planes = []
    for readings, preparation in planes_of_picture(linear, white, sensor):
        plane = np.empty(readings.shape, np.float32)
        sites_kernel.light_of_sites(readings, preparation.sites, plane)
        planes.append(plane)
        if preparation.doubtful is not None:
            doubtful |= preparation.doubtful
    return np.stack(planes, axis=-1).reshape(linear.shape), doubtful


def _full_scale(white: float) -> float:
    """Return what a linear 1 reads: the white code, and 1 for floats."""
    return white if np.isfinite(white) else 1.0
