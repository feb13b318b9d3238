"""Dense motion between two frames under the same light."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from olat.model.shapes import Array, Flow, Mask, Plane, Radiance
from olat.motion.warp import source_positions

FlowPreset: TypeAlias = Literal["draft", "standard", "fine"]
Codes: TypeAlias = UInt8[Array, "h w"]
SolvedFlow: TypeAlias = Float32[Array, "solved_h solved_w 2"]
SolvedPlane: TypeAlias = Float32[Array, "solved_h solved_w"]

REDUCTION: Mapping[FlowPreset, int] = {"draft": 4, "standard": 2, "fine": 1}
"""How many times smaller than the frame the flow is solved."""

SMALLEST_SOLVED = 128
"""Pictures are not reduced below this many pixels on their short side."""
SMALLEST_FRAME = 16
"""Fewer pixels on the short side do not hold one patch on two scales."""

WHITE_PERCENTILE = 99.5
LIT_FRACTION = 0.02
GAMMA = 2.2

FLAT_CODES = 0.5
"""Spread of a picture that shows nothing but rounding, and mean of one that is black [codes]."""
DARK_WINDOW = 33
"""Side of the neighborhood that must be black to count as background: a few patches [solved px]."""

AGREEMENT_FLOOR = 1.0
AGREEMENT_SLOPE = 0.01


def flow_between(
    reference: Radiance, moving: Float32[Array, "moving_h moving_w 3"], *, preset: FlowPreset
) -> tuple[SolvedFlow, SolvedPlane]:
    r"""Find where every reference pixel lies in another frame under the same light.

    Solved forward, :math:`f`, and backward, :math:`b`. With the round trip
    :math:`r = |f(x) + b(x + f(x))|`, the confidence is

    .. math:: c = 1 / (1 + (r / r_0)^2), \qquad r_0 = s + 0.01\,|f(x)| ,

    where :math:`s` is the side of one solved pixel.

    Parameters
    ----------
    reference, moving
        Linear radiance; only their ratio of exposures may differ [diffuse white = 1].
    preset
        Solve at a quarter (``draft``), half (``standard``) or the full size (``fine``).

    Returns
    -------
    flow
        On a grid of the solved size; see `upsampled` [px of the full-size frame].
    confidence
        1 where both directions agree, 0.5 at :math:`r_0`. 0 on a black background, and all over
        where a frame is dark or flat: there the flow is 0 too.

    Raises
    ------
    ValueError
        If the frames differ in size or are too small.

    Notes
    -----
    Assumes that the light did not change but for its level: a gradient against a full-on frame
    is a matter for joint alignment. Solves to the finest scale and smooths more than OpenCV's
    presets, which suits skin and cloth; at hard edges of motion it is no gain.

    References
    ----------
    .. [1] Kroeger et al., Fast optical flow using dense inverse search, ECCV 2016, sec. 2.
    .. [2] Wenger et al., Performance relighting and reflectance transformation with
       time-multiplexed illumination, TOG 2005.
    """
    _check_pair(reference, moving)
    height, width = reference.shape[:2]
    factor = _reduction(height, width, preset)
    small = (-(-height // factor), -(-width // factor))
    codes = _display_copies(_reduced_gray(reference, small), _reduced_gray(moving, small))
    if codes is None or min(picture.std() for picture in codes) < FLAT_CODES:
        return np.zeros((*small, 2), np.float32), np.zeros(small, np.float32)
    forward, backward = _solved(codes[0], codes[1]), _solved(codes[1], codes[0])
    confidence = _agreement(forward, backward)
    confidence[_is_background(codes[0])] = 0.0
    to_full_size = np.array([width / small[1], height / small[0]], np.float32)
    return forward * to_full_size, confidence


def upsampled(
    field: Float32[Array, "h w *channels"], shape: tuple[int, int]
) -> Float32[Array, "rows columns *channels"]:
    """Bring a flow or a confidence to the full-size grid; values stay as they are.

    Parameters
    ----------
    field
        On the solved grid, which covers the same picture with larger pixels.
    shape
        Height and width of the full-size frame [px].

    Notes
    -----
    Bilinear between pixel centers; level beyond the outermost ones.
    """
    if field.shape[:2] == shape:
        return field
    height, width = shape
    return cv2.resize(field, (width, height), interpolation=cv2.INTER_LINEAR)


def _check_pair(reference: Radiance, moving: Float32[Array, "moving_h moving_w 3"]) -> None:
    if reference.shape != moving.shape:
        raise ValueError(
            f"flow: the reference is {reference.shape[1]} x {reference.shape[0]} px, the moving "
            f"frame {moving.shape[1]} x {moving.shape[0]}; both must have one size."
        )
    if min(reference.shape[:2]) < SMALLEST_FRAME:
        raise ValueError(
            f"flow: the frames are {reference.shape[1]} x {reference.shape[0]} px; motion needs "
            f"{SMALLEST_FRAME} px on each side."
        )


def _reduction(height: int, width: int, preset: FlowPreset) -> int:
    """Return the preset's reduction, or what the size of the picture allows of it."""
    return max(1, min(REDUCTION[preset], min(height, width) // SMALLEST_SOLVED))


def _reduced_gray(radiance: Radiance, shape: tuple[int, int]) -> SolvedPlane:
    """Average over area and channels, in linear light."""
    small = cv2.resize(radiance, shape[::-1], interpolation=cv2.INTER_AREA)
    gray = small @ np.full(3, 1 / 3, np.float32)
    return np.nan_to_num(gray, copy=False, nan=0.0, posinf=0.0, neginf=0.0)


def _display_copies(reference: Plane, moving: Plane) -> tuple[Codes, Codes] | None:
    """Return 8-bit copies of equal exposure, which is what DIS takes; none if one is dark."""
    levels = [_lit_level(gray) for gray in (reference, moving)]
    if min(levels) <= 0.0:
        return None
    white = float(np.percentile(reference, WHITE_PERCENTILE))
    return _codes(reference, white), _codes(moving, white * levels[1] / levels[0])


def _lit_level(gray: Plane) -> float:
    """Return the median of what the light reaches; 0 for a dark frame."""
    white = float(np.percentile(gray, WHITE_PERCENTILE))
    if white <= max(0.0, 2.0 * _noise_depth(gray)):
        return 0.0
    return float(np.median(gray[gray > LIT_FRACTION * white]))


def _noise_depth(gray: Plane) -> float:
    """Return how far noise goes below black, and so about how far above."""
    return max(0.0, -float(np.percentile(gray, 100.0 - WHITE_PERCENTILE)))


def _codes(gray: Plane, white: float) -> Codes:
    # The noise of a black background would otherwise be followed: a gamma makes much of it.
    black = 1.5 * _noise_depth(gray)
    display = np.clip((gray - np.float32(black)) / np.float32(white), 0.0, 1.0)
    codes: Codes = np.rint(255.0 * display ** np.float32(1 / GAMMA)).astype(np.uint8)
    return codes


def _solved(reference: Codes, moving: Codes) -> Flow:
    """Run dense inverse search with settings for faces and cloth."""
    solver = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    solver.setFinestScale(0)
    solver.setPatchSize(8)
    solver.setPatchStride(4)
    solver.setGradientDescentIterations(12)
    solver.setVariationalRefinementIterations(10)
    solver.setVariationalRefinementAlpha(60.0)
    # Without this a gain of 0.9 between the frames ruins the flow.
    solver.setUseMeanNormalization(True)
    start = np.zeros((*reference.shape, 2), np.float32)
    return np.asarray(solver.calc(reference, moving, start))


def _agreement(forward: Flow, backward: Flow) -> Plane:
    """Return the confidence of `flow_between`, on the solved grid and in its pixels."""
    x, y = source_positions(forward)
    back = cv2.remap(backward, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    residual = np.linalg.norm(forward + back, axis=2)
    threshold = AGREEMENT_FLOOR + AGREEMENT_SLOPE * np.linalg.norm(forward, axis=2)
    return np.asarray(1.0 / (1.0 + np.square(residual / threshold)), np.float32)


def _is_background(codes: Codes) -> Mask:
    """Say where nothing near is lit, so that there is nothing to follow."""
    mean = cv2.blur(codes.astype(np.float32), (DARK_WINDOW, DARK_WINDOW))
    return np.asarray(mean < FLAT_CODES)
