"""``olat lights``: rigs by rule, light files of every lab, and a rig as a picture."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from olat.cli.lights_report import as_dict, facts, note, say, say_table, tell_frames
from olat.cli.verb_group import VerbGroup

if TYPE_CHECKING:
    from olat.api.lights import Meaning
    from olat.model.rig import LightRig

Verb = TypeVar("Verb", bound=Callable[..., Any])

CONVENTIONS = ("openexr", "mitsuba", "blender", "three", "skylibs")

_READING = (
    click.option(
        "--frame",
        type=click.Choice(["olat", "opencv"]),
        default="olat",
        show_default=True,
        help="Axes of the file: y up and z to the camera, or y down and z away from it.",
    ),
    click.option("--units", type=click.Choice(["m", "cm", "mm"]), help="Of positions."),
    click.option(
        "--center",
        nargs=3,
        type=float,
        default=(0.0, 0.0, 0.0),
        metavar="X Y Z",
        help="Place of the subject in the file's units and axes.",
    ),
    click.option(
        "--holds",
        type=click.Choice(["auto", "directions", "positions"]),
        default="auto",
        show_default=True,
        help="What the numbers are; auto goes by their length.",
    ),
    click.option(
        "--convention",
        type=click.Choice(CONVENTIONS),
        help="Whose maps the pictures of a folder are.  [default: openexr]",
    ),
)
_OVERWRITE = click.option("--overwrite", is_flag=True, help="Replace files that are there.")


def _reading(verb: Verb) -> Verb:
    """Add the options that say how a light file is meant."""
    for option in reversed(_READING):
        verb = option(verb)
    return verb


@click.group("lights", cls=VerbGroup, short_help="Make, convert and look at light files.")
def command() -> None:
    """Make light files by rule, convert them, look at them.

    Read and written are RTI .lp, columns .txt, tables .csv and .tsv, .npy and .npz, DiLiGenT's
    light_directions.txt, Goliath's and FaceOLAT's .json, RelightLab's .dome and HumanOLAT's .pc. A
    folder with one latitude-longitude picture a light is read.
    """


@command.command()
@click.option("--arcs", type=click.IntRange(1, 1000), metavar="N", help="Upright arcs.")
@click.option("--per-arc", type=click.IntRange(1, 1000), metavar="M", help="Lights on each arc.")
@click.option(
    "--elevation",
    nargs=2,
    type=float,
    metavar="LOW HIGH",
    help="Of the lowest and the highest light of an arc [degree].  [default: the whole arc]",
)
@click.option("--fibonacci", type=click.IntRange(1, 100000), metavar="N", help="N lights, evenly.")
@click.option(
    "--geodesic",
    type=click.IntRange(1, 64),
    metavar="F",
    help="Corners of an icosahedron with edges cut into F parts: 10 F^2 + 2 lights.",
)
@click.option("--turn", type=float, default=0.0, metavar="DEG", help="Turn the rig around +y.")
@click.option("--exclude-below", type=float, metavar="DEG", help="No lights below this elevation.")
@click.option("--radius", type=float, metavar="METERS", help="Distance; without it, directions.")
@click.option(
    "--order",
    type=click.Choice(["given", "spiral"]),
    default="given",
    show_default=True,
    help="As the rule makes them, or along a spiral from the camera's side to the back.",
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, help="By its suffix."
)
@_OVERWRITE
def generate(
    arcs: int | None,
    per_arc: int | None,
    elevation: tuple[float, float] | None,
    fibonacci: int | None,
    geodesic: int | None,
    turn: float,
    exclude_below: float | None,
    radius: float | None,
    order: str,
    output: Path,
    overwrite: bool,
) -> int:
    """Write a light file by a rule: --arcs N --per-arc M, --fibonacci N, or --geodesic F."""
    from olat.api.rig_rule import RigRule

    rule = RigRule(
        arcs=arcs,
        per_arc=per_arc,
        elevation_deg=elevation,
        fibonacci=fibonacci,
        geodesic=geodesic,
        turn_deg=turn,
        exclude_below_deg=exclude_below,
        in_spiral=order == "spiral",
    )
    _write(output, rule.rig(name=output.stem, radius=radius), overwrite=overwrite)
    return 0


@command.command()
@click.argument("source", metavar="IN", type=click.Path(path_type=Path))
@click.argument("target", metavar="OUT", type=click.Path(path_type=Path))
@_reading
@click.option("--radius", type=float, metavar="METERS", help="Distance, for directions.")
@click.option(
    "--order",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Put lights in the order in which a file names them, one a line.",
)
@click.option(
    "--index-base",
    type=click.IntRange(0, 1),
    default=0,
    show_default=True,
    help="What the first light is called there.",
)
@_OVERWRITE
def convert(
    source: Path,
    target: Path,
    radius: float | None,
    order: Path | None,
    index_base: int,
    overwrite: bool,
    **meaning: Any,
) -> int:
    """Write the lights of IN as OUT.

    IN is a light file, a folder of footprints, a session, or a rig calibration (rig.toml). OUT is
    in the program's own axes: x right, y up, z to the camera, subject at the origin, meters or what
    the format demands. What the format cannot hold is said.
    """
    from olat.api.lights import at_distance, open_lights
    from olat.io.light_file_write import format_of
    from olat.io.manifest_lights import read_order

    format_of(target)
    lights = open_lights(source, _meaning(meaning))
    if order is not None:
        lights = lights.in_order([light - index_base for light in read_order(order)])
    rig = lights.rig if radius is None else at_distance(lights.rig, radius)
    note(lights.notes)
    tell_frames(lights)
    _write(target, rig, patterns=lights.patterns, overwrite=overwrite)
    return 0


@command.command()
@click.argument("source", metavar="FILE|SESSION", type=click.Path(path_type=Path))
@_reading
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="PNG", help="Draw the rig there."
)
@click.option("--table", is_flag=True, help="Also list every light.")
@click.option("--json", "as_json", is_flag=True, help="Print all that is known as JSON.")
@_OVERWRITE
def show(
    source: Path,
    output: Path | None,
    table: bool,
    as_json: bool,
    overwrite: bool,
    **meaning: Any,
) -> int:
    """Tell how the lights of a file or a session are spread, and draw them.

    Of a session it shows the lights in use: those certified for its day, else its light file's. A
    rig calibration (rig.toml), certified or not, is shown as well.

    The picture shows the rig from the front, from above and from the side, and all lights on a
    map with their numbers, sized by intensity and colored by tint.
    """
    from olat.api.lights import light_rows, open_lights, summary_of_lights

    _check_picture(output, overwrite=overwrite)
    lights = open_lights(source, _meaning(meaning))
    summary = summary_of_lights(lights.rig)
    if as_json:
        click.echo(json.dumps(as_dict(lights, summary)))
    else:
        say(lights, summary)
        if table:
            say_table(light_rows(lights.rig))
        note((*lights.notes, *(f"{lights.rig.name}: {words}." for words in summary.warnings)))
    if output is not None:
        from olat.io.display import write_png
        from olat.io.rig_picture import picture_of_rig

        write_png(output, picture_of_rig(lights.rig, source=lights.source))
        click.echo(output, err=as_json)
    return 0


def _meaning(options: dict[str, Any]) -> Meaning:
    """Return how a light file is meant."""
    from olat.api.lights import Meaning

    return Meaning(**options)


def _write(path: Path, rig: LightRig, *, overwrite: bool, patterns: Any = None) -> None:
    """Write a light file; say what it amounts to and what it could not hold."""
    from olat.api.lights import summary_of_lights
    from olat.io.light_file_write import write_lights
    from olat.model.words import counted

    summary = summary_of_lights(rig)
    written, losses = write_lights(path, rig, patterns=patterns, overwrite=overwrite)
    click.echo(f"{counted(summary.count, 'light')}, {', '.join(facts(summary))}")
    note((*losses, *(f"{path.name}: {words}." for words in summary.warnings)))
    for place in written:
        click.echo(place)


def _check_picture(path: Path | None, *, overwrite: bool) -> None:
    """Refuse a name that is no PNG, or is taken."""
    from olat.errors import UsageError

    if path is not None and path.suffix.lower() != ".png":
        raise UsageError(f"{path}: a name that ends in .png is needed.")
    if path is not None and path.exists() and not overwrite:
        raise UsageError(
            f"{path}: it is there already; a new name is needed. Choose one, or say --overwrite."
        )
