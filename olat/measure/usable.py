"""Which pixels count."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Float64

from olat.model.shapes import Array

Picture = Float[Array, "h w *channels"]
"""Gray, or with channels."""


def usable(
    first: Float[Array, "..."], second: Float[Array, "..."], mask: Bool[Array, "..."] | None
) -> Bool[Array, "h w"]:
    """Return where both pictures hold finite numbers and the mask is true.

    Raises
    ------
    ValueError
        If sizes differ, or no pixel is left.
    """
    if first.shape != second.shape:
        raise ValueError(
            f"pictures of {first.shape} and {second.shape}; one shape was needed. Bring them to "
            "one size first"
        )
    if mask is not None and mask.shape != first.shape[:2]:
        raise ValueError(
            f"mask of {mask.shape} for pictures of {first.shape[:2]}; one size was needed"
        )
    finite = np.isfinite(_flat(first)) & np.isfinite(_flat(second))
    used = finite.all(axis=-1) if mask is None else finite.all(axis=-1) & mask
    if not used.any():
        raise ValueError(
            "no pixel is left: the mask is empty or nothing in it is a finite number; at least one "
            "was needed. Check mask and pictures"
        )
    return np.asarray(used)


def samples(picture: Picture, used: Bool[Array, "h w"]) -> Float64[Array, "pixel channel"]:
    """Return the pixels that count, one a row."""
    return np.asarray(_flat(picture)[used], np.float64)


def _flat(picture: Picture) -> Float[Array, "h w channel"]:
    """Return a gray picture as one of one channel."""
    return picture[..., np.newaxis] if picture.ndim == 2 else picture
