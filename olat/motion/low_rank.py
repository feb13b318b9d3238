"""Motion of a sweep without tracking frames: what makes its pictures alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from jaxtyping import Bool, Float32, Float64

from olat.model.shapes import Array
from olat.motion.low_rank_basis import GridBasis, PlaneBasis, time_basis
from olat.motion.low_rank_descent import Motion, half_normals, halves, look, stepped
from olat.motion.low_rank_detail import Planes, lit_level
from olat.motion.low_rank_level import Level
from olat.motion.low_rank_model import LowRank
from olat.motion.low_rank_trust import Cells, agreement, confidence, motion_error

Times: TypeAlias = Float64[Array, " time"]
AnyMask: TypeAlias = Bool[Array, "mask_h mask_w"]

FEWEST_FRAMES = 8
"""Fewer tell nothing of what they have in common."""
SMALLEST_SIDE = 56
"""No level is smaller [px]."""
FACTORS = (8, 4, 2, 1)
STEPS = 10
"""At most, at each level."""
ENOUGH = 0.01
"""Length of a step after which no other one is made [px]."""
SUPPORT = 0.2
"""Part of its gain that other frames have to bear out for motion to be believed [1]."""
LEAST_MOTION = 0.1
"""Rms motion that is worth resampling for; less is taken for none [px]."""
STIFFNESSES = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
"""Weights of the bending that dense motion is tried with, relative to the evidence [1]."""
CELLS_PER_STEP = 4
"""Cells of the result between two control points."""


@dataclass(frozen=True)
class Registration:
    """Motion of each frame of a sweep, as far as its frames tell it."""

    reference: int
    """Place of the reference among the frames."""
    flows: Float32[Array, "frame grid_h grid_w 2"]
    """From the reference to each frame, on a coarse grid that spans the picture [px]."""
    confidence: Float32[Array, "frame grid_h grid_w"]
    """From 0 to 1."""
    agreement: Float64[Array, " frame"]
    """How well a frame agrees with the others inside the subject; 1 is usual [1]."""
    moved_px: float
    """Rms motion over subject and frames; 0 where none was found [px]."""
    error_px: float
    """Rms error that halves of the frames show of each other [px]."""


def registered(
    pictures: Planes,
    *,
    times: Times,
    mask: AnyMask,
    reference: int | None = None,
    rank: int = 6,
    every: float = 8.0,
    control_px: float = 48.0,
) -> Registration:
    r"""Find the motion after which pictures under different lights are of low rank.

    .. math:: \min_{\theta, U, V} \sum_{t p}
              \rho\left(d_t(p + S(p)\,\theta\,B(t)) - u_t \cdot v_p\right)

    with the detail d of the pictures (`olat.motion.low_rank_detail`), affine at first and then
    bicubic splines over the picture, S, and cubic splines in time, B.

    Parameters
    ----------
    pictures
        Gray and linear, of a quarter of a megapixel at most; not a number where saturated or
        defective.
    times
        Moments, increasing; frame numbers.
    mask
        True inside the subject, in the reference.
    reference
        Place among the pictures of the one whose pose all are moved to; the middle one if none.
    rank
        Number of patterns that make up what a surface looks like under the lights; at most a
        quarter of the number of frames.
    every
        Distance between the knots of the motion in time [frames].
    control_px
        Distance between the control points of dense motion [px].

    Returns
    -------
    Registration
        Without motion, all zero, where frames do not bear out that there is any.

    Raises
    ------
    ValueError
        If numbers or sizes disagree, there are fewer than 8 frames, the mask is empty or nothing
        is lit.

    Notes
    -----
    Assumes that most of the subject is lit in many of the frames, that motion is smooth in time
    over `every` frames and a few pixels large, and that the subject's pattern is finer than its
    shading. Readings in shadow and highlights are outliers. A motion common to all frames is free:
    it is fixed by the reference, which has none.

    Motion is believed as far as it is borne out: that found from every other frame must lower the
    misfit of the frames between, whose lights and shadows are others. Where lights next in time
    shade alike, that test sees less.

    References
    ----------
    .. [1] Peng, Ganesh, Wright, Xu and Ma, RASL: robust alignment by sparse and low-rank
       decomposition for linearly correlated images, PAMI 2012.
    """
    center = len(pictures) // 2 if reference is None else reference
    _check(pictures, times, mask, center)
    lit = lit_level(pictures, mask)
    rank = max(1, min(rank, len(pictures) // 4))
    time = time_basis(times, float(times[center]), every=every)
    planes, grid = PlaneBasis(mask.shape), GridBasis(mask.shape, control_px)
    motion = Motion(planes, time, np.zeros((planes.count, 2 * time.shape[1])))
    support = -1.0
    for factor in _factors(mask.shape):
        level = Level.of(pictures, mask, factor=factor, level=lit)
        motion, borne = _affine(motion, level, rank)
        support = max(support, borne)
    if support > SUPPORT:
        bent = replace(motion, basis=grid, numbers=grid.from_planes(planes, motion.numbers))
        motion = _dense(bent, level, rank) or motion
    if motion.rms(level) < LEAST_MOTION:
        motion = Motion(planes, time, np.zeros((planes.count, 2 * time.shape[1])))
    cells = Cells.of(mask.shape, side=control_px / CELLS_PER_STEP)
    return _result(motion, level, rank, cells, center)


def _affine(motion: Motion, level: Level, rank: int) -> tuple[Motion, float]:
    """Move at one level if that is borne out; return by how much it is, too."""
    readings, _, model = look(motion, level, rank=rank)
    support = halves(motion, level, half_normals(motion, level, readings, model)).support
    return (_moved(motion, level, rank) if support > SUPPORT else motion), support


def _dense(motion: Motion, level: Level, rank: int) -> Motion | None:
    """Move with the stiffness that is borne out best; nothing if none is."""
    readings, _, model = look(motion, level, rank=rank)
    asked = half_normals(motion, level, readings, model)
    found = {}
    for stiffness in STIFFNESSES:
        trial = replace(motion, stiffness=stiffness)
        found[stiffness] = halves(trial, level, asked)
    best = max(found, key=lambda stiffness: found[stiffness].other)
    if found[best].support <= SUPPORT:
        return None
    return _moved(replace(motion, stiffness=best), level, rank)


def _moved(motion: Motion, level: Level, rank: int) -> Motion:
    model: LowRank | None = None
    for _ in range(STEPS):
        motion, model, length = stepped(motion, level, rank=rank, start=model)
        if length < ENOUGH:
            break
    return motion


def _result(motion: Motion, level: Level, rank: int, cells: Cells, center: int) -> Registration:
    readings, trust, model = look(motion, level, rank=rank)
    found = halves(motion, level, half_normals(motion, level, readings, model))
    error = motion_error(motion, found, level, cells)
    agreed = agreement(level, model, (readings, trust), cells)
    flows = motion.at(motion.basis.at(*cells.middles)).reshape(2, len(readings), *cells.counts)
    covered = cells.summed(level, np.ones((1, len(level.rows)), np.float32))[0]
    return Registration(
        reference=center,
        flows=np.moveaxis(flows, 0, -1).astype(np.float32),
        confidence=confidence(error, agreed),
        agreement=(agreed * covered).sum(axis=(1, 2)) / covered.sum(),
        moved_px=motion.rms(level),
        error_px=float(np.sqrt((error**2 * covered).sum() / covered.sum() / len(error))),
    )


def _factors(shape: tuple[int, int]) -> Iterable[int]:
    """Return how much smaller the levels are, the smallest first; 1 in any case."""
    return [factor for factor in FACTORS if factor == 1 or min(shape) // factor >= SMALLEST_SIDE]


def _check(pictures: Planes, times: Times, mask: AnyMask, center: int) -> None:
    if len(pictures) < FEWEST_FRAMES:
        raise ValueError(
            f"registration: {len(pictures)} frames; {FEWEST_FRAMES} are needed to tell motion from "
            "light. Shoot tracking frames, or take frames as they are."
        )
    if pictures.shape[1:] != mask.shape:
        height, width = pictures.shape[1:]
        raise ValueError(
            f"registration: pictures of {width} x {height} px, mask of {mask.shape[1]} x "
            f"{mask.shape[0]} px; both must have one size."
        )
    if len(times) != len(pictures) or (np.diff(times) <= 0.0).any():
        raise ValueError(
            f"registration: {len(times)} times for {len(pictures)} pictures; one each is needed, "
            "increasing."
        )
    if not 0 <= center < len(pictures):
        raise ValueError(
            f"registration: reference {center} of {len(pictures)} pictures; it counts from 0 to "
            f"{len(pictures) - 1}."
        )
