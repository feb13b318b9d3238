"""Where the subject is."""

from __future__ import annotations

import numpy as np

from olat.errors import SolveError
from olat.model.shapes import Mask


def inside(mask: Mask, shape: tuple[int, int]) -> Mask:
    """Return the mask at the size of the solve.

    Raises
    ------
    SolveError
        If the mask has another aspect ratio than the photographs.
    """
    import cv2

    height, width = shape
    if mask.shape == shape:
        return mask
    if abs(mask.shape[0] * width - mask.shape[1] * height) > max(mask.shape) * 2:
        raise SolveError(
            f"mask: {mask.shape[1]} x {mask.shape[0]} px, but the photographs have {width} x "
            f"{height} px; needed is the same aspect ratio. Make the mask from one of the "
            "photographs."
        )
    resized = cv2.resize(mask.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
    return np.asarray(resized, dtype=bool)
