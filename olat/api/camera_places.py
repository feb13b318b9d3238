"""Where the cameras of a session stand, by a board that several of them see at once."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from olat.api.cameras import OpenCameras
from olat.api.candidates import Candidate, picture_of
from olat.api.certification import Certified, Terms, admit
from olat.engine.capture import Unit
from olat.engine.pipeline import load_pipeline
from olat.engine.store import Store
from olat.errors import CalibrationError, SessionError, SolveError, UsageError
from olat.geometry.board import Board, BoardView, find_board
from olat.geometry.board_agreement import agreeing_views
from olat.geometry.board_poses import poses_from_boards, require_oriented
from olat.geometry.placement import in_reference_frame
from olat.io.calibration_file import read_calibration
from olat.io.calibration_shelf import CALIBRATION_FOLDER, place_on_shelf
from olat.io.frame_expression import format_frames
from olat.io.manifest import read_session
from olat.io.photograph import read_photograph
from olat.model.calibration import LensCalibration
from olat.model.condition import Target
from olat.model.session import Session
from olat.model.shapes import Radiance
from olat.stages import STAGES
from olat.stages.calibrations import Calibrations
from olat.stages.capture import GIVEN
from olat.stages.develop import Develop
from olat.stages.measure_lens import MeasureLens
from olat.stages.products import codecs

PIPELINE = "calibrate_camera"
FEW = 3
"""Shared views below which a pose hangs on single pictures."""

Views: TypeAlias = dict[str, dict[int, BoardView]]
"""Corners by camera and frame."""


@dataclass(frozen=True)
class Standpoint:
    """Which camera defines the world, and where the subject is in it."""

    reference: str | None = None
    """It stands on +z and looks along -z; the first of the session if none."""
    distance: float | None = None
    """From it to the subject [m]; none for where the axes of all cameras meet best."""


@dataclass(frozen=True)
class Placed:
    """Cameras that were placed."""

    cameras: OpenCameras
    certified: list[Certified]


def place_cameras(
    session: Path | str,
    standpoint: Standpoint = Standpoint(),
    *,
    terms: Terms | None = None,
    settings: Sequence[str] = (),
    calibration: Sequence[Path] = (),
    folder: Path | None = None,
    tell: Callable[[str], object] = str,
) -> Placed:
    """Find where cameras stand, and add it to their certified lenses.

    Parameters
    ----------
    session
        With board frames of two cameras or more; frames of equal number were taken at once.
    standpoint
        The world that the cameras are placed in.
    terms
        From when on the places hold, and who says so.
    settings
        ``measure_lens.parameter=value``: what the board is, over what `measure_lens` was run with.
    calibration
        Folders of certified calibrations, searched after the session's own.
    folder
        Folder of calibrations that the result goes to; the session's own if none.
    tell
        Told in which frames each camera sees the board; nobody if left out.

    Raises
    ------
    CalibrationError
        If a camera has no certified lens, a residual is above its limit, or the day is taken.
    SessionError
        If no frames show the board to two cameras.
    SolveError
        If the boards do not tell where the cameras stand.
    UsageError
        If something is said that cannot be meant.
    """
    captured, terms = read_session(Path(session)), terms or Terms()
    day = terms.valid_from or captured.date
    if day is None:
        raise UsageError(
            f"{captured.folder}: the session has no date, so it is not known from when on its "
            "cameras stand there. Say --valid-from YYYY-MM-DD, or date under [session]."
        )
    frames = _board_frames(captured)
    reference = standpoint.reference or next(iter(frames))
    if reference not in frames:
        raise UsageError(
            f"--reference {reference}: no such camera sees the board; these share frames of it: "
            f"{', '.join(frames)}."
        )
    shelf = folder or captured.folder / CALIBRATION_FOLDER
    lenses = _lenses(captured, calibration, [*frames])
    for candidate in lenses.values() if not terms.insist else ():
        _check_unplaced(candidate, shelf, day)
    board = _board(captured, settings)
    tell(f"board: {_words(board)}")
    views, known = _views(captured, frames, board, lenses, tell)
    try:
        agreeing, left_out = agreeing_views(views, known, board, reference=reference)
        poses = poses_from_boards(agreeing, known, board, reference=reference)
        stage = in_reference_frame(poses, reference, distance=standpoint.distance)
    except ValueError as error:
        raise SolveError(f"{captured.folder}: {error}") from error
    stage = {name: stage[name] for name in frames}
    placed = {name: _placed(lenses[name], stage[name], captured) for name in stage}
    certified = admit([*placed.values()], shelf, day, terms)
    return Placed(
        OpenCameras(stage, captured.name, True, _notes(captured, stage, left_out)), certified
    )


def _board_frames(session: Session) -> dict[str, list[int]]:
    """Return the board frames that several cameras have, by camera."""
    seen = {
        camera.name: {
            index
            for index, frame in session.frames_of(camera.name).items()
            if isinstance(frame.condition, Target) and frame.condition.kind == "board"
        }
        for camera in session.cameras
    }
    everything = [index for frames in seen.values() for index in frames]
    shared = {
        name: sorted(index for index in frames if everything.count(index) > 1)
        for name, frames in seen.items()
    }
    if not any(shared.values()):
        raise SessionError(
            f"{session.folder}: no board frame is of two cameras; needed are frames of equal "
            "number, taken at once. Say board under [sequence], or number them alike in a table."
        )
    return {name: frames for name, frames in shared.items() if frames}


def _lenses(
    session: Session, folders: Sequence[Path], cameras: Sequence[str]
) -> dict[str, Candidate]:
    """Return the certified lenses of cameras."""
    shelf = Calibrations(session, folders)
    found = {}
    for name in cameras:
        document = shelf.document("lens", name)
        if document is None:
            raise CalibrationError(
                f"{session.folder}: camera {name!r} has no certified lens; its place is found by "
                f"it. Run olat process {session.folder} --pipeline {PIPELINE}, then olat certify."
            )
        known = read_calibration(document)
        found[name] = Candidate(name, document, *known, picture_of(document))
    return found


def _lens(candidate: Candidate) -> LensCalibration:
    if not isinstance(candidate.calibration, LensCalibration):
        raise CalibrationError(f"{candidate.path}: it is not a lens calibration; one is needed.")
    return candidate.calibration


def _check_unplaced(candidate: Candidate, shelf: Path, day: datetime.date) -> None:
    """Refuse to place a camera again from the same day on."""
    taken = place_on_shelf(shelf, "lens", candidate.camera, day)
    if taken == candidate.path and _lens(candidate).rotation is not None:
        raise CalibrationError(
            f"{taken}: camera {candidate.camera!r} is placed from that day on already. Give "
            "another --valid-from, or replace it with --force."
        )


def _board(session: Session, settings: Sequence[str]) -> Board:
    """Return the board that the lenses were measured with on this session, or that is said."""
    definition = load_pipeline(PIPELINE, catalog=STAGES, given=GIVEN)
    store = Store(session.folder / definition.folder, codecs(session))
    receipts = [store.receipt("lens", Unit(camera.name)) for camera in session.cameras]
    used = next((receipt.parameters for receipt in receipts if receipt is not None), {})
    told = [f"measure_lens.{name}={json.dumps(value)}" for name, value in used.items()]
    definition = load_pipeline(PIPELINE, catalog=STAGES, given=GIVEN, settings=[*told, *settings])
    stage = next(stage for stage in definition.stages if isinstance(stage, MeasureLens))
    try:
        board = stage.pattern()
        require_oriented(board)
    except ValueError as error:
        raise UsageError(f"measure_lens, --set: {error}") from error
    return board


def _views(
    session: Session,
    frames: dict[str, list[int]],
    board: Board,
    lenses: dict[str, Candidate],
    tell: Callable[[str], object],
) -> tuple[Views, dict[str, LensCalibration]]:
    """Return the corners that two cameras or more see at once, and lenses of that size."""
    views: Views = {}
    known = {}
    for name, wanted in frames.items():
        found = {}
        for index in wanted:
            radiance = _radiance(session, name, index)
            view = find_board(radiance, board)
            if view is not None:
                found[index] = view
        # Lenses measured on half the size fit whole photographs as well.
        known[name] = replace(_lens(lenses[name]).at(*radiance.shape[:2]), residuals={})
        views[name] = found
        seen = f" ({format_frames(found)})" if found else ""
        tell(f"camera {name!r}: the board is seen in {len(found)} of {len(wanted)} frames{seen}")
    everything = [index for found in views.values() for index in found]
    if not everything:
        raise SolveError(
            f"{session.folder}: no camera sees the board, {_words(board)}; needed are views that "
            "two share. Say what the board is: --set measure_lens.columns=N, rows, square, board."
        )
    shared = {
        name: {index: view for index, view in found.items() if everything.count(index) > 1}
        for name, found in views.items()
    }
    return shared, known


def _words(board: Board) -> str:
    return f"{board.kind} of {board.columns} x {board.rows} corners, squares of {board.square:g} m"


def _radiance(session: Session, camera: str, index: int) -> Radiance:
    """Return a photograph as measure_lens sees it, its sensor aside."""
    frame = session.frames_of(camera)[index]
    photo = read_photograph(frame.path)
    return Develop().run(photo, frame, session.camera(camera), None, None).radiance


def _placed(candidate: Candidate, stage: LensCalibration, session: Session) -> Candidate:
    """Return a certified lens with the place of its camera."""
    lens = _lens(candidate)
    told = {**lens.residuals, **stage.residuals}
    lens = replace(lens, rotation=stage.rotation, translation=stage.translation, residuals=told)
    source = f"{candidate.header.from_session.partition('; ')[0]}; placed in {session.name}"
    header = replace(candidate.header, from_session=source)
    return replace(candidate, header=header, calibration=lens)


def _notes(
    session: Session,
    placed: dict[str, LensCalibration],
    left_out: dict[str, tuple[int, ...]],
) -> tuple[str, ...]:
    """Say which views were left out, which cameras hang on few, and which have none."""
    few = {name: int(lens.residuals["pose_views"]) for name, lens in placed.items()}
    notes = [
        f"camera {name!r} shares {count} view{'s' if count > 1 else ''} of the board with others; "
        f"{FEW} or more make its place sure."
        for name, count in few.items()
        if count < FEW
    ]
    notes += [
        f"camera {name!r}: its views of the board in frames {format_frames(frames)} fit no place "
        "that fits the others: left out. Look whether the board was found rightly."
        for name, frames in left_out.items()
    ]
    bare = [repr(camera.name) for camera in session.cameras if camera.name not in placed]
    if bare:
        notes.append(f"not placed, as it shares no board frame: camera {', '.join(bare)}.")
    return tuple(notes)
