"""Why the subject could not be followed into a tracking frame, in words."""

from __future__ import annotations

import numpy as np

from olat.model.image import RadianceImage
from olat.model.shapes import Mask
from olat.motion.looks import fault_of, gray_of, look_of
from olat.motion.resemblance import Resemblance, detail_of, resemblance

ALIKE = 0.5
"""Likeness from which on two frames show the same subject, wherever it is."""
LOST = 0.5
"""Share of the subject beyond the edge of the picture from which on it has left."""
FAR = 0.04
"""Shift from which on motion is what went wrong [long sides of the picture]."""
REASONS = {
    "black": "black",
    "saturated": "saturated",
    "blank": "blank, one gray all over",
    "left": "the subject left the frame",
    "cut": "does not show the subject of the reference",
}


def refusal(
    reference: RadianceImage, moving: RadianceImage, subject: Mask, *, outside: float
) -> str:
    """Say what is wrong with a frame that does not agree with the reference.

    Parameters
    ----------
    reference, moving
        Both frames.
    subject
        In the reference.
    outside
        Share of the subject that its flow leads out of the frame [1].

    Returns
    -------
    reason
        In this order: black, saturated, blank; the subject left the frame; it moved too far; it is
        not what the reference shows; empty if none of that.
    """
    fault = fault_of(look_of(moving.radiance, moving.flags, frame=0))
    if fault:
        return REASONS[fault]
    first, second = (detail_of(gray_of(each.radiance)) for each in (reference, moving))
    width = reference.radiance.shape[1]
    found = resemblance(first, second, width=width)
    far = float(np.hypot(*found.shift))
    if max(outside, _beyond(subject, found)) > LOST:
        return REASONS["left"]
    if found.likeness < ALIKE:
        return REASONS["cut"]
    if far > FAR * max(subject.shape):
        return f"moved by {far:.0f} px, farther than flow can follow"
    return ""


def _beyond(subject: Mask, found: Resemblance) -> float:
    """Return the share of the subject that a shift takes out of the picture."""
    if found.likeness < ALIKE / 2.0:
        return 0.0
    rows, columns = np.nonzero(subject)
    x, y = columns + found.shift[0], rows + found.shift[1]
    height, width = subject.shape
    is_out = (x < 0) | (x > width - 1) | (y < 0) | (y > height - 1)
    return float(is_out.mean()) if is_out.size else 0.0
