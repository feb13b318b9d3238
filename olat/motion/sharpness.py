"""How sharp a photograph is, whatever its noise."""

from __future__ import annotations

import cv2
import numpy as np

from olat.model.shapes import Mask, Plane

REDUCED_ABOVE = 256
"""Pictures with more pixels on their short side are halved first, which evens out demosaicing."""
RIM_PX = 3
"""What lies nearer to the dark is left out: an outline is sharp whatever is within [px]."""


def sharpness_of(gray: Plane, lit: Mask) -> float:
    r"""Return the contrast of the finest detail, relative to the level of what is lit.

    With the bends :math:`d` (second differences) down even and down odd columns, and the same with
    rows and columns exchanged,

    .. math:: s^2 = \left(\langle d_{even} d_{odd} \rangle_{rows}
                    + \langle d_{even} d_{odd} \rangle_{columns}\right) / \langle I \rangle^2 .

    Parameters
    ----------
    gray
        Linear level [diffuse white = 1].
    lit
        True on the subject.

    Returns
    -------
    sharpness
        0 where nothing is lit, or where there is nothing but noise [1].

    Notes
    -----
    Assumes noise that is independent from pixel to pixel: then it is in one factor or in the
    other, never in both. Comparable between frames of one subject under one light only.
    """
    if min(gray.shape) > REDUCED_ABOVE:
        size = gray.shape[1] // 2, gray.shape[0] // 2
        gray = np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.float32)
        lit = cv2.resize(lit.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    square = np.ones((2 * RIM_PX + 1, 2 * RIM_PX + 1), np.uint8)
    within = cv2.erode(lit.astype(np.uint8), square, borderValue=1) > 0
    if not within.any():
        return 0.0
    level = float(gray[within].mean(dtype=np.float64))
    energy = _energy(gray, within) + _energy(gray.T, within.T)
    return float(np.sqrt(max(energy, 0.0)) / level) if level > 0.0 else 0.0


def _energy(gray: Plane, within: Mask) -> float:
    """Return the mean product of the bends down two columns side by side."""
    height, width = gray.shape[0], gray.shape[1] // 2 * 2
    steps = np.diff(gray[:, :width], n=2, axis=0)
    even, odd = steps[:, ::2], steps[:, 1::2]
    inside = within[1 : height - 1, :width]
    both = inside[:, ::2] & inside[:, 1::2]
    return float((even * odd)[both].mean(dtype=np.float64)) if both.any() else 0.0
