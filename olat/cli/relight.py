"""``olat relight``: a processed session under another light."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from olat.cli.lighting_options import AskedLight, lit_by

if TYPE_CHECKING:
    from olat.api.field import Field
    from olat.api.lobes import Lobes
    from olat.api.opened import OpenSession
    from olat.model.lighting import Lighting
    from olat.model.shapes import Radiance

STILLS = (".exr", ".png")
MOVIES = (".mp4", ".webp")


@click.command(name="relight")
@click.argument("session", type=click.Path(path_type=Path))
@lit_by
@click.option("--keys", type=click.Path(path_type=Path), metavar="FILE", help="Lights that move.")
@click.option("--fps", type=click.FloatRange(0, min_open=True), help="Of movies; default 24.")
@click.option(
    "--start-frame",
    type=click.IntRange(0),
    default=1,
    show_default=True,
    help="Number of the first picture of a sequence.",
)
@click.option("--balls", is_flag=True, help="Show the light on a chrome and a gray ball, in a PNG.")
@click.option(
    "--background",
    metavar="env|PICTURE",
    help="What stands behind the subject: the map that lights it, or a picture.",
)
@click.option("--groups", is_flag=True, help="A layer for each group of lights too, in the .exr.")
@click.option(
    "--lobes", is_flag=True, help="Light the cosine lobes of the gradients, not the OLAT field."
)
@click.option(
    "--shadows", is_flag=True, help="With --lobes: cast the shadows of depth that was integrated."
)
@click.option("--camera", metavar="NAME", help="Needed if there are several.")
@click.option(
    "--pipeline", default="standard", show_default=True, help="The one that made the products."
)
@click.option(
    "--device",
    type=click.Choice(["cpu", "cuda"]),
    default="cpu",
    show_default=True,
    help="What adds up the field; cuda is an NVIDIA GPU, and pays for sequences.",
)
@click.option("--exposure", type=float, metavar="STOPS", help="Of the PNG; default automatic.")
@click.option("--json", "as_json", is_flag=True, help="Print the files as JSON.")
@click.option(
    "-o",
    "--output",
    "outputs",
    type=click.Path(path_type=Path),
    multiple=True,
    required=True,
    help=".exr (linear), .png, and of sequences .mp4 and .webp; may be given twice.",
)
def command(session: Path, outputs: tuple[Path, ...], **options: Any) -> int:
    """Relight SESSION with lights from directions or places, a map, or what a file says.

    What is lit is the OLAT field; with --lobes, what a few photographs under gradients tell: no
    sharp shadows, and one lobe for each pixel. --shadows casts them from the depth of the session.

    Maps are latitude-longitude pictures in OpenEXR orientation: the middle is the light from the
    camera's side, a quarter from the left is light from the picture's right.

    --rotate 0:360:5 and --keys make sequences: out.####.exr, out.png, out.mp4, out.webp. Pictures
    that are there and were made of the same light stay, so that the same command carries on.
    """
    from olat.api.opened import open_session
    from olat.cli.notes import say_notes_once

    asked = AskedLight(**{name: options.pop(name) for name in AskedLight.__dataclass_fields__})
    _check(asked, outputs, options)
    say_notes_once()
    opened = open_session(session, pipeline=options["pipeline"])
    if options["lobes"]:
        _relight_lobes(opened.lobes(options["camera"]), asked, outputs, options)
    elif asked.is_sweep or options["keys"] is not None:
        from olat.cli.relight_sequence import run_sequence

        field = opened.field(options["camera"], device=options["device"])
        return run_sequence(field, asked, outputs, options)
    else:
        _relight_field(opened, asked, outputs, options)
    _say(outputs, as_json=options["as_json"])
    return 0


def _check(asked: AskedLight, outputs: tuple[Path, ...], options: dict[str, Any]) -> None:
    """Refuse what cannot be meant, before anything is opened."""
    from olat.errors import UsageError

    if options["keys"] is None:
        asked.check()
    is_sequence = asked.is_sweep or options["keys"] is not None
    _check_outputs(outputs, is_sequence=is_sequence)
    if options["shadows"] and not options["lobes"]:
        raise UsageError(
            "relight: --shadows without --lobes; the OLAT field holds the shadows that were "
            "photographed. Add --lobes, or leave --shadows out."
        )
    if options["lobes"] and options["device"] != "cpu":
        raise UsageError(
            "relight: --device is about the OLAT field; lobes need none. Leave it out."
        )
    shown = any(path.suffix.lower() != ".exr" for path in outputs)
    if options["exposure"] is not None and not shown:
        raise UsageError("relight: --exposure is about .png; an .exr holds linear values as is.")
    is_bare = options["lobes"] or is_sequence
    if is_bare and (options["balls"] or options["background"]):
        raise UsageError("relight: --balls and --background are for single pictures of the field.")
    if options["background"] == "env" and not (asked.env or asked.harmonics or asked.file):
        raise UsageError("relight: --background env without a map; needed is --env.")
    if options["balls"] and not shown:
        raise UsageError("relight: --balls are drawn into a .png; name one with -o.")
    if options["groups"] and (
        options["lobes"] or not any(path.suffix.lower() == ".exr" for path in outputs)
    ):
        raise UsageError("relight: --groups makes layers of an .exr of the OLAT field; name one.")


def _check_outputs(outputs: tuple[Path, ...], *, is_sequence: bool) -> None:
    """Refuse names that no picture, or no sequence of them, can have."""
    from olat.errors import UsageError

    known = (*STILLS, *MOVIES) if is_sequence else STILLS
    for output in outputs:
        if output.suffix.lower() not in known:
            hint = " A movie needs --rotate START:STOP:STEP or --keys." * (
                output.suffix.lower() in MOVIES
            )
            raise UsageError(f"{output}: needed is a name that ends in {_either(known)}.{hint}")
        if "#" in output.name and not is_sequence:
            raise UsageError(
                f"{output}: a single picture has no number; needed is a name without #, or a "
                "sequence, by --rotate START:STOP:STEP or --keys."
            )


def _either(words: tuple[str, ...]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"


def _relight_field(
    opened: OpenSession, asked: AskedLight, outputs: tuple[Path, ...], options: dict[str, Any]
) -> None:
    """Light the field once, and write it."""
    from olat.api.dressing import dressed, with_balls
    from olat.api.lighting_groups import relit_groups
    from olat.api.pictures import write_relit

    field = opened.field(options["camera"], device=options["device"])
    lighting, mixing = turned_lighting(asked, field), mixing_of(asked)
    groups = relit_groups(field, lighting, mixing) if options["groups"] else {}
    radiance = field.relight(lighting=lighting, mixing=mixing)
    if options["background"] is not None:
        camera = field.header.camera
        radiance = dressed(opened, camera, radiance, lighting, options["background"])
    shown = with_balls(radiance, field, lighting) if options["balls"] else radiance
    for output in outputs:
        is_linear = output.suffix.lower() == ".exr"
        write_relit(
            output,
            radiance if is_linear else shown,
            lighting=lighting.name,
            space=field.space,
            exposure_stops=options["exposure"],
            layers=groups if is_linear else {},
        )


def turned_lighting(asked: AskedLight, field: Field) -> Lighting:
    """Return the lighting of a single picture."""
    from olat.api.sequence import turning
    from olat.model.lighting import EnvironmentLight

    lighting = asked.lighting(field.rig)
    if not any(isinstance(light, EnvironmentLight) for light in lighting.lights):
        return lighting
    return turning(lighting, asked.angles()[:1], first=1)[0].lighting


def mixing_of(asked: AskedLight) -> Any:
    """Return how lights are mixed."""
    from olat.api.field_weights import Mixing

    method: Any = asked.method
    kernel: Any = asked.kernel
    return Mixing(method, kernel)


def _relight_lobes(
    lobes: Lobes, asked: AskedLight, outputs: tuple[Path, ...], options: dict[str, Any]
) -> None:
    """Light the lobes by one distant light or one map."""
    from olat.api.pictures import write_relit
    from olat.cli.lighting_options import vector
    from olat.errors import FileError, UsageError

    shadows = bool(options["shadows"])
    if len(asked.lights) == 1 and not asked.points:
        toward = vector(asked.lights[0], "--light")
        radiance: Radiance = lobes.relight(light=toward, shadows=shadows)
        words = f"distant light from {asked.lights[0]}"
    elif asked.env is not None and not asked.is_sweep and not asked.turns:
        (angle,) = asked.angles()
        try:
            radiance = lobes.relight(environment=asked.env, rotate_deg=angle, shadows=shadows)
        except FileError as error:
            raise UsageError(f"--env: {error}") from error
        words = f"environment {asked.env}, turned by {angle:g} degrees"
    else:
        raise UsageError("relight: lobes are lit by one --light, or by --env and --rotate DEG.")
    stops = options["exposure"]
    for output in outputs:
        write_relit(output, radiance, lighting=words, space=lobes.space, exposure_stops=stops)


def _say(outputs: tuple[Path, ...], *, as_json: bool) -> None:
    import json

    if as_json:
        click.echo(json.dumps({"files": list(map(str, outputs))}, indent=1))
        return
    for output in outputs:
        click.echo(output)
