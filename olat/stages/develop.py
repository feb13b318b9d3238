"""Stage: from a photograph to scene-linear radiance."""

from __future__ import annotations

import logging
from typing import Annotated, Literal

from pydantic import Field

from olat.engine.stage import Grain, Part, Stage
from olat.errors import CalibrationError
from olat.model.calibration import ColorCalibration, SensorCalibration
from olat.model.color import ColorSpace
from olat.model.image import Picture, RadianceImage, RawMosaic
from olat.model.session import Camera, Frame

logger = logging.getLogger(__name__)

LIKE_EXPOSURES = 1.1
"""Ratio of two exposure times within which a dark serves for both [1]."""


class Develop(Stage):
    """Scene-linear radiance, signed, from RAW counts or picture codes (Malvar 2004)."""

    grain = Grain.FRAME
    makes = "radiance"
    is_kept = False
    revision = 2

    saturation: Annotated[float, Field(gt=0, le=1)] = 0.98
    """Share of the range above which a value counts as clipped [fraction of full scale]."""
    demosaic: Literal["malvar", "bilinear", "half", "edge_aware"] = "malvar"
    """Linear filters; or half the size: one pixel for each 2 x 2 sensels; or along edges."""
    space: ColorSpace = "rec709"
    """What red, green and blue are where the camera's colors are calibrated, else the camera's."""

    def run(
        self,
        photo: RawMosaic | Picture,
        frame: Frame,
        camera: Camera,
        sensor: SensorCalibration | None,
        color: Annotated[ColorCalibration | None, Part("matrix")],
    ) -> RadianceImage:
        """Return the radiance of one photograph."""
        from olat.sensor.develop import developed
        from olat.sensor.developed_color import in_color

        if color is None and self.space == "acescg":
            raise CalibrationError(
                f"camera {camera.name!r}: develop.space is 'acescg', and the camera's colors are "
                "not calibrated. Calibrate them with a chart, or leave develop.space out: without "
                "a calibration the color stays the camera's own."
            )
        _note_exposure(sensor, frame)
        try:
            seen = developed(
                photo,
                encoding=camera.encoding,
                white_patch=camera.white_patch,
                gain=frame.gain,
                saturation=self.saturation,
                demosaic=self.demosaic,
                sensor=sensor,
            )
        except ValueError as error:
            if sensor is None:
                raise
            told = f"camera {camera.name!r}, frame {frame.index}"
            raise CalibrationError(f"{told}: {error}.") from error
        if color is None:
            return seen
        return in_color(
            seen,
            photo,
            matrix=color.matrix,
            space=self.space,
            sensor=sensor,
            demosaic=self.demosaic,
            gain=frame.gain / camera.white_patch,
        )


def _note_exposure(sensor: SensorCalibration | None, frame: Frame) -> None:
    """Note where the dark was taken with another exposure time than a frame."""
    dark_s = None if sensor is None else sensor.dark_exposure_s
    if dark_s is None or frame.exposure_s is None:
        return
    if not 1.0 / LIKE_EXPOSURES <= frame.exposure_s / dark_s <= LIKE_EXPOSURES:
        logger.warning(
            "The dark frames of the sensor calibration were exposed for %g s, some frames for %g s:"
            " sites that gather charge in the dark are corrected by the wrong amount. Take dark "
            "frames with the exposure of the sweep.",
            dark_s,
            frame.exposure_s,
        )
