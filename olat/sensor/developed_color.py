"""Developed photographs from a camera's own color to one that pictures are exchanged in."""

from __future__ import annotations

from olat.model.calibration import SensorCalibration
from olat.model.color import ColorSpace
from olat.model.image import Picture, RadianceImage, RawMosaic
from olat.model.shapes import Matrix3
from olat.sensor.demosaic import Demosaic
from olat.sensor.mixed_noise import mixed_variance
from olat.sensor.working_space import in_space, matrix_to, variance_in_space


def in_color(
    seen: RadianceImage,
    photo: RawMosaic | Picture,
    *,
    matrix: Matrix3,
    space: ColorSpace,
    sensor: SensorCalibration | None = None,
    demosaic: Demosaic = "malvar",
    gain: float = 1.0,
) -> RadianceImage:
    """Take a developed photograph to a working space, with its variance.

    Parameters
    ----------
    seen
        As `olat.sensor.develop.developed` returns it, in camera color.
    photo
        What was developed.
    matrix
        Camera color to linear Rec.709.
    space
        Where to; ``camera`` returns `seen` itself.
    sensor, demosaic
        As it was developed with.
    gain
        Light at full scale, as it was developed with: gain over white patch [1].

    Notes
    -----
    Assumes channels of independent noise where the filters keep colors apart, which is exact for
    ``half`` and ``bilinear``. Malvar's mix them, and the variance is that of mixed and converted
    sites. ``edge_aware`` is told as if it were Malvar's.
    """
    if space == "camera":
        return seen
    variance = seen.variance
    is_mixed = demosaic in ("malvar", "edge_aware")
    if variance is not None and is_mixed and sensor is not None and isinstance(photo, RawMosaic):
        mixing = matrix_to(space, matrix=matrix)
        variance = mixed_variance(photo, sensor=sensor, matrix=mixing, gain=gain)
    elif variance is not None:
        variance = variance_in_space(variance, matrix=matrix, space=space)
    radiance = in_space(seen.radiance, matrix=matrix, space=space)
    return RadianceImage(radiance, seen.flags, variance, space)
