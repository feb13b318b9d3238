"""``olat compare``: how alike two pictures, maps, normals or masks are."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

if TYPE_CHECKING:
    from olat.api.comparison import Comparison


@click.command(name="compare")
@click.argument("a", type=click.Path(path_type=Path))
@click.argument("b", type=click.Path(path_type=Path))
@click.option("--mask", type=click.Path(path_type=Path), help="Picture, bright where pixels count.")
@click.option(
    "--kind",
    type=click.Choice(["auto", "picture", "normals", "albedo", "number", "environment", "mask"]),
    default="auto",
    show_default=True,
    help="What they show; auto asks channels and layer names.",
)
@click.option("--layer", metavar="NAME[,NAME]", help="Layer of EXR files; of A and of B.")
@click.option(
    "--measure",
    "measures",
    metavar="NAME,...",
    help="Such as psnr,ssim.  [default: those that are usual for the kind]",
)
@click.option(
    "--scale",
    type=click.Choice(["none", "global", "channel"]),
    help="Multiply A first so that it fits B best.  [default: none; albedo: channel]",
)
@click.option(
    "--space",
    type=click.Choice(["display", "linear"]),
    help="What colors are compared in.  [default: display for psnr and ssim, else linear]",
)
@click.option(
    "--peak", type=float, default=1.0, show_default=True, help="Largest value, for psnr and ssim."
)
@click.option(
    "--exposure",
    type=float,
    default=0.0,
    metavar="STOPS",
    help="Of both, before a display shows them.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Picture of the difference to write: .png.",
)
def command(
    a: Path,
    b: Path,
    mask: Path | None,
    kind: Any,
    layer: str | None,
    measures: str | None,
    scale: Literal["none", "global", "channel"] | None,
    space: Literal["display", "linear"] | None,
    peak: float,
    exposure: float,
    as_json: bool,
    output: Path | None,
) -> int:
    """Compare A with B: what is judged, with what it is judged by.

    Files are OpenEXR, Radiance, PNG, TIFF, JPEG or NumPy of one size. Every figure says what it
    aligned: a scale that was fitted hides a wrong exposure.
    """
    import logging

    from olat.api.comparison import compare
    from olat.api.comparison_picture import write_difference
    from olat.errors import UsageError

    if output is not None and output.suffix.lower() != ".png":
        raise UsageError(f"{output}: the difference is a picture; needed is a name in .png.")
    logging.basicConfig(format="note: %(message)s", level=logging.WARNING)
    found = compare(
        a,
        b,
        mask=mask,
        kind=kind,
        measures=[word.strip() for word in measures.split(",")] if measures else None,
        scale=scale,
        space=space,
        peak=peak,
        exposure_stops=exposure,
        layer=layer,
    )
    if output is not None:
        write_difference(found, output)
    if as_json:
        click.echo(json.dumps(_as_json(found, output), indent=1))
        return 0
    click.echo(found)
    if output is not None:
        click.echo(output)
    return 0


def _as_json(found: Comparison, output: Path | None) -> dict[str, Any]:
    """Return all that was found; an infinite ratio, which JSON has no number for, is null."""
    return {
        "schema": 1,
        "kind": found.kind,
        "a": found.first.name,
        "b": found.second.name,
        "pixels": found.used.size,
        "used": int(found.used.sum()),
        "left_out": found.left_out,
        "measures": [
            {
                "name": figure.measure.name,
                "value": figure.measure.value if math.isfinite(figure.measure.value) else None,
                "unit": figure.measure.unit,
                "space": figure.space,
                "aligned": figure.measure.aligned,
                "factors": list(figure.measure.factors),
                "used": figure.measure.used,
                "note": figure.measure.note,
            }
            for figure in found.figures
        ],
        "refused": found.refused,
        "notes": list(found.notes),
        "picture": None if output is None else str(output),
    }
