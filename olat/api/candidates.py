"""Calibrations that pipelines measured on a session, and that nobody has admitted yet."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from olat.api.currency import made_with
from olat.api.processing import prepare
from olat.engine.capture import Unit
from olat.engine.pipeline import Pipeline, load_pipeline
from olat.engine.plan import TaskName
from olat.engine.store import Store
from olat.errors import CalibrationError
from olat.io.calibration_file import edits, read_calibration
from olat.model.calibration import KINDS, Calibration, CalibrationHeader, Kind
from olat.model.session import Session
from olat.stages import STAGES
from olat.stages.calibrations import CANDIDATES, measured_by
from olat.stages.capture import GIVEN
from olat.stages.products import codecs

PIPELINES = ("calibrate_camera", "calibrate_rig")
"""Definitions that measure."""
TARGETS = {
    "sensor": "dark and flat frames",
    "color": "a chart frame",
    "lens": "board frames",
    "rig": "sweeps over a mirror ball or a gray ball",
}
"""What each kind is measured on."""


@dataclass(frozen=True)
class Candidate:
    """A calibration that may be admitted."""

    camera: str
    path: Path
    """Where it comes from."""
    header: CalibrationHeader
    calibration: Calibration
    picture: Path | None = None
    """What it was read from, for people, if there is one."""


@dataclass(frozen=True)
class _Measured:
    """Where a pipeline put a calibration of a camera."""

    pipeline: Pipeline
    verb: str
    kind: Kind
    camera: str
    path: Path


def candidates(session: Session, only: Sequence[str] = ()) -> list[Candidate]:
    """Return what was measured on a session, as long as it is what would be measured now.

    Parameters
    ----------
    session
        Whose candidates.
    only
        Kinds that are wanted, all of them; whatever there is if empty.

    Raises
    ------
    CalibrationError
        If nothing was measured, a wanted kind was not, or what was is not as it should be.
    """
    measured = _measured(session)
    known = {one.kind for one in measured}
    missing = [kind for kind in KINDS if kind in only and kind not in known]
    if missing or not known:
        raise CalibrationError(_nothing(session, missing, measured))
    wanted = [one for one in measured if not only or one.kind in only]
    reasons = {
        definition.name: _reasons(session, definition)
        for definition in {one.pipeline.name: one.pipeline for one in wanted}.values()
    }
    return [
        _candidate(session, one, reasons[one.pipeline.name].get((one.verb, Unit(one.camera)), ""))
        for one in wanted
    ]


def _measured(session: Session) -> list[_Measured]:
    """Return every calibration that a pipeline has finished, up to date or not."""
    found = []
    for name in PIPELINES:
        definition = _definition(name)
        makers = [stage for stage in definition.stages if stage.makes in CANDIDATES]
        for stage, camera in itertools.product(makers, session.cameras):
            folder = session.folder / definition.folder / camera.name
            if (folder / f"{stage.makes}.receipt.json").exists():
                path = folder / f"{stage.makes}.toml"
                kind = CANDIDATES[stage.makes]
                found.append(_Measured(definition, stage.verb(), kind, camera.name, path))
    return found


def _candidate(session: Session, one: _Measured, reason: str) -> Candidate:
    """Read a candidate; refuse one that is out of date or was edited."""
    again = _command(session, one.pipeline.name)
    if reason:
        raise CalibrationError(
            f"{one.path}: it is not what would be measured now ({reason}). Run {again} again."
        )
    if edited := edits(one.path, sealed=True):
        raise CalibrationError(
            f"{one.path}: {_tables(edited)} changed by hand after it was measured; needed is what "
            f"was measured. Remove the file, run {again} again, and say in --note what should be "
            "known."
        )
    return Candidate(one.camera, one.path, *read_calibration(one.path), picture_of(one.path))


def picture_of(document: Path) -> Path | None:
    """Return the picture beside a calibration, if it was drawn."""
    picture = document.with_suffix(".png")
    return picture if picture.exists() else None


def _tables(names: Sequence[str]) -> str:
    told = ", ".join(f"[{name}]" for name in names)
    return f"{told} {'was' if len(names) == 1 else 'were'}"


def _command(session: Session, pipeline: str) -> str:
    """Return the command that measures, with the calibrations that it was given last."""
    given = made_with(session.folder / _definition(pipeline).folder).calibration
    flags = "".join(f" --calibration {folder}" for folder in given)
    return f"olat process {session.folder} --pipeline {pipeline}{flags}"


def _definition(pipeline: str) -> Pipeline:
    return load_pipeline(pipeline, catalog=STAGES, given=GIVEN)


def _nothing(session: Session, missing: Sequence[Kind], measured: Sequence[_Measured]) -> str:
    """Say which kinds were measured, and how those that are missing would be."""
    known = [kind for kind in KINDS if kind in {one.kind for one in measured}]
    have = f"measured were {', '.join(known)}" if known else "nothing was measured"
    wanted = f"there is no {' and no '.join(missing)} calibration: " if missing else ""
    lines = [f"{session.folder}: {wanted}{have}. Measure first:"]
    for name in PIPELINES:
        makes = measured_by(_definition(name))
        kinds = [kind for kind in missing or KINDS if kind in makes]
        if kinds:
            told = "; ".join(f"{kind} from {TARGETS[kind]}" for kind in kinds)
            lines.append(f"  {_command(session, name)}\n    {told}")
    return "\n".join(lines)


def _reasons(session: Session, definition: Pipeline) -> dict[TaskName, str]:
    """Say what of a pipeline would be made anew, with the parameters that it was run with."""
    products = session.folder / definition.folder
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
    ready = prepare(
        session.folder,
        pipeline=definition.name,
        settings=settings,
        calibration=made_with(products).calibration,
    )
    desk = ready.desk
    gone = {
        (stage.verb(), Unit(camera)): "the session has no frames for it"
        for stage, camera in itertools.product(ready.job.pipeline.stages, desk.capture.cameras())
        if not desk.keys.units(stage, camera)
    }
    return gone | {task.name: task.reason for task in ready.todo.tasks}
