"""Process a session: plan, run, seal, summarize."""

from __future__ import annotations

import functools
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from olat.api.lock import session_lock
from olat.engine.driver import Executor, Failure, Inline, Outcome, Result, drive
from olat.engine.pipeline import Pipeline, load_pipeline
from olat.engine.plan import Plan, Task, plan
from olat.engine.receipt import Receipt
from olat.engine.seal import break_seals, set_seals
from olat.errors import FileError
from olat.io.manifest import read_session, write_frame_table
from olat.io.publish import remove_leftovers
from olat.stages import STAGES
from olat.stages.capture import GIVEN
from olat.stages.work import Desk, Job, work

SCHEMA = 1


class Watcher:
    """Hears what a run does; the base says nothing."""

    def planned(self, pipeline: Pipeline, todo: Plan, workers: int) -> None:
        """Hear what will be done."""

    def done(self, task: Task, result: Result) -> None:
        """Hear that a task was done or failed."""

    def finished(self) -> None:
        """Hear that no task runs any more."""


@dataclass(frozen=True)
class Summary:
    """What a run did, for people and for machines."""

    session: str
    pipeline: str
    exit_code: int
    seconds: float
    workers: int
    peak_memory_mb: float
    """Largest resident memory of any process that made a product [MB]."""
    stages: dict[str, dict[str, float]]
    """By stage: planned, done, standing, failed, blocked, seconds."""
    failures: list[dict[str, Any]]
    notes: list[str]
    products: list[str]
    versions: dict[str, str]
    schema: int = SCHEMA

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Prepared:
    """A session with its plan: everything is known, nothing has run."""

    job: Job
    desk: Desk
    todo: Plan


def prepare(
    session: Path | str,
    *,
    pipeline: str = "standard",
    settings: Sequence[str] = (),
    keep: Sequence[str] = (),
) -> Prepared:
    """Read a session and a definition and plan the work.

    Raises
    ------
    OlatError
        If the session or the definition is not what it should be.
    """
    definition = load_pipeline(pipeline, catalog=STAGES, given=GIVEN, settings=settings, keep=keep)
    job = Job(Path(session).absolute(), definition)
    desk = Desk(job, read_session(job.session))
    return Prepared(job, desk, plan(desk.keys, desk.store))


def process(
    session: Path | str,
    *,
    pipeline: str = "standard",
    settings: Sequence[str] = (),
    keep: Sequence[str] = (),
    workers: int | None = None,
    watcher: Watcher | None = None,
) -> Summary:
    """Take a session from photographs to products; what stands already is not made again.

    Parameters
    ----------
    session
        Folder with a ``session.toml``.
    pipeline
        Name of a shipped definition, or a path to one.
    settings
        ``stage.parameter=value`` over the definition.
    keep
        Products to keep that only live in memory otherwise (``aligned``, ``radiance``).
    workers
        Worker processes; 0 runs in this process, none chooses by cores and memory.
    watcher
        Told what happens.

    Raises
    ------
    OlatError
        If the work cannot begin, or the disk fails; failed frames are in the summary.
    """
    started = time.perf_counter()
    ready = prepare(session, pipeline=pipeline, settings=settings, keep=keep)
    with session_lock(ready.job.products):
        ready = _cleared(ready)
        outcome, used = _run(ready, workers, watcher or Watcher())
    return _summary(ready, outcome, used, time.perf_counter() - started)


def _run(ready: Prepared, workers: int | None, watcher: Watcher) -> tuple[Outcome, int]:
    desk, todo = ready.desk, ready.todo
    used = _worker_count(ready) if workers is None else workers
    used = min(used, len(todo.tasks))
    watcher.planned(ready.job.pipeline, todo, used)
    outcome = Outcome()
    if todo.tasks:
        desk.capture.check_sizes()
        executor = _executor(ready, used)
        try:
            outcome = drive(todo, executor, watcher.done)
        finally:
            executor.close()
    set_seals(desk.keys, desk.store, desk.versions)
    watcher.finished()
    return outcome, used


def _cleared(ready: Prepared) -> Prepared:
    """Clear the way for a run: nothing that is left behind or out of date is taken for whole."""
    desk = ready.desk
    remove_leftovers(ready.job.products)
    desk.capture.hashes.save()
    write_frame_table(desk.session)
    if break_seals(desk.keys, desk.store):
        return replace(ready, todo=plan(desk.keys, desk.store))
    return ready


def _executor(ready: Prepared, workers: int) -> Executor:
    if workers == 0:
        return Inline(ready.desk.make)
    from olat.farm.local import LocalFarm

    return LocalFarm(workers, functools.partial(work, ready.job))


def _worker_count(ready: Prepared) -> int:
    from olat.io.photograph import photograph_size

    if not ready.todo.tasks:
        return 0
    from olat.farm.local import worker_count

    pixels = 0
    for frame in ready.desk.session.frames:
        with suppress(FileError):
            height, width = photograph_size(frame.path)
            pixels = height * width
            break
    return worker_count(pixels)


def _summary(ready: Prepared, outcome: Outcome, workers: int, seconds: float) -> Summary:
    todo, desk = ready.todo, ready.desk
    receipts = list(outcome.receipts.values())
    stages = {
        verb: _stage_numbers(verb, todo, outcome, standing)
        for verb, standing in todo.standing.items()
    }
    return Summary(
        session=str(ready.job.session),
        pipeline=ready.job.pipeline.name,
        exit_code=max((failure.exit_code for failure in outcome.failures), default=0),
        seconds=round(seconds, 3),
        workers=workers,
        peak_memory_mb=max((receipt.peak_memory_mb for receipt in receipts), default=0.0),
        stages=stages,
        failures=[_failure(failure) for failure in outcome.failures],
        notes=list(
            dict.fromkeys(
                [
                    *(desk.capture.duplicates() if receipts else ()),
                    *(note for receipt in receipts for note in receipt.notes),
                ]
            )
        ),
        products=_products(desk),
        versions=desk.versions,
    )


def _stage_numbers(verb: str, todo: Plan, outcome: Outcome, standing: int) -> dict[str, float]:
    seconds = [r.seconds for r in outcome.receipts.values() if r.stage == verb]
    return {
        "planned": todo.planned(verb),
        "done": len(seconds),
        "standing": standing,
        "failed": sum(failure.stage == verb for failure in outcome.failures),
        "blocked": sum(task.stage == verb for task in outcome.blocked),
        "seconds": round(sum(seconds), 3),
    }


def _failure(failure: Failure) -> dict[str, Any]:
    return {
        "stage": failure.stage,
        "camera": failure.unit.camera,
        "frame": failure.unit.frame,
        "kind": failure.kind,
        "message": failure.message,
        "traceback": failure.traceback,
    }


def _products(desk: Desk) -> list[str]:
    """Return the products for people: what stands in the cameras' folders."""
    found = [
        path
        for camera in desk.capture.cameras()
        for path in sorted((desk.store.folder / camera).glob("*"))
        if path.suffix in {".exr", ".png", ".zarr"} and not path.name.startswith(".")
    ]
    return [str(path) for path in found]


__all__ = ["Prepared", "Receipt", "Summary", "Watcher", "prepare", "process"]
