"""How far apart two environment maps are."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np
from jaxtyping import Bool, Float64

from olat.measure.result import Measure
from olat.measure.usable import Picture, samples, usable
from olat.model.shapes import Array

Norm: TypeAlias = Literal["l1", "l2"]
Weighting: TypeAlias = Literal["solid_angle", "none"]


def env_log_error(
    first: Picture,
    second: Picture,
    mask: Bool[Array, "h w"] | None = None,
    *,
    norm: Norm = "l1",
    weighting: Weighting = "solid_angle",
) -> Measure:
    r"""Return the mean difference of two latitude-longitude maps' logarithms.

    .. math:: \frac{\sum_p \Omega_p\,|d_p|^k}{\sum_p \Omega_p}, \qquad
              d = \ln(1 + L) - \ln(1 + L^*)

    with :math:`k` 1 or 2, the mean over channels, and

    .. math:: \Omega = \frac{2\pi}{W} (\cos\theta_\text{top} - \cos\theta_\text{bottom})

    Parameters
    ----------
    first, second
        Radiance; what is predicted, and the truth.
    mask
        What counts.
    norm
        ``l1`` for :math:`|d|`, ``l2`` for its square.
    weighting
        ``solid_angle`` counts every direction the same; ``none`` every pixel, as if the poles were
        as wide as the equator.

    Returns
    -------
    measure
        Pixels with radiance below zero are left out; `used` tells.

    Raises
    ------
    ValueError
        If sizes differ, or no pixel is left.

    Notes
    -----
    The paper weighs by solid angles; whether in the norm or in its square it does not matter here,
    as this is a mean and says what it is. ``l1`` with ``none`` is what the author's later program
    computes.

    References
    ----------
    .. [1] Sun et al., Single image portrait relighting, ACM Transactions on Graphics 38(4), 2019.
    """
    used = usable(first, second, mask)
    lowest = np.minimum(first, second)
    counted = int(used.sum())
    used &= (lowest if lowest.ndim == 2 else lowest.min(axis=-1)) >= 0.0
    below = counted - int(used.sum())
    if not used.any():
        raise ValueError("environment: no pixel has radiance of at least zero; one was needed")
    off = np.abs(np.log1p(samples(first, used)) - np.log1p(samples(second, used)))
    each = (off if norm == "l1" else off**2).mean(axis=1)
    weights = np.ones(used.shape) if weighting == "none" else solid_angles(*used.shape)
    value = float(np.average(each, weights=weights[used]))
    told = f"each {'direction' if weighting == 'solid_angle' else 'pixel'} counts the same"
    told += f"; {below:,} below zero do not" if below else ""
    name = f"env_{norm}" + ("" if weighting == "solid_angle" else "_unweighted")
    return Measure(name, value, used=float(used.mean()), note=told)


def solid_angles(height: int, width: int) -> Float64[Array, "h w"]:
    """Return the exact solid angle of the pixels of a latitude-longitude map [sr]."""
    rows = -np.diff(np.cos(np.linspace(0.0, np.pi, height + 1)))
    return np.repeat(rows[:, np.newaxis] * (2.0 * np.pi / width), width, axis=1)
