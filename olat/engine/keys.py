"""Content keys: what a product depends on, before anything has run.

A key digests the stage, its revision and parameters, and the keys of its needs down to the
content of the photographs. A product that stands under its key is done, wherever and however
it was made; a plan is exact because no key depends on how the work is cut or who does it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any, TypeAlias

from olat.engine.capture import Capture, Unit
from olat.engine.pipeline import Pipeline
from olat.engine.stage import Grain, Need, Stage
from olat.model.condition import Condition, is_under

Conditions: TypeAlias = tuple[type | Condition, ...]


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
        self._of_many: dict[tuple[str, Conditions, str, bool], str] = {}
        self._possible: dict[tuple[str, str], bool] = {}

    def units(self, stage: Stage, camera: str) -> list[Unit]:
        """Return what a stage runs on for a camera, in capture order.

        That is nothing where no frame can make a product that the stage cannot do without.
        """
        if not self._has_needs(stage, camera):
            return []
        if stage.grain is Grain.CAMERA:
            return [Unit(camera)]
        frames = self.frames(camera, stage.conditions, leads_only=stage.leads_only)
        return [Unit(camera, index) for index in frames]

    def frames(self, camera: str, *narrowings: Conditions, leads_only: bool = False) -> list[int]:
        """Return the frames of a camera under all of the given sets of conditions.

        Of every exposure bracket only the first where `leads_only`.
        """
        return [
            index
            for index, frame in self.capture.frames(camera).items()
            if (frame.leads or not leads_only)
            and all(
                not kinds or any(is_under(frame.condition, kind) for kind in kinds)
                for kinds in narrowings
            )
        ]

    def wanted(self, stage: Stage, need: Need, maker: Stage | None, unit: Unit) -> list[int]:
        """Return the frames of which a stage needs the product of another, or something given.

        Those are the exposures of its own frame where it asks for its `Bracket`.
        """
        if need.is_bracket and unit.frame is not None:
            own = self.capture.frames(unit.camera)[unit.frame]
            return list(own.bracket or (own.index,))
        if maker is not None and not self._has_needs(maker, unit.camera):
            return []
        kinds, leads_only = ((), False) if maker is None else (maker.conditions, maker.leads_only)
        leads_only |= stage.leads_only
        return self.frames(unit.camera, kinds, need.conditions, leads_only=leads_only)

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
        return {need.name: self._need_key(stage, need, unit) for need in stage.needs()}

    def upstream(self, stage: Stage, unit: Unit) -> Iterator[tuple[Stage, Unit]]:
        """Yield what a product is made from, product by product."""
        for need in stage.needs():
            maker = self.maker(stage, need, unit.camera)
            if maker is None:
                continue
            if maker.grain is Grain.FRAME and (need.is_many or stage.grain is Grain.CAMERA):
                for index in self.wanted(stage, need, maker, unit):
                    yield maker, Unit(unit.camera, index)
            else:
                yield maker, unit if maker.grain is Grain.FRAME else Unit(unit.camera)

    def maker(self, stage: Stage, need: Need, camera: str) -> Stage | None:
        """Return the earlier stage that makes what a stage needs of a camera.

        None means what the capture gives, or nothing: no stage makes it, or the one that does has
        none of what it is made from, and so something given of the same name counts.
        """
        maker = self.pipeline.maker(need.name, before=stage)
        is_given = need.name in self.capture.given()
        return None if maker and is_given and not self.units(maker, camera) else maker

    def is_given(self, stage: Stage, need: Need) -> bool:
        """Tell whether the capture gives what no earlier stage makes.

        What a later stage makes anew is not taken from the capture: a measurement does not rest
        on the last one.
        """
        is_made_later = (
            self.pipeline.maker(need.name) is not None
            and self.pipeline.maker(need.name, before=stage) is None
        )
        return need.name in self.capture.given() and not is_made_later

    def of_many(
        self, maker: Stage, conditions: Conditions, camera: str, *, leads_only: bool = False
    ) -> str:
        """Return the digest of one product over many frames of a camera."""
        leads_only |= maker.leads_only
        place = (maker.makes, conditions, camera, leads_only)
        if place not in self._of_many:
            frames = (
                self.frames(camera, maker.conditions, conditions, leads_only=leads_only)
                if self._has_needs(maker, camera)
                else []
            )
            self._of_many[place] = digest(
                {index: self.key(maker, Unit(camera, index)) for index in frames}
            )
        return self._of_many[place]

    def _given_key(self, stage: Stage, need: Need, unit: Unit) -> str:
        """Return the digest of something given; over many frames, also of what the frames are."""
        if not self.is_given(stage, need):
            return "none"
        if not need.is_many:
            return self.capture.key(need.given, unit)
        frames = self.wanted(stage, need, None, unit)
        units = {index: Unit(unit.camera, index) for index in frames}
        return digest(
            {
                index: [self.capture.key(name, unit) for name in (need.name, "frame")]
                for index, unit in units.items()
            }
        )

    def _has_needs(self, stage: Stage, camera: str) -> bool:
        """Tell whether all that a stage cannot do without can be had."""
        place = (stage.makes, camera)
        if place not in self._possible:
            self._possible[place] = all(
                need.is_optional or self._is_met(need, self.maker(stage, need, camera), camera)
                for need in stage.needs()
            )
        return self._possible[place]

    def _is_met(self, need: Need, maker: Stage | None, camera: str) -> bool:
        if maker is not None and not self.units(maker, camera):
            return False
        kinds = () if maker is None else maker.conditions
        wanted = need.essential or need.conditions
        return not need.is_many or bool(self.frames(camera, kinds, wanted))

    def _need_key(self, stage: Stage, need: Need, unit: Unit) -> str:
        maker = self.maker(stage, need, unit.camera)
        if maker is None:
            return self._given_key(stage, need, unit)
        if maker.grain is Grain.CAMERA:
            return self.key(maker, Unit(unit.camera))
        if need.is_bracket:
            frames = self.wanted(stage, need, maker, unit)
            return digest({index: self.key(maker, Unit(unit.camera, index)) for index in frames})
        if need.is_many or unit.frame is None:
            return self.of_many(maker, need.conditions, unit.camera, leads_only=stage.leads_only)
        return self.key(maker, unit)
