"""Where the cameras of a session stand, by a board that several of them see at once."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from olat.api.cameras import OpenCameras
from olat.api.candidates import Candidate, picture_of
from olat.api.certification import Certified, Terms, admit
from olat.api.shared_boards import PIPELINE, board_frames, board_of, shared_views, words_of
from olat.errors import CalibrationError, SolveError, UsageError
from olat.geometry.board_agreement import agreeing_views
from olat.geometry.board_poses import poses_from_boards
from olat.geometry.placement import in_reference_frame
from olat.io.calibration_file import read_calibration
from olat.io.calibration_shelf import CALIBRATION_FOLDER, place_on_shelf
from olat.io.frame_expression import format_frames
from olat.io.manifest import read_session
from olat.model.calibration import LensCalibration
from olat.model.session import Session
from olat.stages.calibrations import Calibrations

FEW = 3
"""Shared views below which a pose hangs on single pictures."""


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
    frames = board_frames(captured)
    reference = _reference(captured, standpoint, [*frames])
    shelf = folder or captured.folder / CALIBRATION_FOLDER
    lenses = _lenses(captured, calibration, [*frames])
    for candidate in lenses.values() if not terms.insist else ():
        _check_unplaced(candidate, shelf, day)
    board = board_of(captured, settings)
    tell(f"board: {words_of(board)}")
    views, known = shared_views(
        captured, frames, board, {name: _lens(lens) for name, lens in lenses.items()}, tell
    )
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


def _reference(session: Session, standpoint: Standpoint, seeing: Sequence[str]) -> str:
    """Return the camera that defines the world, which must be placed itself."""
    first, these = session.cameras[0].name, f"these share frames of it: {', '.join(seeing)}."
    reference = standpoint.reference or first
    if reference in seeing:
        return reference
    if standpoint.reference is not None:
        raise UsageError(f"--reference {reference}: no such camera sees the board; {these}")
    raise UsageError(
        f"{session.folder}: camera {first!r}, the first of the session, defines the world if none "
        f"is named, but shares no frame of the board; {these} Photograph a board that {first!r} "
        f"sees with one of them, or take another world: --reference {seeing[0]}."
    )


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
        notes.append(
            f"not placed, as it shares no board frame: camera {', '.join(bare)}. What is certified "
            "for it is left as it is, and without a place a camera counts as the reference, on +z. "
            "Photograph a board that it sees with a camera that is placed, and place all again; "
            "or process a session without it."
        )
    return tuple(notes)
