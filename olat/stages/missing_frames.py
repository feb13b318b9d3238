"""Which frames a pipeline would need of a session that has none of them."""

from __future__ import annotations

from collections.abc import Iterator

from olat.engine.keys import Conditions, Keys
from olat.engine.stage import Grain, Stage
from olat.model.condition import (
    AxisGradient,
    ColorGradient,
    Condition,
    Dark,
    Olat,
    Polarized,
    SecondOrder,
    Target,
    Tracking,
)
from olat.model.roles import role

_ROLES: dict[type, str] = {
    Olat: "olat",
    Tracking: "tracking",
    ColorGradient: "gradient",
    AxisGradient: "white gradient",
    SecondOrder: "second-order",
    Polarized: "polarized",
    Dark: "dark",
}
_SWEPT = ("mirror_ball", "gray_ball")
"""Targets that nothing is measured on unless they are swept."""


def missing_frames(keys: Keys) -> dict[str, str]:
    """Return, for each kept stage with nothing to run on, which frames it lacks, in words."""
    kept = [stage for stage in keys.pipeline.stages if keys.pipeline.is_kept(stage)]
    cameras = keys.capture.cameras()
    idle = [stage for stage in kept if not any(keys.units(stage, camera) for camera in cameras)]
    found = {}
    for stage in idle:
        lacks = list(dict.fromkeys(kinds for c in cameras[:1] for kinds in _lacks(keys, stage, c)))
        least = [kinds for kinds in lacks if not any(set(other) < set(kinds) for other in lacks)]
        if least:
            found[stage.verb()] = " and ".join(map(_words, least))
    return found


def nothing_made(keys: Keys) -> str:
    """Say what a pipeline lacks that has nothing to run on at all; empty if it has something."""
    stages = [stage for stage in keys.pipeline.stages if keys.pipeline.is_kept(stage)]
    if any(keys.units(stage, camera) for stage in stages for camera in keys.capture.cameras()):
        return ""
    needs = "; ".join(f"{verb} needs {words}" for verb, words in missing_frames(keys).items())
    return (
        f"{keys.pipeline.name} makes nothing of this session, which has no frames for it: {needs}. "
        "Photograph them, and name them under [sequence] in session.toml."
    )


def _lacks(keys: Keys, stage: Stage, camera: str) -> Iterator[Conditions]:
    """Yield the conditions of which a frame is lacking, one set a need."""
    for need in stage.needs():
        if need.is_optional:
            continue
        maker = keys.maker(stage, need, camera)
        wanted = need.essential or need.conditions
        if maker is not None and not keys.units(maker, camera):
            yield from _lacks(keys, maker, camera)
        elif need.is_many and wanted and not keys.frames(camera, wanted):
            yield wanted
    is_of_frames = stage.grain is Grain.FRAME and bool(stage.conditions)
    if is_of_frames and not keys.frames(camera, stage.conditions):
        yield stage.conditions


def _words(kinds: Conditions) -> str:
    """Return conditions by the words that a manifest has for them."""
    *others, last = dict.fromkeys(map(_word, kinds))
    return f"{', '.join(others)} or {last} frames" if others else f"{last} frames"


def _word(kind: type | Condition) -> str:
    if isinstance(kind, type):
        return _ROLES.get(kind, kind.__name__)
    if isinstance(kind, Polarized):  # there are too many of them to name each
        return _ROLES[Polarized]
    swept = isinstance(kind, Target) and kind.kind in _SWEPT
    return f"{role(kind)}_sweep" if swept else role(kind)
