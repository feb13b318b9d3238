from __future__ import annotations

import datetime
import time
from pathlib import Path

import numpy as np
import pytest

from olat.errors import FileError
from olat.io.manifest import read_session
from olat.io.raw import read_raw
from olat.model.condition import ColorGradient, Dark, Olat, Target, Tracking, is_under
from olat.synthetic.capture import photograph
from olat.synthetic.chart import board_corners
from olat.synthetic.session import write_session
from olat.synthetic.stage import SyntheticStage
from olat.synthetic.studio import CAMERA_FROM_REC709, LED_MATRIX, Imperfections
from olat.synthetic.truth import RECTIFIED_FILE, read_truth
from olat.synthetic.truth_calibration import calibration_truth_of, read_calibration_truth
from tests.support.sessions import studio

SMALL = studio(size=64, lights=12, targets={"parts": 1, "highlight_px": 1.0})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("studio")
    write_session(folder, SMALL)
    return folder


def test_the_manifest_tells_every_target(folder: Path) -> None:
    session = read_session(folder)
    frames = session.frames_of("A")
    assert [frames[i].condition for i in sorted(frames)] == list(SMALL.conditions)
    assert (session.camera("A").serial, session.date) == ("OLAT-0001", datetime.date(2026, 11, 23))
    for frame, shot in enumerate(SMALL.shots):
        assert frames[frame].exposure_s == pytest.approx(shot.exposure / 60.0, rel=1e-4)


def test_the_studio_has_every_target_often_enough() -> None:
    conditions = SyntheticStage.preset("studio").conditions
    counts = {
        kind: sum(is_under(what, Target(kind)) for what in conditions)
        for kind in ("mirror_ball", "gray_ball", "flat", "chart", "board", "led_red")
    }
    assert counts == {
        **{"mirror_ball": 61, "gray_ball": 61, "flat": 22, "chart": 1, "board": 12, "led_red": 1}
    }
    assert sum(isinstance(what, Dark) for what in conditions) == 16


def test_the_subject_moves_in_the_studio_as_in_the_demo() -> None:
    demo, full = SyntheticStage.preset("demo"), SyntheticStage.preset("studio")
    assert demo.conditions[:75] == full.conditions[:75]
    assert [demo.pose(i) for i in range(75)] == [full.pose(i) for i in range(75)]
    assert demo.reference == full.reference


def test_no_frame_of_the_studio_clips_but_where_sites_are_lost() -> None:
    stage = studio(size=96)
    assert stage.sensor.flaws is not None
    sound = stage.sensor.flaws.hot_dn == 0.0
    sound &= ~stage.sensor.flaws.lost
    for frame, condition in enumerate(stage.conditions):
        if not isinstance(condition, Olat):
            assert photograph(stage, frame).counts[sound].max() < 0.98 * 16383, condition


def test_the_light_file_of_the_studio_is_the_plan(folder: Path) -> None:
    told, truth = read_session(folder).rig, read_calibration_truth(folder).rig.rig
    off = np.degrees(np.arccos((told.directions * truth.directions).sum(axis=1)))
    assert 0.5 < off.mean() < 1.6
    assert (told.intensities == 1.0).all()
    assert truth.intensities.std() > 0.02


def test_the_number_of_lights_may_be_all_that_is_told(tmp_path: Path) -> None:
    write_session(tmp_path, studio(size=32, lights=4, light_file="none", targets={"parts": 1}))
    session = read_session(tmp_path)
    assert not (tmp_path / "lights.csv").exists()
    assert not session.rig.is_located
    assert len(session.rig) == 4


def test_the_truth_about_calibrations_comes_back(folder: Path) -> None:
    truth = read_calibration_truth(folder)
    assert truth.stage == SMALL
    np.testing.assert_allclose(truth.color.matrix @ CAMERA_FROM_REC709, np.eye(3), atol=1e-12)
    assert truth.color.led_matrix is not None
    np.testing.assert_array_equal(truth.color.led_matrix, LED_MATRIX)
    np.testing.assert_array_equal(truth.lens.distortion, [-0.8, 0.0, 0.0, 0.0])
    assert truth.sensor.dark.shape == truth.sensor.flat.shape == (64, 64, 1)
    assert truth.sensor.dn_per_electron == pytest.approx(15871 / 15000, rel=1e-3)
    assert truth.board_corners.shape == (12, 54, 2)
    with np.load(folder / "truth" / "calibration.npz") as stored:
        np.testing.assert_array_equal(stored["dark"], truth.sensor.dark)
        np.testing.assert_array_equal(stored["light_directions"], SMALL.rig.directions)


def test_the_matrices_keep_white() -> None:
    for matrix in (CAMERA_FROM_REC709, LED_MATRIX, Imperfections().bands_from_rec709):
        np.testing.assert_allclose(matrix.sum(axis=1), 1.0, rtol=0, atol=1e-12)
    own = Imperfections(camera_colors=True, led_colors=True)
    # No surface returns less than nothing of a primary.
    assert own.bands_from_rec709.min() >= -1e-12


def test_dark_frames_average_to_the_true_dark(folder: Path) -> None:
    session, truth = read_session(folder), read_calibration_truth(folder)
    paths = [f.path for f in session.frames_of("A").values() if isinstance(f.condition, Dark)]
    mean = np.mean([read_raw(path).counts for path in paths], axis=0)
    off = (mean - truth.sensor.dark[..., 0])[truth.sensor.dark[..., 0] < 600.0]
    # Sixteen frames of read noise.
    assert off.std() == pytest.approx(3.2 / 4.0, rel=0.1)
    assert abs(off.mean()) < 0.05


def test_the_corners_of_the_board_follow_the_lens_that_is_told() -> None:
    truth = calibration_truth_of(studio())
    assert truth.lens.rotation is not None
    assert truth.lens.translation is not None
    places = board_corners()
    flat = np.stack([*places, np.zeros(54)])
    seen = truth.lens.rotation @ flat + truth.lens.translation[:, None]
    slopes = seen[:2] / seen[2]
    square = (slopes**2).sum(axis=0)
    bent = truth.lens.matrix[:2, :2] @ (slopes * (1 - 0.8 * square)) + truth.lens.matrix[:2, 2:]
    # The first view nearly faces the camera in the middle of the picture.
    off = np.linalg.norm(bent.T - truth.board_corners[0], axis=1)
    assert off.max() < 5.0
    assert np.linalg.norm(truth.board_corners[0].mean(axis=0) - 191.5) < 1.0


def test_the_rectified_truth_shows_the_subject_without_the_lens(folder: Path) -> None:
    bent, straight = read_truth(folder), read_truth(folder, file=RECTIFIED_FILE)
    assert bent.stage.rectified == straight.stage
    assert not straight.stage.imperfections.distortion
    for truth in (bent, straight):
        rows, columns = np.nonzero(truth.mask)
        seen = truth.stage.camera.project(truth.positions[truth.mask].T.astype(float))
        np.testing.assert_allclose(seen, [columns, rows], rtol=0, atol=1e-4)  # single precision


def test_a_folder_without_truth_about_calibrations_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="olat demo"):
        read_calibration_truth(tmp_path)


def test_a_bracket_takes_each_frame_of_the_subject_four_times_longer_again() -> None:
    stage, plain = SyntheticStage(lights=12, bracket=3), SyntheticStage(lights=12)
    first = [shot for shot in stage.shots if not isinstance(shot.condition, Target | Dark)]
    assert [shot.exposure for shot in first[:6]] == [1.0, 4.0, 16.0] * 2
    assert [shot.condition for shot in first[::3]] == [
        what for what in plain.conditions if isinstance(what, Olat | Tracking | ColorGradient)
    ]
    assert stage.shots[stage.reference].exposure == 1.0
    short, long = (photograph(stage, stage.conditions.index(Olat(3)) + k).counts for k in (0, 1))
    mask = (long < 16000) & (long > 4000)
    ratio = (long[mask] - 512.5) / (short[mask] - 512.5)
    assert np.median(ratio) == pytest.approx(4.0, rel=0.02)


def test_the_manifest_tells_brackets(tmp_path: Path) -> None:
    stage = SyntheticStage(size=32, lights=6, bracket=3, tracking_every=3)
    write_session(tmp_path, stage)
    frames = read_session(tmp_path).frames_of("A")
    assert [frames[i].condition for i in sorted(frames)] == list(stage.conditions)
    for frame, shot in enumerate(stage.shots):
        told = frames[frame]
        if isinstance(shot.condition, Target | Dark):
            assert not told.bracket
        else:
            assert len(told.bracket) == 3
            assert told.leads == (shot.exposure == 1.0)
            level = stage.drive(shot.condition) * shot.exposure
            assert told.gain * level == pytest.approx(1.0, rel=1e-4)


@pytest.mark.slow
@pytest.mark.alone
def test_the_whole_studio_is_simulated_in_a_quarter_of_a_minute(tmp_path: Path) -> None:
    stage = SyntheticStage.preset("studio")
    start = time.process_time()
    write_session(tmp_path, stage)
    spent = time.process_time() - start
    print(f"{len(stage.shots)} frames in {spent:.1f} s of processor time")
    # On two cores this is half as long; other work on the machine does not count.
    assert spent < 30.0
