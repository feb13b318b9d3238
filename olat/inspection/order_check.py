"""Whether each picture shows the light that it is said to show."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from olat.inspection.glances import Sweep
from olat.inspection.light_lean import expected_leanings, leanings
from olat.inspection.neighbor_model import NOT_SMOOTH, NeighborModel
from olat.inspection.order_guess import OrderGuess, guesses, likeliest
from olat.inspection.verdict import FaultKind, SequenceFinding, where
from olat.io.frame_expression import format_frames
from olat.model.shapes import Array

FEWEST = 10
"""Lights from which their order can be doubted."""
_BRIGHT = 0.3
"""Brightness, relative to the median, from which one of two swapped pictures can be told."""


def order_finding(
    sweep: Sweep, model: NeighborModel, pictures: Float64[Array, "light value"]
) -> SequenceFinding | None:
    """Return the single fault that explains the order of the pictures better than the plan.

    Parameters
    ----------
    sweep
        The pictures.
    model
        Of their lights, in the order of the plan.
    pictures
        As `features` returns them.
    """
    told = (
        leanings(sweep.pictures, sweep.normals),
        expected_leanings(sweep.directions, sweep.normals),
    )
    bright = sweep.level > _BRIGHT * np.median(sweep.level)
    guess = likeliest(guesses(model, pictures, told, bright=bright))
    if guess.ratio * model.unexplained(pictures) > NOT_SMOOTH:
        return None
    match guess.fault:
        case "swapped":
            return _swapped(sweep, guess)
        case "dropped":
            return _dropped(sweep, guess)
        case "doubled":
            return _doubled(sweep, guess, pictures)
        case "shifted":
            return _shifted(sweep, guess)
    return None


def refusal(
    kind: FaultKind, sweep: Sweep, frames: list[int], lights: list[int], words: str
) -> SequenceFinding:
    """Return a finding that processing is refused for."""
    place = where(sweep.camera, frames)
    return SequenceFinding(
        kind, "refusal", sweep.camera, tuple(frames), tuple(lights), f"{place}: {words}"
    )


def _swapped(sweep: Sweep, guess: OrderGuess) -> SequenceFinding:
    """Say which two pictures have traded places."""
    frames = [sweep.frames[place] for place in (guess.place, guess.other)]
    first, second = (int(sweep.lights[place]) for place in (guess.place, guess.other))
    words = (
        f"swapped: frame {frames[0]} looks like light {second} and frame {frames[1]} like light "
        f"{first}; each has to show its own. Exchange the two files, or give every frame its light "
        "with `table` under [sequence]."
    )
    return refusal("swapped", sweep, frames, [first, second], words)


def _dropped(sweep: Sweep, guess: OrderGuess) -> SequenceFinding:
    """Say where a picture is missing."""
    frame, light = sweep.frames[guess.place], int(sweep.lights[guess.place])
    words = (
        f"dropped: from frame {frame} to {sweep.frames[-1]} every picture shows the light after "
        f"the one that it should; the picture of light {light} is missing. Number the files as "
        f"they were taken, or leave the light out with `skip_lights = [{light}]` under [sequence]."
    )
    return refusal("dropped", sweep, [frame], [light], words)


def _doubled(
    sweep: Sweep, guess: OrderGuess, pictures: Float64[Array, "light value"]
) -> SequenceFinding:
    """Say which picture there is once too often."""
    place = guess.place
    # A picture and its copy are the same to the model: the copy may lie on either side.
    sides = [side for side in (place - 1, place + 1) if side < len(pictures)]
    twin = min(sides, key=lambda side: float(((pictures[side] - pictures[place]) ** 2).sum()))
    first, second = sorted((place, twin))
    frames = [sweep.frames[first], sweep.frames[second]]
    words = (
        f"doubled: frame {frames[1]} shows light {sweep.lights[first]} once more, and from there "
        f"to {sweep.frames[-1]} every picture shows the light before the one that it should. "
        f'Leave frame {frames[1]} out: `skip = "{frames[1]}"` under [sequence].'
    )
    return refusal("doubled", sweep, frames, [int(sweep.lights[first])], words)


def _shifted(sweep: Sweep, guess: OrderGuess) -> SequenceFinding:
    """Say by how many lights the order is shifted."""
    side = "after" if guess.other > 0 else "before"
    count = abs(guess.other)
    steps = "light" if count == 1 else f"{count}th light"
    if count == 2:
        steps = "second light"
    words = (
        f"order shifted by {guess.other:+d}: every picture of frames "
        f"{format_frames(sweep.frames)} shows the {steps} {side} the one that it should. Shift "
        "the frames, or list the lights as they were lit with `order` under [sequence]."
    )
    return refusal("shifted", sweep, [], [], words)
