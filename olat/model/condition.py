"""What the lights did during a frame (Wenger et al. 2005 call them basis conditions)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

Axis: TypeAlias = Literal["x", "y", "z"]
"""Of the world."""
Axes: TypeAlias = Literal["xx", "yy", "zz", "xy", "yz", "zx"]
"""Two axes of the world, whose product is meant."""
Polarizer: TypeAlias = Literal["crossed", "parallel"]
"""How the filter before the lens stands to those before the lights."""


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
class AxisGradient:
    """White light that rises along one axis: (1 + x)/2; the complement is (1 - x)/2.

    A binary one lights the half of the sphere with x > 0; its complement lights the rest.
    """

    axis: Axis
    complement: bool = False
    is_binary: bool = False


@dataclass(frozen=True, slots=True)
class SecondOrder:
    """White light by the product of two axes: x², or (1 + 2xy)/2 where they differ."""

    axes: Axes


@dataclass(frozen=True, slots=True)
class Polarized:
    """A pattern of polarized light behind a polarizer: crossed, no surface reflection passes."""

    pattern: Pattern
    polarizer: Polarizer


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


Pattern: TypeAlias = Tracking | ColorGradient | AxisGradient | SecondOrder
"""What many lights at once may do to the subject."""
Condition: TypeAlias = Olat | Pattern | Polarized | Dark | Target

GRADIENTS: tuple[type[Condition], ...] = (ColorGradient, AxisGradient, SecondOrder, Polarized)
"""Conditions that normals, lobes and roughness are solved from, besides full-on light."""
ON_SUBJECT: tuple[type[Condition], ...] = (Olat, Tracking, *GRADIENTS)
"""Conditions of frames that show the subject."""

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


def is_under(condition: Condition, wanted: type | Condition) -> bool:
    """Tell whether a condition is of a type, is a target of a kind, or equals another one.

    A `Target` that names no light stands for all of its kind, under whichever lights and wherever.
    """
    if isinstance(wanted, type):
        return isinstance(condition, wanted)
    if isinstance(wanted, Target) and wanted.light is None and isinstance(condition, Target):
        return condition.kind == wanted.kind
    return condition == wanted


def complement_of(condition: Condition) -> Condition | None:
    """Return what adds up to full-on light with a gradient; none for what is no gradient."""
    match condition:
        case ColorGradient() | AxisGradient():
            return replace(condition, complement=not condition.complement)
        case Polarized(pattern=ColorGradient() | AxisGradient() as pattern):
            return replace(condition, pattern=replace(pattern, complement=not pattern.complement))
    return None


def full_on_of(condition: Condition) -> Condition:
    """Return all lights at once, behind the same polarizer if there is one."""
    if isinstance(condition, Polarized):
        return replace(condition, pattern=Tracking())
    return Tracking()
