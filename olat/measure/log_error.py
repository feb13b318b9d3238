"""Mean square error of logarithms, up to a factor."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool

from olat.measure.result import Measure
from olat.measure.scale import factor_words
from olat.measure.usable import Picture, samples, usable
from olat.model.shapes import Array


def eigen_log_mse(
    first: Picture, second: Picture, mask: Bool[Array, "h w"] | None = None
) -> Measure:
    r"""Return the variance of the difference of logarithms: what depth papers call scale-invariant.

    .. math:: \mathrm{mean}(d^2) - \mathrm{mean}(d)^2, \qquad d = \ln I - \ln I^*

    Parameters
    ----------
    first, second
        What was predicted, and the truth, such as depth.
    mask
        What counts.

    Returns
    -------
    measure
        Pixels with a channel that is not above zero have no logarithm and are left out; `used`
        tells.

    Raises
    ------
    ValueError
        If sizes differ, or no pixel above zero is left.

    References
    ----------
    .. [1] Eigen, Puhrsch and Fergus, Depth map prediction from a single image using a multi-scale
       deep network, NIPS 2014, equation 1.
    """
    used = usable(first, second, mask)
    predicted, truth = samples(first, used), samples(second, used)
    positive = ((predicted > 0.0) & (truth > 0.0)).all(axis=1)
    if not positive.any():
        raise ValueError("eigen_log: no pixel is above zero in both pictures; one was needed")
    left_out = int((~positive).sum())
    off = np.log(predicted[positive]) - np.log(truth[positive])
    factor = (float(np.exp(-off.mean())),)
    return Measure(
        "eigen_log",
        float(off.var()),
        aligned=factor_words("A", factor) + " (logarithms)",
        factors=factor,
        used=float(positive.sum() / used.size),
        note=f"{left_out:,} pixels that are not above zero do not count" if left_out else "",
    )
