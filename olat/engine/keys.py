"""Content keys: what a product depends on, before anything has run.

A key digests the stage, its revision and parameters, and the keys of its needs down to the
content of the photographs. A product that stands under its key is done, wherever and however
it was made; a plan is exact because no key depends on how the work is cut or who does it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from olat.engine.capture import Capture, Unit
from olat.engine.pipeline import Pipeline
from olat.engine.stage import Grain, Need, Stage


def digest(content: Any) -> str:
    """Return the SHA-256 of a JSON-able value in canonical form."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


class Keys:
    """The keys of all products of a pipeline on a capture."""

    def __init__(self, pipeline: Pipeline, capture: Capture) -> None:
        self.pipeline = pipeline
        self.capture = capture
        self._keys: dict[tuple[str, Unit], str] = {}
        self._of_many: dict[tuple[str, tuple[type, ...], str], str] = {}

    def units(self, stage: Stage, camera: str) -> list[Unit]:
        """Return what a stage runs on for a camera, in capture order.

        That is nothing where no frame can make a product that the stage cannot do without.
        """
        if stage.grain is Grain.CAMERA:
            return [Unit(camera)] if self._has_needs(stage, camera) else []
        return [Unit(camera, index) for index in self.frames(camera, stage.conditions)]

    def frames(self, camera: str, *narrowings: tuple[type, ...]) -> list[int]:
        """Return the frames of a camera under all of the given sets of conditions."""
        return [
            index
            for index, frame in self.capture.frames(camera).items()
            if all(not kinds or isinstance(frame.condition, kinds) for kinds in narrowings)
        ]

    def key(self, stage: Stage, unit: Unit) -> str:
        """Return the key of a stage's product."""
        place = (stage.makes, unit)
        if place not in self._keys:
            self._keys[place] = digest(
                {
                    "stage": stage.verb(),
                    "revision": stage.revision,
                    "parameters": stage.model_dump(mode="json"),
                    "unit": str(unit),
                    "inputs": self.inputs(stage, unit),
                }
            )
        return self._keys[place]

    def inputs(self, stage: Stage, unit: Unit) -> dict[str, str]:
        """Return the digest of every need of a stage, by name."""
        return {need.name: self._need_key(need, unit) for need in stage.needs()}

    def upstream(self, stage: Stage, unit: Unit) -> Iterator[tuple[Stage, Unit]]:
        """Yield what a product is made from, product by product."""
        for need in stage.needs():
            maker = self.pipeline.maker(need.name)
            if maker is None:
                continue
            if maker.grain is Grain.FRAME and (need.is_many or stage.grain is Grain.CAMERA):
                for index in self.frames(unit.camera, maker.conditions, need.conditions):
                    yield maker, Unit(unit.camera, index)
            else:
                yield maker, unit if maker.grain is Grain.FRAME else Unit(unit.camera)

    def of_many(self, maker: Stage, conditions: tuple[type, ...], camera: str) -> str:
        """Return the digest of one product over many frames of a camera."""
        place = (maker.makes, conditions, camera)
        if place not in self._of_many:
            frames = self.frames(camera, maker.conditions, conditions)
            self._of_many[place] = digest(
                {index: self.key(maker, Unit(camera, index)) for index in frames}
            )
        return self._of_many[place]

    def _has_needs(self, stage: Stage, camera: str) -> bool:
        makers = (self.pipeline.maker(need.name) for need in stage.needs() if not need.is_optional)
        return all(maker is None or self.units(maker, camera) for maker in makers)

    def _need_key(self, need: Need, unit: Unit) -> str:
        maker = self.pipeline.maker(need.name)
        if maker is None:
            if need.name in self.capture.given():
                return self.capture.key(need.name, unit)
            return "none"
        if maker.grain is Grain.CAMERA:
            return self.key(maker, Unit(unit.camera))
        if need.is_many or unit.frame is None:
            return self.of_many(maker, need.conditions, unit.camera)
        return self.key(maker, unit)
