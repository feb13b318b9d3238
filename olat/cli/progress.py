"""Progress: bars on a terminal, one line a stage elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from olat.api.processing import Watcher
from olat.engine.driver import Failure, Result
from olat.engine.pipeline import Pipeline
from olat.engine.plan import Plan, Task
from olat.model.words import counted

SILENCE_S = 10.0
"""Longest time without a line where there is no terminal [s]."""


def tell(console: Console, text: str, style: str = "") -> None:
    """Print a line as it is: no markup, no colors that it did not ask for, no folding."""
    console.print(text, style=style, highlight=False, soft_wrap=True, markup=False)


class Lines(Watcher):
    """A line when a stage begins to finish units, every ten seconds, and when it is done."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._total: dict[str, int] = {}
        self._done: dict[str, int] = {}
        self._started = self._spoke = time.monotonic()

    def warned(self, text: str) -> None:
        """Say it before anything is made."""
        self._say(f"warning: {text}", "yellow")

    def planned(self, pipeline: Pipeline, todo: Plan, workers: int) -> None:
        """Say what will be done."""
        self._started = self._spoke = time.monotonic()
        self._total = {verb: todo.planned(verb) for verb in todo.standing}
        self._done = dict.fromkeys(self._total, 0)
        if todo.tasks:
            self._say(
                f"{pipeline.name}: {counted(len(todo.tasks), 'product')} to make in "
                f"{counted(workers, 'worker') if workers else 'this process'}."
            )

    def done(self, task: Task, result: Result) -> None:
        """Count a task; speak if it is time."""
        self._done[task.stage] += 1
        now = time.monotonic()
        is_last = self._done[task.stage] == self._total[task.stage]
        if isinstance(result, Failure):
            self._say(f"  failed: {result.message}", "red")
        elif is_last or now - self._spoke > SILENCE_S:
            self._spoke = now
            self._say(self._line(task.stage, now))

    def _say(self, text: str, style: str = "") -> None:
        tell(self._console, text, style)

    def _line(self, verb: str, now: float) -> str:
        done, total = sum(self._done.values()), sum(self._total.values())
        rate = done / max(now - self._started, 1e-3)
        left = (total - done) / max(rate, 1e-3)
        return (
            f"  {verb}: {self._done[verb]} of {self._total[verb]}; "
            f"all {done} of {total}, {rate:.1f} a second, {left:.0f} s left"
        )


class Bars(Watcher):
    """One bar a stage, with rate and time left."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description:<16}"),
            BarColumn(bar_width=32),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]:>10}"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._bars: dict[str, TaskID] = {}

    def warned(self, text: str) -> None:
        """Say it above the bars."""
        tell(self._progress.console, f"warning: {text}", "yellow")

    def planned(self, pipeline: Pipeline, todo: Plan, workers: int) -> None:
        """Draw the bars of the stages that have something to do."""
        self._progress.start()
        for verb in todo.standing:
            if todo.planned(verb):
                self._bars[verb] = self._progress.add_task(
                    verb, total=todo.planned(verb), rate="", start=True
                )

    def done(self, task: Task, result: Result) -> None:
        """Advance a bar."""
        bar = self._bars[task.stage]
        self._progress.advance(bar)
        speed = self._progress.tasks[self._progress.task_ids.index(bar)].speed
        self._progress.update(bar, rate=f"{speed:.1f}/s" if speed else "")
        if isinstance(result, Failure):
            tell(self._progress.console, f"failed: {result.message}", "red")

    def finished(self) -> None:
        """Leave the bars as they are."""
        self._progress.stop()


def watcher(console: Console) -> Watcher:
    """Return what fits where the output goes."""
    return Bars(console) if console.is_terminal else Lines(console)


@contextmanager
def counting(label: str) -> Iterator[Callable[[int, int], None]]:
    """Yield what is told ``(done, total)``: a bar on a terminal, a line now and then elsewhere."""
    console = Console(stderr=True)
    started = spoke = time.monotonic()
    columns = label, BarColumn(bar_width=32), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        bar = progress.add_task(label, total=None)

        def advance(done: int, total: int) -> None:
            nonlocal spoke
            progress.update(bar, completed=done, total=total)
            now = time.monotonic()
            if not console.is_terminal and now - spoke > SILENCE_S:
                spoke, rate = now, max(done / (now - started), 1e-6)
                left = (total - done) / rate
                tell(
                    console, f"  {label}: {done} of {total}, {rate:.1f} a second, {left:.0f} s left"
                )

        yield advance
