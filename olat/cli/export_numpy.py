"""``olat export numpy``: the field and the maps as arrays."""

from __future__ import annotations

from typing import Literal

import click

from olat.cli.export import Request, common, export_folder


@click.command("numpy")
@common
@click.option(
    "--precision",
    type=click.Choice(["float16", "float32"]),
    default="float16",
    show_default=True,
    help="Of the field.",
)
def command(request: Request, *, precision: Literal["float16", "float32"]) -> int:
    """Write field.npy (light, y, x, channel), lights.json, and the maps as arrays."""
    from olat.export.arrays import ArrayOptions, write_numpy

    options = ArrayOptions(precision)
    return export_folder(
        "numpy", request, lambda source, folder, tell: write_numpy(source, folder, options, tell)
    )
