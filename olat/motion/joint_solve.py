"""One scale of the joint search: linearize, solve, clean, and again."""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float32

from olat.model.shapes import Array, Radiance
from olat.motion.joint_kernel import complete, gain_sums, normal_equations, relax
from olat.motion.joint_pyramid import BothFlows, Triple

Gains = Float32[Array, "2 3"]
"""Of the first and of the second picture, by channel [1]."""

SWEEPS = 12
OVER_RELAXATION = np.float32(1.8)
SMOOTHNESS = np.float32(0.2)
"""Weight of a flow's slope against the data; chosen on faces and cloth [white = 1]."""
HINTED = 1e-4
"""Weight of a hint: it is felt where nothing within some forty pixels tells [white = 1]."""
LOOSE = 1e-6
"""Weight of no motion, which only keeps an empty picture from having any."""
EPSILON = np.float32(0.01)
"""Residual over noise up to which it counts squared, and plainly beyond [white = 1]."""
SLOW_PX = 16.0
"""Residuals that vary more slowly than this are shading, not motion [px of a scale]."""
SLOW_STEP = 4
"""They are found on a grid so many times coarser."""
MEDIAN_PX = 5
LEAST_CONTRAST = 1e-4
"""Between gradient and complement, so that their gains can be told apart [1]."""


def rescaled(
    both: Float32[Array, "from_h from_w 4"], shape: tuple[int, int]
) -> Float32[Array, "to_h to_w 4"]:
    """Bring flows to another grid of the same picture, and into its pixels."""
    height, width = both.shape[:2]
    if (height, width) == shape:
        return both
    # From fine to coarse an average; from coarse to fine linear, as pixels have no edges.
    way = cv2.INTER_AREA if shape[0] < height else cv2.INTER_LINEAR
    scale = np.array([shape[1] / width, shape[0] / height] * 2, np.float32)
    return cv2.resize(both, shape[::-1], interpolation=way) * scale


def refined(
    triple: Triple,
    both: Float32[Array, "from_h from_w 4"],
    gains: Gains,
    hint: Float32[Array, "hint_h hint_w 4"] | None,
    *,
    warps: int,
    is_finest: bool,
) -> tuple[BothFlows, Gains]:
    """Improve both flows on one scale.

    Parameters
    ----------
    triple
        The pictures.
    both, gains
        As they came from the scale before.
    hint
        What both flows are expected to be, on any grid [px of it].
    warps
        Number of linearizations.
    is_finest
        Whether gains stay: noise, which is less on coarser scales, would make them smaller.
    """
    shape = triple.full_on.shape[:2]
    near = None if hint is None else rescaled(hint, shape)
    both = np.ascontiguousarray(rescaled(both, shape))
    for _ in range(warps):
        first, second, trust = triple.warped(both)
        if not is_finest:
            gains = _gains(triple.full_on, first, second, trust, gains)
        first *= gains[0]
        second *= gains[1]
        full_on = triple.full_on - slow_part(triple.full_on - first - second, trust)
        matrix = np.empty((*shape, 10), np.float32)
        right = np.empty((*shape, 4), np.float32)
        normal_equations(full_on, first, second, trust, EPSILON, matrix, right)
        if near is None:
            complete(matrix, right, both, np.zeros_like(both), SMOOTHNESS, LOOSE)
        else:
            complete(matrix, right, both, near, SMOOTHNESS, HINTED)
        relax(matrix, right, SMOOTHNESS, SWEEPS, OVER_RELAXATION, both)
        both = np.asarray(cv2.medianBlur(both, MEDIAN_PX))
    return both, gains


def slow_part(residual: Radiance, trust: Radiance) -> Radiance:
    """Return what of a residual is smooth over the picture, from where it can be trusted."""
    height, width = residual.shape[:2]
    small = (-(-width // SLOW_STEP), -(-height // SLOW_STEP))
    sigma = SLOW_PX / SLOW_STEP
    seen = (trust > 0.0).astype(np.float32)
    total, share = (
        cv2.GaussianBlur(cv2.resize(part, small, interpolation=cv2.INTER_AREA), (0, 0), sigma)
        for part in (residual * seen, seen)
    )
    return cv2.resize(
        total / np.maximum(share, np.float32(1e-3)), (width, height), interpolation=cv2.INTER_LINEAR
    )


def common_gains(full_on: Radiance, first: Radiance, second: Radiance) -> Gains:
    """Return the gains that make the sums over whole pictures agree, whatever moved in them."""
    whole, part = (np.sum(picture, axis=(0, 1)) for picture in (full_on, first + second))
    ratio = np.divide(whole, part, out=np.ones(3, np.float32), where=(whole > 0) & (part > 0))
    return np.tile(ratio, (2, 1))


def _gains(
    full_on: Radiance, first: Radiance, second: Radiance, trust: Radiance, before: Gains
) -> Gains:
    """Fit both gains of each channel, robustly; keep those before where they cannot be told."""
    gains = before.copy()
    for channel, (aa, ab, bb, fa, fb) in enumerate(
        gain_sums(full_on, first, second, trust, before, EPSILON)
    ):
        contrast = aa * bb - ab * ab
        if contrast > LEAST_CONTRAST * aa * bb:
            found = np.array([bb * fa - ab * fb, aa * fb - ab * fa]) / contrast
            if (found > 0.0).all():
                gains[:, channel] = found
    return gains
