"""How far apart two masks are."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64

from olat.measure.result import Measure
from olat.measure.usable import Picture, samples, usable
from olat.model.shapes import Array

SMOOTH = 1e-5
"""Added above and below, so that two empty masks are equal."""
LEAST_LOG = -100.0
"""Logarithm of a probability of 0."""


def dice_loss(first: Picture, second: Picture, mask: Bool[Array, "h w"] | None = None) -> Measure:
    r"""Return one less the Dice overlap of two masks, 0 for equal ones.

    .. math:: 1 - \frac{2 \sum p g + \epsilon}{\sum p + \sum g + \epsilon}, \qquad
              \epsilon = 10^{-5}

    Parameters
    ----------
    first, second
        What was predicted and the truth, 0 to 1.
    mask
        What counts.

    Raises
    ------
    ValueError
        If sizes differ, a value is not between 0 and 1, or no pixel is left.

    References
    ----------
    .. [1] Milletari, Navab and Ahmadi, V-Net: fully convolutional neural networks for volumetric
       medical image segmentation, 3DV 2016; without its squares.
    """
    used = usable(first, second, mask)
    p, g = _shares(first, used), _shares(second, used)
    value = 1.0 - (2.0 * (p * g).sum() + SMOOTH) / (p.sum() + g.sum() + SMOOTH)
    return Measure("dice_loss", float(value), used=float(used.mean()))


def binary_cross_entropy(
    first: Picture, second: Picture, mask: Bool[Array, "h w"] | None = None
) -> Measure:
    r"""Return how surprised one is to find the truth, 0 for equal masks of zeros and ones.

    .. math:: -\mathrm{mean}\big(g \ln p + (1 - g) \ln(1 - p)\big)

    Parameters
    ----------
    first, second
        What was predicted, p, and the truth, g, 0 to 1.
    mask
        What counts.

    Raises
    ------
    ValueError
        If sizes differ, a value is not between 0 and 1, or no pixel is left.

    Notes
    -----
    A logarithm is no less than -100, so that one pixel that was certain and wrong stays finite.
    """
    used = usable(first, second, mask)
    p, g = _shares(first, used), _shares(second, used)
    with np.errstate(divide="ignore"):
        yes, no = (np.maximum(np.log(part), LEAST_LOG) for part in (p, 1.0 - p))
    value = float(-(g * yes + (1.0 - g) * no).mean())
    return Measure("bce", value, used=float(used.mean()), note="logarithms of at least -100")


def _shares(picture: Picture, used: Bool[Array, "h w"]) -> Float64[Array, "pixel channel"]:
    """Return the pixels that count; refuse what is no mask."""
    found = samples(picture, used)
    if found.min() < 0.0 or found.max() > 1.0:
        raise ValueError(
            f"mask: values from {found.min():g} to {found.max():g}; 0 to 1 was needed. Divide by "
            "what stands for inside"
        )
    return found
