"""A camera of a session as exporters are given it."""

from __future__ import annotations

import datetime
from pathlib import Path

import numpy as np
from numpy.testing import assert_allclose

from olat.api.exporting import source_of
from olat.api.opened import open_session
from olat.io.calibration_file import write_calibration
from olat.io.calibration_shelf import place_on_shelf
from olat.model.calibration import CalibrationHeader, LensCalibration
from tests.support.bare_sweep import bare_sweep

DAY = datetime.date(2026, 5, 4)


def place_camera(folder: Path, **place: np.ndarray) -> None:
    matrix = np.array([[900.0, 0, 31.5], [0, 900.0, 31.5], [0, 0, 1]])
    lens = LensCalibration(matrix, np.zeros(5), 64, 64, residuals={"rms_px": 0.1}, **place)
    header = CalibrationHeader("lens", "A", "a test", "spring", valid_from=DAY)
    write_calibration(place_on_shelf(folder / "calibration", "lens", "A", DAY), header, lens)


def test_the_reference_camera_looks_along_minus_z(tmp_path: Path) -> None:
    bare_sweep(tmp_path)
    source = source_of(open_session(tmp_path), "A")
    assert_allclose(source.axes(), [[1, 0, 0], [0, -1, 0], [0, 0, -1]])


def test_a_placed_camera_looks_where_it_was_placed(tmp_path: Path) -> None:
    bare_sweep(tmp_path)
    # From +x to the left: right of its picture is -z.
    axes = np.array([[0.0, 0, -1], [0, -1, 0], [-1, 0, 0]])
    place_camera(tmp_path, rotation=axes, translation=np.array([0.0, 0, 1.6]))
    assert_allclose(source_of(open_session(tmp_path), "A").axes(), axes)
