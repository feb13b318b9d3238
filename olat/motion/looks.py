"""What a tracking frame shows, before any motion is sought."""

from __future__ import annotations

from typing import Literal, TypeAlias

import cv2
import numpy as np

from olat.model.flags import PixelFlag
from olat.model.motion import TrackingLook
from olat.model.shapes import Flags, Mask, Plane, Radiance
from olat.motion.sharpness import sharpness_of

Fault: TypeAlias = Literal["", "black", "saturated", "blank"]

WHITE_PERCENTILE = 99.5
LIT_FRACTION = 0.02
"""Part of the brightest from which on something counts as lit."""
LIT_SIGMAS = 4.0
"""What is lit stands out of the noise below black by that much [its depth]."""
LEAST_LIT = 0.002
"""Share of the picture below which a frame is black."""
MOST_SATURATED = 0.3
"""Share of what is lit that may be full; a highlight is less, a wrong exposure more."""
LEAST_SPREAD = 0.02
"""Contrast of a picture that shows something [1]."""
SMALL_PX = 256
"""Short side of the picture on which it is decided what is lit [px]."""


def look_of(radiance: Radiance, flags: Flags, *, frame: int) -> TrackingLook:
    """Describe a tracking frame.

    Parameters
    ----------
    radiance
        Linear [diffuse white = 1].
    flags
        `PixelFlag` bits; of them ``SATURATED`` counts.
    frame
        Its number.
    """
    gray = gray_of(radiance)
    lit = lit_in(gray)
    if lit.mean() < LEAST_LIT:
        return TrackingLook(frame, float(lit.mean()), 0.0, 0.0, 0.0)
    full = (flags & PixelFlag.SATURATED) != 0
    levels = cv2.blur(gray, (3, 3))[lit | full]
    low, high = np.percentile(levels, (5.0, 95.0))
    return TrackingLook(
        frame,
        lit=float(lit.mean()),
        saturated=float(full[lit].mean()),
        sharpness=sharpness_of(gray, lit),
        spread=float((high - low) / max(high, 1e-12)),
    )


def fault_of(look: TrackingLook) -> Fault:
    """Say why a frame shows nothing that could be followed; empty if it may."""
    if look.lit < LEAST_LIT:
        return "black"
    if look.saturated > MOST_SATURATED:
        return "saturated"
    return "blank" if look.spread < LEAST_SPREAD else ""


def gray_of(radiance: Radiance) -> Plane:
    """Average over channels in linear light; what is no number is black."""
    gray = radiance @ np.full(3, 1.0 / 3.0, np.float32)
    return np.asarray(np.nan_to_num(gray, copy=False, nan=0.0, posinf=0.0, neginf=0.0))


def lit_in(gray: Plane) -> Mask:
    """Say what the light reaches: brighter than a part of the brightest, and than the noise.

    Notes
    -----
    Assumes a background that is black, or else counts as part of the subject. Holes, as the pupils
    of eyes, are closed.
    """
    height, width = gray.shape
    factor = max(1, min(height, width) // SMALL_PX)
    size = -(-width // factor), -(-height // factor)
    small = np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA))
    white, depth = np.percentile(small, (WHITE_PERCENTILE, 100.0 - WHITE_PERCENTILE))
    least = max(LIT_FRACTION * float(white), LIT_SIGMAS * max(0.0, -float(depth)) / 2.0)
    lit = (small > max(least, 1e-9)).astype(np.uint8)
    closed = cv2.morphologyEx(lit, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    # Single pixels that noise lifts are no subject.
    opened = cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    resized = cv2.resize(opened, (width, height), interpolation=cv2.INTER_NEAREST)
    return np.asarray(resized, bool)
