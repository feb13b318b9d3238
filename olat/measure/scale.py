"""The factor that brings one picture closest to another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float64

from olat.measure.result import Scaling
from olat.measure.usable import samples, usable
from olat.model.shapes import Array

Views = Float[Array, "*view h w channel"]
"""One picture, or several of one size."""


@dataclass(frozen=True, slots=True)
class AlignedScale:
    """A picture that was multiplied, and by what."""

    scaled: Views
    factors: tuple[float, ...]
    """One, or one for each channel."""
    words: str
    """What was aligned."""


def align_scale(
    predicted: Views,
    truth: Views,
    mask: Bool[Array, "*view h w"] | None = None,
    *,
    mode: Scaling = "channel",
    fit_on: int | None = None,
) -> AlignedScale:
    r"""Multiply a picture so that it comes closest to another.

    .. math:: s = \frac{\langle I, I^* \rangle}{\langle I, I \rangle}

    Parameters
    ----------
    predicted, truth
        Linear pictures, or stacks of views, of one shape.
    mask
        What counts.
    mode
        One factor for all channels, or one for each.
    fit_on
        View from which the factors are taken; they multiply all views. All of them by default. A
        factor for each view would hide differences of exposure.

    Raises
    ------
    ValueError
        If shapes differ, no pixel is left, or `fit_on` is not one of the views.

    References
    ----------
    .. [1] Zhang et al., NeRFactor: neural factorization of shape and reflectance under an unknown
       illumination, ACM Transactions on Graphics 40(6), 2021.
    """
    stacks = [part if part.ndim == 4 else part[np.newaxis] for part in (predicted, truth)]
    count = len(stacks[0])
    if fit_on is not None and not 0 <= fit_on < count:
        raise ValueError(f"fit_on: {fit_on} of {count} views; the index of a view was needed")
    pick = slice(None) if fit_on is None else slice(fit_on, fit_on + 1)
    first, second = (np.concatenate(list(stack[pick])) for stack in stacks)
    shown = (
        None if mask is None else np.concatenate(list(mask.reshape(count, *mask.shape[-2:])[pick]))
    )
    used = usable(first, second, shown)
    factors = best_factors(samples(first, used), samples(second, used), scaling=mode)
    words = factor_words("A", factors)
    if count > 1:
        words += ", fitted on all views" if fit_on is None else f", fitted on view {fit_on}"
    return AlignedScale(np.asarray(predicted * np.array(factors)), factors, words)


def best_factors(
    moved: Float64[Array, "pixel channel"],
    fixed: Float64[Array, "pixel channel"],
    *,
    scaling: Scaling,
) -> tuple[float, ...]:
    """Return the factors that bring pixels closest to others, by least squares.

    What is 0 everywhere stays so: its factor is 0.
    """
    axis = 0 if scaling == "channel" else None
    energy = np.atleast_1d((moved * moved).sum(axis=axis))
    together = np.atleast_1d((moved * fixed).sum(axis=axis))
    factors = np.divide(together, energy, out=np.zeros_like(energy), where=energy > 0.0)
    return tuple(factors.tolist())


def factor_words(which: str, factors: tuple[float, ...]) -> str:
    """Say which picture was multiplied by what."""
    told = ", ".join(f"{factor:.4g}" for factor in factors)
    return f"{which} x {told}" if len(factors) == 1 else f"{which} x ({told}) by channel"
