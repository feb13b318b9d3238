"""Admit calibrations that a pipeline has measured: look at how well they fit, then shelve them."""

from __future__ import annotations

import datetime
import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from olat.api.currency import made_with
from olat.api.processing import prepare
from olat.engine.capture import Unit
from olat.engine.pipeline import Pipeline, load_pipeline
from olat.engine.plan import TaskName
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
    "pose_rms_px": 1.0,
    "outline_rms_px": 1.0,
    "gray_outline_rms_px": 1.0,
    "mean_sigma_deg": 5.0,
    "mean_from_plan_deg": 10.0,
    "mirror_rms": 0.25,
}
"""Residuals above which a calibration is not admitted unless somebody insists."""
MOST_DEAD = 0.1
"""Share of a rig's lights that may give no light."""


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
    chosen = _one_rig([*_candidates(captured, only)], camera)
    if not chosen:
        raise CalibrationError(
            f"{captured.folder}: nothing was measured that could be certified. Run olat process "
            "--pipeline calibrate_camera (or calibrate_rig) on it first."
        )
    return admit(chosen, folder or captured.folder / CALIBRATION_FOLDER, day, terms)


@dataclass(frozen=True)
class Candidate:
    """A calibration that may be admitted."""

    camera: str
    path: Path
    """Where it comes from."""
    header: CalibrationHeader
    calibration: Calibration


def admit(
    candidates: Sequence[Candidate], shelf: Path, day: datetime.date, terms: Terms
) -> list[Certified]:
    """Put calibrations on a shelf: all of them, or none.

    Raises
    ------
    CalibrationError
        If a residual is above its limit, or the day is taken by another than the candidate itself.
    """
    for candidate in candidates if not terms.insist else ():
        _check(candidate, shelf, day)
    return [_shelve(candidate, shelf, day, terms) for candidate in candidates]


def _candidates(session: Session, only: Sequence[str]) -> Iterator[Candidate]:
    """Yield every calibration of the wanted kinds that was measured on a session as it is now."""
    for name in PIPELINES:
        definition = load_pipeline(name, catalog=STAGES, given=GIVEN)
        products = session.folder / definition.folder
        wanted = [
            stage
            for stage in definition.stages
            if stage.makes in CANDIDATES and (not only or CANDIDATES[stage.makes] in only)
        ]
        if not products.is_dir() or not wanted:
            continue
        reasons = _reasons(session, definition, products)
        for stage, camera in itertools.product(wanted, session.cameras):
            unit = Unit(camera.name)
            reason = reasons.get((stage.verb(), unit), "")
            path = products / camera.name / f"{stage.makes}.toml"
            if reason == "new" or not path.with_name(f"{stage.makes}.receipt.json").exists():
                continue
            if reason:
                raise CalibrationError(
                    f"{path}: it is not what would be measured now ({reason}). Run olat process "
                    f"--pipeline {name} again."
                )
            yield Candidate(camera.name, path, *read_calibration(path))


def _reasons(session: Session, definition: Pipeline, products: Path) -> dict[TaskName, str]:
    """Say what of a pipeline would be made anew, with the parameters that it was run with."""
    store = Store(products, codecs(session))
    settings = []
    for stage, camera in itertools.product(definition.stages, session.cameras):
        receipt = store.receipt(stage.makes, Unit(camera.name))
        used = {} if receipt is None else {stage.verb(): receipt.parameters, **receipt.through}
        settings += [
            f"{verb}.{name}={json.dumps(value)}"
            for verb, parameters in used.items()
            for name, value in parameters.items()
            if value is not None
        ]
    folders = made_with(products).calibration
    ready = prepare(
        session.folder, pipeline=definition.name, settings=settings, calibration=folders
    )
    return {task.name: task.reason for task in ready.todo.tasks}


def _one_rig(candidates: list[Candidate], camera: str | None) -> list[Candidate]:
    """Keep one measurement of the rig: that of the named camera, or the only one."""
    rigs = [c for c in candidates if isinstance(c.calibration, RigCalibration)]
    if not rigs or (len(rigs) == 1 and camera is None):
        return candidates
    chosen = [c for c in rigs if c.camera == camera]
    if not chosen:
        names = ", ".join(c.camera for c in rigs) or "no camera"
        raise UsageError(f"The rig was measured by {names}; say --camera with one of them.")
    return [c for c in candidates if c not in rigs or c in chosen]


def _check(candidate: Candidate, shelf: Path, day: datetime.date) -> None:
    """Refuse a bad fit and a day that is taken."""
    kind, device = candidate.header.kind, candidate.header.device
    for name, value in candidate.calibration.residuals.items():
        limit = LIMITS.get(name, float("inf"))
        if name == "dead_lights" and isinstance(candidate.calibration, RigCalibration):
            limit = MOST_DEAD * len(candidate.calibration.rig)
        if not value <= limit:
            raise CalibrationError(
                f"{candidate.path}: {name} is {value:g}; at most {limit:g} is admitted. Photograph "
                "the target again, or insist with --force."
            )
    taken = place_on_shelf(shelf, kind, device, day)
    if taken.exists() and taken != candidate.path:
        raise CalibrationError(
            f"{taken}: a {kind} calibration of {device!r} is certified from that day on already. "
            "Give another --valid-from, or replace it with --force."
        )


def _shelve(candidate: Candidate, shelf: Path, day: datetime.date, terms: Terms) -> Certified:
    header = replace(candidate.header, valid_from=day, certified_by=terms.by, note=terms.note)
    path = place_on_shelf(shelf, header.kind, header.device, day)
    write_calibration(path, header, candidate.calibration)
    return Certified(header.kind, header.device, path, dict(candidate.calibration.residuals))
