"""What the pixels of a session's camera see."""

from __future__ import annotations

from olat.errors import CalibrationError
from olat.model.calibration import LensCalibration
from olat.model.session import Camera
from olat.model.view import ViewGeometry


def view_of_camera(
    lens: LensCalibration | None, camera: Camera, height: int, width: int, *, asked_by: str
) -> ViewGeometry:
    """Return what pixels see: as calibrated, or as the session says.

    Raises
    ------
    CalibrationError
        If the lens is of another picture, or the numbers of the session describe no camera.
    """
    try:
        if lens is None:
            fov = camera.field_of_view_deg
            return ViewGeometry.of_reference(height, width, fov, camera.distance_m)
        return ViewGeometry.of_lens(lens, height, width, camera.distance_m)
    except ValueError as error:
        raise CalibrationError(f"{asked_by}: {error}") from None
