"""8-bit pictures of equal exposure, small enough to solve motion on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias

import cv2
import numpy as np
from jaxtyping import Bool, Float32, UInt8

from olat.model.shapes import Array, Plane, Radiance

FlowPreset: TypeAlias = Literal["draft", "standard", "fine"]
Normalization: TypeAlias = Literal["gain", "local"]
Codes: TypeAlias = UInt8[Array, "solved_h solved_w"]
"""A prepared gray picture, as the eye would want it [codes]."""
SolvedPlane: TypeAlias = Float32[Array, "solved_h solved_w"]
SolvedMask: TypeAlias = Bool[Array, "solved_h solved_w"]

REDUCTION: Mapping[FlowPreset, int] = {"draft": 4, "standard": 2, "fine": 1}
"""How many times smaller than the frame the flow is solved."""

SMALLEST_SOLVED = 128
"""Pictures are not reduced below this many pixels on their short side."""
SMALLEST_WINDOW = 128
"""Nor is less than this many solved around a small subject."""

WHITE_PERCENTILE = 99.5
LIT_FRACTION = 0.02
GAMMA = 2.2

FLAT_CODES = 0.5
"""Spread of a picture that shows nothing but rounding, and mean of one that is black [codes]."""
DARK_WINDOW = 33
"""Side of the neighborhood that must be black to count as background: a few patches [solved px]."""
MARGIN = 16
"""Black that stays around the subject, for the patches at its rim [solved px]."""
WINDOW_STEP = 64
"""Grain of the window around the subject [solved px]."""

LOCAL_SIGMA = 15.0
"""Reach of local contrast [solved px]."""
LOCAL_FLOOR = 4.0
"""Contrast below which nothing is amplified [codes]."""


def solved_size(height: int, width: int, preset: FlowPreset) -> tuple[int, int]:
    """Return height and width of the grid that a preset solves on [px]."""
    factor = max(1, min(REDUCTION[preset], min(height, width) // SMALLEST_SOLVED))
    return -(-height // factor), -(-width // factor)


class Prepared(NamedTuple):
    """Two pictures to find motion between."""

    reference: Codes
    moving: Codes
    background: SolvedMask
    """Where nothing near is lit in the reference, so that there is nothing to follow."""
    subject: tuple[slice, slice]
    """Rows and columns beyond which both pictures are black."""


def prepared(
    reference: Radiance,
    moving: Radiance,
    *,
    shape: tuple[int, int],
    normalization: Normalization = "gain",
) -> Prepared | None:
    """Make small 8-bit copies of equal exposure; none if a frame shows nothing.

    Parameters
    ----------
    reference, moving
        Linear radiance [diffuse white = 1].
    shape
        Height and width of the copies [px].
    normalization
        ``gain``: the medians of what the light reaches are brought together before the gamma.
        ``local``: `local_contrast` is equalized besides, for frames under different light.

    Notes
    -----
    Assumes for ``gain`` that the light did not change but for its level. Averages over area and
    channels in linear light.
    """
    codes = _display_copies(_reduced_gray(reference, shape), _reduced_gray(moving, shape))
    if codes is None or min(picture.std() for picture in codes) < FLAT_CODES:
        return None
    background = [_is_background(picture) for picture in codes]
    subject = _window(~(background[0] & background[1]))
    if normalization == "local":
        codes = local_contrast(codes[0]), local_contrast(codes[1])
    return Prepared(*codes, background[0], subject)


def _is_background(codes: Codes) -> SolvedMask:
    mean = cv2.blur(codes.astype(np.float32), (DARK_WINDOW, DARK_WINDOW))
    return np.asarray(mean < FLAT_CODES)


def _window(mask: SolvedMask) -> tuple[slice, slice]:
    """Return the rows and columns that hold a mask, in steps so that pairs of a sweep agree."""
    spans = []
    for axis in (1, 0):
        inside = np.flatnonzero(mask.any(axis=axis))
        size = mask.shape[1 - axis]
        first, last = (int(inside[0]), int(inside[-1])) if inside.size else (0, size - 1)
        start = max(0, min(first - MARGIN, size - SMALLEST_WINDOW)) // WINDOW_STEP * WINDOW_STEP
        stop = max(last + 1 + MARGIN, start + SMALLEST_WINDOW)
        spans.append(slice(start, min(size, -(-stop // WINDOW_STEP) * WINDOW_STEP)))
    return spans[0], spans[1]


def local_contrast(codes: Codes) -> Codes:
    r"""Equalize contrast over neighborhoods.

    .. math:: 128 + 48\,(v - \bar v) / (s + s_0) ,

    with the mean :math:`\bar v` and the spread s of a Gaussian neighborhood.

    Notes
    -----
    Assumes that shading is broader than the neighborhood, whose standard deviation is 15 px.
    """
    values = codes.astype(np.float32)
    mean = cv2.GaussianBlur(values, (0, 0), LOCAL_SIGMA)
    detail = values - mean
    spread = np.sqrt(cv2.GaussianBlur(detail * detail, (0, 0), LOCAL_SIGMA))
    equalized = 128.0 + 48.0 * detail / (spread + LOCAL_FLOOR)
    contrast: Codes = np.rint(np.clip(equalized, 0.0, 255.0)).astype(np.uint8)
    return contrast


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
