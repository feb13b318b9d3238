"""Motion to two frames at once whose light adds up to that of a third."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float32

from olat.model.shapes import Array, Radiance
from olat.motion.flow import upsampled
from olat.motion.joint_confidence import confidences
from olat.motion.joint_pyramid import BothFlows, pyramid, scales, white_of
from olat.motion.joint_solve import common_gains, refined, rescaled, slow_part
from olat.motion.preparation import FlowPreset, solved_size

SolvedFlow = Float32[Array, "solved_h solved_w 2"]
SolvedPlane = Float32[Array, "solved_h solved_w"]
HintFlow = Float32[Array, "hint_h hint_w 2"]

WARPS = 8
"""Linearizations on each scale; half of them on the finest."""
SMALLEST_FRAME = 16


class JointFlows(NamedTuple):
    """Motion from a full-on frame to a gradient and to its complement, on the solved grid."""

    to_gradient: SolvedFlow
    """[px of the full-size frame]"""
    to_complement: SolvedFlow
    """[px of the full-size frame]"""
    gradient_confidence: SolvedPlane
    """From 0 to 1; 0.5 where the flow is expected to be wrong by a pixel of the full size."""
    complement_confidence: SolvedPlane


def joint_flows(
    gradient: Float32[Array, "gradient_h gradient_w 3"],
    complement: Float32[Array, "complement_h complement_w 3"],
    full_on: Radiance,
    *,
    preset: FlowPreset = "standard",
    hints: tuple[HintFlow, HintFlow] | None = None,
) -> JointFlows:
    r"""Find the motion to two frames under light that adds up to that of a full-on frame.

    .. math:: F(x) = a\,G(x + u(x)) + b\,\bar G(x + v(x)) + e(x)

    for every channel, with flows u and v, a gain for each channel and frame, and what shading
    changed slowly over the picture, e. With weights w that fall with noise and residual, it
    minimizes

    .. math:: \sum_x w\,(F - a G_u - b \bar G_v - e)^2
              + \alpha\,(|\nabla u|^2 + |\nabla v|^2)
              + \beta\,(|u - u_0|^2 + |v - v_0|^2) .

    Parameters
    ----------
    gradient, complement
        Linear radiance under two lights that add up to all: color gradients, spherical ones along
        an axis, or half spheres. NaN where it is not known, as where the sensor is full.
    full_on
        Linear radiance under all lights; NaN alike.
    preset
        Solve at a quarter (``draft``), half (``standard``) or the full size (``fine``).
    hints
        Flows to the gradient and to the complement to start from, and to stay near where the
        pictures do not tell; on any grid that covers the frame [px of the full-size frame].

    Raises
    ------
    ValueError
        If the frames differ in size or are too small.

    Notes
    -----
    Assumes that light adds up, pixel by pixel, once motion is undone: linear radiance, one
    exposure but for a gain, and no turn so large that a patch is lit otherwise. What a turn does
    to shading is slow over the picture where the surface is smooth, and only so far taken out.
    Edges of the subject against a lit background are smoothed over.

    From coarse to fine: where the motion is less than a pixel, the sum holds nearly without it.
    On every scale the problem is linearized again and again, solved by over-relaxation, and the
    flow cleaned by a median. Where all three frames are dark or flat, flow and confidence are 0.

    References
    ----------
    .. [1] Wilson et al., Temporal upsampling of performance geometry using photometric alignment,
       TOG 2010.
    .. [2] Brox et al., High accuracy optical flow estimation based on a theory for warping, ECCV
       2004, sec. 3.
    """
    _check([picture.shape[:2] for picture in (gradient, complement, full_on)])
    height, width = full_on.shape[:2]
    shape = solved_size(height, width, preset)
    white = white_of(full_on)
    if white == 0.0:
        still = np.zeros((*shape, 2), np.float32)
        none = np.zeros(shape, np.float32)
        return JointFlows(still, still, none, none)
    to_full_size = np.array([width / shape[1], height / shape[0]], np.float32)
    hint = None if hints is None else _one_field(hints, shape) / np.tile(to_full_size, 2)
    shapes = scales(shape)
    both = np.zeros((*shapes[0], 4), np.float32) if hint is None else rescaled(hint, shapes[0])
    gains = common_gains(*(_finite(picture) for picture in (full_on, gradient, complement)))
    for triple in pyramid(full_on, gradient, complement, white=white, shapes=shapes):
        is_finest = triple.full_on.shape[:2] == shape
        both, gains = refined(
            triple, both, gains, hint, is_finest=is_finest, warps=WARPS // (2 if is_finest else 1)
        )
    first, second, trust = triple.warped(both)
    first, second = first * gains[0], second * gains[1]
    fast = triple.full_on - slow_part(triple.full_on - first - second, trust)
    sure = confidences(fast, first, second, trust, pixel_px=float(1.0 / to_full_size.mean()))
    return JointFlows(both[..., :2] * to_full_size, both[..., 2:] * to_full_size, *sure)


def _finite(picture: Radiance) -> Radiance:
    return np.where(np.isfinite(picture), picture, np.float32(0.0))


def _one_field(hints: tuple[HintFlow, HintFlow], shape: tuple[int, int]) -> BothFlows:
    """Return both hints on one grid, values as they are."""
    return np.concatenate([upsampled(hint, shape) for hint in hints], axis=2)


def _check(shapes: list[tuple[int, ...]]) -> None:
    if len(set(shapes)) > 1:
        found = ", ".join(f"{width} x {height}" for height, width in shapes)
        raise ValueError(
            f"joint flow: gradient, complement and full-on frame are {found} px; all must have "
            "one size."
        )
    height, width = shapes[0]
    if min(height, width) < SMALLEST_FRAME:
        raise ValueError(
            f"joint flow: the frames are {width} x {height} px; motion needs {SMALLEST_FRAME} px "
            "on each side."
        )
