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
    """One of `TARGETS`."""
    light: int | None = None
    """The only light that is on, as an index into the rig; none where all are."""
    pose: int = 0
    """Counts the places where the object stood, or its views, in capture order."""


Condition: TypeAlias = Olat | Tracking | ColorGradient | Dark | Target

TARGETS = {
    "mirror_ball": "a mirror ball under all lights, for its outline; in a sweep, under one",
    "gray_ball": "a matte gray ball under all lights; in a sweep, under one",
    "flat": "an even bright plane",
    "chart": "a ColorChecker under all lights",
    "board": "a chessboard or ChArUco board",
    "led_red": "a gray card under the red primaries of all lights",
    "led_green": "a gray card under the green primaries of all lights",
    "led_blue": "a gray card under the blue primaries of all lights",
}
"""What each kind of target is."""
LED_PRIMARIES = ("led_red", "led_green", "led_blue")
"""Targets under one primary of all lights, in the order of the channels."""


def lit_alone(condition: Condition) -> int | None:
    """Return the only light that is on, if it is one."""
    return condition.light if isinstance(condition, Olat | Target) else None


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


def is_under(condition: Condition, wanted: type | Condition) -> bool:
    """Tell whether a condition is of a type, is a target of a kind, or equals another one.

    A `Target` that names no light stands for all of its kind, under whichever lights and wherever.
    """
    if isinstance(wanted, type):
        return isinstance(condition, wanted)
    if isinstance(wanted, Target) and wanted.light is None and isinstance(condition, Target):
        return condition.kind == wanted.kind
    return condition == wanted


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
        **{kind: Target(kind, light) for kind in TARGETS},
    }
    if word not in plain:
        raise ValueError(f"there is no role {word!r}; there are olat, {', '.join(plain)}")
    return plain[word]
