r"""What cast shadows take from lobes, and give back as even light.

Lobes were measured with all lights on, with the shadows of that light in them. To darken them by
the visibility V once more would darken twice: so what it takes,

.. math:: \delta F = \int (1 - V)\,R\,d\omega , \qquad
          \delta A = \int (1 - V)\,R\,\omega\,d\omega ,

is given back as the light of lowest order that has these moments
(`olat.surface.lobe_residual.MissingMoments`). Full-on light and gradients then read what they did.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from jaxtyping import Float32

from olat.model.shapes import Array, Directions, LightColors
from olat.surface.cosine_lobe import CosineLobes
from olat.surface.lobe_residual import MissingMoments, Visibility

WIDEST_RATIO = 0.85
"""Longest ratio of what stands for a lobe under a hundred lights: exponent 4.7, 61 degrees wide."""
_LEAST = np.float32(1e-9)


def taken_by_shadows(
    lobes: CosineLobes, visibility: Visibility, directions: Directions, weights: LightColors
) -> MissingMoments:
    """Return what shadows take from lobes under even light.

    Parameters
    ----------
    lobes
        As they were fitted; those narrower than `WIDEST_RATIO` are hidden like wider ones.
    visibility
        Share of a distant light that reaches each pixel, from 0 to 1.
    directions
        Unit vectors to lights around the subject.
    weights
        Of each under even light: together the whole sphere [sr].

    Returns
    -------
    missing
        Its integral and first moment [sr].
    """
    wide = _widened(lobes)
    shape = lobes.integral.shape
    hidden, all_ = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    moment = np.zeros((*shape, 3), np.float32)
    for direction, weight in zip(directions, weights, strict=True):
        reading = wide.reading(direction) * weight.astype(np.float32)
        all_ += reading
        reading *= 1.0 - visibility(direction)[..., np.newaxis]
        hidden += reading
        for axis in range(3):
            moment[..., axis] += reading * np.float32(direction[axis])
    # A hundred lights sample a lobe coarsely: shares are trusted, and the integral is that of F.
    # Noise leaves dark channels below zero: they too are scaled by what they are, or by nothing.
    scale = np.zeros(shape, np.float32)
    np.divide(lobes.integral, all_, out=scale, where=np.abs(all_) > _LEAST)
    return MissingMoments(hidden * scale, moment * scale[..., np.newaxis])


def visible_light(
    lobes: CosineLobes, visibility: Visibility, directions: Directions, weights: LightColors
) -> Float32[Array, "h w 3"]:
    """Return which share of the light that lobes gather reaches them, from 0 to 1.

    Parameters
    ----------
    lobes, visibility, directions
        As in `taken_by_shadows`.
    weights
        Of the lights that stand for an environment, of any scale.

    Notes
    -----
    The share is that of lights which stand for the environment; it is 1 where they give nothing.
    """
    wide = _widened(lobes)
    seen = np.zeros(lobes.integral.shape, np.float32)
    all_ = np.full(lobes.integral.shape, _LEAST, np.float32)
    for direction, weight in zip(directions, weights, strict=True):
        if not weight.any():
            continue
        reading = wide.reading(direction) * weight.astype(np.float32)
        all_ += reading
        reading *= visibility(direction)[..., np.newaxis]
        seen += reading
    return np.where(all_ > 2.0 * _LEAST, seen / all_, np.float32(1.0))


def _widened(lobes: CosineLobes) -> CosineLobes:
    """Return lobes that are wide enough for the lights to sample."""
    return replace(lobes, ratio=np.minimum(lobes.ratio, np.float32(WIDEST_RATIO)))
