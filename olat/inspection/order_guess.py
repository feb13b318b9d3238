"""Orders in which lights may have been lit, and how well each explains the pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from jaxtyping import Bool, Float64, Int64

from olat.inspection.light_lean import Leanings
from olat.inspection.neighbor_model import NeighborModel, swap_gains
from olat.model.shapes import Array

Fault: TypeAlias = Literal["none", "swapped", "dropped", "doubled", "shifted"]

_SHIFTS = (1, -1, 2, -2, 3, -3)
AGREES = 0.85
"""Leaning from which an order can be called right."""
_NEARLY = 0.08
"""Leaning by which an order may be worse than the best and still be told from it by neighbors."""
_CONTRADICTS = 0.3
"""Leaning by which the plan has to be worse than another order to be contradicted by it."""
_BETTER, _MOVED_BETTER, _BOTH_BETTER = 0.9, 0.5, 0.25
"""Part of what neighbors do not explain that may stay: of all, of those moved, of either of two."""
_LEAST_MOVED = 3
"""Pictures that have to move for a missing or an extra one to be told from a dead light."""
_MUCH = 5.0
"""Gain, in errors of a usual picture, from which two swapped pictures need not fit as well."""


@dataclass(frozen=True)
class OrderGuess:
    """One order of the lights, and how well it explains the pictures of a sweep."""

    fault: Fault
    place: int
    """First picture of the sweep that the fault is about."""
    other: int
    """Second picture of a swap; by how many lights pictures are late if the order is shifted."""
    shown: Int64[Array, " picture"]
    """Place in the sweep of the light that each picture shows; -1 for none of them."""
    ratio: float
    """What neighbors do not explain of the pictures, relative to the order of the plan."""
    moved: float
    """The same of the pictures that get another light alone; of the worse one of a swap."""
    gain: float
    """How much more is explained than by the plan, in errors of a usual picture."""
    leaning: float
    """The worse of the agreements of leaning to the right and up; low if leaning tells nothing."""


def guesses(
    model: NeighborModel,
    pictures: Float64[Array, "light value"],
    told: tuple[Leanings, Leanings],
    *,
    bright: Bool[Array, " picture"],
) -> list[OrderGuess]:
    """Return the order as it is planned, first, and others that single faults would make of it.

    Parameters
    ----------
    model
        Of the lights, in the order of the plan.
    pictures
        As `features` returns them, in the order of capture.
    told
        Measured leanings, and those expected of the lights.
    bright
        Pictures that hold more than noise; of two that are swapped, one has to.
    """
    planned = model.errors(pictures)
    found = []
    for fault, place, other, shown in _orders(model, pictures, bright):
        seen = np.flatnonzero(shown >= 0)
        errors = _errors(model, pictures, shown)
        # The same pictures on both sides: to leave out a bad one must not count as explaining it.
        before, after = planned[seen], errors[shown[seen]]
        moved = shown[seen] != seen
        ratios = after[moved] / np.maximum(before[moved], 1e-12)
        found.append(
            OrderGuess(
                fault,
                place,
                other,
                shown,
                ratio=float(after.sum() / max(float(before.sum()), 1e-12)),
                moved=float(ratios.max()) if fault == "swapped" else _part(after, before, moved),
                gain=float((before - after).sum() / max(float(np.median(planned)), 1e-12)),
                leaning=told[0][seen].agreement(told[1][shown[seen]]).score,
            )
        )
    return found


def _part(
    after: Float64[Array, " picture"],
    before: Float64[Array, " picture"],
    moved: Bool[Array, " picture"],
) -> float:
    """Return the part of an error that stays, of some pictures together."""
    return (
        float(after[moved].sum() / max(float(before[moved].sum()), 1e-12)) if moved.any() else 1.0
    )


def likeliest(found: list[OrderGuess]) -> OrderGuess:
    """Return the order that explains the pictures clearly better, else that of the plan.

    Of the orders that lean as lights should, the one that neighbors like best; the last pictures of
    a long sweep that move alone need not change the whole.
    """
    planned = found[0]
    leaning = max(guess.leaning for guess in found)
    is_judged = leaning >= AGREES
    contradicts = is_judged and planned.leaning < leaning - _CONTRADICTS
    fit = [guess for guess in found if not is_judged or guess.leaning >= leaning - _NEARLY]
    for guess in sorted(fit, key=lambda guess: guess.ratio):
        if guess is planned or contradicts or _is_clear(guess):
            return guess
    return planned


def _is_clear(guess: OrderGuess) -> bool:
    """Tell whether neighbors alone speak for an order."""
    if guess.fault == "swapped":
        # Of more lights more pairs are tried, and one of them fits by chance.
        is_much = guess.gain >= max(_MUCH, len(guess.shown) / 4.0)
        return guess.moved <= (_MOVED_BETTER if is_much else _BOTH_BETTER)
    return guess.ratio <= _BETTER or (guess.moved <= _MOVED_BETTER and guess.ratio < 1.0)


def _orders(
    model: NeighborModel,
    pictures: Float64[Array, "light value"],
    bright: Bool[Array, " picture"],
) -> Iterator[tuple[Fault, int, int, Int64[Array, " picture"]]]:
    """Yield what each picture shows under every single fault."""
    count = len(pictures)
    plan = np.arange(count)
    yield "none", 0, 0, plan
    gains = swap_gains(model, pictures) * (bright[:, None] | bright)
    first, second = (int(place) for place in np.unravel_index(int(gains.argmax()), gains.shape))
    if first < second:
        swapped = plan.copy()
        swapped[[first, second]] = second, first
        yield "swapped", first, second, swapped
    for place in range(1, count - _LEAST_MOVED):
        later = np.where(plan >= place, plan + 1, plan)
        yield "dropped", place, 0, np.where(later < count, later, -1)
        earlier = np.where(plan >= place, plan - 1, plan)
        earlier[place] = -1
        yield "doubled", place, 0, earlier
    for shift in _SHIFTS:
        yield "shifted", 0, shift, (plan + shift) % count


def _errors(
    model: NeighborModel, pictures: Float64[Array, "light value"], shown: Int64[Array, " picture"]
) -> Float64[Array, " light"]:
    """Return the error under each light, of an order in which at most one has no picture."""
    seen = np.flatnonzero(shown >= 0)
    by_light = np.zeros_like(pictures)
    by_light[shown[seen]] = pictures[seen]
    missing = np.setdiff1d(np.arange(len(pictures)), shown[seen])
    if len(missing):
        model = model.without(int(missing[0]))
    return model.errors(by_light)
