"""What each site of a sensor reads as light: levels, calibration, repair of defects."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float32, Shaped, UInt8

from olat.model.calibration import SensorCalibration
from olat.model.image import RawMosaic
from olat.model.shapes import Array, Mask
from olat.sensor import sites_kernel
from olat.sensor.sites_kernel import Sites

_LOOKED_AT = 128
"""Sites a side of which the black level is the median."""
_NONE = np.zeros((0, 0), np.float32)
_NOTHING = np.zeros(0, np.float32)
_NO_INDEX = np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True)
class Preparation:
    """Sites of one photograph, ready for the kernels."""

    sites: Sites
    """With light in the places of defects."""
    variances: Sites
    """The same, with the variance of that light there."""
    doubtful: Mask | None
    """Repaired sites of which half of the neighbors or more are defects; none if there is none."""


def require_fit(sensor: SensorCalibration, shape: tuple[int, ...]) -> None:
    """Check that a calibration is of as many rows, columns and planes as a photograph has.

    Raises
    ------
    ValueError
        Naming both sizes.
    """
    if sensor.dark.shape == shape:
        return
    found, needed = (f"{s[1]} x {s[0]} px, {s[2]} a pixel" for s in (sensor.dark.shape, shape))
    raise ValueError(
        f"the sensor calibration is of {found}, the photograph of {needed}; they must be alike. "
        "Calibrate with frames of the same camera, crop, rotation and file format"
    )


def require_bayer(pattern: UInt8[Array, "2 2"]) -> None:
    """Check that a pattern has its two greens at opposite corners.

    Raises
    ------
    ValueError
        If it is not Bayer's.
    """
    greens_touch = pattern[0, 0] != pattern[1, 1] and pattern[0, 1] != pattern[1, 0]
    if sorted(pattern.ravel()) != [0, 1, 1, 2] or greens_touch:
        raise ValueError(f"the pattern {pattern.tolist()} is not red, green, green, blue of Bayer")


def black_of_sites(dark: Float32[Array, "h w"]) -> Float32[Array, "2 2"]:
    """Return the median of a dark at each of the 2 x 2 sites, from sites spread evenly [DN]."""
    step = 2 * max(1, max(dark.shape) // (2 * _LOOKED_AT))
    medians = [[np.median(dark[y::step, x::step]) for x in (0, 1)] for y in (0, 1)]
    return np.array(medians, np.float32)


def with_measured_black(mosaic: RawMosaic, sensor: SensorCalibration | None) -> RawMosaic:
    """Return a mosaic with the black level that was measured, if one was.

    Black is the median of the dark at each of the 2 x 2 sites: a file that is wrong about black
    is also wrong about how far it lies below white.

    Parameters
    ----------
    mosaic
        Counts, with the black level that the file states.
    sensor
        What was measured.

    Raises
    ------
    ValueError
        If the calibration is of other sites than the mosaic.
    """
    if sensor is None:
        return mosaic
    require_fit(sensor, (*mosaic.counts.shape, 1))
    return replace(mosaic, black=black_of_sites(sensor.dark[..., 0]))


def prepared(mosaic: RawMosaic, *, gain: float, sensor: SensorCalibration | None) -> Preparation:
    """Look at the levels of a mosaic, and repair what is known to be defective.

    Parameters
    ----------
    mosaic
        Counts; black as `with_measured_black` returns it.
    gain
        Light at full scale [1].
    sensor
        Dark, flat and defects, if they were measured; of the size of the mosaic.

    Raises
    ------
    ValueError
        If the mosaic is not Bayer, or its black is not below its white.
    """
    require_bayer(mosaic.pattern)
    if (mosaic.black >= mosaic.white).any():
        raise ValueError(f"black {mosaic.black.tolist()} is not below white {mosaic.white}")
    scale = (gain / (mosaic.white - mosaic.black.astype(np.float64))).astype(np.float32)
    if sensor is None:
        sites = Sites(mosaic.black, scale, _NONE, _NONE, _NO_INDEX, _NO_INDEX, _NOTHING)
        return Preparation(sites, sites, None)
    return prepared_plane(mosaic.counts, sensor, 0, scale=scale, pattern=mosaic.pattern)


def prepared_plane(
    counts: Shaped[Array, "h w"],
    sensor: SensorCalibration,
    plane: int,
    *,
    scale: Float32[Array, "2 2"],
    pattern: UInt8[Array, "2 2"] | None = None,
) -> Preparation:
    """Repair the defects of one plane of readings.

    A defective site is set to the mean of the good ones of its color around it, near ones counting
    more: a linear rule that looks at no contrast, so that repaired frames add up like others.

    Parameters
    ----------
    counts
        Readings as the calibration has them [DN].
    sensor
        Dark, flat and defects.
    plane
        Which of its planes.
    scale
        Light per count of each of the 2 x 2 sites [1/DN].
    pattern
        Channel of each of them; none where neighbors are of one color, as in pictures.
    """
    is_mosaic = pattern is not None
    dark, flat, defects = (
        np.ascontiguousarray(array[..., plane])
        for array in (sensor.dark, sensor.flat, sensor.defects)
    )
    rows, columns = np.divmod(np.flatnonzero(defects), counts.shape[1])
    sites = Sites(np.zeros((2, 2), np.float32), scale, dark, flat, _NO_INDEX, columns, _NOTHING)
    if not rows.size:
        return Preparation(sites, sites, None)
    values, variances = np.empty((2, rows.size), np.float32)
    doubts = np.empty(rows.size, np.bool_)
    sites_kernel.repair(
        counts,
        pattern if pattern is not None else np.zeros((2, 2), np.uint8),
        sites,
        defects,
        2 if is_mosaic else 1,
        noise_of(sensor),
        (rows, columns, values, variances, doubts),
    )
    doubtful = None
    if doubts.any():
        doubtful = np.zeros(counts.shape, np.bool_)
        doubtful[rows[doubts], columns[doubts]] = True
    starts = np.searchsorted(rows, np.arange(counts.shape[0] + 1))
    return Preparation(
        sites._replace(starts=starts, values=values),
        sites._replace(starts=starts, values=variances),
        doubtful,
    )


def noise_of(sensor: SensorCalibration) -> Float32[Array, " 2"]:
    """Return how variance grows with the count above dark, and its start [DN, DN^2].

    Zeros where it was not measured.
    """
    slope, read = sensor.dn_per_electron or 0.0, sensor.read_noise_dn or 0.0
    return np.array([slope, read * read], np.float32)
