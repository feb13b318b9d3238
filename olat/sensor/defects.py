"""Sites that do not follow light."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from jaxtyping import Bool, Float32
from scipy.stats import chi2

from olat.model.shapes import Array
from olat.sensor.master_dark import ROUNDING_DN, MasterDark
from olat.sensor.readings import Color

LEAST_HOT = 5.0
"""Read noises that a hot site reads above its neighbors, at least."""
NOISY = 4.0
"""Read noises that a noisy site scatters by."""
LEAST_ODD = 0.1
"""Response that a dead site differs by from its neighbors, at least [1]."""


def defects_in_darkness(
    dark: MasterDark, colors: Sequence[Color], *, spreads: float
) -> Bool[Array, "h w plane"]:
    """Mark sites that glow, are stuck, or flicker without light.

    Parameters
    ----------
    dark
        Mean and variance of each site.
    colors
        Which sites are of one color.
    spreads
        Robust spreads of a color from which on a site is an outlier.

    Returns
    -------
    defects
        Sites that differ from the median of their 5 x 5 neighbors of the same color by more than
        `spreads` and five read noises, or scatter four times as much as usual, or were no number.

    Notes
    -----
    Assumes that defects are few: fewer than half of any 25 neighbors. That a noisy site is found
    takes frames enough: where chance makes a usual site scatter four times as much, only more than
    chance does is noisy.
    """
    noise = max(dark.read_noise_dn, ROUNDING_DN)
    freedom = dark.frames - 1
    limit = noise**2 * max(NOISY**2, chi2.ppf(1.0 - 1e-9, freedom) / freedom)
    found = np.asarray(dark.variance > limit)
    if dark.lost is not None:
        found |= dark.lost
    for color in colors:
        apart = _apart(dark.mean[color.sites])
        found[color.sites] |= np.abs(apart) > max(spreads * _spread(apart), LEAST_HOT * noise)
    return found


def defects_in_light(
    response: Float32[Array, "h w plane"], colors: Sequence[Color], *, spreads: float
) -> Bool[Array, "h w plane"]:
    """Mark sites that see much less or more light than their neighbors.

    Parameters
    ----------
    response
        Mean of flat frames less the dark; any scale.
    colors
        Which sites are of one color.
    spreads
        Robust spreads of a color from which on a site is an outlier.

    Returns
    -------
    defects
        Sites whose response differs from the median of their neighbors by more than `spreads` and
        a tenth of it. Dust shades many neighbors at once and is left to the flat field.
    """
    found = np.zeros(response.shape, np.bool_)
    for color in colors:
        plane = np.ascontiguousarray(response[color.sites])
        around = cv2.medianBlur(plane, 5)
        ratio = plane / np.maximum(around, np.finfo(np.float32).tiny) - np.float32(1.0)
        found[color.sites] = np.abs(ratio) > max(spreads * _spread(ratio), LEAST_ODD)
    return found


def _apart(plane: Float32[Array, "rows columns"]) -> Float32[Array, "rows columns"]:
    """Return how far sites lie from the median of the 5 x 5 around them."""
    plane = np.ascontiguousarray(plane)
    return np.asarray(plane - cv2.medianBlur(plane, 5))


def _spread(values: Float32[Array, "rows columns"]) -> float:
    """Return the standard deviation of normal noise with the same median deviation."""
    sample = values[:: max(1, values.shape[0] // 512), :: max(1, values.shape[1] // 512)]
    return 1.4826 * float(np.median(np.abs(sample - np.median(sample))))
