"""``olat export nuke``: a script that lights the layers anew."""

from __future__ import annotations

import click

from olat.cli.export import Request, common, export_file


@click.command("nuke")
@common
def command(request: Request) -> int:
    """Write a Nuke script (.nk) and its layered EXR: a light that one can move, by normals.

    It shades by Phong's terms and casts no shadows. The captured field itself is lit by `olat
    relight`.
    """
    from olat.export.nuke import write_nuke

    return export_file(request, ".nk", write_nuke)
