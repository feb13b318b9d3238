"""Whether two photographs show the same thing, wherever it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from jaxtyping import Float32

from olat.model.shapes import Array, Plane

SmallPlane: TypeAlias = Float32[Array, "small_h small_w"]

SIDE = 128
"""Long side of the pictures that are compared [px]."""
FINE_SIGMA, COARSE_SIGMA = 1.0, 4.0
"""Detail between these sizes is compared [px of the small picture]."""


DARK = 0.02
"""Part of the brightest that is added to all, so that noise in the dark counts little."""


@dataclass(frozen=True, slots=True)
class Resemblance:
    """How alike two pictures are where they fit best."""

    likeness: float
    """Correlation of their detail, 1 for the same picture."""
    shift: tuple[float, float]
    """dx, dy from the first to the second [px]."""


def detail_of(gray: Plane) -> SmallPlane:
    """Return the middle-sized detail of a picture, small and of unit energy.

    Notes
    -----
    Takes the square root first, so that highlights do not outweigh the rest. Before a dark
    background the outline has the largest part. A picture without detail is 0.
    """
    height, width = gray.shape
    scale = SIDE / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(np.maximum(gray, 0.0), size, interpolation=cv2.INTER_AREA)
    dark = DARK * float(small.max())
    root = np.sqrt(np.maximum(small, 0.0) + dark).astype(np.float32)
    fine = cv2.GaussianBlur(root, (0, 0), FINE_SIGMA)
    detail = fine - cv2.GaussianBlur(root, (0, 0), COARSE_SIGMA)
    energy = float(np.sqrt(np.sum(detail.astype(np.float64) ** 2)))
    return np.asarray(detail / energy if energy > 1e-6 else np.zeros_like(detail), np.float32)


def resemblance(first: SmallPlane, second: SmallPlane, *, width: int) -> Resemblance:
    r"""Shift one picture over the other and return how alike they are where they fit best.

    .. math:: \max_s \sum_x a(x)\, b(x + s)

    Parameters
    ----------
    first, second
        Of one size, by `detail_of`.
    width
        Of the full-size picture, in whose pixels the shift is told [px].

    Notes
    -----
    Assumes that the subject moves as a whole. What is shifted out of the picture counts as unlike.

    References
    ----------
    .. [1] Lewis, Fast normalized cross-correlation, Vision Interface 1995.
    """
    rows, columns = (2 * side for side in first.shape)
    spectra = [np.fft.rfft2(each.astype(np.float64), (rows, columns)) for each in (first, second)]
    overlap = np.fft.irfft2(np.conj(spectra[0]) * spectra[1], (rows, columns))
    down, right = np.unravel_index(int(overlap.argmax()), overlap.shape)
    likeness = float(overlap[down, right])
    dy = int(down) - (rows if down >= rows // 2 else 0)
    dx = int(right) - (columns if right >= columns // 2 else 0)
    scale = width / first.shape[1]
    return Resemblance(likeness, (dx * scale, dy * scale))
