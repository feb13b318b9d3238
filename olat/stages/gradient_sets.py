"""Which of the gradients that were shot are solved from, and what they read.

In this order:

1. behind crossed polarizers before unpolarized ones: gloss bends no normal of theirs;
2. white gradients before color gradients: three channels say the same, and no color leaks;
3. among white ones: linear pairs, binary pairs, linear with full-on light, binary with full-on
   light, and then whatever each axis has.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeAlias

from olat.model.condition import Axis, AxisGradient, ColorGradient, Condition, Tracking
from olat.model.roles import role

AXES: tuple[Axis, ...] = ("x", "y", "z")
KINDS = ((False, True), (True, True), (False, False), (True, False))
"""Whether a set is binary, and whether of pairs alone, the best first."""

Shots: TypeAlias = frozenset[Condition]


@dataclass(frozen=True, slots=True)
class AxisShots:
    """What was shot along one axis."""

    gradient: AxisGradient | None
    complement: AxisGradient | None

    @property
    def is_pair(self) -> bool:
        """Tell whether no full-on light is needed."""
        return self.gradient is not None and self.complement is not None

    @property
    def is_binary(self) -> bool:
        """Tell whether half spheres were lit."""
        return any(shot is not None and shot.is_binary for shot in (self.gradient, self.complement))

    @property
    def is_complete(self) -> bool:
        """Tell whether something was shot."""
        return self.gradient is not None or self.complement is not None


WhiteSet: TypeAlias = tuple[AxisShots, AxisShots, AxisShots]
"""What is solved from along x, y, z."""


def white_set(shots: Iterable[Condition], *, linear: bool = False) -> WhiteSet | None:
    """Return the best set of white gradients among what was shot, if there is a whole one.

    ``linear`` leaves binary ones out.
    """
    there = frozenset(shots)
    kinds = [kind for kind in KINDS if not (linear and kind[0])]
    for kind in kinds:
        found = [_along(axis, there, *kind) for axis in AXES]
        if None not in found:
            return _as_set(found)
    mixed = [
        next(filter(None, (_along(axis, there, *kind) for kind in kinds)), None) for axis in AXES
    ]
    return None if None in mixed else _as_set(mixed)


def what_is_missing(shots: Iterable[Condition]) -> str:
    """Say which gradients there are, and what would complete them; empty if there are none."""
    there = frozenset(shots)
    gradients = [shot for shot in there if isinstance(shot, AxisGradient | ColorGradient)]
    if not gradients:
        return ""
    words = ", ".join(sorted(role(shot) for shot in gradients))
    white = [shot for shot in gradients if isinstance(shot, AxisGradient)]
    if not white:
        partners = {not shot.complement for shot in gradients}
        if len(partners) > 1:
            return ""
        # A complement alone tells no color gradient.
        needed = "complement or a full-on frame" if True in partners else "gradient"
    else:
        alone = [] if Tracking() in there else [shot for shot in white if _is_alone(shot, there)]
        lacking = set(AXES) - {shot.axis for shot in white}
        kind = white[0].is_binary
        needed = ", ".join(
            [
                *(role(AxisGradient(axis, is_binary=kind)) for axis in sorted(lacking)),
                *sorted(role(replace(shot, complement=not shot.complement)) for shot in alone),
            ]
        )
        if alone or (lacking and Tracking() not in there):
            needed += ", or a full-on frame in place of complements"
    return f"there is {words}; to complete it is needed {needed}"


def _is_alone(shot: AxisGradient, there: Shots) -> bool:
    return replace(shot, complement=not shot.complement) not in there


def _along(axis: Axis, there: Shots, is_binary: bool, is_pair: bool) -> AxisShots | None:
    """Return what was shot of a kind along an axis, if it is complete."""
    pair = [AxisGradient(axis, complement, is_binary) for complement in (False, True)]
    gradient, complement = (shot if shot in there else None for shot in pair)
    found = AxisShots(gradient, complement)
    if found.is_pair:
        return found
    if is_pair or not found.is_complete or Tracking() not in there:
        return None
    return found


def _as_set(found: list[AxisShots | None]) -> WhiteSet:
    x, y, z = (shots for shots in found if shots is not None)
    return x, y, z
