"""``olat export``: what was processed, in the formats that other programs open."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from olat.cli.verb_group import LazyVerbs

if TYPE_CHECKING:
    from olat.export.source import Advance, ExportSource

FILES_SHOWN = 12
"""Files that are listed in full."""
KINDS = {
    "exr": "One EXR with named layers, for Nuke, Blender and Houdini.",
    "olats": "A sequence of EXR pictures, one for each light, with headers.",
    "numpy": "Arrays: the field as .npy, with lights and maps beside it.",
    "zarr": "The field as a zarr array (light, y, x, channel) in chunks of your choice.",
    "diligent": "The folder of pictures, normals and lights of the DiLiGenT benchmark.",
    "rti": "A web set that Relight and OpenLIME show: rbf, ptm, bilinear or hsh.",
    "ptm": "A polynomial texture map, .ptm.",
    "card": "A relightable card as .usda, .mtlx and .gltf, with a Blender script.",
    "nuke": "A Nuke script that lights the layers anew.",
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


def common(verb: Callable[..., Any]) -> Callable[..., Any]:
    """Add what every kind of export asks for, and hand it over as one `Request`."""

    @wraps(verb)
    def asked(**options: Any) -> Any:
        words: dict[str, Any] = {
            field: options.pop(field) for field in Request.__dataclass_fields__
        }
        return verb(Request(**words), **options)

    for option in reversed(_COMMON):
        asked = option(asked)
    return asked


@dataclass(frozen=True)
class Request:
    """What was asked for in the words that all kinds share."""

    session: Path
    camera: str | None
    pipeline: str
    output: Path
    overwrite: bool
    as_json: bool


def export_folder(
    kind: str,
    request: Request,
    write: Callable[[ExportSource, Path, Advance], list[Path]],
) -> int:
    """Fill a folder by ``write(source, folder, advance)``, whole or not at all; say what is in it.

    A folder is replaced only if an export has made it.
    """
    from olat import __version__
    from olat.api.exporting import source_of
    from olat.cli.progress import counting
    from olat.io.publish_folder import MARK, check_folder, publish_folder

    check_folder(request.output, overwrite=request.overwrite)
    source = source_of(_opened(request), request.camera)
    told = {
        "kind": f"olat export {kind}",
        "olat": __version__,
        "session": source.session.name,
        "camera": source.camera,
    }
    names: list[Path] = []

    def fill(folder: Path) -> None:
        with counting(kind) as advance:
            names.extend(path.relative_to(folder) for path in write(source, folder, advance))

    publish_folder(request.output, fill, told=told, overwrite=request.overwrite)
    _say(request, [*(request.output / name for name in names), request.output / MARK])
    return 0


def export_file(
    request: Request, suffix: str, write: Callable[[ExportSource, Path], list[Path]]
) -> int:
    """Make a file, and perhaps some beside it, by ``write(source, path)``; say which.

    A file that is there is replaced only if that was asked for.
    """
    from olat.api.exporting import source_of
    from olat.errors import UsageError

    path = request.output
    if path.suffix.lower() != suffix:
        raise UsageError(f"{path}: needed is a name that ends in {suffix}.")
    if path.exists() and not request.overwrite:
        raise UsageError(
            f"{path}: it is there already; a new name is needed. Choose one, or say --overwrite."
        )
    _say(request, write(source_of(_opened(request), request.camera), path))
    return 0


def _opened(request: Request) -> Any:
    from olat.api.opened import open_session
    from olat.cli.notes import say_notes_once

    say_notes_once()
    return open_session(request.session, pipeline=request.pipeline)


def _say(request: Request, files: list[Path]) -> None:
    """Print the files, a line each or as JSON."""
    if request.as_json:
        click.echo(json.dumps({"files": list(map(str, files))}, indent=1))
        return
    shown = files if len(files) <= FILES_SHOWN else [*files[:2], *files[-6:]]
    for path in shown:
        click.echo(path)
    if len(shown) < len(files):
        click.echo(f"... {len(files)} files in {request.output}")
