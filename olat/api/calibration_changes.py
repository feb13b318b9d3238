"""Which calibrations products were made with, and what has become of those since."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from olat.api.currency import MadeWith
from olat.engine.capture import Unit
from olat.engine.keys import Keys
from olat.engine.pipeline import Pipeline
from olat.engine.plan import Plan, Task
from olat.engine.stage import Stage
from olat.io.calibration_shelf import shelf_of
from olat.model.calibration import KINDS, Kind
from olat.stages.calibrations import Calibrations, used_by
from olat.stages.capture import SessionCapture

CHANGED = "changed input"
"""How the reason begins of a task whose inputs are not those of the product that stands."""


def made_with_now(
    pipeline: Pipeline, capture: SessionCapture, given: Sequence[Path] = ()
) -> MadeWith:
    """Return what a run of a pipeline would use now; `given` are folders of the command line."""
    keys = Keys(pipeline, capture)
    held = capture.calibrations.held(used_by(pipeline))
    shelves: dict[str, dict[str, str]] = {}
    digests: dict[str, dict[str, str]] = {}
    for camera in capture.cameras():
        found: dict[str, str] = {
            kind: _told(shelf_of(document), capture.session.folder)
            for (kind, device), document in held.items()
            if device in {camera, ""}
        }
        names = sorted({name for stage in pipeline.stages for name in _asked(keys, stage, camera)})
        shelves[camera] = found
        digests[camera] = {name: capture.key(name, Unit(camera)) for name in names}
    return MadeWith(tuple(given), shelves, digests)


@dataclass(frozen=True)
class CalibrationChanges:
    """What products were made with, and what a run would use now."""

    pipeline: Pipeline
    capture: SessionCapture
    then: MadeWith
    now: MadeWith

    def explained(self, todo: Plan) -> Plan:
        """Return a plan whose reasons name calibrations that changed."""
        return replace(todo, tasks=tuple(map(self._explained, todo.tasks)))

    def losses(self, todo: Plan | None = None) -> list[str]:
        """Say which calibrations products were made with that a run would not use now.

        Only those count that matter to what a plan makes again, where one is given.
        """
        lost = self._lost
        if todo is not None:
            stale = [task for task in todo.tasks if task.reason.startswith(CHANGED)]
            lost &= {place for task in stale for place in self._asked(task)}
        several = len(self.capture.cameras()) > 1
        by_shelf: dict[str, list[str]] = {}
        for camera, kind in sorted(lost, key=lambda place: (place[0], KINDS.index(place[1]))):
            of = f" of {camera!r}" if several and kind != "rig" else ""
            by_shelf.setdefault(self.then.shelves[camera][kind], []).append(f"{kind}{of}")
        session, calibrations = self.capture.session.folder, self.capture.calibrations
        return [
            f"{session}: these products were made with the certified "
            f"{', '.join(dict.fromkeys(kinds))} of {_advice(session / shelf, calibrations)}"
            for shelf, kinds in by_shelf.items()
        ]

    @cached_property
    def _lost(self) -> set[tuple[str, Kind]]:
        """Cameras and kinds that were used and are not now, though the pipeline would."""
        return self._in_first(self.then, self.now)

    @cached_property
    def _gained(self) -> set[tuple[str, Kind]]:
        return self._in_first(self.now, self.then)

    def _in_first(self, one: MadeWith, other: MadeWith) -> set[tuple[str, Kind]]:
        return {
            (camera, kind)
            for camera in self.capture.cameras()
            for kind in used_by(self.pipeline)
            if kind in one.shelves.get(camera, {}) and kind not in other.shelves.get(camera, {})
        }

    def _explained(self, task: Task) -> Task:
        """Say in the reason for a task what became of calibrations."""
        if not task.reason.startswith(CHANGED):
            return task
        camera = task.unit.camera
        then, now = self.then.digests.get(camera, {}), self.now.digests[camera]
        asked = self._asked(task)
        changed = {
            place
            for place, names in asked.items()
            if any(then.get(n, now[n]) != now[n] for n in names)
        }
        told = [
            f"{words} {', '.join(kinds)}"
            for words, places in (
                ("without the certified", changed & self._lost),
                ("now with the certified", changed & self._gained),
                ("another", changed - self._lost - self._gained),
            )
            if (kinds := [kind for kind in KINDS if (camera, kind) in places])
        ]
        return replace(task, reason=f"{task.reason} ({'; '.join(told)})") if told else task

    def _asked(self, task: Task) -> dict[tuple[str, Kind], set[str]]:
        """Return the names under which a task and those before it ask for each calibration."""
        camera = task.unit.camera
        names = self._names[task.stage, camera]
        return {
            (camera, kind): found
            for kind in KINDS
            if (found := {name for name in names if name.partition(".")[0] == kind})
        }

    @cached_property
    def _names(self) -> dict[tuple[str, str], set[str]]:
        keys = Keys(self.pipeline, self.capture)
        return {
            (stage.verb(), camera): _asked(keys, stage, camera)
            for stage in self.pipeline.stages
            for camera in self.capture.cameras()
        }


def _asked(keys: Keys, stage: Stage, camera: str) -> set[str]:
    """Return the names of calibrations that a stage and those before it ask for."""
    names: set[str] = set()
    for need in stage.needs():
        maker = keys.maker(stage, need, camera)
        if maker is not None:
            names |= _asked(keys, maker, camera)
        elif need.name in KINDS and keys.is_given(stage, need):
            names.add(need.given)
    return names


def _told(shelf: Path, session: Path) -> str:
    """Return a folder as it is noted: what lies in the session may move with it."""
    return os.path.relpath(shelf, session) if shelf.is_relative_to(session) else str(shelf)


def _advice(shelf: Path, calibrations: Calibrations) -> str:
    """Say where a calibration is that is not used now, and how it would be."""
    if shelf in calibrations.folders:
        return (
            f"{shelf}, where none that fits the session is now: put it back, or measure and "
            "certify it again."
        )
    if not shelf.is_dir():
        return f"{shelf}, which is gone: bring it back, or measure and certify again."
    return (
        f"{shelf}, which is not given now: pass --calibration {shelf}, or write "
        f'calibration = "{shelf}" under [session].'
    )
