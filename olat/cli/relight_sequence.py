"""Sequences on the command line: a map that turns, lights that move."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from olat.api.field import Field
    from olat.api.sequence import Shot
    from olat.cli.lighting_options import AskedLight


def run_sequence(
    field: Field, asked: AskedLight, outputs: tuple[Path, ...], options: dict[str, Any]
) -> int:
    """Relight and write a sequence; say what was made and what was there."""
    from rich.console import Console

    from olat.api.sequence import Wanted, write_sequence
    from olat.cli.progress import counting, tell
    from olat.cli.relight import mixing_of

    shots, fps = _shots(field, asked, options)
    wanted = Wanted(outputs, options["fps"] or fps, options["exposure"], mixing_of(asked))
    started = time.monotonic()
    with counting("relight") as advance:
        written = write_sequence(field, shots, wanted, advance)
    seconds = time.monotonic() - started
    if options["as_json"]:
        told = {
            "frames": len(shots),
            "files": [str(path) for path in written.made],
            "kept": [str(path) for path in written.kept],
            "exposure": written.exposure,
            "seconds": round(seconds, 3),
        }
        click.echo(json.dumps(told, indent=1))
        return 0
    for output in outputs:
        click.echo(output)
    kept = f", {len(written.kept)} files were there" if written.kept else ""
    words = f"{len(shots)} frames, {len(written.made)} files made in {seconds:.1f} s{kept}."
    tell(Console(stderr=True), words)
    return 0


def _shots(field: Field, asked: AskedLight, options: dict[str, Any]) -> tuple[list[Shot], float]:
    """Return the frames that were asked for, and how many there are a second."""
    from olat.api.sequence import moving, turning
    from olat.errors import FileError, UsageError
    from olat.io.lighting_file import read_keys

    first = options["start_frame"]
    if options["keys"] is None:
        return turning(asked.lighting(field.rig), asked.angles(), first=first), 24.0
    others = asked.lights, asked.points, asked.env, asked.harmonics, asked.file, asked.preset
    if any(others) or asked.rotate != "0":
        raise UsageError("relight: --keys says all about the light; leave other lights out.")
    try:
        keys = read_keys(options["keys"], field.rig)
        return moving(keys.keys, first=first), keys.fps
    except FileError as error:
        raise UsageError(f"--keys: {error}") from error
