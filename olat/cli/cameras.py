"""``olat cameras``: cameras of other programs, and where cameras stand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from olat.cli.cameras_report import as_dict, say, say_admitted
from olat.cli.day import day
from olat.cli.lights_report import note
from olat.cli.verb_group import VerbGroup

if TYPE_CHECKING:
    import datetime

    from olat.api.cameras import Meaning, OpenCameras
    from olat.model.session import Session

Verb = TypeVar("Verb", bound=Callable[..., Any])

_READING = (
    click.option(
        "--session",
        "of",
        type=click.Path(path_type=Path),
        metavar="SESSION",
        help="The session that the cameras are for: it says their names, sizes and serial numbers.",
    ),
    click.option(
        "--name",
        "names",
        multiple=True,
        metavar="FILE_NAME=NAME",
        help="What a camera of the file is called here; repeat for several.",
    ),
    click.option(
        "--size",
        nargs=2,
        type=click.IntRange(min=1),
        metavar="WIDTH HEIGHT",
        help="Of the photographs [px], where neither file nor session tells it.",
    ),
    click.option(
        "--extrinsics",
        type=click.Choice(["camera_to_world", "world_to_camera"]),
        default="camera_to_world",
        show_default=True,
        help="Which way the matrices of a .calib file go.",
    ),
    click.option(
        "--reference",
        metavar="CAMERA",
        help="The camera that defines the world: it stands on +z, looks along -z, upright.",
    ),
    click.option(
        "--distance",
        type=float,
        metavar="METERS",
        help="From the reference camera to the subject.  [default: where all axes meet best]",
    ),
    click.option(
        "--scale",
        type=float,
        default=1.0,
        metavar="METERS",
        help="Length of the file's unit.  [default: 1]",
    ),
)
_ADMITTING = (
    click.option(
        "--valid-from",
        callback=day,
        metavar="YYYY-MM-DD",
        help="First day on which the calibrations hold.  [default: day of the session]",
    ),
    click.option("--by", default="", metavar="NAME", help="Who admits them."),
    click.option("--note", "words", default="", metavar="TEXT", help="What should be known."),
    click.option("--force", is_flag=True, help="Replace what is there."),
)


def _with(options: tuple[Callable[[Verb], Verb], ...]) -> Callable[[Verb], Verb]:
    """Add options to a verb."""

    def add(verb: Verb) -> Verb:
        for option in reversed(options):
            verb = option(verb)
        return verb

    return add


@click.group("cameras", cls=VerbGroup, short_help="Look at cameras, convert and place them.")
def command() -> None:
    """Look at cameras of other programs, make calibrations of them, place cameras by a board.

    Read are COLMAP's model in text (a folder), Metashape's .xml, HumanOLAT's .calib and
    transforms.json of NeRF and Gaussian tools.
    """


@command.command()
@click.argument("source", metavar="FILE|SESSION", type=click.Path(path_type=Path))
@_with(_READING)
@click.option("--json", "as_json", is_flag=True, help="Print all that is known as JSON.")
def show(source: Path, as_json: bool, **meaning: Any) -> int:
    """List the cameras of FILE: lens, place and view.

    Of a session it shows the lenses that are certified for its day. A lens calibration (lens.toml)
    is shown as well.
    """
    cameras, _ = _open(source, meaning)
    if as_json:
        click.echo(json.dumps(as_dict(cameras)))
        return 0
    say(cameras)
    note(cameras.notes)
    return 0


@command.command()
@click.argument("source", metavar="FILE|SESSION", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="DIR|FILE",
    help="Folder of calibrations, or a file of cameras.  [default: calibration/ in --session]",
)
@_with(_READING)
@_with(_ADMITTING)
def convert(
    source: Path,
    output: Path | None,
    valid_from: datetime.date | None,
    by: str,
    words: str,
    force: bool,
    **meaning: Any,
) -> int:
    """Make lens calibrations of the cameras of FILE, or write them for another program.

    Without a suffix, the output is a folder of calibrations, for --calibration of olat process.
    A name that ends in .json, .xml or .calib is a file of cameras, and DIR/cameras.txt is COLMAP's
    model.
    """
    from olat.api.camera_calibrations import certify_cameras
    from olat.api.certification import Terms
    from olat.errors import UsageError

    is_file = output is not None and output.suffix != ""
    if is_file and (valid_from, by, words) != (None, "", ""):
        raise UsageError(
            f"{output}: --valid-from, --by and --note are about calibrations; this is a file of "
            "cameras. Name a folder, or leave them out."
        )
    cameras, session = _open(source, meaning)
    note(cameras.notes)
    if is_file and output is not None:
        return _write(output, cameras, force=force)
    terms = Terms(valid_from, by=by, note=words, insist=force)
    say_admitted(certify_cameras(cameras, terms=terms, session=session, folder=output))
    return 0


@command.command()
@click.argument("session", type=click.Path(path_type=Path))
@click.option(
    "--reference",
    metavar="CAMERA",
    help="The camera that defines the world.  [default: the first of the session]",
)
@click.option(
    "--distance",
    type=float,
    metavar="METERS",
    help="From the reference camera to the subject.  [default: where all axes meet best]",
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="measure_lens.NAME=VALUE",
    help="What the board is.  [default: as measure_lens was run on the session]",
)
@click.option(
    "--calibration",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Look for certified lenses there as well; repeat for several.",
)
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder of calibrations.  [default: calibration/ in the session]",
)
@_with(_ADMITTING)
def place(
    session: Path,
    reference: str | None,
    distance: float | None,
    valid_from: datetime.date | None,
    by: str,
    words: str,
    force: bool,
    **given: Any,
) -> int:
    """Find where the cameras of SESSION stand, by a board that several of them see at once.

    The cameras need certified lenses. Board frames of equal number are taken as one moment. The
    lenses are certified anew, with the places of their cameras.
    """
    from functools import partial

    from olat.api.camera_places import Standpoint, place_cameras
    from olat.api.certification import Terms

    terms = Terms(valid_from, by=by, note=words, insist=force)
    tell = partial(click.echo, err=True)
    placed = place_cameras(
        session, Standpoint(reference, distance), terms=terms, tell=tell, **given
    )
    say(placed.cameras)
    note(placed.cameras.notes)
    say_admitted(placed.certified)
    return 0


def _open(source: Path, options: dict[str, Any]) -> tuple[OpenCameras, Session | None]:
    """Read cameras as the options say, and the session that they are for."""
    from olat.api.cameras import open_cameras
    from olat.io.manifest import read_session

    of = options.pop("of")
    session = None if of is None else read_session(of)
    return open_cameras(source, _meaning(options), session=session), session


def _meaning(options: dict[str, Any]) -> Meaning:
    """Return how a file of cameras is meant."""
    from olat.api.cameras import Meaning
    from olat.errors import UsageError

    pairs = [told.rpartition("=") for told in options.pop("names")]
    for name, sign, called in pairs:
        if not (name and sign and called):
            raise UsageError(
                f"--name {name}{sign}{called}: FILE_NAME=NAME is needed, such as IMG_0001=left."
            )
    size = options.pop("size")
    names = {name: called for name, _, called in pairs}
    return Meaning(size=None if size is None else (size[1], size[0]), names=names, **options)


def _write(path: Path, cameras: OpenCameras, *, force: bool) -> int:
    """Write a file of cameras."""
    from olat.errors import UsageError
    from olat.io.camera_file import write_cameras

    if path.exists() and not force:
        raise UsageError(
            f"{path}: it is there already; a new name is needed. Choose one, or say --force."
        )
    write_cameras(path, cameras.lenses)
    click.echo(path)
    return 0
