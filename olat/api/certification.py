"""Admit calibrations that a pipeline has measured: look at how well they fit, then shelve them."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from olat.engine.capture import Unit
from olat.engine.pipeline import load_pipeline
from olat.engine.store import Store
from olat.errors import CalibrationError, UsageError
from olat.io.calibration_file import read_calibration, write_calibration
from olat.io.calibration_shelf import CALIBRATION_FOLDER, place_on_shelf
from olat.io.manifest import read_session
from olat.model.calibration import Calibration, CalibrationHeader, RigCalibration
from olat.model.session import Session
from olat.stages import STAGES
from olat.stages.calibrations import CANDIDATES
from olat.stages.capture import GIVEN
from olat.stages.products import codecs

PIPELINES = ("calibrate_camera", "calibrate_rig")
"""Definitions that measure."""
LIMITS = {
    "linearity_percent": 2.0,
    "gain_fit_percent": 10.0,
    "mean_delta_e_2000": 4.0,
    "rms_px": 1.0,
    "mean_residual_deg": 3.0,
}
"""Residuals above which a calibration is not admitted unless somebody insists."""


@dataclass(frozen=True)
class Certified:
    """A calibration on the shelf."""

    kind: str
    device: str
    document: Path
    residuals: dict[str, float]


@dataclass(frozen=True)
class Terms:
    """On what terms calibrations are admitted."""

    valid_from: datetime.date | None = None
    """First day on which they hold; the day of the capture if none."""
    by: str = ""
    """Who admits them."""
    note: str = ""
    """What should be known about them."""
    insist: bool = False
    """Admit what fits badly too, and replace what is certified from that day on."""


def certify(
    session: Path | str,
    *,
    terms: Terms = Terms(),
    folder: Path | None = None,
    camera: str | None = None,
    only: Sequence[str] = (),
) -> list[Certified]:
    """Copy measured calibrations to where `olat process` finds them.

    Parameters
    ----------
    session
        The session whose `calibrate_camera` or `calibrate_rig` has run.
    terms
        From when on they hold, who says so, and whether that is final.
    folder
        Folder of calibrations; the session's own if none.
    camera
        The one that the rig's lights are taken from, where several measured them.
    only
        Kinds to admit: sensor, color, lens, rig; all if empty.

    Returns
    -------
    list
        What is on the shelf now.

    Raises
    ------
    CalibrationError
        If nothing was measured, a residual is above its limit, or the day is taken.
    UsageError
        If there is no day, or cameras disagree about the rig.
    """
    captured = read_session(Path(session))
    day = terms.valid_from or captured.date
    if day is None:
        raise UsageError(
            f"{captured.folder}: the session has no date, so it is not known from when on its "
            "calibrations hold. Say --valid-from YYYY-MM-DD, or date under [session]."
        )
    shelf = folder or captured.folder / CALIBRATION_FOLDER
    chosen = _one_rig([c for c in _candidates(captured) if _is_wanted(c, only)], camera)
    if not chosen:
        raise CalibrationError(
            f"{captured.folder}: nothing was measured that could be certified. Run olat process "
            "--pipeline calibrate_camera (or calibrate_rig) on it first."
        )
    for candidate in chosen if not terms.insist else ():
        _check(candidate, shelf, day)
    return [_shelve(candidate, shelf, day, terms) for candidate in chosen]


@dataclass(frozen=True)
class _Candidate:
    camera: str
    path: Path
    header: CalibrationHeader
    calibration: Calibration


def _candidates(session: Session) -> list[_Candidate]:
    """Return every calibration that was measured on a session and stands whole."""
    found = []
    for name in PIPELINES:
        definition = load_pipeline(name, catalog=STAGES, given=GIVEN)
        store = Store(session.folder / definition.folder, codecs(session))
        for camera in session.cameras:
            for product in (stage.makes for stage in definition.stages):
                unit = Unit(camera.name)
                if product in CANDIDATES and store.receipt(product, unit) is not None:
                    path = store.place(product, unit)
                    path = path.with_name(f"{path.name}.toml")
                    found.append(_Candidate(camera.name, path, *read_calibration(path)))
    return found


def _is_wanted(candidate: _Candidate, only: Sequence[str]) -> bool:
    return not only or candidate.header.kind in only


def _one_rig(candidates: list[_Candidate], camera: str | None) -> list[_Candidate]:
    """Keep one measurement of the rig: that of the named camera, or the only one."""
    rigs = [c for c in candidates if isinstance(c.calibration, RigCalibration)]
    if len(rigs) < 2 and camera is None:
        return candidates
    chosen = [c for c in rigs if c.camera == camera]
    if not chosen:
        names = ", ".join(c.camera for c in rigs) or "no camera"
        raise UsageError(f"The rig was measured by {names}; say --camera with one of them.")
    return [c for c in candidates if c not in rigs or c in chosen]


def _check(candidate: _Candidate, shelf: Path, day: datetime.date) -> None:
    """Refuse a bad fit and a day that is taken."""
    kind, device = candidate.header.kind, candidate.header.device
    for name, value in candidate.calibration.residuals.items():
        if value > LIMITS.get(name, float("inf")):
            raise CalibrationError(
                f"{candidate.path}: {name} is {value:g}; at most {LIMITS[name]:g} is admitted. "
                "Photograph the target again, or insist with --force."
            )
    taken = place_on_shelf(shelf, kind, device, day)
    if taken.exists():
        raise CalibrationError(
            f"{taken}: a {kind} calibration of {device!r} is certified from that day on already. "
            "Give another --valid-from, or replace it with --force."
        )


def _shelve(candidate: _Candidate, shelf: Path, day: datetime.date, terms: Terms) -> Certified:
    header = replace(candidate.header, valid_from=day, certified_by=terms.by, note=terms.note)
    path = place_on_shelf(shelf, header.kind, header.device, day)
    write_calibration(path, header, candidate.calibration)
    return Certified(header.kind, header.device, path, dict(candidate.calibration.residuals))
