"""``olat export olats``: a sequence of pictures, one for each light."""

from __future__ import annotations

import click

from olat.cli.export import Request, common, export_folder


@click.command("olats")
@common
@click.option(
    "--start-frame",
    type=click.IntRange(0),
    default=1,
    show_default=True,
    help="Number of the first picture.",
)
def command(request: Request, *, start_frame: int) -> int:
    """Write an EXR picture for each light, with headers, and a lights.lp that lists them.

    Numbers are contiguous; which light a picture shows is in its header. Nothing is lost but
    flags: `olat init` on the folder makes a session of the same lights.
    """
    from olat.export.olats import SequenceOptions, write_olats

    options = SequenceOptions(start_frame)
    return export_folder(
        "olats", request, lambda source, folder, tell: write_olats(source, folder, options, tell)
    )
