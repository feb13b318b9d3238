"""``olat relight``: a processed session under another light."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from olat.api.field import Field
    from olat.api.lobes import Lobes
    from olat.model.shapes import Radiance


@click.command(name="relight")
@click.argument("session", type=click.Path(path_type=Path))
@click.option("--light", metavar="X,Y,Z", help="Direction to a distant light; +x right, +y up.")
@click.option("--env", type=click.Path(path_type=Path), metavar="MAP", help="Map: .exr or .hdr.")
@click.option("--rotate", type=float, default=0.0, metavar="DEG", help="Turn the map around +y.")
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
@click.option("--exposure", type=float, metavar="STOPS", help="Of the PNG; default automatic.")
@click.option(
    "-o",
    "--output",
    "outputs",
    type=click.Path(path_type=Path),
    multiple=True,
    required=True,
    help=".exr (linear) or .png (display); may be given twice.",
)
def command(
    session: Path,
    light: str | None,
    env: Path | None,
    rotate: float,
    lobes: bool,
    shadows: bool,
    camera: str | None,
    pipeline: str,
    exposure: float | None,
    outputs: tuple[Path, ...],
) -> int:
    """Relight SESSION with a light from a direction, or with an environment map.

    What is lit is the OLAT field; with --lobes, what a few photographs under gradients tell: no
    sharp shadows, and one lobe for each pixel. --shadows casts them from the depth of the session.

    Maps are latitude-longitude pictures in OpenEXR orientation: the middle is the light from the
    camera's side, a quarter from the left is light from the picture's right.
    """
    import logging

    from olat.api.opened import open_session
    from olat.api.pictures import write_relit
    from olat.errors import FileError, UsageError

    if (light is None) == (env is None):
        raise UsageError("relight: needed is either --light X,Y,Z or --env MAP.")
    if light is not None and rotate:
        raise UsageError("relight: --rotate turns a map; it does nothing to --light.")
    for output in outputs:
        if output.suffix.lower() not in {".exr", ".png"}:
            raise UsageError(f"{output}: needed is a name that ends in .exr or .png.")
    _check_shadows(lobes=lobes, shadows=shadows)
    if exposure is not None and not any(path.suffix.lower() == ".png" for path in outputs):
        raise UsageError("relight: --exposure is about .png; an .exr holds linear values as is.")
    logging.basicConfig(format="note: %(message)s", level=logging.WARNING)
    opened = open_session(session, pipeline=pipeline)
    source = opened.lobes(camera) if lobes else opened.field(camera)
    if light is not None:
        radiance = _relit(source, _direction(light), None, rotate, shadows)
        lighting = f"distant light from {light}"
    else:
        try:
            radiance = _relit(source, None, env, rotate, shadows)
        except FileError as error:
            raise UsageError(f"--env: {error}") from error
        lighting = f"environment {env}, turned by {rotate:g} degrees"
    for output in outputs:
        write_relit(
            output,
            radiance,
            lighting=lighting,
            space=source.space,
            exposure_stops=exposure,
        )
        click.echo(output)
    return 0


def _check_shadows(*, lobes: bool, shadows: bool) -> None:
    """Refuse shadows on what holds its own."""
    from olat.errors import UsageError

    if shadows and not lobes:
        raise UsageError(
            "relight: --shadows without --lobes; the OLAT field holds the shadows that were "
            "photographed. Add --lobes, or leave --shadows out."
        )


def _relit(
    source: Field | Lobes,
    light: list[float] | None,
    env: Path | None,
    rotate_deg: float,
    shadows: bool,
) -> Radiance:
    """Light what is lit; the field holds its shadows."""
    from olat.api.lobes import Lobes

    if isinstance(source, Lobes):
        return source.relight(light=light, environment=env, rotate_deg=rotate_deg, shadows=shadows)
    return source.relight(light=light, environment=env, rotate_deg=rotate_deg)


def _direction(text: str) -> list[float]:
    """Read ``X,Y,Z``."""
    from olat.errors import UsageError

    try:
        parts = [float(part) for part in text.split(",")]
    except ValueError:
        parts = []
    if len(parts) != 3 or not any(parts) or not all(map(math.isfinite, parts)):
        raise UsageError(
            f"--light {text}: needed are three finite numbers, not all zero, as in "
            "--light 0.5,0.5,1."
        )
    return parts
