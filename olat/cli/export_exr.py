"""``olat export exr``: one EXR with named layers."""

from __future__ import annotations

import click

from olat.cli.export import Request, common, export_file


@click.command("exr")
@common
@click.option("--lights", is_flag=True, help="A layer for each light too, in files beside it.")
@click.option("--full", is_flag=True, help="Store the whole frame, not only the matte's part.")
def command(request: Request, *, lights: bool, full: bool) -> int:
    """Write one EXR with named layers, for Nuke, Blender and Houdini.

    The unnamed picture is the subject in even light, A its matte; layers are albedo, specular, N
    (normals), P (places), Z, exponent, roughness and confidence.
    """
    from olat.export.layers import LayerOptions, write_layers

    options = LayerOptions(lights=lights, crop=not full)
    return export_file(request, ".exr", lambda source, path: write_layers(source, path, options))
