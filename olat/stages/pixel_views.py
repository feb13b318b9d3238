"""Where the camera is, seen from each pixel of its maps."""

from __future__ import annotations

from olat.errors import CalibrationError
from olat.model.calibration import LensCalibration
from olat.model.session import Camera
from olat.model.shapes import UnitVectors


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
