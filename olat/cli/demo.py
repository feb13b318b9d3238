"""``olat demo``: a simulated capture, processed and relit."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Console

MEASURES = {"calibrate_camera": ("sensor", "color", "lens"), "calibrate_rig": ("rig",)}
"""What each definition that measures finds out."""
KEY_LIGHT = (0.7, 0.5, 0.6)
"""Direction of the distant light that the demo shows."""


@click.command(name="demo")
@click.argument("folder", metavar="[DIR]", default="olat-demo", type=click.Path(path_type=Path))
@click.option("--size", type=click.IntRange(64, 2048), metavar="PX", help="Of the pictures.")
@click.option("--lights", type=click.IntRange(12, 1000), metavar="N", help="Of the stage.")
@click.option("--workers", type=click.IntRange(0), help="Processes; 0 runs in this one.")
def command(folder: Path, size: int | None, lights: int | None, workers: int | None) -> int:
    """Capture a simulated head in DIR as RAW files, calibrate, process and relight the session.

    Everything that a real session has is there: tracking frames, color gradients, an OLAT sweep of
    a subject that sways and blinks, and dark, flat, chart, board and ball frames. What the camera
    and the lights are like is measured on those and certified. The exact truth lies beside it. A
    second run carries on where the first one stopped.
    """
    from rich.console import Console

    from olat.cli.progress import tell

    console = Console(stderr=True)
    if not (folder / "session.toml").exists():
        _simulate(folder, size, lights, console)
    for pipeline in ("calibrate_camera", "calibrate_rig", "standard"):
        if code := _process(folder, pipeline, workers, console):
            return code
    for path in _relight(folder):
        click.echo(path)
    tell(console, f"Look at {folder / 'pictures' / 'overview.png'} first.")
    return 0


def _process(folder: Path, pipeline: str, workers: int | None, console: Console) -> int:
    """Run a pipeline, and certify what it measured; return its exit code."""
    from olat.api.certification import Terms, certify
    from olat.api.processing import process
    from olat.cli.fit_words import fit_words
    from olat.cli.process import say
    from olat.cli.progress import tell, watcher

    summary = process(folder, pipeline=pipeline, workers=workers, watcher=watcher(console))
    say(summary, console)
    if not summary.exit_code and pipeline in MEASURES:
        terms = Terms(by="olat demo", replace=True)
        for item in certify(folder, terms=terms, only=MEASURES[pipeline]):
            tell(console, fit_words(item, judged_only=True))
            click.echo(item.document)
    return summary.exit_code


def _simulate(folder: Path, size: int | None, lights: int | None, console: Console) -> None:
    """Write the simulated session into a new folder, or finish one that was interrupted."""
    from rich.progress import Progress

    from olat.cli.progress import SILENCE_S, tell
    from olat.errors import UsageError
    from olat.synthetic.session import write_session
    from olat.synthetic.stage import SyntheticStage

    foreign = [path.name for path in folder.glob("*") if path.name not in {"raw", "truth"}]
    if foreign:
        raise UsageError(
            f"{folder}: the folder holds {foreign[0]!r} and more that the demo did not make. Give "
            "the demo a new folder: olat demo DIR."
        )
    wanted = {"size": size, "lights": lights}
    changes = {name: value for name, value in wanted.items() if value is not None}
    stage = SyntheticStage.model_validate(SyntheticStage.preset("studio").model_dump() | changes)
    total = len(stage.conditions)
    tell(console, f"simulate: {total} RAW frames into {folder}")
    with Progress(console=console, disable=not console.is_terminal) as progress:
        bar = progress.add_task("simulate", total=total)
        spoke = time.monotonic()

        def advance(done: int, _: int) -> None:
            nonlocal spoke
            progress.update(bar, completed=done)
            if not console.is_terminal and time.monotonic() - spoke > SILENCE_S:
                spoke = time.monotonic()
                tell(console, f"  {done} of {total}")

        write_session(folder, stage, progress=advance)


def _relight(folder: Path) -> list[Path]:
    """Relight the session by a light and by made-up environments; return the pictures."""
    import numpy as np

    from olat.api.opened import open_session
    from olat.api.overview import write_overview
    from olat.api.pictures import write_relit
    from olat.synthetic.environments import ENVIRONMENTS

    opened = open_session(folder)
    field = opened.field()
    weights = {"relit: a light from the right": field.weights(light=KEY_LIGHT)}
    pictures = folder / "pictures"
    for name, make in ENVIRONMENTS.items():
        weights[f"relit: {name}"] = field.weights(environment=make())
    relit = dict(zip(weights, field.render(np.stack(list(weights.values()))), strict=True))
    written = []
    for label, radiance in relit.items():
        path = pictures / f"{label.removeprefix('relit: ').replace(' ', '_')}.png"
        write_relit(path, radiance, lighting=label, space=field.header.space)
        written.append(path)
    overview = pictures / "overview.png"
    write_overview(overview, opened, relit)
    return [*written, overview]
