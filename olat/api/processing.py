"""Process a session: plan, run, seal, summarize."""

from __future__ import annotations

import functools
import logging
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from olat.api.calibration_changes import CalibrationChanges, made_with_now
from olat.api.currency import MadeWith, is_current, made_with, mark_current, mark_unfinished
from olat.api.lock import session_lock
from olat.api.pipeline_change import replaced
from olat.api.sequence_check import sequence_notes
from olat.api.summary import Summary, summary_of
from olat.engine.driver import Executor, Inline, Outcome, Result, drive
from olat.engine.pipeline import Pipeline, load_pipeline
from olat.engine.plan import Plan, Task, plan
from olat.engine.seal import are_sealed, break_seals, set_seals
from olat.errors import FileError, UsageError
from olat.inspection.brackets import check_exposures
from olat.io.frame_table import write_frame_table
from olat.io.manifest import read_session
from olat.io.publish import remove_leftovers
from olat.model.calibration import KINDS
from olat.stages import STAGES
from olat.stages.calibrations import measured_by, used_by
from olat.stages.capture import GIVEN
from olat.stages.checks import check_lit, check_pictures, check_rig, duplicates
from olat.stages.missing_frames import nothing_made
from olat.stages.work import Desk, Job, work

logger = logging.getLogger(__name__)


class Watcher:
    """Hears what a run does; the base says nothing but what is logged as a warning."""

    def warned(self, text: str) -> None:
        """Hear what should be known before anything is made."""
        logger.warning("%s", text)

    def planned(self, pipeline: Pipeline, todo: Plan, workers: int) -> None:
        """Hear what will be done."""

    def done(self, task: Task, result: Result) -> None:
        """Hear that a task was done or failed."""

    def finished(self) -> None:
        """Hear that no task runs any more."""


@dataclass(frozen=True)
class Prepared:
    """A session with its plan: everything is known, nothing has run."""

    job: Job
    desk: Desk
    todo: Plan
    used: MadeWith
    """The calibrations that a run would have."""
    warnings: tuple[str, ...] = ()
    """What should be known before anything is made."""

    @property
    def is_finished(self) -> bool:
        """Whether every product stands, and stands for the session as it is now."""
        return (
            not self.todo.tasks
            and are_sealed(self.desk.keys, self.desk.store)
            and is_current(self.job.products, self.desk.capture.digest())
            and made_with(self.job.products) == self.used
        )


def prepare(
    session: Path | str,
    *,
    pipeline: str = "standard",
    settings: Sequence[str] = (),
    keep: Sequence[str] = (),
    calibration: Sequence[Path] = (),
) -> Prepared:
    """Read a session and a definition and plan the work.

    Raises
    ------
    OlatError
        If the session or the definition is not what it should be.
    """
    definition = load_pipeline(pipeline, catalog=STAGES, given=GIVEN, settings=settings, keep=keep)
    job = Job(_absolute(session), definition, _folders(calibration))
    desk = Desk(job, read_session(job.session))
    check_rig(desk.capture, definition)
    check_lit(desk.capture)
    return _planned(job, desk)


def _planned(job: Job, desk: Desk) -> Prepared:
    """Plan the work; say what became of the calibrations that products were made with."""
    now = made_with_now(job.pipeline, desk.capture, job.calibration)
    changes = CalibrationChanges(job.pipeline, desk.capture, made_with(job.products), now)
    todo = plan(desk.keys, desk.store)
    warnings = (*changes.losses(todo), *replaced(todo, job.pipeline, job.products))
    return Prepared(job, desk, changes.explained(todo), now, warnings)


def _absolute(path: Path | str) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - resolve follows links


def _folders(calibration: Sequence[Path]) -> tuple[Path, ...]:
    for folder in calibration:
        if not any((folder / word).is_dir() for word in ("cameras", "rigs")):
            found = "it is a file" if folder.exists() else "it is not there"
            if folder.is_dir():
                found = "it holds neither cameras/ nor rigs/"
            raise UsageError(
                f"--calibration {folder}: {found}; needed is a folder that olat certify --to wrote."
            )
    return tuple(_absolute(folder) for folder in calibration)


def process(  # noqa: PLR0913 - one argument for each thing that a person may say
    session: Path | str,
    *,
    pipeline: str = "standard",
    settings: Sequence[str] = (),
    keep: Sequence[str] = (),
    calibration: Sequence[Path] = (),
    workers: int | None = None,
    trust_manifest: bool = False,
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
    calibration
        Folders of certified calibrations, searched after the session's own.
    workers
        Worker processes; 0 runs in this process, none chooses by cores and memory. A script that
        wants workers calls this below ``if __name__ == "__main__":``.
    trust_manifest
        Whether the manifest is followed even where the pictures contradict it.
    watcher
        Told what happens.

    Raises
    ------
    OlatError
        If the work cannot begin, or the disk fails; failed frames are in the summary.
    """
    started = time.perf_counter()
    ready = prepare(
        session, pipeline=pipeline, settings=settings, keep=keep, calibration=calibration
    )
    outcome, used = Outcome(), 0
    notes: list[str] = []
    if not ready.is_finished:
        hears = watcher or Watcher()
        with session_lock(ready.job.products):
            ready = _cleared(ready)
            for warning in ready.warnings:
                hears.warned(warning)
            if ready.todo.tasks:
                notes = _checked(ready, trust=trust_manifest)
            outcome, used = _run(ready, workers, hears)
        notes = [*ready.warnings, *_notes(ready), *notes]
    if idle := nothing_made(ready.desk.keys):
        notes = [idle, *notes]
    outcome.seconds = time.perf_counter() - started
    return summary_of(
        ready.desk, ready.todo, outcome, session=ready.job.session, workers=used, notes=notes
    )


def _notes(ready: Prepared) -> list[str]:
    """Return what is worth knowing about the session as a whole."""
    from olat.io.session_warnings import session_warnings

    desk, pipeline = ready.desk, ready.job.pipeline
    used = used_by(pipeline)
    places = ("", *desk.capture.cameras())
    measures = measured_by(pipeline)
    # What measures a camera needs no rig; that its balls are not used yet is no news there.
    silent = {kind for kind in KINDS if kind in measures or (measures and kind not in used)}
    done = {(kind, place) for kind in silent for place in places}
    return [
        *session_warnings(desk.session, {*desk.calibrations.held(used), *done}),
        *desk.calibrations.notes(used),
        *duplicates(desk.capture),
    ]


def _cleared(ready: Prepared) -> Prepared:
    """Clear the way for a run: nothing that is left behind or out of date is taken for whole."""
    desk = ready.desk
    remove_leftovers(ready.job.products)
    desk.capture.hashes.save()
    write_frame_table(desk.session)
    if break_seals(desk.keys, desk.store):
        return _planned(ready.job, desk)
    return ready


def _checked(ready: Prepared, *, trust: bool) -> list[str]:
    """Check that the pictures are what the manifest says; return what is worth a note."""
    check_pictures(ready.desk.capture)
    check_exposures(ready.desk.session.frames)
    notes = sequence_notes(ready.job, ready.desk, trust=trust)
    ready.desk.capture.hashes.save()
    return notes


def _run(ready: Prepared, workers: int | None, watcher: Watcher) -> tuple[Outcome, int]:
    desk, todo, products = ready.desk, ready.todo, ready.job.products
    used = _worker_count(ready) if workers is None else workers
    used = min(used, len(todo.tasks))
    outcome = Outcome()
    try:
        watcher.planned(ready.job.pipeline, todo, used)
        if todo.tasks:
            mark_unfinished(products, ready.used)
            outcome = _driven(ready, used, watcher)
    finally:
        watcher.finished()
    set_seals(desk.keys, desk.store, desk.versions)
    if not outcome.failures:
        mark_current(products, desk.capture.digest(), ready.used)
    return outcome, used


def _driven(ready: Prepared, workers: int, watcher: Watcher) -> Outcome:
    executor = _executor(ready, workers)
    try:
        return drive(ready.todo, executor, watcher.done)
    finally:
        executor.close()


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
