"""Which products of one pipeline a run of another would replace."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from olat.engine.pipeline import Pipeline
from olat.engine.plan import Plan
from olat.model.words import counted


def replaced(todo: Plan, pipeline: Pipeline, products: Path) -> list[str]:
    """Say what of other pipelines a plan replaces, and what of them stands; empty if nothing.

    Products lie side by side by name, so of two pipelines with one folder the last one counts.
    """
    others = Counter(
        (task.replaces, task.stage)
        for task in todo.tasks
        if task.replaces not in {"", pipeline.name}
    )
    if not others:
        return []
    makers = ", ".join(dict.fromkeys(maker for maker, _ in others))
    stages = ", ".join(dict.fromkeys(stage for _, stage in others))
    kept = sum(todo.standing.values())
    same = f"; {counted(kept, 'other')} would be the same and stand" if kept else ""
    return [
        f"{products}: {pipeline.name} replaces {counted(others.total(), 'product')} of {makers} "
        f"({stages}){same}. To keep both, copy the folder first, or run a definition of yours with "
        "a 'folder' of its own."
    ]
