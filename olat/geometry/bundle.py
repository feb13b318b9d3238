"""Bundle adjustment of cameras and boards, the lenses kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from olat.model.shapes import Array

LOSS_PX = 1.0
"""Corners farther off than this count linearly, not as squares."""
MOST_STEPS = 60
SMALLEST_GAIN = 1e-9
"""Relative fall of the loss at which the search ends."""
NUDGE = 1e-6
"""Step of the numerical derivative [radian, m]."""


@dataclass(frozen=True)
class Sighting:
    """What one camera saw of one board, in terms of blocks of six unknowns each."""

    blocks: tuple[int, ...]
    """Which blocks its residuals depend on."""
    residuals: Callable[[Float64[Array, "block 6"]], Float64[Array, "corner 2"]]
    """Distances of the corners from where these blocks put them [px]."""


def adjusted(
    start: Float64[Array, "block 6"], sightings: Sequence[Sighting]
) -> Float64[Array, "block 6"]:
    r"""Move blocks to where a robust sum of squared distances is least.

    .. math:: \sum \rho(|e|), \qquad \rho(e) = e^2 \text{ up to } 1, \; 2 e - 1 \text{ beyond}

    Notes
    -----
    Assumes a start from which it only goes downhill. Levenberg's and Marquardt's damped steps on
    the normal equations, which stay small, since a sighting touches two blocks.

    References
    ----------
    .. [1] Triggs et al., Bundle adjustment - a modern synthesis, Vision Algorithms 1999, section 4.
    """
    at, loss, damping = start.copy(), _loss(start, sightings), 1e-3
    for _ in range(MOST_STEPS):
        matrix, gradient = _normal_equations(at, sightings)
        while damping < 1e9:
            damped = matrix + damping * np.diag(np.diag(matrix) + 1e-12)
            moved = at - np.linalg.solve(damped, gradient).reshape(at.shape)
            found = _loss(moved, sightings)
            if found <= loss:
                break
            damping *= 10.0
        else:
            return at
        gain, at, loss, damping = loss - found, moved, found, damping / 10.0
        if gain <= SMALLEST_GAIN * loss:
            break
    return at


def _loss(at: Float64[Array, "block 6"], sightings: Sequence[Sighting]) -> float:
    total = 0.0
    for sighting in sightings:
        off = np.linalg.norm(sighting.residuals(at[list(sighting.blocks)]), axis=1)
        off = np.nan_to_num(off, nan=1e4)
        total += float(np.sum(np.where(off < LOSS_PX, off**2, LOSS_PX * (2.0 * off - LOSS_PX))))
    return total


def _normal_equations(
    at: Float64[Array, "block 6"], sightings: Sequence[Sighting]
) -> tuple[Float64[Array, "n n"], Float64[Array, " n"]]:
    matrix, gradient = np.zeros((at.size, at.size)), np.zeros(at.size)
    for sighting in sightings:
        here = at[list(sighting.blocks)]
        distance = sighting.residuals(here)
        known = np.isfinite(distance).all(axis=1)
        slopes = np.empty((2 * np.count_nonzero(known), here.size))
        for column in range(here.size):
            nudged = here.copy()
            nudged.flat[column] += NUDGE
            change = sighting.residuals(nudged) - distance
            slopes[:, column] = np.nan_to_num(change[known]).ravel() / NUDGE
        off = np.linalg.norm(distance[known], axis=1)
        weight = np.repeat(np.minimum(1.0, LOSS_PX / np.maximum(off, 1e-12)), 2)
        places = np.concatenate([np.arange(6) + 6 * block for block in sighting.blocks])
        matrix[np.ix_(places, places)] += slopes.T @ (weight[:, np.newaxis] * slopes)
        gradient[places] += slopes.T @ (weight * distance[known].ravel())
    return matrix, gradient
