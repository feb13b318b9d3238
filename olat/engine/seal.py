"""Seals: one receipt for a product that many frames make together.

While frames are still missing there is no seal, so that nobody takes a part for the whole.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from olat.engine.capture import Unit
from olat.engine.keys import Keys
from olat.engine.receipt import Receipt
from olat.engine.stage import Grain, Stage
from olat.engine.store import Store
from olat.errors import FileError


def break_seals(keys: Keys, store: Store) -> bool:
    """Open every shared product that is not what it should be, before any task runs.

    Its seal goes, so do the products of frames that the session no longer has, and what the
    frames share is brought up to date. Where that is lost, the products of all frames go.

    Returns
    -------
    bool
        Whether a product went that a plan may have counted on.
    """
    has_lost = False
    for stage, camera in _shared_products(keys):
        seal = store.receipt_path(stage.makes, Unit(camera))
        sealed = store.receipt(stage.makes, Unit(camera))
        if sealed is not None and sealed.key == keys.of_many(stage, (), camera):
            continue
        seal.unlink(missing_ok=True)
        wanted = set(keys.units(stage, camera))
        try:
            store.codec(stage).settle(store.place(stage.makes, Unit(camera)), camera)
        except FileError:
            has_lost = True
            wanted = set()
        for unit in store.units(stage.makes, camera):
            if unit not in wanted:
                store.forget(stage.makes, unit)
    return has_lost


def are_sealed(keys: Keys, store: Store) -> bool:
    """Tell whether every shared product is sealed as it should be."""
    return all(
        (sealed := store.receipt(stage.makes, Unit(camera))) is not None
        and sealed.key == keys.of_many(stage, (), camera)
        for stage, camera in _shared_products(keys)
        if keys.units(stage, camera)
    )


def set_seals(keys: Keys, store: Store, versions: dict[str, str]) -> None:
    """Seal every product of which all frames stand."""
    for stage, camera in _shared_products(keys):
        whole = Unit(camera)
        key = keys.of_many(stage, (), camera)
        sealed = store.receipt(stage.makes, whole)
        if sealed is not None and sealed.key == key:
            continue
        standing = _standing(keys, store, stage, camera)
        if not standing:
            continue
        path = store.receipt_path(stage.makes, whole)
        shared = store.codec(stage).settle(store.place(stage.makes, whole), camera)
        Receipt(
            key=key,
            stage=stage.verb(),
            revision=stage.revision,
            camera=camera,
            frame=None,
            parameters=stage.model_dump(mode="json"),
            inputs={str(receipt.frame): receipt.key for receipt in standing},
            through=standing[0].through,
            outputs={os.path.relpath(file, path.parent): file.stat().st_size for file in shared},
            seconds=round(sum(receipt.seconds for receipt in standing), 4),
            peak_memory_mb=max(receipt.peak_memory_mb for receipt in standing),
            notes=tuple(dict.fromkeys(note for receipt in standing for note in receipt.notes)),
            metrics={"frames": len(standing)},
            versions=versions,
            pipeline=keys.pipeline.name,
        ).write(path)


def _standing(keys: Keys, store: Store, stage: Stage, camera: str) -> list[Receipt]:
    """Return the receipts of all frames of a shared product, or nothing if one is missing."""
    units = keys.units(stage, camera)
    receipts = [store.receipt(stage.makes, unit) for unit in units]
    valid = [
        receipt
        for receipt, unit in zip(receipts, units, strict=True)
        if receipt is not None and receipt.key == keys.key(stage, unit)
    ]
    return valid if len(valid) == len(units) else []


def _shared_products(keys: Keys) -> Iterator[tuple[Stage, str]]:
    for stage in keys.pipeline.stages:
        if stage.grain is Grain.FRAME and keys.pipeline.is_kept(stage):
            for camera in keys.capture.cameras():
                yield stage, camera
