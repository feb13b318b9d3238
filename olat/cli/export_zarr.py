"""``olat export zarr``: the field as one array in chunks of one's choice."""

from __future__ import annotations

from typing import Literal

import click

from olat.cli.export import Request, common, export_folder


@click.command("zarr")
@common
@click.option(
    "--precision",
    type=click.Choice(["float16", "float32"]),
    default="float16",
    show_default=True,
    help="Of the numbers.",
)
@click.option("--chunks", metavar="L,Y,X,C", help="Lengths of a chunk; default 1,32,width,3.")
@click.option(
    "--compression",
    type=click.Choice(["none", "zstd"]),
    default="zstd",
    show_default=True,
    help="Of the chunks.",
)
def command(
    request: Request,
    *,
    precision: Literal["float16", "float32"],
    chunks: str | None,
    compression: Literal["none", "zstd"],
) -> int:
    """Write the field as one zarr v3 array (light, y, x, channel); its attributes list the lights.

    The session's own field.zarr is open to every zarr reader already; this is for other chunks,
    interleaved pixels, or compression.
    """
    from olat.export.arrays import ArrayOptions, write_zarr

    options = ArrayOptions(precision, _lengths(chunks), compression)
    return export_folder(
        "zarr", request, lambda source, folder, tell: write_zarr(source, folder, options, tell)
    )


def _lengths(text: str | None) -> tuple[int, ...] | None:
    """Read the lengths of a chunk."""
    from olat.errors import UsageError

    if text is None:
        return None
    parts = text.split(",")
    if len(parts) != 4 or not all(part.strip().isdecimal() for part in parts):
        raise UsageError(f"--chunks {text}: needed are four lengths, as in --chunks 16,256,256,3.")
    return tuple(map(int, parts))
