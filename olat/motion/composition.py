"""One motion after another."""

from __future__ import annotations

import cv2
import numpy as np

from olat.model.shapes import Flow, Plane
from olat.motion.warp import source_positions


def composed(
    first: Flow, second: Flow, first_confidence: Plane, second_confidence: Plane
) -> tuple[Flow, Plane]:
    r"""Return the motion from the first frame to the third, and trust in it.

    .. math:: h(x) = f(x) + g(x + f(x)), \qquad c_h(x) = c_f(x)\,c_g(x + f(x))

    Parameters
    ----------
    first
        Flow f from the first frame to the second [px of its grid].
    second
        Flow g from the second frame to the third, on the same grid [px of it].
    first_confidence, second_confidence
        From 0 to 1.

    Returns
    -------
    flow
        From the first frame to the third [px of the grid].
    confidence
        0 where the first flow leaves the picture, or is not a number.

    Notes
    -----
    Assumes that the second flow is smooth between pixels: it is read linearly, which keeps affine
    motion as it is. Beyond the border it stays level.
    """
    shapes = {first.shape[:2], second.shape[:2], first_confidence.shape, second_confidence.shape}
    if len(shapes) > 1:
        found = ", ".join(f"{width} x {height}" for height, width in sorted(shapes))
        raise ValueError(
            f"composition: flows and confidences are {found} px; all must have one size."
        )
    x, y = source_positions(first)
    height, width = x.shape
    inside = (x >= -0.5) & (x <= width - 0.5) & (y >= -0.5) & (y <= height - 0.5)
    then, sure = (
        cv2.remap(plane, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        for plane in (second, second_confidence)
    )
    return first + then, np.where(inside, first_confidence * sure, np.float32(0.0))
