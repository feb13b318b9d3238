"""What is to be done, and why: exact before anything runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from olat.engine.capture import Unit
from olat.engine.keys import Keys
from olat.engine.receipt import Receipt
from olat.engine.stage import Stage
from olat.engine.store import Store

TaskName = tuple[str, Unit]
"""The stage's verb and the unit."""


@dataclass(frozen=True, slots=True)
class Task:
    """One kept product to be made."""

    stage: str
    unit: Unit
    key: str
    reason: str
    after: frozenset[TaskName]
    """Tasks of the same plan that must be done first."""
    replaces: str = ""
    """Pipeline that made the product which this one replaces; empty if none stands."""

    @property
    def name(self) -> TaskName:
        """Return what tells this task from all others."""
        return self.stage, self.unit


@dataclass(frozen=True, slots=True)
class Plan:
    """Tasks in an order in which they can run, and how many products stand already."""

    tasks: tuple[Task, ...]
    standing: dict[str, int]
    """By stage."""

    def planned(self, stage: str) -> int:
        """Return how many tasks a stage has to do."""
        return sum(task.stage == stage for task in self.tasks)


def plan(keys: Keys, store: Store) -> Plan:
    """Return what a pipeline still has to do on a capture."""
    tasks: dict[TaskName, Task] = {}
    standing: dict[str, int] = {}
    for stage in keys.pipeline.stages:
        if not keys.pipeline.is_kept(stage):
            continue
        standing[stage.verb()] = 0
        for camera in keys.capture.cameras():
            for unit in keys.units(stage, camera):
                receipt = store.receipt(stage.makes, unit)
                reason = _reason(receipt, stage, unit, keys, store)
                if not reason:
                    standing[stage.verb()] += 1
                    continue
                after = frozenset(
                    name for name in kept_upstream(keys, stage, unit) if name in tasks
                )
                replaces = "" if receipt is None else receipt.pipeline
                task = Task(stage.verb(), unit, keys.key(stage, unit), reason, after, replaces)
                tasks[task.name] = task
    return Plan(tuple(tasks.values()), standing)


def kept_upstream(keys: Keys, stage: Stage, unit: Unit) -> set[TaskName]:
    """Return the kept products that a product is made from, seen through those not kept."""
    found: set[TaskName] = set()
    seen: set[tuple[str, Unit]] = set()
    waiting = list(keys.upstream(stage, unit))
    while waiting:
        maker, place = waiting.pop()
        if (maker.makes, place) in seen:
            continue
        seen.add((maker.makes, place))
        if keys.pipeline.is_kept(maker):
            found.add((maker.verb(), place))
        else:
            waiting.extend(keys.upstream(maker, place))
    return found


def through(keys: Keys, stage: Stage, unit: Unit) -> dict[str, dict[str, object]]:
    """Return the parameters of the stages whose products a product takes over in memory."""
    found: dict[str, dict[str, object]] = {}
    for maker in _passed_on(keys, stage, unit):
        found[maker.verb()] = maker.model_dump(mode="json")
    return found


def _passed_on(keys: Keys, stage: Stage, unit: Unit) -> Iterator[Stage]:
    for need in stage.needs():
        maker = keys.maker(stage, need, unit.camera)
        if maker is not None and not maker.is_kept:  # what --keep adds changes no product
            yield from _passed_on(keys, maker, unit)
            yield maker


def _reason(receipt: Receipt | None, stage: Stage, unit: Unit, keys: Keys, store: Store) -> str:
    """Say why a product must be made; empty if it stands."""
    if receipt is None:
        known = store.receipt_path(stage.makes, unit).exists()
        return "a file of it is missing or has another size" if known else "new"
    if receipt.key == keys.key(stage, unit):
        return ""
    return _difference(receipt, stage, unit, keys)


def _difference(receipt: Receipt, stage: Stage, unit: Unit, keys: Keys) -> str:
    if receipt.revision != stage.revision:
        return f"{stage.verb()} was revised"
    now = {stage.verb(): stage.model_dump(mode="json"), **through(keys, stage, unit)}
    then = {stage.verb(): receipt.parameters, **receipt.through}
    changed = [
        f"{verb}.{name}"
        for verb, parameters in now.items()
        for name, value in parameters.items()
        if then.get(verb, {}).get(name) != value
    ]
    if changed:
        return f"changed: {', '.join(changed)}"
    inputs = [
        name for name, key in keys.inputs(stage, unit).items() if receipt.inputs.get(name) != key
    ]
    return f"changed input: {', '.join(inputs)}"
