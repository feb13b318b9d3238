"""Mean square error up to a constant."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool

from olat.measure.result import Measure, Scaling
from olat.measure.usable import Picture, samples, usable
from olat.model.shapes import Array


def shift_invariant_mse(
    first: Picture,
    second: Picture,
    mask: Bool[Array, "h w"] | None = None,
    *,
    scale: Scaling = "global",
) -> Measure:
    r"""Return the mean square error with the constant added that fits best.

    .. math:: \min_c \frac{1}{N} \sum (I + c - I^*)^2, \qquad c = \mathrm{mean}(I^* - I)

    Parameters
    ----------
    first, second
        What was predicted, and the truth.
    mask
        What counts.
    scale
        One constant for all channels, or one for each.

    Raises
    ------
    ValueError
        If sizes differ, or no pixel is left.
    """
    used = usable(first, second, mask)
    off = samples(second, used) - samples(first, used)
    shift = np.atleast_1d(off.mean(axis=0 if scale == "channel" else None))
    told = ", ".join(f"{part:+.4g}" for part in shift)
    return Measure(
        "shift_mse",
        float(np.mean((off - shift) ** 2)),
        aligned=f"A {told}" if len(shift) == 1 else f"A + ({told}) by channel",
        factors=tuple(shift.tolist()),
        used=float(used.mean()),
    )
