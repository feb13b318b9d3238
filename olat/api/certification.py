"""Admit calibrations that a pipeline has measured: look at how well they fit, then shelve them."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from olat.api.candidates import Candidate, candidates
from olat.errors import CalibrationError, UsageError
from olat.inspection.exif import day_of
from olat.io.calibration_file import write_calibration
from olat.io.calibration_shelf import CALIBRATION_FOLDER, place_on_shelf
from olat.io.manifest import read_session
from olat.io.publish import publish_bytes
from olat.model.calibration import Calibration, Kind, RigCalibration, RigPart

LIMITS = {
    "linearity_percent": 2.0,
    "gain_fit_percent": 10.0,
    "mean_delta_e_2000": 4.0,
    "rms_px": 1.0,
    "pose_rms_px": 1.0,
    "outline_rms_px": 1.0,
    "gray_outline_rms_px": 1.0,
    "mean_sigma_deg": 5.0,
    "mean_from_plan_deg": 10.0,
    "mirror_rms": 0.25,
}
"""Residuals above which a calibration is not admitted unless somebody insists."""
NEEDED: Mapping[Kind, tuple[str, ...]] = {
    "sensor": ("dark_frames", "dark_over_black_dn"),
    "color": ("mean_delta_e_2000",),
    "lens": ("rms_px",),
}
"""Residuals that a measurement of a kind has."""
NEEDED_OF_RIG: Mapping[RigPart, tuple[str, ...]] = {
    "directions": ("outline_rms_px", "mean_sigma_deg"),
    "intensities": ("mean_relative_sigma",),
}
"""Those that a measurement of part of a rig has."""
MOST_DEAD = 0.1
"""Share of a rig's lights that may give no light."""


@dataclass(frozen=True)
class Certified:
    """A calibration on the shelf."""

    kind: str
    device: str
    document: Path
    residuals: dict[str, float]
    limits: dict[str, float]
    """What residuals must not be above, for those that are judged."""
    picture: Path | None = None
    """What it was read from, beside the document, if that was drawn."""
    unmeasured: tuple[RigPart, ...] = ()
    """What of a rig was not measured, and is that of the light file."""


@dataclass(frozen=True)
class Terms:
    """On what terms calibrations are admitted."""

    valid_from: datetime.date | None = None
    """First day on which they hold; the day of the capture if none."""
    by: str = ""
    """Who admits them."""
    note: str = ""
    """What should be known about them."""
    replace: bool = False
    """Whether one that is certified from that day on already is replaced."""
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
        If nothing was measured, a residual is missing or above its limit, or the day is taken.
    UsageError
        If there is no day, or cameras disagree about the rig.
    """
    captured = read_session(Path(session))
    day = terms.valid_from or captured.date
    if day is None:
        told = day_of(frame.path for frame in captured.frames)
        example = "YYYY-MM-DD" if told is None else told.isoformat()
        seen = "" if told is None else ", as its photographs say"
        raise UsageError(
            f"{captured.folder}: the session has no date, so it is not known from when on its "
            f"calibrations hold; needed is the day of the capture. Write date = {example} under "
            f"[session]{seen}, or say --valid-from {example}."
        )
    chosen = _one_rig(candidates(captured, only), camera)
    for candidate in chosen:
        _check_measured(candidate)
    return admit(chosen, folder or captured.folder / CALIBRATION_FOLDER, day, terms)


def admit(
    chosen: Sequence[Candidate], shelf: Path, day: datetime.date, terms: Terms
) -> list[Certified]:
    """Put calibrations on a shelf: all of them, or none.

    Raises
    ------
    CalibrationError
        If a residual is above its limit, or the day is taken by another than the candidate itself.
    UsageError
        If the shelf is a file.
    """
    if shelf.exists() and not shelf.is_dir():
        raise UsageError(f"{shelf}: it is a file; needed is a folder for calibrations.")
    for candidate in chosen if not terms.insist else ():
        _check(candidate, shelf, day, replaces=terms.replace)
    return [_shelve(candidate, shelf, day, terms) for candidate in chosen]


def limits_of(what: Calibration) -> dict[str, float]:
    """Return what the residuals of a calibration must not be above, for those that are judged."""
    limits = dict(LIMITS)
    if isinstance(what, RigCalibration):
        limits["dead_lights"] = MOST_DEAD * len(what.rig)
    return {name: limits[name] for name in what.residuals if name in limits}


def _one_rig(measured: list[Candidate], camera: str | None) -> list[Candidate]:
    """Keep one measurement of the rig: that of the named camera, or the only one."""
    rigs = [c for c in measured if isinstance(c.calibration, RigCalibration)]
    if not rigs or (len(rigs) == 1 and camera is None):
        return measured
    chosen = [c for c in rigs if c.camera == camera]
    if not chosen:
        names = ", ".join(c.camera for c in rigs) or "no camera"
        raise UsageError(f"The rig was measured by {names}; say --camera with one of them.")
    return [c for c in measured if c not in rigs or c in chosen]


def _check_measured(candidate: Candidate) -> None:
    """Refuse what does not say how well it fits, however much somebody insists."""
    what = candidate.calibration
    needed = list(NEEDED.get(candidate.header.kind, ()))
    if isinstance(what, RigCalibration):
        parts = [part for part in NEEDED_OF_RIG if part not in what.unmeasured]
        needed = [name for part in parts for name in NEEDED_OF_RIG[part]]
    missing = [name for name in needed if name not in what.residuals]
    if missing or not needed:
        lack = f"it lacks {', '.join(missing)}" if missing else "nothing of it was measured"
        raise CalibrationError(
            f"{candidate.path}: it does not say how well it fits: {lack}; needed is what was "
            "measured on photographs of targets. Remove the file and measure again."
        )


def _check(candidate: Candidate, shelf: Path, day: datetime.date, *, replaces: bool) -> None:
    """Refuse a bad fit and a day that is taken."""
    kind, device = candidate.header.kind, candidate.header.device
    residuals, limits = candidate.calibration.residuals, limits_of(candidate.calibration)
    bad = [name for name, limit in limits.items() if not residuals[name] <= limit]
    if bad:
        told = ", ".join(f"{n} is {residuals[n]:g} (at most {limits[n]:g})" for n in bad)
        raise CalibrationError(
            f"{candidate.path}: it fits too badly to be admitted: {told}. Photograph the target "
            "again, or insist with --force."
        )
    taken = place_on_shelf(shelf, kind, device, day)
    if taken.exists() and taken != candidate.path and not replaces:
        raise CalibrationError(
            f"{taken}: a {kind} calibration of {device!r} is certified from that day on already. "
            "Give another --valid-from, or replace it with --force."
        )


def _shelve(candidate: Candidate, shelf: Path, day: datetime.date, terms: Terms) -> Certified:
    header = replace(candidate.header, valid_from=day, certified_by=terms.by, note=terms.note)
    path = place_on_shelf(shelf, header.kind, header.device, day)
    what, source, picture = candidate.calibration, candidate.picture, path.with_suffix(".png")
    if source is None:
        picture.unlink(missing_ok=True)  # of the calibration that this one replaces
    elif source != picture:
        publish_bytes(picture, source.read_bytes())
    write_calibration(path, header, what)
    limits = limits_of(what)
    shown = None if source is None else picture
    taken_over = what.unmeasured if isinstance(what, RigCalibration) else ()
    told = dict(what.residuals)
    return Certified(header.kind, header.device, path, told, limits, shown, taken_over)
