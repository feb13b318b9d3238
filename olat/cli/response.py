"""``olat response``: what the codes of a camera stand for."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Literal

import click


def seconds(
    ctx: click.Context, option: click.Parameter, values: tuple[str, ...]
) -> tuple[float, ...]:
    """Return exposure times as cameras show them, 0.5 or 1/60, in seconds."""
    return tuple(_seconds(value, ctx, option) for value in values)


def _seconds(value: str, ctx: click.Context, option: click.Parameter) -> float:
    try:
        time = float(Fraction(value.strip().removesuffix("s")))
    except (ValueError, ZeroDivisionError):
        time = 0.0
    if not time > 0.0:
        raise click.BadParameter(
            f"{value!r} is no exposure time; needed are seconds, such as 0.5 or 1/60.", ctx, option
        )
    return time


@click.command(name="response")
@click.argument(
    "photographs", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False)
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("response.csv"),
    show_default=True,
    help="Table to write: a line for each code.",
)
@click.option(
    "--exposure",
    "exposures",
    multiple=True,
    metavar="SECONDS",
    callback=seconds,
    help="Of each photograph in turn, such as 1/60 [s]; repeat.  [default: what Exif says]",
)
@click.option(
    "--method",
    type=click.Choice(["debevec", "robertson"]),
    default="debevec",
    show_default=True,
    help="A smooth curve, or one that follows the pixels.",
)
@click.option("--overwrite", is_flag=True, help="Replace a table that is there.")
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
def command(
    photographs: tuple[Path, ...],
    output: Path,
    exposures: tuple[float, ...],
    method: Literal["debevec", "robertson"],
    overwrite: bool,
    as_json: bool,
) -> None:
    """Measure which light each 8-bit code of a camera stands for.

    PHOTOGRAPHS are four or more of one still scene from one place, at different exposures. RAW
    files need none of this: they are linear. Write `encoding = "response.csv"` under
    `[camera.NAME]` in session.toml to use the table.
    """
    from olat.api.response import recover_response
    from olat.errors import UsageError

    if exposures and len(exposures) != len(photographs):
        raise UsageError(
            f"--exposure: {len(exposures)} times for {len(photographs)} photographs; "
            "give one for each, in their order, or none where Exif has them."
        )
    if output.exists() and not overwrite:
        raise UsageError(f"{output}: it is there already; --overwrite replaces it.")
    found = recover_response(photographs, output, exposures_s=exposures or None, method=method)
    middle = [found.light[128][channel] for channel in range(len(found.light[0]))]
    if as_json:
        click.echo(json.dumps({"schema": 1, "file": str(output), "light_of_code_128": middle}))
        return
    told = ", ".join(f"{100.0 * light:.1f} %" for light in middle)
    click.echo(f"Code 128 stands for {told} of full scale (sRGB: 21.6 %, linear: 50.2 %).")
    click.echo(f'Say encoding = "{output.name}" under [camera.NAME] in session.toml.')
    click.echo(output)
