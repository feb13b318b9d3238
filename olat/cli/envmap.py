"""``olat envmap``: environment maps of other programs and shapes, and what lights make of them."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from olat.cli.verb_group import VerbGroup

if TYPE_CHECKING:
    from olat.model.encoding import Encoding

CONVENTIONS = ("openexr", "usd", "mitsuba", "blender", "three", "skylibs")
PROJECTIONS = ("latlong", "mirror_ball", "angular", "cube", "cross")
MAPS = (".exr", ".hdr")

_OVERWRITE = click.option("--overwrite", is_flag=True, help="Replace files that are there.")
_JSON = click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")


@click.group("envmap", cls=VerbGroup, short_help="Convert environment maps, see what they light.")
def command() -> None:
    """Convert environment maps, draw one with labelled axes, share one out among lights.

    Maps are latitude-longitude pictures that somebody inside sees. In OpenEXR's orientation, which
    all other commands read, the middle is the light from the camera's side and a quarter from the
    left is light from the picture's right.
    """


@command.command()
@click.argument("source", metavar="IN", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help=".exr, .hdr")
@click.option(
    "--from",
    "source_convention",
    type=click.Choice(CONVENTIONS),
    default="openexr",
    show_default=True,
    help="Whose orientation IN has.",
)
@click.option(
    "--to",
    "target",
    type=click.Choice(CONVENTIONS),
    default="openexr",
    show_default=True,
    help="Whose orientation to write.",
)
@click.option(
    "--projection",
    type=click.Choice(PROJECTIONS),
    help="Shape of IN.  [default: what its header says, else latlong]",
)
@click.option("--width", type=int, metavar="PX", help="Of the result.  [default: as fine as IN]")
@click.option(
    "--rotate",
    "turns",
    multiple=True,
    metavar="AXIS:DEG",
    help="Turn the light about x, y or z, right-handed; y:90 brings the camera's side to image "
    "right. May be given several times.",
)
@click.option("--exposure", type=float, default=0.0, metavar="STOPS", help="Brighten by 2^STOPS.")
@click.option(
    "--assume",
    metavar="ENCODING",
    help="Take a JPEG or PNG, encoded as srgb, linear or an exponent; its lights are clipped.",
)
@click.option(
    "--mirrored",
    is_flag=True,
    help="IN is mirrored: writing in it reads backwards. Flip it left to right first.",
)
@click.option("--half", is_flag=True, help="Write 16-bit floats into the .exr.")
@_JSON
@_OVERWRITE
def convert(
    source: Path,
    output: Path,
    source_convention: str,
    target: str,
    projection: Any,
    width: int | None,
    turns: tuple[str, ...],
    exposure: float,
    assume: str | None,
    mirrored: bool,
    half: bool,
    as_json: bool,
    overwrite: bool,
) -> int:
    """Write the light of IN as a latitude-longitude map.

    Maps of programs differ by a turn about the vertical: mitsuba and usd are openexr's. Between
    them pixels move as they are where the width is a multiple of 4. Sizes change by solid angle,
    so that the energy stays. A photograph of a mirror ball is cut to the ball's outline; angular
    maps are Debevec's light probes, cubes OpenEXR's six faces, crosses have -z in the middle.
    """
    from olat.api.envmap import Conversion, converted_map, write_map

    _require(output, MAPS, overwrite=overwrite)
    _tell_warnings()
    how = Conversion(
        source=source_convention,
        target=target,
        projection=projection,
        width=width,
        turns=[_turn(words) for words in turns],
        exposure_stops=exposure,
        assume=None if assume is None else _encoding(assume),
        is_mirrored=mirrored,
    )
    result = converted_map(source, how)
    words = f"{source.name}, in the orientation of {target}"
    notes = write_map(output, result.environment, half=half, words=words)
    told = result.summary()
    told["notes"] += notes
    if as_json:
        click.echo(json.dumps({"output": str(output), **told}))
        return 0
    _note(told["notes"])
    click.echo(
        f"{output}: {told['width']} x {told['height']} px, mean radiance "
        f"{', '.join(f'{value:.4g}' for value in told['mean'])}, largest {told['largest']:.4g}"
    )
    return 0


@command.command()
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, help=".exr, .hdr, .png"
)
@click.option("--width", type=int, default=1024, show_default=True, metavar="PX")
@click.option(
    "--to",
    "target",
    type=click.Choice(CONVENTIONS),
    default="openexr",
    show_default=True,
    help="Whose orientation to write.",
)
@_JSON
@_OVERWRITE
def axes(output: Path, width: int, target: str, as_json: bool, overwrite: bool) -> int:
    """Draw a map with a labelled patch around each axis.

    Light something with it, here and in another program: where the same patch shows at the same
    place, the two agree. In a background the labels read as written; on a chrome ball, mirrored.
    """
    from olat.api.envmap import UP_IN_BLENDER, axes_environment, write_map

    _require(output, (*MAPS, ".png"), overwrite=overwrite)
    environment = axes_environment(width=width, convention=target)
    words = f"axes, in the orientation of {target}"
    notes = write_map(output, environment, half=False, words=words)
    notes += [UP_IN_BLENDER] if target == "blender" else []
    if as_json:
        told = {"output": str(output), "width": width, "orientation": target, "notes": notes}
        click.echo(json.dumps(told))
        return 0
    _note(notes)
    click.echo(output)
    return 0


@command.command()
@click.argument("map_path", metavar="MAP", type=click.Path(path_type=Path))
@click.argument("lights", metavar="SESSION|LIGHTFILE", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    "outputs",
    type=click.Path(path_type=Path),
    multiple=True,
    help=".csv, .json, .png to look at, or .exr: the map that the lights make. May be repeated.",
)
@click.option(
    "--kernel",
    type=click.Choice(["auto", "voronoi", "barycentric", "kernel"]),
    default="auto",
    show_default=True,
    help="How a pixel's light is shared among lights.",
)
@click.option("--rotate", type=float, default=0.0, metavar="DEG", help="Turn the map around +y.")
@_JSON
@_OVERWRITE
def weights(
    map_path: Path,
    lights: Path,
    outputs: tuple[Path, ...],
    kernel: str,
    rotate: float,
    as_json: bool,
    overwrite: bool,
) -> int:
    """Tell how bright each light must be to stand for its part of MAP.

    Weights are in the color of MAP. A white surface that faces a light of weight 1 reads 1. Without
    -o the table is printed.
    """
    from olat.api.envmap_weights import shared_out, write_shared
    from olat.api.lights import open_lights
    from olat.io.environment_weights_file import COLUMNS, weight_rows

    for output in outputs:
        _require(output, (*MAPS, ".csv", ".json", ".png"), overwrite=overwrite)
    _tell_warnings()
    shared = shared_out(map_path, open_lights(lights).rig, kernel=kernel, rotate_deg=rotate)
    for output in outputs:
        write_shared(output, shared)
    rows = weight_rows(shared.rig, shared.weights)
    if as_json:
        told = {**shared.told(), "outputs": [str(path) for path in outputs], "lights": rows}
        click.echo(json.dumps(told))
        return 0
    if not outputs:
        click.echo(",".join(COLUMNS))
        for row in rows:
            click.echo(",".join(_cell(row[name]) for name in COLUMNS))
    if shared.left_out > 0.0005:
        _note([f"{100 * shared.left_out:.1f} % of the light comes from where there are no lights"])
    for output in outputs:
        click.echo(output)
    return 0


def _cell(value: int | str | float) -> str:
    """Write a number of a table."""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _turn(words: str) -> tuple[str, float]:
    """Read ``AXIS:DEG``."""
    from math import isfinite

    from olat.errors import UsageError

    axis, _, number = words.partition(":")
    try:
        degrees = float(number)
    except ValueError:
        degrees = float("nan")
    if axis.lower() not in {"x", "y", "z"} or not isfinite(degrees):
        raise UsageError(f"--rotate {words}: an axis and degrees are needed, as in --rotate y:90.")
    return axis.lower(), degrees


def _encoding(words: str) -> Encoding:
    """Read an encoding by name or exponent."""
    from olat.errors import UsageError

    if words == "srgb":
        return "srgb"
    if words == "linear":
        return "linear"
    try:
        exponent = float(words)
    except ValueError:
        exponent = 0.0
    if not 0.1 < exponent < 10.0:
        raise UsageError(f"--assume {words}: srgb, linear or an exponent such as 2.2 is needed.")
    return exponent


def _require(path: Path, suffixes: Sequence[str], *, overwrite: bool) -> None:
    """Refuse a name of another kind, or one that is taken."""
    from olat.errors import UsageError

    if path.suffix.lower() not in suffixes:
        raise UsageError(f"{path}: needed is a name that ends in {', '.join(suffixes)}.")
    if path.exists() and not overwrite:
        raise UsageError(
            f"{path}: it is there already; a new name is needed. Choose one, or say --overwrite."
        )


def _tell_warnings() -> None:
    """Show what the program has to remark about files."""
    logging.basicConfig(format="note: %(message)s", level=logging.WARNING)


def _note(notes: Sequence[str]) -> None:
    for words in notes:
        click.echo(f"note: {words}", err=True)
