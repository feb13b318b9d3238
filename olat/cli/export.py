"""``olat export``: what was processed, in the formats that other programs open."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from olat.cli.verb_group import LazyVerbs

Verb = TypeVar("Verb", bound=Callable[..., Any])

KINDS = {
    "exr": "One EXR with named layers, for Nuke, Blender and Houdini.",
    "olats": "A sequence of EXR pictures, one for each light, with headers.",
    "numpy": "Arrays: the field as .npy, with lights and maps beside it.",
    "zarr": "The field as a zarr array (light, y, x, channel) in chunks of your choice.",
    "diligent": "The folder of pictures, normals and lights of the DiLiGenT benchmark.",
    "rti": "A web set that Relight and OpenLIME show: rbf, ptm, bilinear or hsh.",
    "ptm": "A polynomial texture map, .ptm.",
    "card": "A relightable card as .usda, .mtlx and .gltf.",
    "nuke": "A Nuke script that relights the layers.",
    "blender": "A Blender script that lights the card.",
}
"""What each kind is for; module ``olat.cli.export_<kind>`` holds its command."""

_COMMON = (
    click.argument("session", type=click.Path(path_type=Path)),
    click.option("--camera", metavar="NAME", help="Needed if there are several."),
    click.option(
        "--pipeline", default="standard", show_default=True, help="The one that made the products."
    ),
    click.option(
        "-o",
        "--output",
        type=click.Path(path_type=Path),
        required=True,
        help="File or folder to make.",
    ),
    click.option("--overwrite", is_flag=True, help="Replace what is there."),
    click.option("--json", "as_json", is_flag=True, help="Print the files as JSON."),
)


@click.group(
    "export",
    cls=LazyVerbs,
    verbs=KINDS,
    module="olat.cli.export_{}",
    short_help="Write what was processed in the formats that other programs open.",
)
def command() -> None:
    """Write a processed camera of a session in the formats that other programs open."""


def common(verb: Verb) -> Verb:
    """Add what every kind of export asks for."""
    for option in reversed(_COMMON):
        verb = option(verb)
    return verb
