"""``olat init``: look at a folder of photographs and write ``session.toml``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from olat.inspection.capture import Inspection


@click.command("init", short_help="Look at a folder of photographs and write session.toml.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    metavar="SESSION",
    type=click.Path(path_type=Path),
    help="Folder of the session; DIR is then only read.  [default: DIR]",
)
@click.option(
    "--lights", metavar="FILE", type=click.Path(path_type=Path), help="Directions to the lights."
)
@click.option("--encoding", metavar="linear|srgb|GAMMA", help="What the values of pictures mean.")
@click.option(
    "--mask", metavar="FILE", type=click.Path(path_type=Path), help="Picture bright in the subject."
)
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
def command(
    folder: Path,
    output: Path | None,
    lights: Path | None,
    encoding: str | None,
    mask: Path | None,
    as_json: bool,
) -> None:
    """Look at a folder of photographs, one light at a time, and write session.toml.

    The light file is found in DIR or beside it: .lp, DiLiGenT, columns x y z, CSV, .npy, the
    Goliath or FaceOLAT JSON pair, RelightLab .dome, HumanOLAT .pc, or a folder with one
    latitude-longitude picture a light. Nothing is ever overwritten.
    """
    from dataclasses import replace

    from olat.errors import SessionError
    from olat.inspection.capture import inspect_capture
    from olat.inspection.sequence_check import check_sequence
    from olat.inspection.session_text import withdraw_session, write_session
    from olat.io.frame_table import write_frame_table
    from olat.io.manifest import read_session
    from olat.io.session_warnings import session_warnings

    target = output or folder
    _require_free(target)
    inspection = inspect_capture(folder, lights=lights, encoding=_meaning(encoding), mask=mask)
    written = write_session(inspection, target)
    tell = _json if as_json else _summary
    try:
        session = read_session(target)
    except SessionError as error:
        if lights is None:
            withdraw_session(written)
            written = ()
        click.echo(tell(inspection, inspection.warnings, written))
        raise SessionError(f"{error}\n{_way_on(inspection, target, written)}") from None
    write_frame_table(session)
    verdict = check_sequence(session)
    inspection = replace(inspection, findings=(*inspection.findings, verdict.as_finding()))
    contradictions = [item.words for item in verdict.findings]
    warnings = (*inspection.warnings, *session_warnings(session), *contradictions)
    click.echo(tell(inspection, warnings, written))
    if not as_json:
        click.echo(f"\nNext: olat process {click.format_filename(target)}")


def _require_free(target: Path) -> None:
    """Refuse a folder that is a session already, before a picture is opened."""
    from olat.errors import UsageError
    from olat.io.manifest import MANIFEST

    if (target / MANIFEST).exists():
        raise UsageError(
            f"{target}: it is a session already, and init never overwrites. Edit "
            f"{target / MANIFEST}, delete it, or write elsewhere with -o SESSION."
        )


def _meaning(encoding: str | None) -> str | float | None:
    """Return an encoding as the manifest has it."""
    from olat.errors import UsageError

    if encoding is None or encoding in ("linear", "srgb"):
        return encoding
    try:
        exponent = float(encoding)
    except ValueError:
        exponent = 0.0
    if not 0.0 < exponent < float("inf"):
        raise UsageError(
            f"--encoding {encoding}: 'linear', 'srgb' or an exponent above 0, such as 2.2, is "
            "needed."
        )
    return exponent


def _way_on(inspection: Inspection, target: Path, written: tuple[Path, ...]) -> str:
    """Say what to do about a session that does not resolve."""
    if written:
        return (
            f"{written[-1]} was written all the same, as you gave the lights: edit it, then run "
            f"olat process {target}. To run olat init again, delete it."
        )
    found = inspection.lights.file.path
    return (
        f"Nothing was written. Give the lights of these photographs with --lights FILE. If "
        f"{found.name} is right, say so with --lights {found}; session.toml is then written for "
        "you to edit."
    )


def _summary(inspection: Inspection, warnings: tuple[str, ...], written: tuple[Path, ...]) -> str:
    """Return what was found, how sure it is, and what to look at."""
    import textwrap

    width = max(len(finding.what) for finding in inspection.findings)
    lines = [f"{inspection.folder}: what it looks like", ""]
    for finding in inspection.findings:
        lines.append(f"  {finding.what:<{width}}  {finding.confidence:<7}  {finding.value}")
        indent = " " * (width + 13)
        lines += textwrap.wrap(finding.reason, 100, initial_indent=indent, subsequent_indent=indent)
    if warnings:
        lines += ["", *(f"  ! {warning}" for warning in warnings)]
    if written:
        lines += ["", *(f"Wrote {path}" for path in written)]
    return "\n".join(lines)


def _json(inspection: Inspection, warnings: tuple[str, ...], written: tuple[Path, ...]) -> str:
    """Return the same for programs."""
    import json
    from dataclasses import asdict

    return json.dumps(
        {
            "schema": 1,
            "capture": str(inspection.folder),
            "written": [str(path) for path in written],
            "lights": len(inspection.lights.file),
            "cameras": {
                camera.pictures.camera: len(camera.pictures.frames) for camera in inspection.cameras
            },
            "findings": [asdict(finding) for finding in inspection.findings],
            "warnings": list(warnings),
        },
        indent=2,
        ensure_ascii=False,
    )
