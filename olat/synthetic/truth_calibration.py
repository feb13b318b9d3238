"""What is true about the sensor, the colors, the lens and the lights of a simulated capture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float64

from olat.errors import FileError
from olat.io.publish import publish
from olat.model.calibration import (
    ColorCalibration,
    LensCalibration,
    RigCalibration,
    SensorCalibration,
)
from olat.model.condition import Target
from olat.model.shapes import Array
from olat.synthetic.card import Card
from olat.synthetic.chart import CORNERS, board, board_corners, chart, chart_corners, patch_middles
from olat.synthetic.sensor import READ_NOISE
from olat.synthetic.stage import SyntheticStage
from olat.synthetic.targets import ball_place

CALIBRATION_TRUTH_FILE = Path("truth") / "calibration.npz"

Pixels = Float64[Array, "*view point 2"]
"""Columns and rows, pixel centers at integers [px]."""


@dataclass(frozen=True)
class CalibrationTruth:
    """What calibration has to find, in the words in which it tells it."""

    stage: SyntheticStage
    sensor: SensorCalibration
    """Its flat is 1 in the middle but for the response of the sites there."""
    color: ColorCalibration
    lens: LensCalibration
    rig: RigCalibration
    levels: Float64[Array, " frame"]
    """What the lights gave in each frame, relative to when they were cold [1]."""
    ball_centers: Float64[Array, "place 3"]
    """Of the mirror ball, place by place [m]."""
    ball_radius: float
    """Of the mirror ball [m]."""
    patches: Pixels
    """Middles of the chart's patches, row by row from dark skin."""
    chart_corners: Pixels
    """Outer corners of the patches: top left, top right, bottom right, bottom left."""
    board_corners: Pixels
    """Inner corners of the chessboard, view by view, row by row from the top left."""


def calibration_truth_of(stage: SyntheticStage) -> CalibrationTruth:
    """Work out what calibration has to find."""
    wanted = stage.imperfections
    places = [
        ball_place(stage, Target("mirror_ball", pose=pose))
        for pose in range(max(1, stage.targets.ball_places))
    ]
    boards = [_seen(stage, board(view), board_corners()) for view in range(stage.targets.boards)]
    return CalibrationTruth(
        stage=stage,
        sensor=_sensor_truth(stage),
        color=ColorCalibration(np.linalg.inv(wanted.camera_from_rec709), wanted.led_matrix),
        lens=LensCalibration(
            stage.camera.matrix,
            np.array((*wanted.distortion, 0.0, 0.0, 0.0, 0.0)[:4]),
            stage.size,
            stage.size,
            np.diag([1.0, -1.0, -1.0]),
            stage.camera.position,
        ),
        rig=RigCalibration(stage.rig),
        levels=np.array(stage.levels),
        ball_centers=np.array([place.center for place in places]),
        ball_radius=places[0].radius,
        patches=_seen(stage, chart(), patch_middles()),
        chart_corners=_seen(stage, chart(), chart_corners()),
        board_corners=np.array(boards).reshape(len(boards), CORNERS[0] * CORNERS[1], 2),
    )


def write_calibration_truth(folder: Path, truth: CalibrationTruth) -> None:
    """Store the truth about the calibrations beside a session.

    All of it follows from the stage; what other programs may want to read is there as arrays.
    """
    rig, sensor = truth.rig.rig, truth.sensor

    def write(part: Path) -> None:
        np.savez(
            part,
            stage=np.array(truth.stage.model_dump_json()),
            dark=sensor.dark,
            flat=sensor.flat,
            defects=sensor.defects,
            dn_per_electron=np.array(sensor.dn_per_electron),
            read_noise_dn=np.array(sensor.read_noise_dn),
            rec709_from_camera=truth.color.matrix,
            led_matrix=truth.stage.imperfections.led_matrix,
            lens_matrix=truth.lens.matrix,
            distortion=truth.lens.distortion,
            light_directions=rig.directions,
            light_positions=np.zeros((0, 3)) if rig.positions is None else rig.positions,
            light_intensities=rig.intensities,
            levels=truth.levels,
            ball_centers=truth.ball_centers,
            ball_radius=np.array(truth.ball_radius),
            patches=truth.patches,
            chart_corners=truth.chart_corners,
            board_corners=truth.board_corners,
        )

    publish(folder / CALIBRATION_TRUTH_FILE, write)


def read_calibration_truth(folder: Path) -> CalibrationTruth:
    """Read the truth about the calibrations of a session.

    Raises
    ------
    FileError
        If the folder holds no simulated capture.
    """
    path = folder / CALIBRATION_TRUTH_FILE
    if not path.is_file():
        raise FileError(
            f"{path}: there is no such file; the truth of a simulated capture was needed. "
            "Write one with 'olat demo'."
        )
    with np.load(path) as stored:
        stage = SyntheticStage.model_validate_json(str(stored["stage"]))
    return calibration_truth_of(stage)


def _sensor_truth(stage: SyntheticStage) -> SensorCalibration:
    """Return what each site adds and how it responds, and the noise."""
    shape, sensor = (stage.size, stage.size), stage.sensor
    flat, gain = sensor.flat(shape), float(sensor.dn_per_electron(shape).mean())
    lost = np.zeros(shape, bool) if sensor.flaws is None else sensor.flaws.lost
    return SensorCalibration(
        sensor.dark(shape)[..., None],
        flat[..., None],
        lost[..., None],
        dn_per_electron=gain,
        read_noise_dn=READ_NOISE * gain if sensor.noisy else 0.0,
    )


def _seen(stage: SyntheticStage, card: Card, places: Float64[Array, "2 point"]) -> Pixels:
    """Return where the camera sees places of a card [px]."""
    return stage.camera.project(card.in_world(places)).T
