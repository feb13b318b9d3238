"""Hands out tasks in the order that their needs allow, and survives what fails."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from olat.engine.capture import Unit
from olat.engine.plan import Plan, Task, TaskName
from olat.engine.receipt import Receipt
from olat.errors import OlatError, StorageError


@dataclass(frozen=True, slots=True)
class Failure:
    """A task that could not be done, as data that travels between machines."""

    stage: str
    unit: Unit
    kind: str
    """Name of the error's class."""
    message: str
    exit_code: int
    traceback: str = ""


Result = Receipt | Failure
Report = Callable[[Task, Result], None]


class Executor(Protocol):
    """Runs tasks somewhere."""

    capacity: int
    """Tasks worth having in flight at once."""

    def submit(self, task: Task) -> None:
        """Take a task."""

    def wait(self) -> Iterable[tuple[Task, Result]]:
        """Return at least one of the tasks taken, done or failed."""

    def close(self) -> None:
        """Stop whatever still runs."""


@dataclass
class Outcome:
    """What became of a plan."""

    receipts: dict[TaskName, Receipt] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    blocked: list[Task] = field(default_factory=list)
    """Tasks that were not started because something that they need failed."""
    seconds: float = 0.0


def drive(plan: Plan, executor: Executor, report: Report) -> Outcome:
    """Run a plan; go on with everything that a failure does not touch.

    Raises
    ------
    StorageError
        At once when the disk is full or failing: no other task could do better.
    """
    started = time.perf_counter()
    outcome = Outcome()
    waiting = {task.name: task for task in plan.tasks}
    running = 0
    while waiting or running:
        for task in _ready(waiting, outcome, executor.capacity - running):
            del waiting[task.name]
            executor.submit(task)
            running += 1
        if not running:
            break
        for task, result in executor.wait():
            running -= 1
            _note(task, result, outcome)
            report(task, result)
    outcome.blocked = list(waiting.values())
    outcome.seconds = time.perf_counter() - started
    return outcome


def attempt(work: Callable[[], Receipt], task: Task) -> Result:
    """Do a task's work; turn an error into data."""
    try:
        return work()
    except OlatError as error:
        return _failure(task, error, error.exit_code)
    except Exception as error:  # noqa: BLE001 - one bad frame must not end the night
        return _failure(task, error, 1, is_fault=True)


class Inline:
    """Runs each task at once in this process."""

    capacity = 1

    def __init__(self, work: Callable[[Task], Receipt]) -> None:
        self._work = work
        self._done: list[tuple[Task, Result]] = []

    def submit(self, task: Task) -> None:
        """Do the task."""
        self._done.append((task, attempt(lambda: self._work(task), task)))

    def wait(self) -> Iterable[tuple[Task, Result]]:
        """Return what was done."""
        done, self._done = self._done, []
        return done

    def close(self) -> None:
        """Nothing runs."""


def _ready(waiting: dict[TaskName, Task], outcome: Outcome, room: int) -> list[Task]:
    """Return up to ``room`` tasks, in plan order, whose needs are met."""
    ready: list[Task] = []
    for task in waiting.values():
        if len(ready) >= room:
            break
        if all(name in outcome.receipts for name in task.after):
            ready.append(task)
    return ready


def _note(task: Task, result: Result, outcome: Outcome) -> None:
    if isinstance(result, Receipt):
        outcome.receipts[task.name] = result
        return
    if result.exit_code == StorageError.exit_code:
        raise StorageError(result.message)
    outcome.failures.append(result)


def _failure(task: Task, error: Exception, exit_code: int, *, is_fault: bool = False) -> Failure:
    """Turn an error into data; what olat did not foresee is its own fault and says so."""
    message = str(error)
    if is_fault:
        message = (
            f"{task.stage} of camera {task.unit}: {type(error).__name__}: {message}. This is a "
            "fault of olat; --traceback shows where."
        )
    return Failure(
        stage=task.stage,
        unit=task.unit,
        kind=type(error).__name__,
        message=message,
        exit_code=exit_code,
        traceback=traceback.format_exc(),
    )
