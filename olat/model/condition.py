"""What the lights did during a frame (Wenger et al. 2005 call them basis conditions)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Olat:
    """One light at a time."""

    light: int
    """Index into the rig, counted from 0."""


@dataclass(frozen=True, slots=True)
class Tracking:
    """All lights on: seen again and again during the sweep, so that motion can be followed."""


@dataclass(frozen=True, slots=True)
class ColorGradient:
    """Red, green and blue carry (1 + x)/2, (1 + y)/2, (1 + z)/2; the complement (1 - …)/2."""

    complement: bool = False


@dataclass(frozen=True, slots=True)
class Dark:
    """No light."""


@dataclass(frozen=True, slots=True)
class Target:
    """A calibration object in place of the subject."""

    kind: str
    """``mirror_ball``, ``gray_ball`` or ``flat``."""


Condition: TypeAlias = Olat | Tracking | ColorGradient | Dark | Target

TARGETS = ("mirror_ball", "gray_ball", "flat")


def role(condition: Condition) -> str:
    """Return the word for a condition in manifests and frame tables."""
    match condition:
        case Olat():
            return "olat"
        case Tracking():
            return "tracking"
        case ColorGradient(complement=complement):
            return "complement" if complement else "gradient"
        case Dark():
            return "dark"
        case Target(kind=kind):
            return kind


def condition_from_role(word: str, light: int | None = None) -> Condition:
    """Return the condition that a role word stands for.

    Raises
    ------
    ValueError
        If the word is unknown, or an ``olat`` frame names no light.
    """
    if word == "olat":
        if light is None:
            raise ValueError("an 'olat' frame needs a light")
        return Olat(light)
    plain: dict[str, Condition] = {
        "tracking": Tracking(),
        "gradient": ColorGradient(),
        "complement": ColorGradient(complement=True),
        "dark": Dark(),
        **{kind: Target(kind) for kind in TARGETS},
    }
    if word not in plain:
        raise ValueError(f"there is no role {word!r}; there are olat, {', '.join(plain)}")
    return plain[word]
