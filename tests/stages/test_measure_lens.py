"""A camera's lens from its board frames."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.errors import SolveError
from olat.geometry.board import Board
from olat.io.photograph import read_photograph
from olat.model.condition import Target
from olat.model.image import Frames, RadianceImage
from olat.model.session import Camera, Frame
from olat.stages.measure_lens import MeasureLens
from tests.support.boards import centered, photograph, poses
from tests.support.lenses import lens_of

LENS = lens_of("barrel").at(360, 480)
BOARD = Board(7, 4, 0.03)
STAGE = MeasureLens(columns=7, rows=4, square=0.03)
CAMERA = Camera("A")
SRGB = Camera("A", encoding="srgb")


def image_of(radiance):
    return RadianceImage(radiance, np.zeros(radiance.shape[:2], np.uint8))


def frames_of(images):
    shots = {
        index: Frame("A", index, Target("board", pose=index), Path(f"{index}.png"))
        for index in images
    }
    return Frames(shots, lambda frame: images[frame.index])


def views(rng, count, board=BOARD, **options):
    shown = [centered(board, *pose) for pose in poses(rng, count, distance=0.35, **options)]
    return {10 + n: image_of(photograph(board, LENS, *pose)) for n, pose in enumerate(shown)}


def empty():
    return image_of(np.full((360, 480, 3), 0.3, np.float32))


@pytest.fixture(scope="module")
def shots():
    return views(np.random.default_rng(7), 8)


def test_a_photographed_lens_is_measured(shots, caplog):
    lens = STAGE.run(frames_of(shots), CAMERA)
    print(f"synthetic board: {dict(lens.residuals)}")
    assert_allclose(lens.matrix[0, 0], LENS.matrix[0, 0], rtol=0.003)
    assert_allclose(lens.matrix[:2, 2], LENS.matrix[:2, 2], rtol=0, atol=1.5)
    assert_allclose(lens.distortion[0], -0.28, rtol=0, atol=0.02)
    assert lens.residuals["rms_px"] < 0.1
    assert lens.residuals["views"] == 8
    assert (lens.height, lens.width) == (360, 480)
    assert lens.rotation is None
    assert "fit no lens" not in caplog.text


def test_a_charuco_board_may_be_cut_off(rng):
    board = replace(BOARD, kind="charuco")
    stage = STAGE.model_copy(update={"board": "charuco"})
    lens = stage.run(frames_of(views(rng, 8, board)), CAMERA)
    assert_allclose(lens.matrix[0, 0], LENS.matrix[0, 0], rtol=0.01)
    assert_allclose(lens.distortion[0], -0.28, rtol=0, atol=0.05)


def test_frames_without_a_board_are_named_and_left_out(shots, caplog):
    lens = STAGE.run(frames_of({**shots, 5: empty(), 6: empty(), 30: empty()}), CAMERA)
    assert lens.residuals["views"] == 8
    assert "No whole board was found in frames 5,6,30: not used." in caplog.text


def test_too_few_boards_are_refused_by_frame(shots):
    few = {10: shots[10], 11: shots[11], 12: empty(), 14: empty()}
    with pytest.raises(SolveError) as refusal:
        STAGE.run(frames_of(few), CAMERA)
    told = str(refusal.value)
    assert "measure_lens: camera 'A': a chessboard with 7 x 4 inner corners was found in" in told
    assert "2 of 4 photographs, not in frames 12,14; at least 3 views" in told


@pytest.mark.slow
def test_squares_counted_for_corners_are_told(shots):
    with pytest.raises(SolveError, match="Frame 10 shows one with 7 x 4: count the corners inside"):
        MeasureLens(columns=8, rows=5).run(frames_of(shots), CAMERA)


def test_no_board_at_all_is_refused():
    with pytest.raises(SolveError, match=r"found in 0 of 2 photographs, not in frames 1,2"):
        STAGE.run(frames_of({1: empty(), 2: empty()}), CAMERA)


@pytest.mark.slow
@pytest.mark.parametrize(("columns", "rows"), [(9, 6), (8, 6)])
def test_a_part_of_a_larger_board_is_told(
    shared_data: Path, caplog, columns: int, rows: int
) -> None:
    files = [shared_data / "lens" / f"left0{n}.jpg" for n in range(1, 7)]
    images = {n: RadianceImage(*radiance_of(read_photograph(p), SRGB)) for n, p in enumerate(files)}
    MeasureLens(columns=columns, rows=rows).run(frames_of(images), CAMERA)
    told = "The board seems to have 9 x 6 corners inside; 8 x 6 of them were used"
    assert (told in caplog.text) == (columns == 8)
    assert ("seems to have" in caplog.text) == (columns == 8)


def test_millimeters_given_for_meters_are_told(shots, caplog):
    lens = MeasureLens(columns=7, rows=4, square=30).run(frames_of(shots), CAMERA)
    assert "square = 30: the squares of the board are said to be 30 m wide" in caplog.text
    assert "seems to have" not in caplog.text
    assert_allclose(lens.matrix[0, 0], LENS.matrix[0, 0], rtol=0.003)


def test_mixed_sizes_are_refused(shots):
    small = image_of(np.ones((180, 240, 3), np.float32))
    with pytest.raises(SolveError, match="480 x 360 px in frame 10, 240 x 180 px in frame 40"):
        STAGE.run(frames_of({**shots, 40: small}), CAMERA)


def test_boards_held_straight_are_refused(rng):
    with pytest.raises(SolveError, match="from nearly one direction"):
        STAGE.run(frames_of(views(rng, 4, tilt_deg=0.0)), CAMERA)


def test_a_small_board_in_the_middle_is_noted(rng, caplog):
    turned = [centered(BOARD, turn, [0.0, 0.0, 0.6]) for turn, _ in poses(rng, 6, distance=1.0)]
    far = {n: image_of(photograph(BOARD, LENS, *pose)) for n, pose in enumerate(turned)}
    STAGE.run(frames_of(far), CAMERA)
    assert "The boards cover" in caplog.text


@pytest.mark.slow
def test_thirteen_real_photographs_through_develop(shared_data: Path, caplog) -> None:
    camera = Camera("A", encoding="srgb")
    files = sorted((shared_data / "lens").glob("left*.jpg"))
    shots = {
        int(path.stem[4:]): Frame("A", int(path.stem[4:]), Target("board"), path) for path in files
    }

    def developed(frame: Frame) -> RadianceImage:
        photo = read_photograph(frame.path)
        return RadianceImage(*radiance_of(photo, camera))

    lens = MeasureLens().run(Frames(shots, developed), camera)
    told = {name: round(value, 3) for name, value in lens.residuals.items()}
    print(f"lens/ as sRGB photographs: {told}, k1 = {lens.distortion[0]:.3f}")
    assert lens.residuals["views"] == 13
    assert lens.residuals["rms_px"] <= 0.25
    assert -0.31 < lens.distortion[0] < -0.26
    assert not caplog.records


def radiance_of(photo, camera):
    from olat.sensor.develop import radiance_from_picture

    return radiance_from_picture(photo, encoding=camera.encoding)


def test_the_corners_that_were_used_are_kept_for_people_to_see(shots):
    lens = STAGE.run(frames_of(shots), CAMERA)
    assert [view.frame for view in lens.evidence] == list(shots)
    misses = np.concatenate([view.misses for view in lens.evidence])
    rms = np.sqrt(np.mean(np.sum(misses**2, axis=1)))
    assert_allclose(rms, lens.residuals["rms_px"], rtol=1e-3)
