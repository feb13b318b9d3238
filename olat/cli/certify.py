"""``olat certify``: admit calibrations that were measured."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from olat.cli.day import day
from olat.cli.fit_words import fit_words, place_words

if TYPE_CHECKING:
    from olat.api.certification import Certified


@click.command(name="certify")
@click.argument("session", type=click.Path(path_type=Path))
@click.option(
    "--valid-from",
    callback=day,
    metavar="YYYY-MM-DD",
    help="First day on which they hold.  [default: day of the capture]",
)
@click.option("--by", default="", metavar="NAME", help="Who admits them.")
@click.option("--note", default="", metavar="TEXT", help="What should be known about them.")
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder of calibrations.  [default: calibration/ in the session]",
)
@click.option("--camera", metavar="NAME", help="Take the rig's lights from this camera.")
@click.option(
    "--only",
    multiple=True,
    type=click.Choice(["sensor", "color", "lens", "rig"]),
    help="Admit this kind alone; repeat for several.",
)
@click.option("--force", is_flag=True, help="Admit bad fits too, and replace what is there.")
@click.option("--json", "as_json", is_flag=True, help="Print what was certified as JSON.")
def command(
    session: Path,
    valid_from: datetime.date | None,
    by: str,
    note: str,
    folder: Path | None,
    camera: str | None,
    only: tuple[str, ...],
    force: bool,
    as_json: bool,
) -> None:
    """Admit the calibrations that were measured on SESSION.

    `olat process SESSION --pipeline calibrate_camera` (or calibrate_rig) makes candidates. This
    looks at how well they fit what they were made from and copies them to where `olat process`
    looks for calibrations.
    """
    import json

    from olat.api.certification import Terms, certify

    terms = Terms(valid_from, by=by, note=note, insist=force)
    certified = certify(session, terms=terms, folder=folder, camera=camera, only=only)
    if as_json:
        click.echo(json.dumps({"schema": 1, "certified": [_as_dict(item) for item in certified]}))
        return
    click.echo("\n\n".join(f"{fit_words(c)}\n  {place_words(c.document)}" for c in certified))


def _as_dict(item: Certified) -> dict[str, object]:
    return {
        "kind": item.kind,
        "device": item.device,
        "file": str(item.document),
        "residuals": item.residuals,
        "limits": item.limits,
        "picture": None if item.picture is None else str(item.picture),
        "unmeasured": list(item.unmeasured),
    }
