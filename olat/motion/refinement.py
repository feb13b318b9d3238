"""Motion of a sweep, refined until its pictures tell each other best."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from olat.model.shapes import Flow, Mask
from olat.motion.refinement_field import InterpolatedMotion, MovedSweep, SweepPictures
from olat.motion.refinement_prior import (
    Coefficients,
    Modes,
    MotionPrior,
    mode_numbers,
    motion_prior,
    remaining_covariance,
    smooth_modes,
)
from olat.motion.refinement_step import likeliest_motion

ORDER = 3
"""Half waves of the finest motion over the subject."""
SCATTER = 0.06
"""Error of tracking flows as a whole; less in finer modes [px]."""
LEAST_GAIN = 5e-4
"""Part by which a pass has to lower the residual for another one to be made."""
LEAST_FALL = 4e-3
"""Part by which all passes have to lower the residual to be believed: a still subject, or one that
is followed to a tenth of a pixel, gains less."""


@dataclass(frozen=True)
class Refinement:
    """What is to be added to the interpolated motion of a sweep."""

    modes: Modes
    coefficients: Coefficients
    residuals: tuple[float, ...]
    """Error of leaving one light out: before, and after each pass that lowered it [1]."""

    @property
    def is_believed(self) -> bool:
        """Tell whether the residual fell by so much that motion was found; else there is none."""
        return self.residuals[-1] < (1.0 - LEAST_FALL) * self.residuals[0]

    def flow(self, frame: int) -> Flow:
        """Return what is to be added to the flow of a picture [px]."""
        return np.asarray(np.einsum("mk,mhw->hwk", self.coefficients[frame], self.modes))


def refined(
    sweep: SweepPictures,
    motion: InterpolatedMotion,
    *,
    memory: float = 15.0,
    passes: int = 12,
) -> Refinement:
    r"""Find what interpolation between tracking frames leaves of the motion of a sweep.

    Each picture is told by all others (`olat.motion.refinement_prediction`). Where it lies beside
    what they tell, it has moved; so have they. A pass solves for all frames at once, under the
    prior that the rest is smooth over the subject and in time and vanishes at the tracking frames
    (`olat.motion.refinement_step.likeliest_motion`), and moves the photographs anew. The sum of
    all lights is held to the full-on frame, so that the sweep does not drift off as a whole.

    Parameters
    ----------
    sweep
        Pictures of a quarter of a megapixel or so.
    motion
        First guess.
    memory
        Length over which a subject forgets how it moved [frames].
    passes
        At most so many. It ends earlier where a pass lowers the error of leaving one light out by
        less than 1 part in 2000; a pass that does not lower it is not kept. Where all of them
        together lower it by less than 1 part in 250, nothing is added to the motion.

    Raises
    ------
    ValueError
        If numbers or sizes disagree, the mask is nearly empty or nothing is lit.

    Notes
    -----
    Assumes that most of what a picture shows can be told from the others: many lights, or ones
    near each other. Where it cannot, residuals are large and their weight small. What does not
    move with the subject, as reflections of the room, pulls towards no motion. A subject that
    is where it was in every tracking frame is taken not to move in between.
    """
    _check(sweep, motion)
    modes = smooth_modes(sweep.mask, order=ORDER)
    prior = _prior(modes, sweep.mask, motion, memory)
    moved = MovedSweep(sweep, motion, modes)
    best = np.zeros((len(motion.times), len(modes), 2), np.float32)
    residuals = [moved.move(best)]
    for _ in range(passes):
        coefficients = likeliest_motion(moved.evidence(), prior, best)
        residual = moved.move(coefficients)
        if residual >= residuals[-1]:
            break
        gain = 1.0 - residual / residuals[-1]
        best = coefficients
        residuals.append(residual)
        if gain < LEAST_GAIN:
            break
    found = Refinement(modes, best, tuple(residuals))
    return found if found.is_believed else replace(found, coefficients=np.zeros_like(best))


def _prior(modes: Modes, mask: Mask, motion: InterpolatedMotion, memory: float) -> MotionPrior:
    """Expect that motion between tracking frames is of the kind that these show."""
    inverse = np.linalg.pinv(modes[:, mask].T)
    tracked = np.stack([inverse @ motion.flow(knot)[mask] for knot in motion.knots])
    is_tracked = np.array([knot != motion.reference for knot in motion.knots])
    remaining, scattered = remaining_covariance(
        motion.times, motion.knots, motion.weights, is_tracked, memory=memory
    )
    finer = 1.0 + np.array([sum(pair) for pair in mode_numbers(ORDER)])
    spread = tracked.std(axis=0, dtype=np.float64)
    return motion_prior(remaining, scattered, spread, SCATTER / finer)


def _check(sweep: SweepPictures, motion: InterpolatedMotion) -> None:
    frames = len(sweep.pictures)
    if frames != len(motion.times) or motion.weights.shape != (frames, len(motion.knots)):
        raise ValueError(
            f"refinement: {frames} pictures at {len(motion.times)} moments, weights of "
            f"{motion.weights.shape[0]} x {motion.weights.shape[1]} for {len(motion.knots)} "
            "tracking frames; one row a picture and one column a tracking frame were needed."
        )
    if not sweep.mask.any():
        raise ValueError("refinement: the mask is empty; a subject was needed.")
