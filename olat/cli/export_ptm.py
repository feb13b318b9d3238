"""``olat export ptm``: a polynomial texture map."""

from __future__ import annotations

from typing import Literal

import click

from olat.cli.export import Request, common, export_file


@click.command("ptm")
@common
@click.option(
    "--form",
    type=click.Choice(["rgb", "lrgb"]),
    default="rgb",
    show_default=True,
    help="A polynomial for each channel, or one that multiplies a color: half the size.",
)
@click.option(
    "--size",
    type=click.IntRange(min=16),
    metavar="PX",
    help="Longer side; pixels are averaged, never enlarged.",
)
@click.option("--exposure", type=float, metavar="STOPS", help="Of all pictures; default automatic.")
def command(
    request: Request, *, form: Literal["rgb", "lrgb"], size: int | None, exposure: float | None
) -> int:
    """Write a .ptm, which RTIViewer shows: polynomials of six coefficients a pixel.

    It is fitted to display-coded pictures under the lights in front of the subject. It holds no
    cast shadows, and no narrow highlights.
    """
    from olat.export.ptm import PtmOptions, write_polynomial

    options = PtmOptions(form, exposure, size)
    return export_file(
        request, ".ptm", lambda source, path: write_polynomial(source, path, options)
    )
