"""``olat explain``: what a pipeline, a stage or a file is."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from olat.cli.material_words import merl_words
from olat.cli.picture_words import (
    LIGHT_FILES,
    environment_words,
    exr_words,
    lights_words,
    png_words,
)

if TYPE_CHECKING:
    from olat.engine.receipt import Receipt
    from olat.engine.stage import Stage


@click.command(name="explain")
@click.argument("name", metavar="NAME|FILE")
def command(name: str) -> int:
    """Explain NAME or FILE.

    A pipeline, a stage, one of its parameters or products, a session folder, or a file that olat
    wrote.
    """
    from olat.engine.pipeline import load_pipeline, shipped_pipelines
    from olat.errors import UsageError
    from olat.stages import STAGES
    from olat.stages.capture import GIVEN

    path = Path(name).absolute()
    makers = {stage.makes: stage for stage in STAGES.values()}
    definitions = [definition.stem for definition in shipped_pipelines()]
    names = list(dict.fromkeys([*definitions, *STAGES, *makers]))
    if name in STAGES or name in makers:
        click.echo(_stage(STAGES.get(name) or makers[name]))
    elif parameters := _parameters(name, STAGES):
        click.echo("\n\n".join(parameters))
    elif path.name == "session.toml" and path.is_file():
        click.echo(_session(path.parent))
    elif document := _calibration_of(path):
        click.echo(_calibration(document, path))
    elif path.suffix == ".toml" or name in definitions:
        pipeline = load_pipeline(name, catalog=STAGES, given=GIVEN)
        click.echo(f"{pipeline.name}: {pipeline.summary}\n")
        click.echo("\n\n".join(_stage(type(stage), stage) for stage in pipeline.stages))
    elif path.exists():
        click.echo(file_words(path))
    else:
        near = difflib.get_close_matches(name, names, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise UsageError(
            f"{name}: there is no such file, and no pipeline, stage or product of that name.{hint} "
            f"There are {', '.join(names)}."
        )
    return 0


def _stage(kind: type[Stage], stage: Stage | None = None) -> str:
    """Describe a stage: what it makes from what, and its parameters."""
    needs = ", ".join(
        ("the bracket's " if need.is_bracket else "every " if need.is_many else "")
        + need.name
        + (" (if there is one)" if need.is_optional else "")
        for need in kind.needs()
    )
    kept = "" if kind.is_kept else ", in memory unless kept with --keep"
    head = (kind.__doc__ or "").strip().splitlines()[0]
    lines = [
        f"{kind.verb()}: {head}",
        f"  makes {kind.makes} for each {kind.grain.value}{kept}; needs {needs}",
    ]
    lines += [_parameter(kind, name, stage) for name in kind.model_fields]
    return "\n".join(lines)


def _parameter(kind: type[Stage], name: str, stage: Stage | None = None) -> str:
    """Describe a parameter: its value (or default) and its meaning."""
    field = kind.model_fields[name]
    value = field.default if stage is None else getattr(stage, name)
    return f"  {name} = {json.dumps(value)}\n      {' '.join((field.description or '').split())}"


def _parameters(name: str, catalog: Mapping[str, type[Stage]]) -> list[str]:
    """Describe a parameter of every stage that has it; the name may be ``stage.parameter``."""
    verb, _, parameter = name.rpartition(".")
    return [
        f"{kind.verb()}\n{_parameter(kind, parameter)}"
        for kind in catalog.values()
        if parameter in kind.model_fields and verb in {"", kind.verb()}
    ]


def file_words(path: Path) -> str:
    """Describe a field by what it holds, a product by its receipt, another file by its header."""
    made = _made(path)
    if not (path / "zarr.json").is_file() or path.suffix != ".zarr":
        return made or _header(path)
    from olat.api.field_summary import summary_of_field

    return "\n".join(filter(None, [summary_of_field(path).words, made]))


def _made(path: Path) -> str:
    """Describe what made a product, by the receipt beside it; empty if there is none."""
    from olat.engine.receipt import read_receipt

    inside = [place for place in path.parents if place.suffix == ".zarr"]
    receipts = (
        place.with_name(f"{place.name.split('.')[0]}.receipt.json")
        for place in [path, *inside]
        if place.name
    )
    candidates = (path, *receipts)
    for candidate in candidates:
        if candidate.is_file() and (receipt := read_receipt(candidate)) is not None:
            return _receipt(path, receipt)
    for beside in sorted(path.parent.glob("*.receipt.json")):
        receipt = read_receipt(beside)
        if receipt is not None and any(Path(made).name == path.name for made in receipt.outputs):
            return _receipt(path, receipt)
    return ""


def _receipt(path: Path, receipt: Receipt) -> str:
    of = receipt.camera if receipt.frame is None else f"{receipt.camera}, frame {receipt.frame}"
    by = f" in pipeline {receipt.pipeline}" if receipt.pipeline else ""
    lines = [f"{path}: made by {receipt.stage} (revision {receipt.revision}){by} for camera {of}"]
    lines.append(f"  in {receipt.seconds:g} s, at most {receipt.peak_memory_mb:g} MB")
    stages = {**receipt.through, receipt.stage: receipt.parameters}
    for verb, parameters in stages.items():
        told = ", ".join(f"{name} = {json.dumps(value)}" for name, value in parameters.items())
        lines.append(f"  {verb}: {told or 'no parameters'}")
    lines += [f"  {name}: {value:g}" for name, value in receipt.metrics.items()]
    lines += [f"  note: {note}" for note in receipt.notes]
    lines.append("  with " + ", ".join(f"{name} {v}" for name, v in receipt.versions.items()))
    shown = list(receipt.inputs)[:8]
    more = len(receipt.inputs) - len(shown)
    told = ", ".join(shown) + (f" and {more} more" if more else "")
    lines.append(f"  key {receipt.key[:16]}, from {told}")
    return "\n".join(lines)


def _calibration_of(path: Path) -> Path | None:
    """Return the document of a calibration that a file is, or belongs to."""
    from olat.model.calibration import KINDS

    document = path.with_suffix(".toml") if path.suffix else path
    is_measured = path.with_name(f"{path.stem}.receipt.json").is_file()
    named = document.stem in KINDS or is_measured
    belongs = path.suffix in {".toml", ".png", ".exr", ".csv"}
    return document if named and belongs and path.is_file() and document.is_file() else None


def _calibration(path: Path, file: Path) -> str:
    """Describe a calibration: what it is of, when it holds, how well it fits, what made it."""
    from dataclasses import replace

    from olat.engine.receipt import read_receipt

    lines = [f"{file}: part of the calibration in {path.name}"] if file != path else []
    lines.append(_document(path))
    receipt = read_receipt(path.with_name(f"{path.stem}.receipt.json"))
    # Its numbers are the residuals.
    made = [] if receipt is None else [_receipt(path, replace(receipt, metrics={}))]
    return "\n".join([*lines, *made])


def _document(path: Path) -> str:
    """Describe what the document of a calibration says."""
    from dataclasses import asdict

    from olat.io.calibration_file import read_calibration
    from olat.model.calibration import RigCalibration

    header, calibration = read_calibration(path)
    state = f"certified from {header.valid_from} on" if header.valid_from else "a candidate"
    lines = [f"{path}: {header.kind} calibration of {header.device!r}, {state}"]
    told = {name: value for name, value in asdict(header).items() if value not in (None, "")}
    lines += [f"  {name}: {value}" for name, value in told.items() if name != "kind"]
    if isinstance(calibration, RigCalibration):
        lines += [f"  {p}: not measured, but those of a light file" for p in calibration.unmeasured]
    lines += [f"  residual {name}: {value:g}" for name, value in calibration.residuals.items()]
    return "\n".join(lines)


def _header(path: Path) -> str:
    """Describe a picture by what it says of itself, a session by its frames."""
    from olat.errors import UsageError

    if path.suffix.lower() == ".exr":
        return exr_words(path)
    if path.suffix.lower() == ".png":
        return png_words(path)
    if path.suffix.lower() == ".binary":
        return merl_words(path)
    if path.suffix.lower() in {".hdr", ".pic"}:
        return environment_words(path)
    if path.suffix.lower() in LIGHT_FILES and path.is_file():
        return lights_words(path)
    if path.is_dir() and (path / "session.toml").is_file():
        return _session(path)
    raise UsageError(
        f"{path}: there is no receipt beside it, and olat cannot read its header. Explained are "
        "products of olat, EXR, PNG and Radiance files, light files, MERL materials, session "
        "folders, pipelines and stages."
    )


def _session(path: Path) -> str:
    from olat.io.manifest import read_session
    from olat.io.session_warnings import session_warnings
    from olat.model.roles import role
    from olat.stages.calibrations import Calibrations

    session = read_session(path)
    calibrations = Calibrations(session)
    lines = [f"{path}: session {session.name!r}, rig {session.rig.name!r} of {len(session.rig)}"]
    for camera in session.cameras:
        roles: dict[str, int] = {}
        for frame in session.frames_of(camera.name).values():
            word = role(frame.condition)
            roles[word] = roles.get(word, 0) + 1
        told = ", ".join(f"{count} {word}" for word, count in roles.items())
        lines.append(f"  camera {camera.name}: {told}; encoding {camera.encoding}")
    lines += [f"  note: {warning}" for warning in calibrations.notes()]
    warnings = session_warnings(session, calibrations.held())
    lines += [f"  note: {warning}" for warning in warnings]
    return "\n".join(lines)
