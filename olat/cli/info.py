"""``olat info``: what a file holds."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command(name="info")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def command(files: tuple[Path, ...], *, as_json: bool) -> int:
    """Say what FILES hold: reflectance fields, maps, pictures, environments, light files.

    Of a field: schema, lights and those that are missing, size, color, scale, flags. Of any
    product: what made it, from what.
    """
    from olat.api.field_summary import summary_of_field
    from olat.cli.explain import file_words
    from olat.errors import UsageError

    missing = [path for path in files if not path.exists()]
    if missing:
        raise UsageError(f"{missing[0]}: there is no such file.")
    if not as_json:
        click.echo("\n\n".join(file_words(path.absolute()) for path in files))
        return 0
    found = {}
    for path in files:
        is_field = path.suffix == ".zarr" and (path / "zarr.json").is_file()
        words = {"words": file_words(path.absolute())}
        found[str(path)] = summary_of_field(path).told if is_field else words
    click.echo(json.dumps(found, indent=1))
    return 0
