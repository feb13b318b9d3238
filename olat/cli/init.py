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
    Goliath or FaceOLAT JSON pair, RelightLab .dome. Nothing is ever overwritten.
    """
    from olat.inspection.capture import inspect_capture
    from olat.inspection.session_text import write_session
    from olat.io.frame_table import write_frame_table
    from olat.io.manifest import read_session

    target = output or folder
    _require_free(target)
    inspection = inspect_capture(folder, lights=lights, encoding=_meaning(encoding), mask=mask)
    written = write_session(inspection, target)
    click.echo(_json(inspection, written) if as_json else _summary(inspection, written))
    write_frame_table(read_session(target))
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


def _summary(inspection: Inspection, written: tuple[Path, ...]) -> str:
    """Return what was found, how sure it is, and what to look at."""
    import textwrap

    width = max(len(finding.what) for finding in inspection.findings)
    lines = [f"{inspection.folder}: what it looks like", ""]
    for finding in inspection.findings:
        lines.append(f"  {finding.what:<{width}}  {finding.confidence:<7}  {finding.value}")
        indent = " " * (width + 13)
        lines += textwrap.wrap(finding.reason, 100, initial_indent=indent, subsequent_indent=indent)
    if inspection.warnings:
        lines += ["", *(f"  ! {warning}" for warning in inspection.warnings)]
    return "\n".join([*lines, "", *(f"Wrote {path}" for path in written)])


def _json(inspection: Inspection, written: tuple[Path, ...]) -> str:
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
            "warnings": list(inspection.warnings),
        },
        indent=2,
        ensure_ascii=False,
    )
