"""``olat process``: from photographs to products."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Console

    from olat.api.processing import Prepared
    from olat.api.summary import Summary


@click.command(name="process")
@click.argument("session", type=click.Path(path_type=Path))
@click.option("--pipeline", default="standard", show_default=True, help="Name, or a .toml file.")
@click.option(
    "--set", "settings", multiple=True, metavar="STAGE.PARAMETER=VALUE", help="Change a parameter."
)
@click.option("--keep", multiple=True, metavar="PRODUCT", help="Also keep 'aligned', 'radiance'.")
@click.option(
    "--calibration",
    multiple=True,
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Also look for certified calibrations there.",
)
@click.option("--workers", type=click.IntRange(0), help="Processes; 0 runs in this one.")
@click.option(
    "--trust-manifest", is_flag=True, help="Go on even if the pictures contradict session.toml."
)
@click.option(
    "--dry-run", is_flag=True, help="Say what would be done, and why; look at no picture."
)
@click.option("--json", "as_json", is_flag=True, help="Print a summary for machines.")
def command(
    session: Path,
    pipeline: str,
    settings: tuple[str, ...],
    keep: tuple[str, ...],
    calibration: tuple[Path, ...],
    workers: int | None,
    trust_manifest: bool,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Turn SESSION (a folder with a session.toml) into field, normals and Phong terms.

    What stands already is not made again: a second run of a finished session does nothing, a
    changed parameter makes again what depends on it, an interrupted run carries on.
    """
    from rich.console import Console

    from olat.api.processing import prepare, process

    console = Console(stderr=True)
    if dry_run:
        ready = prepare(
            session, pipeline=pipeline, settings=settings, keep=keep, calibration=calibration
        )
        click.echo(json.dumps(_plan_as_dict(ready)) if as_json else _plan_as_text(ready))
        return 0
    from olat.cli.progress import watcher

    summary = process(
        session,
        pipeline=pipeline,
        settings=settings,
        keep=keep,
        calibration=calibration,
        workers=workers,
        trust_manifest=trust_manifest,
        watcher=watcher(console),
    )
    if as_json:
        click.echo(json.dumps(summary.as_dict()))
    else:
        say(summary, console, traceback=click.get_current_context().find_root().obj["traceback"])
    return summary.exit_code


def say(summary: Summary, console: Console, *, traceback: bool = False) -> None:
    """Tell people what a run did: notes and failures first, products last, on standard output."""
    from olat.cli.progress import tell
    from olat.model.words import counted

    total = {
        what: int(sum(stage[what] for stage in summary.stages.values()))
        for what in ("done", "standing", "blocked")
    }
    for note in summary.notes:
        tell(console, f"note: {note}", "yellow")
    if traceback:
        for text in dict.fromkeys(failure["traceback"] for failure in summary.failures):
            tell(console, text, "red")
    if summary.failures:
        tell(
            console,
            f"{len(summary.failures)} failed, {total['blocked']} not begun for want of them; "
            f"{total['done']} done and kept. Mend the cause and run the same command.",
        )
    elif not total["done"] and not total["standing"]:
        tell(console, f"Nothing made: {summary.pipeline} has no frames here to run on.")
    elif not total["done"]:
        standing = counted(total["standing"], "product")
        tell(console, f"Nothing to do: all {standing} stand ({summary.seconds:.2f} s).")
    else:
        where = counted(summary.workers, "worker") if summary.workers else "this process"
        tell(
            console,
            f"Done: {counted(total['done'], 'product')} in {summary.seconds:.1f} s in {where}, at "
            f"most {summary.peak_memory_mb:.0f} MB in one process.",
        )
    for product in summary.products:
        click.echo(product)


def _plan_as_dict(ready: Prepared) -> dict[str, object]:
    return {
        "schema": 1,
        "session": str(ready.job.session),
        "pipeline": ready.job.pipeline.name,
        "warnings": list(ready.warnings),
        "standing": ready.todo.standing,
        "tasks": [
            {
                "stage": task.stage,
                "camera": task.unit.camera,
                "frame": task.unit.frame,
                "reason": task.reason,
            }
            for task in ready.todo.tasks
        ],
    }


def _plan_as_text(ready: Prepared) -> str:
    """Say per stage how much is to be done and why."""
    from olat.model.words import counted
    from olat.stages.calibrations import used_by
    from olat.stages.missing_frames import missing_frames

    lacks = missing_frames(ready.desk.keys)
    count = counted(len(ready.todo.tasks), "product")
    lines = [f"warning: {warning}" for warning in ready.warnings]
    lines.append(f"{ready.job.pipeline.name}: {count} to make")
    for verb, standing in ready.todo.standing.items():
        reasons: dict[str, int] = {}
        for task in ready.todo.tasks:
            if task.stage == verb:
                reasons[task.reason] = reasons.get(task.reason, 0) + 1
        told = "; ".join(f"{count} {reason}" for reason, count in reasons.items()) or "nothing"
        told += f": needs {lacks[verb]}, and there are none" if verb in lacks else ""
        lines.append(f"  {verb:<16} {told}" + (f" ({standing} stand)" if standing else ""))
    calibrations = ready.desk.calibrations
    lines += [f"  note: {note}" for note in calibrations.notes(used_by(ready.job.pipeline))]
    return "\n".join(lines)
