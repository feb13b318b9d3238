"""In which order frames are taken, of what, and for how long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
from olat.synthetic.studio import Targets

BRACKET_STEP = 4.0
"""Factor between the exposures of a bracket."""


@dataclass(frozen=True)
class Shot:
    """One frame before it is taken."""

    condition: Condition
    exposure: float = 1.0
    """Time relative to the sweep's [1]."""


def performance(
    lights: int, *, tracking_every: int, bracket: int, patterns: Sequence[Condition] = ()
) -> tuple[Shot, ...]:
    """Plan the frames of the subject, with two dark ones before them.

    Parameters
    ----------
    lights
        Number of lights.
    tracking_every
        OLAT frames between two tracking frames; 0 leaves all tracking frames out.
    bracket
        Exposures of each frame, the shortest first.
    patterns
        What is shot between the color gradients and the sweep.
    """
    full_on = (Tracking(),) if tracking_every else ()
    sweep = _tracked([Olat(light) for light in range(lights)], tracking_every)
    gradients = (ColorGradient(), ColorGradient(complement=True))
    exposures = [BRACKET_STEP**step for step in range(bracket)]
    lit = (*full_on, *gradients, *_tracked(patterns, tracking_every), *full_on, *sweep, *full_on)
    return (
        *(Shot(Dark()), Shot(Dark())),
        *(Shot(condition, exposure) for condition in lit for exposure in exposures),
    )


def _tracked(conditions: Sequence[Condition], every: int) -> tuple[Condition, ...]:
    """Return conditions with a tracking frame after each few of them but the last; 0: none."""
    planned: list[Condition] = []
    for count, condition in enumerate(conditions, start=1):
        planned.append(condition)
        if every and count % every == 0 and count < len(conditions):
            planned.append(Tracking())
    return tuple(planned)


def drive_under(condition: Condition, lights: int, targets: Targets) -> float:
    """Return the level of the lights, so low that many at once expose as one does alone."""
    many = 4.0
    match condition.pattern if isinstance(condition, Polarized) else condition:
        case Target(kind="mirror_ball") if targets.ball_places:
            return 0.8
        case Olat() | Dark() | Target(light=int()) | Target(kind="mirror_ball"):
            return 1.0
        case Tracking() | SecondOrder() | AxisGradient(is_binary=True) | Target(kind="gray_ball"):
            many = 5.0
        case ColorGradient() | AxisGradient():
            many = 6.0
    return min(1.0, round(many / lights, 4))


def target_frames(lights: int, targets: Targets) -> tuple[Shot, ...]:
    """Plan the frames of the targets, which follow those of the subject."""
    places = max(1, targets.ball_places)
    kinds = ["mirror_ball"] * places + ["gray_ball"]
    plain = [Shot(Target(kind, pose=kinds[:at].count(kind))) for at, kind in enumerate(kinds)]
    flats = [
        Shot(Target("flat", pose=pose), exposure)
        for pose, exposure in enumerate(targets.flat_exposures)
    ]
    darks = [Shot(Dark())] * (targets.darks - 2)
    chart = [Shot(Target("chart"))] * targets.chart
    boards = [Shot(Target("board", pose=pose)) for pose in range(targets.boards)]
    leds = [Shot(Target(f"led_{color}")) for color in ("red", "green", "blue")] * targets.leds
    sweeps = [
        Shot(Target(kind, light, pose))
        for kind, count in (("mirror_ball", targets.ball_places), ("gray_ball", targets.gray_ball))
        for pose in range(count)
        for light in range(lights)
    ]
    return (*plain, *flats, *darks, *chart, *boards, *leds, *sweeps)


def frames_by_role(conditions: tuple[Condition, ...]) -> dict[str, list[int]]:
    """Return the frames of each key of a manifest's ``[sequence]``; the sweep needs none."""
    frames: dict[str, list[int]] = {}
    for frame, condition in enumerate(conditions):
        if isinstance(condition, Olat):
            continue
        is_swept = isinstance(condition, Target) and condition.light is not None
        word = role(condition) + ("_sweep" if is_swept else "")
        frames.setdefault(word, []).append(frame)
    return frames


def frames_by_exposure(shots: tuple[Shot, ...]) -> dict[float, list[int]]:
    """Return the frames of each exposure; empty if all are exposed alike."""
    frames: dict[float, list[int]] = {}
    for frame, shot in enumerate(shots):
        frames.setdefault(shot.exposure, []).append(frame)
    return frames if len(frames) > 1 else {}
