"""Peak signal-to-noise ratio and root mean square error."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool

from olat.measure.result import Measure
from olat.measure.usable import Picture, samples, usable
from olat.model.shapes import Array


def psnr(
    first: Picture, second: Picture, mask: Bool[Array, "h w"] | None = None, *, peak: float = 1.0
) -> Measure:
    r"""Return the peak signal-to-noise ratio, infinite for equal pictures [dB].

    .. math:: 10 \log_{10} \frac{p^2}{\mathrm{mean}\,(I - I^*)^2}

    Parameters
    ----------
    first, second
        Pictures of one shape.
    mask
        What counts.
    peak
        The largest value that pictures can have: display white, or what white reads.

    Raises
    ------
    ValueError
        If sizes differ, no pixel is left, or the peak is not positive.

    Notes
    -----
    The mean is over all pixels and channels that count, not over pictures or channels first.
    """
    if not 0.0 < peak < np.inf:
        raise ValueError(f"peak: {peak}; a finite number above 0 was needed")
    used = usable(first, second, mask)
    square = float(np.mean((samples(first, used) - samples(second, used)) ** 2))
    value = 10.0 * np.log10(peak**2 / square) if square > 0.0 else np.inf
    return Measure("psnr", float(value), unit="dB", used=float(used.mean()), note=f"peak {peak:g}")


def rmse(first: Picture, second: Picture, mask: Bool[Array, "h w"] | None = None) -> Measure:
    """Return the root of the mean square of the difference, in the unit of the pictures.

    Raises
    ------
    ValueError
        If sizes differ, or no pixel is left.
    """
    used = usable(first, second, mask)
    square = np.mean((samples(first, used) - samples(second, used)) ** 2)
    return Measure("rmse", float(np.sqrt(square)), used=float(used.mean()))
