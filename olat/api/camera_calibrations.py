"""Cameras of other programs as certified lens calibrations."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from olat.api.cameras import OpenCameras
from olat.api.candidates import Candidate
from olat.api.certification import Certified, Terms, admit
from olat.errors import UsageError
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
        In the world of the stage.
    terms
        From when on they hold, and who says so.
    session
        Whose date, serial numbers and lenses go into the calibrations; none if unknown.
    folder
        Folder of calibrations; the session's own if none.

    Raises
    ------
    CalibrationError
        If the day is taken.
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
        raise UsageError(
            f"{cameras.source}: it is not known from when on these cameras hold. Say --valid-from "
            "YYYY-MM-DD, or --session with a session that has a date."
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
