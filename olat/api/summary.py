"""What a run did, for people and for machines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from olat.engine.capture import Unit
from olat.engine.driver import Failure, Outcome
from olat.engine.plan import Plan
from olat.stages.work import Desk

SCHEMA = 1


@dataclass(frozen=True)
class Summary:
    """What a run did."""

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
    """Files that stand whole."""
    versions: dict[str, str]
    schema: int = SCHEMA

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)


def summary_of(
    desk: Desk, todo: Plan, outcome: Outcome, *, session: Path, workers: int, notes: Iterable[str]
) -> Summary:
    """Sum up a run; `notes` come before what the stages noted, and nothing is told twice."""
    receipts = list(outcome.receipts.values())
    told = [*notes, *(note for receipt in receipts for note in receipt.notes)]
    return Summary(
        session=str(session),
        pipeline=desk.keys.pipeline.name,
        exit_code=max((failure.exit_code for failure in outcome.failures), default=0),
        seconds=round(outcome.seconds, 3),
        workers=workers,
        peak_memory_mb=max((receipt.peak_memory_mb for receipt in receipts), default=0.0),
        stages={
            verb: _stage_numbers(verb, todo, outcome, standing)
            for verb, standing in todo.standing.items()
        },
        failures=[_failure(failure) for failure in outcome.failures],
        notes=list(dict.fromkeys(told)),
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
    """Return the files of the cameras' products that have a receipt."""
    found: list[str] = []
    for camera in desk.capture.cameras():
        for stage in desk.keys.pipeline.stages:
            place = desk.store.place(stage.makes, Unit(camera))
            if desk.store.receipt(stage.makes, Unit(camera)) is not None:
                files = [place.with_suffix(suffix) for suffix in (".toml", ".exr", ".png", ".zarr")]
                if stage.makes == "depth":
                    files.append(place.with_name("mesh.ply"))
                found += [str(path) for path in files if path.exists()]
    return found
