"""Cameras of other programs as certified lens calibrations."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from olat.api.cameras import OpenCameras
from olat.api.candidates import Candidate, picture_of
from olat.api.certification import Certified, Terms, admit
from olat.errors import CalibrationError, UsageError
from olat.io.calibration_file import edits, read_calibration
from olat.io.calibration_shelf import CALIBRATION_FOLDER
from olat.model.calibration import CalibrationHeader
from olat.model.session import Session


def certify_cameras(
    cameras: OpenCameras,
    *,
    terms: Terms,
    session: Session | None = None,
    folder: Path | None = None,
) -> list[Certified]:
    """Put cameras of a file on a shelf as lens calibrations.

    Parameters
    ----------
    cameras
        In the world of the stage. Those that were read from calibrations keep their headers:
        whose lens it is, what was measured when and by what.
    terms
        From when on they hold, and who says so.
    session
        Whose date, serial numbers and lenses go into the calibrations; none if unknown.
    folder
        Folder of calibrations; the session's own if none.

    Raises
    ------
    CalibrationError
        If the day is taken, or a calibration was changed by hand.
    UsageError
        If there is no day or no folder, or the world is not that of the stage.
    """
    if not cameras.in_stage:
        raise UsageError(
            f"{cameras.source}: none of {', '.join(cameras.lenses)} stands on +z and looks along "
            "-z, so the file has another world than the lights. Say which camera defines the "
            "world: --reference CAMERA."
        )
    day = terms.valid_from or (None if session is None else session.date)
    if day is None:
        other = "" if cameras.documents else ", or --session with a session that has a date"
        raise UsageError(
            f"{cameras.source}: it is not known from when on these cameras hold. Say --valid-from "
            f"YYYY-MM-DD{other}."
        )
    if folder is None:
        if session is None:
            raise UsageError(
                f"{cameras.source}: calibrations need a folder. Name it with -o DIR, or the "
                "session that they are for with --session SESSION."
            )
        folder = session.folder / CALIBRATION_FOLDER
    return admit(_candidates(cameras, session), folder, day, terms)


def _candidates(cameras: OpenCameras, session: Session | None) -> list[Candidate]:
    """Return the cameras as calibrations that may be admitted."""
    known = {} if session is None else {camera.name: camera for camera in session.cameras}
    candidates = []
    for name, lens in cameras.lenses.items():
        if name in cameras.documents:
            candidates.append(_kept(name, cameras.documents[name]))
            continue
        header = CalibrationHeader(
            "lens",
            name,
            made_by=f"olat {version('olat')}",
            from_session=cameras.source,
            captured=None if session is None else session.date,
            serial=known[name].serial if name in known else "",
            lens=known[name].lens if name in known else "",
            height=lens.height,
            width=lens.width,
        )
        candidates.append(Candidate(name, Path(cameras.source), header, lens))
    return candidates


def _kept(name: str, document: Path) -> Candidate:
    """Return a calibration as it is, with its header and picture."""
    if edited := edits(document):
        told = ", ".join(f"[{table}]" for table in edited)
        told += " was" if len(edited) == 1 else " were"
        raise CalibrationError(
            f"{document}: {told} changed by hand after it was measured; needed is what was "
            "measured, since a new file would not show the change. Copy the file instead, or "
            "measure the lens again."
        )
    return Candidate(name, document, *read_calibration(document), picture_of(document))
