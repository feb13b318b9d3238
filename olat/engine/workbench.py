"""Makes one product: fetches what it needs, runs the stage, writes it and its receipt."""

from __future__ import annotations

import json
import logging
import resource
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from olat.engine.capture import Unit
from olat.engine.keys import Keys
from olat.engine.plan import through
from olat.engine.receipt import Receipt
from olat.engine.stage import Grain, Need, Stage
from olat.engine.store import Store
from olat.errors import FileError
from olat.model.image import Frames, RadianceImage

REMEMBERED = 8
"""Products that stay in memory: the six flows around a moment, and two of the whole camera."""
PICTURES = 3
"""How many of them may be pictures at full size, which a stage pairs with one or two others."""


class Workbench:
    """One process's place of work on a session."""

    def __init__(self, keys: Keys, store: Store, versions: dict[str, str]) -> None:
        self._keys = keys
        self._store = store
        self._versions = versions
        self._memory: OrderedDict[tuple[str, Unit], Any] = OrderedDict()

    def make(self, stage: Stage, unit: Unit) -> Receipt:
        """Make and keep one product.

        Raises
        ------
        OlatError
            If a photograph, the disk or the data does not allow it.
        """
        started = time.perf_counter()
        parameters = stage.model_dump(mode="json")
        passed_on = through(self._keys, stage, unit)
        provenance = json.dumps({"stage": stage.verb(), **parameters, "through": passed_on})
        with _notes() as notes:
            product = self._run(stage, unit)
            outputs = self._store.save(stage, unit, product, provenance)
        receipt = Receipt(
            key=self._keys.key(stage, unit),
            stage=stage.verb(),
            revision=stage.revision,
            camera=unit.camera,
            frame=unit.frame,
            parameters=parameters,
            inputs=self._keys.inputs(stage, unit),
            through=passed_on,
            outputs=outputs,
            seconds=round(time.perf_counter() - started, 4),
            peak_memory_mb=round(_peak_kb() / 1024, 1),
            notes=tuple(dict.fromkeys(notes)),
            metrics=self._store.codec(stage).metrics(product),
            versions=self._versions,
            pipeline=self._keys.pipeline.name,
        )
        receipt.write(self._store.receipt_path(stage.makes, unit))
        return receipt

    def _run(self, stage: Stage, unit: Unit) -> Any:
        return stage.run(**{need.name: self._fetch(stage, need, unit) for need in stage.needs()})

    def _fetch(self, stage: Stage, need: Need, unit: Unit) -> Any:
        maker = self._keys.maker(stage, need, unit.camera)
        if maker is None:
            return self._given(stage, need, unit)
        if maker.grain is Grain.CAMERA:
            return self._of_camera(maker, stage, unit.camera)
        if need.is_many:
            return self._many(stage, need, maker, unit)
        if unit.frame is not None:
            return self._product(maker, unit)
        has_any = bool(self._keys.units(maker, unit.camera))
        return self._store.load_all(maker, unit.camera) if has_any else None

    def _given(self, stage: Stage, need: Need, unit: Unit) -> Any:
        capture = self._keys.capture
        if not self._keys.is_given(stage, need):
            return None
        if not need.is_many:
            return capture.value(need.name, unit)
        frames = capture.frames(unit.camera)
        wanted = self._keys.wanted(stage, need, None, unit)
        return Frames(
            {index: frames[index] for index in wanted},
            lambda frame: capture.value(need.name, Unit(unit.camera, frame.index)),
        )

    def _of_camera(self, maker: Stage, reader: Stage, camera: str) -> Any:
        """Return a product of the whole camera, or nothing where the camera cannot have it."""
        unit = Unit(camera)
        if not self._keys.units(maker, camera):
            return None
        return (
            self._product(maker, unit)
            if reader.grain is Grain.CAMERA
            else self._remembered(maker, unit)
        )

    def _many(self, stage: Stage, need: Need, maker: Stage, unit: Unit) -> Frames[Any]:
        frames = self._keys.capture.frames(unit.camera)
        wanted = self._keys.wanted(stage, need, maker, unit)
        # No other task wants the exposures of a bracket again.
        load = self._product if need.is_bracket else self._remembered
        return Frames(
            {index: frames[index] for index in wanted},
            lambda frame: load(maker, Unit(unit.camera, frame.index)),
        )

    def _remembered(self, maker: Stage, unit: Unit) -> Any:
        """Return a product that the next task is likely to want again."""
        place = (maker.makes, unit)
        if place not in self._memory:
            self._memory[place] = self._product(maker, unit)
        self._memory.move_to_end(place)
        places = [*self._memory]
        pictures = [old for old in places if isinstance(self._memory[old], RadianceImage)]
        for old in {*places[:-REMEMBERED], *pictures[:-PICTURES]}:
            del self._memory[old]
        return self._memory[place]

    def _product(self, maker: Stage, unit: Unit) -> Any:
        if self._keys.pipeline.is_kept(maker):
            return self._load(maker, unit)
        return self._run(maker, unit)

    def _load(self, maker: Stage, unit: Unit) -> Any:
        receipt = self._store.receipt(maker.makes, unit)
        if receipt is None or receipt.key != self._keys.key(maker, unit):
            path = self._store.receipt_path(maker.makes, unit)
            raise FileError(
                f"{path}: {maker.makes!r} of camera {unit} changed or vanished during the run. "
                "Run `olat process` again; what is done is kept."
            )
        return self._store.load(maker, unit)


def _peak_kb() -> int:
    """Return the largest resident memory that this process had [KiB].

    Usage by `resource` also counts what the process was a copy of before it ran its own program.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return int(status.partition("VmHWM:")[2].split()[0])
    except (OSError, ValueError, IndexError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@contextmanager
def _notes() -> Iterator[list[str]]:
    """Collect what is logged as a warning by olat meanwhile."""
    notes: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            notes.append(record.getMessage())

    listener = Listener(level=logging.WARNING)
    logger = logging.getLogger("olat")
    logger.addHandler(listener)
    propagated, logger.propagate = logger.propagate, False
    try:
        yield notes
    finally:
        logger.removeHandler(listener)
        logger.propagate = propagated
