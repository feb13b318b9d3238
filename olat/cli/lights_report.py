"""What ``olat lights`` prints."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import click

from olat.model.words import counted

if TYPE_CHECKING:
    from olat.api.lights import OpenLights
    from olat.light.rig_summary import RigSummary


def facts(summary: RigSummary) -> list[str]:
    """Return the facts about a rig."""
    return [
        summary.distance_words(),
        summary.spacing_words(),
        summary.coverage_words(),
        f"widest gap {summary.gap_words()}",
        f"intensity {summary.intensity_words()}",
    ]


def say(lights: OpenLights, summary: RigSummary) -> None:
    """Print a rig's facts, a line each."""
    click.echo(f"{lights.rig.name}: {counted(summary.count, 'light')} ({lights.source})")
    for words in facts(summary):
        click.echo(f"  {words}")
    tell_frames(lights, indent="  ")


def tell_frames(lights: OpenLights, indent: str = "") -> None:
    """Print the rhythm of the capture, where it is known."""
    from olat.api.lights import rhythm_words

    if lights.patterns is not None:
        click.echo(indent + rhythm_words(lights.patterns))


def say_table(rows: list[dict[str, Any]]) -> None:
    """Print a line a light."""
    click.echo("light  azimuth  elevation  nearest  red    green  blue   name")
    for row in rows:
        levels = " ".join(f"{level:<6.3g}" for level in row["intensity"])
        click.echo(
            f"{row['light']:5d}  {row['azimuth_deg']:7.2f}  {row['elevation_deg']:9.2f}  "
            f"{row['nearest_deg']:7.2f}  {levels} {row['name'] or ''}".rstrip()
        )


def as_dict(lights: OpenLights, summary: RigSummary) -> dict[str, Any]:
    """Return all that is known about a rig, in plain values."""
    from olat.api.lights import light_rows

    frames = None
    if lights.patterns is not None:
        frames = {
            "all_on": list(lights.patterns.tracking),
            "olat": {str(frame): light for frame, light in lights.patterns.olat.items()},
        }
    return {
        "schema": 1,
        "name": lights.rig.name,
        "source": lights.source,
        "summary": _summary(summary),
        "frames": frames,
        "lights": light_rows(lights.rig),
        "notes": list(lights.notes),
    }


def _summary(summary: RigSummary) -> dict[str, Any]:
    """Return a summary with the unit in each name; ranges are least, median and largest."""
    return {
        "count": summary.count,
        "spacing_deg": [math.degrees(angle) for angle in summary.spacing],
        "coverage": summary.coverage,
        "reach_deg": math.degrees(summary.reach),
        "gap_direction": summary.gap,
        "gap_radius_deg": math.degrees(summary.gap_radius),
        "distance_m": summary.distance,
        "intensity": summary.intensity,
        "warnings": summary.warnings,
    }


def note(notes: tuple[str, ...]) -> None:
    """Say on standard error what is worth knowing."""
    for words in notes:
        click.echo(f"note: {words}", err=True)
