"""Calibrations as products: documents, and pictures to look at beside them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from olat.engine.capture import Unit
from olat.model.calibration import RigCalibration
from olat.model.condition import Target
from olat.model.evidence import BallEvidence, Spot
from olat.model.rig import LightRig
from olat.model.session import Camera, Frame, Session
from olat.stages.calibration_products import CalibrationFiles

RIG = LightRig("dome", np.eye(3), np.ones((3, 3)))


@pytest.fixture
def files(tmp_path) -> CalibrationFiles:
    """Return what writes the calibrations of a session whose names are not ASCII."""
    photo = tmp_path / "Aufnahme.png"
    cv2.imwrite(str(photo), np.zeros((4, 6), np.uint8))
    frame = Frame("Bühne 東京", 0, Target("mirror_ball", 0), photo)
    return CalibrationFiles(Session("Prüfung", tmp_path, RIG, (Camera("Bühne 東京"),), (frame,)))


def ball() -> BallEvidence:
    spot = Spot(1, 20.0, 30.0, 2.0, "taken")
    return BallEvidence(np.ones((64, 64), np.float32), np.full((3, 2), 9.0), (spot,), ())


def test_a_picture_stands_beside_the_document_whatever_the_camera_is_called(files, tmp_path):
    place = tmp_path / "Bühne 東京" / "located"
    written = files.write(place, Unit("Bühne 東京"), RigCalibration(RIG, evidence=(ball(),)), "")
    assert [path.name for path in written] == ["located.toml", "located.csv", "located.png"]
    picture = cv2.imdecode(np.fromfile(written[-1], np.uint8), cv2.IMREAD_COLOR)
    assert min(picture.shape[:2]) > 1000
    assert files.read(place, Unit("Bühne 東京")).evidence == ()


def test_what_carries_no_evidence_has_no_picture(files, tmp_path):
    written = files.write(tmp_path / "A" / "located", Unit("Bühne 東京"), RigCalibration(RIG), "")
    assert [path.suffix for path in written] == [".toml", ".csv"]


def test_a_picture_that_cannot_be_drawn_does_not_cost_the_measurement(files, tmp_path, caplog):
    nothing = BallEvidence(np.ones((0, 0), np.float32), np.zeros((0, 2)), (), ())
    found = RigCalibration(RIG, evidence=(nothing,))
    written = files.write(tmp_path / "A" / "located", Unit("Bühne 東京"), found, "")
    assert [path.suffix for path in written] == [".toml", ".csv"]
    assert "located.png cannot be drawn" in caplog.text
