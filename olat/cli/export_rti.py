"""``olat export rti``: a web set whose light one drags."""

from __future__ import annotations

import click

from olat.cli.export import Request, common, export_folder

BASES = ("rbf18", "rbf9", "rbf27", "ptm", "hsh", "bilinear18", "bilinear9")


@click.command("rti")
@common
@click.option(
    "--basis",
    type=click.Choice(BASES),
    default="rbf18",
    show_default=True,
    help="What is fitted to each pixel.",
)
@click.option(
    "--quality",
    type=click.IntRange(90, 100),
    default=99,
    show_default=True,
    help="Of the JPEG pictures, which hold numbers.",
)
@click.option(
    "--size",
    type=click.IntRange(min=16),
    metavar="PX",
    help="Longer side; pixels are averaged, never enlarged.",
)
@click.option("--exposure", type=float, metavar="STOPS", help="Of all pictures; default automatic.")
def command(
    request: Request, *, basis: str, quality: int, size: int | None, exposure: float | None
) -> int:
    """Write a set of the Relight web format, which OpenLIME and RelightLab show.

    It is fitted to display-coded pictures under the lights in front of the subject, and is for
    looking; for light that adds up use `olat relight`.
    """
    from olat.export.rti import RtiOptions, write_rti

    options = RtiOptions(basis, quality, exposure, size)
    return export_folder(
        "rti", request, lambda source, folder, tell: write_rti(source, folder, options, tell)
    )
