"""In which order frames are taken, of what, and for how long."""

from __future__ import annotations

from dataclasses import dataclass

from olat.model.condition import ColorGradient, Condition, Dark, Olat, Target, Tracking
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


def performance(lights: int, *, tracking_every: int, bracket: int) -> tuple[Shot, ...]:
    """Plan the frames of the subject, with two dark ones before them.

    Parameters
    ----------
    lights
        Number of lights.
    tracking_every
        OLAT frames between two tracking frames; 0 leaves all tracking frames out.
    bracket
        Exposures of each frame, the shortest first.
    """
    full_on = (Tracking(),) if tracking_every else ()
    sweep: list[Condition] = []
    for count, light in enumerate(range(lights), start=1):
        sweep.append(Olat(light))
        if tracking_every and count % tracking_every == 0 and count < lights:
            sweep.append(Tracking())
    gradients = (ColorGradient(), ColorGradient(complement=True))
    exposures = [BRACKET_STEP**step for step in range(bracket)]
    lit = (*full_on, *gradients, *full_on, *sweep, *full_on)
    return (
        *(Shot(Dark()), Shot(Dark())),
        *(Shot(condition, exposure) for condition in lit for exposure in exposures),
    )


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
