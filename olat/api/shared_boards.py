"""Views of a board that several cameras of a session have at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from olat.engine.capture import Unit
from olat.engine.pipeline import load_pipeline
from olat.engine.store import Store
from olat.errors import SessionError, SolveError, UsageError
from olat.geometry.board import Board, BoardView, find_board
from olat.geometry.board_poses import require_oriented
from olat.io.frame_expression import format_frames
from olat.io.photograph import read_photograph
from olat.model.calibration import LensCalibration
from olat.model.condition import Target
from olat.model.session import Session
from olat.model.shapes import Radiance
from olat.stages import STAGES
from olat.stages.capture import GIVEN
from olat.stages.develop import Develop
from olat.stages.measure_lens import MeasureLens
from olat.stages.products import codecs

PIPELINE = "calibrate_camera"
"""Measures lenses, and is told what the board is."""

Views: TypeAlias = dict[str, dict[int, BoardView]]
"""Corners by camera and frame."""


def board_frames(session: Session) -> dict[str, list[int]]:
    """Return the board frames that several cameras have, by camera.

    Raises
    ------
    SessionError
        If there are none.
    """
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


def board_of(session: Session, settings: Sequence[str]) -> Board:
    """Return the board that the lenses were measured with on this session, or that is said.

    Raises
    ------
    UsageError
        If there is no such board, or it looks the same upside down.
    """
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


def shared_views(
    session: Session,
    frames: dict[str, list[int]],
    board: Board,
    lenses: Mapping[str, LensCalibration],
    tell: Callable[[str], object],
) -> tuple[Views, dict[str, LensCalibration]]:
    """Return the corners that two cameras or more see at once, and lenses of that size.

    Raises
    ------
    SolveError
        If no camera sees the board.
    """
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
        known[name] = replace(lenses[name].at(*radiance.shape[:2]), residuals={})
        views[name] = found
        seen = f" ({format_frames(found)})" if found else ""
        tell(f"camera {name!r}: the board is seen in {len(found)} of {len(wanted)} frames{seen}")
    everything = [index for found in views.values() for index in found]
    if not everything:
        raise SolveError(
            f"{session.folder}: no camera sees the board, {words_of(board)}; needed are views that "
            "two share. Say what the board is: --set measure_lens.columns=N, rows, square, board."
        )
    shared = {
        name: {index: view for index, view in found.items() if everything.count(index) > 1}
        for name, found in views.items()
    }
    return shared, known


def words_of(board: Board) -> str:
    """Say what a board is."""
    return f"{board.kind} of {board.columns} x {board.rows} corners, squares of {board.square:g} m"


def _radiance(session: Session, camera: str, index: int) -> Radiance:
    """Return a photograph as measure_lens sees it, its sensor aside."""
    frame = session.frames_of(camera)[index]
    photo = read_photograph(frame.path)
    return Develop().run(photo, frame, session.camera(camera), None, None).radiance
