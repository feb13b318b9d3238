"""Where the camera is, seen from each pixel of its maps."""

from __future__ import annotations

from olat.errors import CalibrationError
from olat.model.calibration import LensCalibration
from olat.model.session import Camera
from olat.model.shapes import UnitVectors
from olat.model.view import ViewGeometry


def view_of(
    lens: LensCalibration | None,
    camera: Camera,
    height: int,
    width: int,
    *,
    stage: str,
) -> UnitVectors:
    """Return where the camera is, seen from each pixel: as calibrated, or as the session says."""
    from olat.surface.view import view_directions, view_directions_of_lens

    if lens is None:
        return view_directions(height, width, camera.field_of_view_deg)
    try:
        return view_directions_of_lens(lens, height=height, width=width)
    except ValueError as error:
        raise CalibrationError(f"{stage}: {error}") from None


def geometry_of(
    lens: LensCalibration | None,
    camera: Camera,
    height: int,
    width: int,
    *,
    stage: str,
) -> ViewGeometry:
    """Return what pixels see, with a scale where it is known: as calibrated, or as told."""
    try:
        if lens is None:
            fov = camera.field_of_view_deg
            return ViewGeometry.of_reference(height, width, fov, camera.distance_m)
        return ViewGeometry.of_lens(lens, height, width, camera.distance_m)
    except ValueError as error:
        raise CalibrationError(f"{stage}: {error}") from None
