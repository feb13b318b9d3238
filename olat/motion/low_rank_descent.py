"""Motion made better step by step, as far as frames bear each other out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from jaxtyping import Float64
from scipy.sparse import csr_matrix

from olat.model.shapes import Array
from olat.motion.low_rank_basis import GridBasis, PlaneBasis, TimeBasis
from olat.motion.low_rank_level import Level
from olat.motion.low_rank_model import LowRank, Readings, low_rank
from olat.motion.low_rank_step import Normals, Numbers, normal_equations, solved

MotionAt: TypeAlias = Float64[Array, "2 frame place"]

STIFFNESS_IN_TIME = 0.1
"""Weight of the bending of motion in time, relative to the evidence [1]."""


@dataclass(frozen=True)
class Motion:
    """Smooth motion of a sweep."""

    basis: PlaneBasis | GridBasis
    time: TimeBasis
    numbers: Numbers
    stiffness: float = 0.0
    """Weight of the bending over the picture, relative to the evidence [1]."""

    def at(self, places: csr_matrix) -> MotionAt:
        """Return x and y of the motion in each frame, at places of the basis [px]."""
        parts = np.split(places @ self.numbers, 2, axis=1)
        return np.stack([self.time @ part.T for part in parts])

    def rms(self, level: Level) -> float:
        """Return the rms motion over subject and frames [px]."""
        moved = self.at(level.block_basis(self.basis))
        return float(np.sqrt((moved**2).sum(axis=0).mean()))

    def moved(self, change: Numbers) -> Motion:
        """Return the motion with a change added."""
        return replace(self, numbers=self.numbers + change)


@dataclass(frozen=True)
class Halves:
    """Changes that every other frame asks for, and that the rest asks for, each for itself."""

    changes: tuple[Numbers, Numbers]
    own: float
    """Fall of the misfit of the frames that a change was found from, both summed."""
    other: float
    """Fall of the misfit of the frames that it was not found from, both summed."""

    @property
    def support(self) -> float:
        """Return the part of the gain that the other frames bear out; 1 for motion, else below 0.

        Frames under different lights err differently, but move alike.
        """
        return self.other / self.own if self.own > 0.0 else -1.0


def stepped(
    motion: Motion, level: Level, *, rank: int, start: LowRank | None
) -> tuple[Motion, LowRank, float]:
    """Move once.

    Returns
    -------
    motion, model
        Made better.
    length
        Of the step, rms over subject and frames [px].
    """
    readings, _, model = look(motion, level, rank=rank, start=start)
    normals = normal_equations(readings, model, level.slopes(model), motion.time)
    change = _solved(normals, motion, level.block_basis(motion.basis))
    return motion.moved(change), model, replace(motion, numbers=change).rms(level)


def look(
    motion: Motion, level: Level, *, rank: int, start: LowRank | None = None
) -> tuple[Readings, Readings, LowRank]:
    """Return readings where the subject has moved to, trust in them, and what they share."""
    readings, trust = level.read(*motion.at(motion.basis.at(*level.places)))
    passes = 3 if start else 6
    return readings, trust, low_rank(readings, trust, rank=rank, start=start, passes=passes)


def half_normals(
    motion: Motion, level: Level, readings: Readings, model: LowRank
) -> tuple[Normals, Normals]:
    """Return what every other frame asks for, and what those between do, each for itself."""
    slopes = level.slopes(model)
    is_odd = np.arange(len(readings)) % 2 == 1
    even, odd = (
        normal_equations(readings, model.without(left_out, readings), slopes, motion.time)
        for left_out in (is_odd, ~is_odd)
    )
    return even, odd


def halves(motion: Motion, level: Level, asked: tuple[Normals, Normals]) -> Halves:
    """Find a change from every other frame, and ask the frames between what they think of it.

    Notes
    -----
    Assumes that the lights of neighboring frames differ enough for their shadows and highlights to
    err in different ways.
    """
    places = level.block_basis(motion.basis)
    even, odd = (_solved(normals, motion, places) for normals in asked)
    own = _gain(asked[0], places, even) + _gain(asked[1], places, odd)
    other = _gain(asked[1], places, even) + _gain(asked[0], places, odd)
    return Halves((even, odd), own, other)


def _solved(normals: Normals, motion: Motion, places: csr_matrix) -> Numbers:
    return solved(
        normals,
        places,
        motion.numbers,
        bending=motion.basis.penalty,
        stiffness=(motion.stiffness, STIFFNESS_IN_TIME),
    )


def _gain(normals: Normals, places: csr_matrix, change: Numbers) -> float:
    """Return by how much a change lowers the misfit of some frames."""
    moved = places @ change
    bent = np.einsum("bi,bij,bj->", moved, normals.matrix, moved)
    return float(np.sum(normals.right * moved) - 0.5 * bent)
