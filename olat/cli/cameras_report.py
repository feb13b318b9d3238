"""What ``olat cameras`` prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from olat.cli.fit_words import fit_words, place_words

if TYPE_CHECKING:
    from olat.api.cameras import OpenCameras
    from olat.api.certification import Certified

_HEAD = ("name", "size [px]", "focal [px]", "view [deg]", "position", "looks along", "distortion")


def say(cameras: OpenCameras) -> None:
    """Print a line a camera, and which world they are in."""
    from olat.api.cameras import camera_rows

    count = "1 camera" if len(cameras.lenses) == 1 else f"{len(cameras.lenses)} cameras"
    click.echo(f"{cameras.source}: {count}; {_world(cameras)}")
    say_columns([_HEAD, *(_words(row) for row in camera_rows(cameras.lenses))])


def _world(cameras: OpenCameras) -> str:
    if cameras.in_stage:
        return "in the world of the stage [m]"
    return "in the file's own world and unit (--reference CAMERA takes them to the stage's)"


def _words(row: dict[str, Any]) -> tuple[str, ...]:
    """Return a camera as words, a column each."""
    width, height = row["field_of_view_deg"]
    place = row["position"]
    terms = " ".join(f"{name} {value:.4g}" for name, value in row["distortion"].items())
    return (
        row["name"],
        f"{row['width']} x {row['height']}",
        " ".join(f"{focal:.1f}" for focal in row["focal_px"]),
        f"{width:.1f} x {height:.1f}",
        "not known" if place is None else _vector(place),
        _vector(row["looks_along"]),
        terms or "none",
    )


def _vector(numbers: list[float]) -> str:
    """Return three numbers to a thousandth, without the minus of a rounded 0."""
    return " ".join(f"{round(number, 3) + 0.0:.3f}" for number in numbers)


def say_columns(rows: Sequence[Sequence[str]]) -> None:
    """Print rows of words in columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        told = "  ".join(f"{word:<{width}}" for word, width in zip(row, widths, strict=True))
        click.echo(f"  {told}".rstrip())


def say_admitted(admitted: Sequence[Certified]) -> None:
    """Print which calibrations were put where."""
    click.echo("\n".join(f"{fit_words(c)}\n  {place_words(c.document)}" for c in admitted))


def as_dict(cameras: OpenCameras) -> dict[str, Any]:
    """Return all that is known about cameras, in plain values."""
    from olat.api.cameras import camera_rows

    return {
        "schema": 1,
        "source": cameras.source,
        "in_stage_world": cameras.in_stage,
        "cameras": camera_rows(cameras.lenses),
        "notes": list(cameras.notes),
    }
