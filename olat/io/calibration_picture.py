"""What a calibration was read from, as a picture that tells whether to believe it."""

from __future__ import annotations

from olat.io.ball_picture import picture_of_balls
from olat.io.chart_picture import picture_of_chart
from olat.io.contact_sheet import DisplayPicture
from olat.io.lens_picture import picture_of_lens
from olat.io.level_picture import picture_of_levels
from olat.io.sensor_picture import picture_of_sensor
from olat.model.calibration import (
    Calibration,
    ColorCalibration,
    LensCalibration,
    RigCalibration,
    SensorCalibration,
)
from olat.model.evidence import ChartEvidence, LevelEvidence, SensorEvidence


def picture_of_calibration(calibration: Calibration) -> DisplayPicture | None:
    """Draw what was just measured; nothing where the calibration carries no evidence."""
    match calibration:
        case SensorCalibration(evidence=SensorEvidence()):
            return picture_of_sensor(calibration)
        case ColorCalibration(evidence=ChartEvidence() as chart):
            return picture_of_chart(chart)
        case LensCalibration(evidence=(_, *_)):
            return picture_of_lens(calibration)
        case RigCalibration(evidence=(_, *_) as balls):
            return picture_of_balls(balls)
        case RigCalibration(evidence=LevelEvidence()):
            return picture_of_levels(calibration)
    return None
