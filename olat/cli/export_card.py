"""``olat export card``: a flat picture with normals for any renderer."""

from __future__ import annotations

import click

from olat.cli.export import Request, common, export_folder


@click.command("card")
@common
@click.option(
    "--normal-green",
    type=click.Choice(["opengl", "directx"]),
    default="opengl",
    show_default=True,
    help="directx writes normals with green turned over too, for Unreal and 3ds Max.",
)
def command(request: Request, *, normal_green: str) -> int:
    """Write a relightable card: textures, .usda, .mtlx, .gltf, and a script for Blender.

    USD, MaterialX and glTF all take green as up (OpenGL); their files use those normals always.
    """
    from olat.export.card import CardOptions, write_card

    options = CardOptions(directx=normal_green == "directx")
    return export_folder(
        "card", request, lambda source, folder, tell: write_card(source, folder, options, tell)
    )
