"""Trust in a flow: where what it leads to is about as bright as the reference."""

from __future__ import annotations

from typing import TypeAlias

import cv2
import numpy as np
from jaxtyping import Float32

from olat.model.shapes import Array, Plane, Radiance
from olat.motion.looks import gray_of, lit_in
from olat.motion.warp import source_positions

SolvedFlow: TypeAlias = Float32[Array, "solved_h solved_w 2"]
SolvedPlane: TypeAlias = Float32[Array, "solved_h solved_w"]

CHANGE = 4.0
"""Factor that halves the trust: turning to other lights under all of them makes a small one."""
BRIGHTEST = 2.0
"""What is brighter than so many times the median of what is lit is a highlight, which may move."""
SIGMA = 2.0
"""Of the blur that levels are compared after [solved px]."""


def alike_in_level(
    reference: Radiance, moving: Radiance, flow: SolvedFlow, confidence: SolvedPlane
) -> SolvedPlane:
    r"""Lower a confidence where the flow leads from something lit to something of another level.

    With the ratio :math:`q` of the pulled frame to the reference, but for a common factor,

    .. math:: c' = c / (1 + (\ln q / \ln 4)^4) .

    Parameters
    ----------
    reference, moving
        Linear radiance [diffuse white = 1].
    flow, confidence
        On the solved grid [full-size px].

    Notes
    -----
    Assumes one light for both frames. Shading that changes as the subject turns passes; what is
    dark where the subject should be, or bright where it was dark, does not: a subject that left,
    a hand with a sleeve, a background.
    """
    rows, columns = confidence.shape
    height, width = reference.shape[:2]
    first, second = (_small(each, (columns, rows)) for each in (reference, moving))
    if not (first.any() and second.any()):
        return np.zeros_like(confidence)
    x, y = source_positions(flow / np.array([width / columns, height / rows], np.float32))
    pulled = cv2.remap(second, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    gain = _gain(first, np.asarray(pulled), confidence)
    floor = np.float32(0.02)
    change = np.log((np.asarray(pulled) / gain + floor) / (first + floor)) / np.log(CHANGE)
    return np.asarray(confidence / (1.0 + change**4), np.float32)


def _small(radiance: Radiance, size: tuple[int, int]) -> SolvedPlane:
    """Return the level relative to the median of what is lit, highlights cut; 0 if nothing is."""
    gray = np.asarray(cv2.resize(gray_of(radiance), size, interpolation=cv2.INTER_AREA))
    # In a sparse pattern on true black most of what lies around bright places is 0.
    lit = lit_in(gray) & (gray > 0.0)
    if not lit.any():
        return np.zeros_like(gray)
    level = gray / np.median(gray[lit])
    blurred = cv2.GaussianBlur(np.clip(level, 0.0, BRIGHTEST), (0, 0), SIGMA)
    return np.asarray(blurred, np.float32)


def _gain(first: Plane, pulled: Plane, confidence: Plane) -> float:
    """Return how much brighter the pulled frame is where the flow is sure."""
    sure = (confidence > 0.5) & (first > 0.1)
    return float(np.clip(np.median(pulled[sure] / first[sure]), 0.5, 2.0)) if sure.any() else 1.0
