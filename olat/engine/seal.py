"""Seals: one receipt for a product that many frames make together.

While frames are still missing there is no seal, so that nobody takes a part for the whole.
"""

from __future__ import annotations

from collections.abc import Iterator

from olat.engine.capture import Unit
from olat.engine.keys import Keys
from olat.engine.plan import Plan, through
from olat.engine.receipt import Receipt, read_receipt
from olat.engine.stage import Grain, Stage
from olat.engine.store import Store


def break_seals(plan: Plan, keys: Keys, store: Store) -> None:
    """Remove the seals of all products that a plan is about to change."""
    touched = {(task.stage, task.unit.camera) for task in plan.tasks}
    for stage, camera in _shared_products(keys):
        if (stage.verb(), camera) in touched:
            store.receipt_path(stage.makes, Unit(camera)).unlink(missing_ok=True)


def set_seals(keys: Keys, store: Store, versions: dict[str, str]) -> None:
    """Seal every product of which all frames stand."""
    for stage, camera in _shared_products(keys):
        path = store.receipt_path(stage.makes, Unit(camera))
        key = keys.of_many(stage, (), camera)
        sealed = read_receipt(path)
        if sealed is not None and sealed.key == key:
            continue
        units = keys.units(stage, camera)
        receipts = [store.receipt(stage.makes, unit) for unit in units]
        whole = [
            receipt
            for receipt, unit in zip(receipts, units, strict=True)
            if receipt is not None and receipt.key == keys.key(stage, unit)
        ]
        if not whole or len(whole) < len(units):
            continue
        Receipt(
            key=key,
            stage=stage.verb(),
            revision=stage.revision,
            camera=camera,
            frame=None,
            parameters=stage.model_dump(mode="json"),
            inputs={str(unit.frame): keys.key(stage, unit) for unit in units},
            through=through(keys, stage, units[0]),
            outputs={},
            seconds=round(sum(receipt.seconds for receipt in whole), 4),
            peak_memory_mb=max(receipt.peak_memory_mb for receipt in whole),
            notes=tuple(dict.fromkeys(note for receipt in whole for note in receipt.notes)),
            metrics={"frames": len(whole)},
            versions=versions,
        ).write(path)


def _shared_products(keys: Keys) -> Iterator[tuple[Stage, str]]:
    for stage in keys.pipeline.stages:
        if stage.grain is Grain.FRAME and keys.pipeline.is_kept(stage):
            for camera in keys.capture.cameras():
                yield stage, camera
