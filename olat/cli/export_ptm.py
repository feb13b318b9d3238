"""``olat export ptm``: a polynomial texture map."""

from __future__ import annotations

import click

from olat.cli.export import Request, common, export_file


@click.command("ptm")
@common
@click.option("--exposure", type=float, metavar="STOPS", help="Of all pictures; default automatic.")
def command(request: Request, *, exposure: float | None) -> int:
    """Write a .ptm, which RTIViewer shows: six coefficients a pixel for each color.

    It is fitted to display-coded pictures under the lights in front of the subject. It holds no
    cast shadows, and no narrow highlights.
    """
    from olat.export.ptm import PtmOptions, write_polynomial

    options = PtmOptions(exposure)
    return export_file(
        request, ".ptm", lambda source, path: write_polynomial(source, path, options)
    )
