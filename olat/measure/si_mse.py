"""Mean square error up to brightness."""

from __future__ import annotations

from typing import Literal

import numpy as np
from jaxtyping import Bool, Float

from olat.measure.result import Measure, Scaling
from olat.measure.scale import best_factors, factor_words
from olat.measure.usable import Picture, samples, usable
from olat.model.shapes import Array


def si_mse(
    first: Picture,
    second: Picture,
    mask: Bool[Array, "h w"] | None = None,
    *,
    scale: Scaling = "global",
    align: Literal["pred", "gt"] = "pred",
) -> Measure:
    r"""Return the mean square error with the brightness that fits best.

    .. math:: \min_\alpha \frac{1}{N} \sum (\alpha I - I^*)^2, \qquad
              \alpha = \frac{\langle I, I^* \rangle}{\langle I, I \rangle}

    Parameters
    ----------
    first, second
        What was predicted, :math:`I`, and the truth, :math:`I^*`; linear.
    mask
        What counts.
    scale
        One factor for all channels, or one for each.
    align
        Which of the two is multiplied: ``pred``, or ``gt``, the truth.

    Raises
    ------
    ValueError
        If sizes differ, or no pixel is left.

    Notes
    -----
    Depth papers call another measure so, that of `olat.measure.log_error.eigen_log_mse`.

    References
    ----------
    .. [1] Zhou, Hadap, Sunkavalli and Jacobs, Deep single-image portrait relighting, ICCV 2019.
    """
    used = usable(first, second, mask)
    predicted, truth = samples(first, used), samples(second, used)
    moved, fixed = (predicted, truth) if align == "pred" else (truth, predicted)
    factors = best_factors(moved, fixed, scaling=scale)
    value = float(np.mean((moved * np.array(factors) - fixed) ** 2))
    words = factor_words("A" if align == "pred" else "B", factors)
    return Measure("si_mse", value, aligned=words, factors=factors, used=float(used.mean()))


def si_l2(first: Float[Array, "*any"], second: Float[Array, "*any"]) -> Measure:
    r"""Return the squared distance of two vectors with the length that fits best.

    .. math:: \min_\alpha \|\alpha L - L^*\|^2

    For coefficients of lighting: `si_mse` without the mean.

    Raises
    ------
    ValueError
        If shapes differ, or a number is not finite.
    """
    if first.shape != second.shape or not (np.isfinite(first) & np.isfinite(second)).all():
        raise ValueError(
            f"vectors of {first.shape} and {second.shape}; finite numbers of one shape were needed"
        )
    moved, fixed = (np.asarray(part, np.float64).reshape(-1, 1) for part in (first, second))
    factors = best_factors(moved, fixed, scaling="global")
    value = float(((moved * factors[0] - fixed) ** 2).sum())
    return Measure("si_l2", value, aligned=factor_words("A", factors), factors=factors)
