"""The unit of work on a session: one function, whoever calls it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.metadata import version
from pathlib import Path

from olat.engine.driver import Result, attempt
from olat.engine.keys import Keys
from olat.engine.pipeline import Pipeline
from olat.engine.plan import Task
from olat.engine.receipt import Receipt
from olat.engine.store import Store
from olat.engine.workbench import Workbench
from olat.errors import SessionError
from olat.io.manifest import read_session
from olat.model.session import Session
from olat.stages.calibrations import Calibrations, used_by
from olat.stages.capture import SessionCapture
from olat.stages.products import codecs

NOTED_PACKAGES = ("olat", "numpy", "opencv-contrib-python-headless", "rawpy", "numba")
"""Packages whose versions go into every receipt."""


@dataclass(frozen=True)
class Job:
    """A pipeline on a session, small enough to send to any worker."""

    session: Path
    pipeline: Pipeline
    calibration: tuple[Path, ...] = ()
    """Folders of certified calibrations besides those that the session knows of."""

    @property
    def products(self) -> Path:
        """Return the folder of the session's products."""
        folder = self.session if self.session.is_dir() else self.session.parent
        return folder / self.pipeline.folder


class Desk:
    """A job opened: its session, keys, store and workbench."""

    def __init__(self, job: Job, session: Session | None = None) -> None:
        self.calibrations = Calibrations(session or read_session(job.session), job.calibration)
        # A measurement of the rig starts from the light file, not from the last one.
        uses_rig = "rig" in used_by(job.pipeline)
        self.session = self.calibrations.with_rig() if uses_rig else self.calibrations.session
        hashes = job.products / ".hashes.json"
        self.capture = SessionCapture(self.session, hashes, self.calibrations)
        self.keys = Keys(job.pipeline, self.capture)
        self.store = Store(job.products, codecs(self.session))

    @cached_property
    def versions(self) -> dict[str, str]:
        """Return the versions that go into receipts."""
        return {name: version(name) for name in NOTED_PACKAGES}

    @cached_property
    def workbench(self) -> Workbench:
        """Return the place where products are made."""
        return Workbench(self.keys, self.store, self.versions)

    def make(self, task: Task) -> Receipt:
        """Do one task.

        Raises
        ------
        SessionError
            If the session is not the one that was planned.
        """
        stage = next(s for s in self.keys.pipeline.stages if s.verb() == task.stage)
        if self.keys.key(stage, task.unit) != task.key:
            raise SessionError(
                f"{self.session.folder}: the session or a photograph changed during the run. "
                "Run `olat process` again; what is done is kept."
            )
        return self.workbench.make(stage, task.unit)


@lru_cache(maxsize=1)
def _desk(job: Job) -> Desk:
    return Desk(job)


def work(job: Job, task: Task) -> Result:
    """Do one task of a job in this process; idempotent, and never raises an `OlatError`."""
    return attempt(lambda: _desk(job).make(task), task)
