"""Cameras of a session placed by photographs of a board, against where they truly stand."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.spatial.transform import Rotation

from olat.api.camera_places import Placed, Standpoint, place_cameras
from olat.api.cameras import open_cameras
from olat.api.certification import Terms, certify
from olat.api.processing import process
from olat.errors import CalibrationError, SessionError, SolveError, UsageError
from olat.geometry.board import Board
from olat.geometry.placement import place_of
from olat.io.calibration_file import read_calibration, write_calibration
from olat.io.calibration_shelf import place_on_shelf
from olat.io.manifest import read_session
from olat.model.calibration import CalibrationHeader, LensCalibration
from olat.stages.calibrations import Calibrations
from tests.geometry.test_placement import looking_at
from tests.support.boards import centered, photograph

BOARD = Board(7, 4, 0.03)
SETTINGS = ["measure_lens.columns=7", "measure_lens.rows=4", "measure_lens.square=0.03"]
DAY = datetime.date(2026, 11, 23)
HEIGHT, WIDTH = 360, 480
MATRIX = np.array([[620.0, 0.0, 238.0], [0.0, 624.0, 182.0], [0.0, 0.0, 1.0]])
FRAMES = range(10, 18)


def stage() -> dict[str, LensCalibration]:
    """Return three cameras half a meter from the subject, in the world of the stage."""
    places = {"front": [0.0, 0.0, 0.6], "left": [-0.32, 0.1, 0.5], "right": [0.3, -0.06, 0.54]}
    return {
        name: looking_at(place, [0.0, 0.0, 0.0], matrix=MATRIX, height=HEIGHT, width=WIDTH)
        for name, place in places.items()
    }


def board_turns(rng: np.random.Generator, count: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return how a board is held around the origin, its axes to the world's."""
    facing = Rotation.from_euler("x", 180, degrees=True)  # its x to the right, its y down
    found = []
    for _ in range(count):
        turn = Rotation.from_rotvec(rng.uniform(-0.45, 0.45, 3)) * facing
        found.append((turn.as_matrix(), rng.uniform(-0.03, 0.03, 3)))
    return found


def photographed(
    folder: Path, cameras: dict[str, LensCalibration], frames: Iterable[int] = FRAMES
) -> Path:
    """Write a session in which each camera photographs the same boards at once, with noise."""
    rng = np.random.default_rng(5)
    frames = list(frames)
    for frame, (turn, middle) in zip(frames, board_turns(rng, len(frames)), strict=True):
        for name, lens in cameras.items():
            assert lens.rotation is not None
            assert lens.translation is not None
            rotation, center = lens.rotation @ turn, lens.rotation @ middle + lens.translation
            seen = photograph(BOARD, lens, *centered(BOARD, rotation, center), samples=2)
            seen = seen + rng.normal(0.0, 0.005, seen.shape)
            path = folder / "raw" / name / f"{frame:02d}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            assert cv2.imwrite(str(path), np.rint(np.clip(seen, 0, 1) * 65535).astype(np.uint16))
    tables = "".join(
        f'[camera.{name}]\nfiles = "raw/{name}/{{frame:02d}}.png"\nserial = "{name}-1"\n'
        for name in cameras
    )
    (folder / "session.toml").write_text(
        f'schema = 1\n[session]\nname = "boards"\ndate = {DAY}\n[rig]\nname = "dome"\ncount = 1\n'
        f'{tables}[sequence]\nboard = "{frames[0]}-{frames[-1]}"\n',
        encoding="utf-8",
    )
    return folder


def certified_lenses(shelf: Path, cameras: dict[str, LensCalibration]) -> None:
    """Put the true lenses on a shelf, without the places of their cameras."""
    for name, lens in cameras.items():
        bare = replace(lens, rotation=None, translation=None, residuals={"rms_px": 0.1})
        header = CalibrationHeader(
            "lens", name, "a test", "spring", serial=f"{name}-1", height=HEIGHT, width=WIDTH
        )
        header = replace(header, valid_from=DAY)
        write_calibration(place_on_shelf(shelf, "lens", name, DAY), header, bare)


@pytest.fixture(scope="module")
def boards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return photographed(tmp_path_factory.mktemp("boards"), stage())


@pytest.fixture
def session(boards: Path, tmp_path: Path) -> Path:
    """Return a session on the photographs, with certified lenses on a shelf of its own."""
    text = (boards / "session.toml").read_text("utf-8").replace('"raw/', f'"{boards}/raw/')
    folder = tmp_path / "session"
    folder.mkdir()
    (folder / "session.toml").write_text(text, encoding="utf-8")
    certified_lenses(folder / "calibration", stage())
    return folder


def off(found: LensCalibration, truth: LensCalibration) -> tuple[float, float]:
    """Return by how much a camera is turned [degree] and moved [mm]."""
    turn = Rotation.from_matrix(found.axes @ truth.axes.T).magnitude()
    return float(np.degrees(turn)), 1e3 * float(np.linalg.norm(place_of(found) - place_of(truth)))


def assert_placed(placed: Placed, *, degrees: float, millimeters: float) -> None:
    truth = stage()
    assert list(placed.cameras.lenses) == list(truth)
    for item in placed.certified:
        _, lens = read_calibration(item.document)
        assert isinstance(lens, LensCalibration)
        turn, shift = off(lens, truth[item.device])
        rms = lens.residuals["pose_rms_px"]
        print(f"{item.device}: {turn:.3f} degrees, {shift:.2f} mm off; corners {rms:.3f} px")
        assert turn < degrees
        assert shift < millimeters
        assert rms < 0.2


@pytest.mark.slow
def test_three_cameras_are_placed_by_photographs_of_a_board(session: Path) -> None:
    told: list[str] = []
    placed = place_cameras(
        session,
        Standpoint("front", distance=0.6),
        terms=Terms(by="Bo"),
        settings=SETTINGS,
        tell=told.append,
    )
    assert_placed(placed, degrees=0.1, millimeters=1.0)
    assert told[0] == "board: chessboard of 7 x 4 corners, squares of 0.03 m"
    assert told[1] == "camera 'front': the board is seen in 8 of 8 frames (10-17)"
    header, lens = read_calibration(placed.certified[1].document)
    assert (header.certified_by, header.serial) == ("Bo", "left-1")
    assert header.from_session == "spring; placed in boards"
    assert lens.residuals["pose_views"] == 8
    assert lens.residuals["rms_px"] == 0.1
    assert open_cameras(session).in_stage


@pytest.mark.slow
def test_the_origin_is_where_the_axes_meet(session: Path) -> None:
    placed = place_cameras(session, settings=SETTINGS)
    assert_placed(placed, degrees=0.2, millimeters=3.0)
    assert placed.cameras.notes == ()


@pytest.mark.slow
def test_placing_again_from_the_same_day_on_needs_force(session: Path) -> None:
    place_cameras(session, settings=SETTINGS)
    with pytest.raises(CalibrationError, match="'front' is placed from that day on already"):
        place_cameras(session, settings=SETTINGS)
    later = DAY + datetime.timedelta(days=1)
    place_cameras(session, terms=Terms(valid_from=later), settings=SETTINGS)
    assert place_cameras(session, terms=Terms(insist=True), settings=SETTINGS).certified


@pytest.mark.slow
def test_a_camera_that_was_moved_between_frames_is_refused(boards: Path, tmp_path: Path) -> None:
    moved = stage()
    moved["left"] = looking_at(
        [-0.3, 0.12, 0.5], [0.01, 0.0, 0.0], matrix=MATRIX, height=HEIGHT, width=WIDTH
    )
    folder = photographed(tmp_path, moved)
    for frame in (10, 11, 12, 13):
        name = f"raw/left/{frame}.png"
        (folder / name).write_bytes((boards / name).read_bytes())
    certified_lenses(folder / "calibration", stage())
    with pytest.raises(SolveError, match="camera 'left' was moved between frames 13 and 14"):
        place_cameras(folder, settings=SETTINGS)


def without_board_frames(session: Path, camera: str) -> None:
    """Say that the board frames of a camera were lost."""
    with (session / "session.toml").open("a", encoding="utf-8") as manifest:
        manifest.write(
            f'[[override]]\ncamera = "{camera}"\nframes = "10-17"\nskip = true\n'
            'reason = "covered"\n'
        )


@pytest.mark.slow
def test_a_first_camera_without_board_frames_defines_no_world(session: Path) -> None:
    without_board_frames(session, "front")
    with pytest.raises(UsageError, match=r"'front', the first .* or take .*--reference left"):
        place_cameras(session, settings=SETTINGS)
    placed = place_cameras(session, Standpoint("left"), settings=SETTINGS)
    assert list(placed.cameras.lenses) == ["left", "right"]
    (note,) = placed.cameras.notes
    assert "not placed, as it shares no board frame: camera 'front'" in note
    assert "Photograph a board that it sees with a camera that is placed" in note
    (told,) = [note for note in Calibrations(read_session(session)).notes() if "placed" in note]
    assert told.startswith("camera 'front': not placed, though 'left', 'right' are;")
    assert "beside 'left' that stands there" in told


@pytest.mark.slow
def test_cameras_that_are_all_placed_are_not_noted(session: Path) -> None:
    assert not [note for note in Calibrations(read_session(session)).notes() if "placed" in note]
    place_cameras(session, settings=SETTINGS)
    assert not [note for note in Calibrations(read_session(session)).notes() if "placed" in note]


def test_cameras_without_a_certified_lens_are_named(session: Path) -> None:
    for path in (session / "calibration" / "cameras" / "left").rglob("lens.toml"):
        path.unlink()
    with pytest.raises(CalibrationError, match=r"camera 'left' has no certified lens.*olat certi"):
        place_cameras(session, settings=SETTINGS)


def test_frames_that_no_two_cameras_share_are_refused(session: Path) -> None:
    manifest = session / "session.toml"
    text = manifest.read_text("utf-8")
    for name in ("left", "right"):
        table = text[text.index(f"[camera.{name}]") :].partition("\n[")[0] + "\n"
        text = text.replace(table, "")
    manifest.write_text(text, encoding="utf-8")
    with pytest.raises(SessionError, match="no board frame is of two cameras"):
        place_cameras(session, settings=SETTINGS)


@pytest.mark.slow
def test_a_board_that_is_not_there_is_refused(session: Path) -> None:
    with pytest.raises(SolveError, match="no camera sees the board, chessboard of 5 x 8 corners"):
        place_cameras(session, settings=["measure_lens.columns=5", "measure_lens.rows=8"])


def test_what_cannot_be_meant_is_refused(session: Path) -> None:
    with pytest.raises(UsageError, match="--reference back: no such camera sees the board"):
        place_cameras(session, Standpoint("back"), settings=SETTINGS)
    with pytest.raises(UsageError, match="6 x 4 inner corners is the same upside down"):
        place_cameras(session, settings=["measure_lens.columns=6", "measure_lens.rows=4"])


@pytest.mark.slow
def test_lenses_measured_and_places_found_on_the_same_boards(tmp_path: Path) -> None:
    folder = photographed(tmp_path, stage(), range(10, 22))
    summary = process(folder, pipeline="calibrate_camera", settings=SETTINGS, workers=0)
    assert not summary.failures
    certify(folder)
    placed = place_cameras(folder, Standpoint("front", distance=0.6))  # the board as it was told
    assert_placed(placed, degrees=0.5, millimeters=5.0)
    assert_allclose(placed.cameras.lenses["front"].axes, np.diag([1.0, -1.0, -1.0]), atol=1e-9)
