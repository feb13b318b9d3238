"""The lobes of a camera, from the moments that are stored of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from olat.model.maps import LobeMaps
from olat.model.shapes import Plane
from olat.surface.cosine_lobe import CosineLobes, lobes_from_moments
from olat.surface.lobe_smoothing import smoothed_moment

MODEL_ERROR = 0.01
"""Doubt of a first moment, relative to full-on light: noise, uneven lights, interreflection."""
HALF_CONFIDENCE = float(np.log(1.5))
"""Error of log(n + 2) that halves the confidence."""


def lobes_of(maps: LobeMaps) -> CosineLobes:
    """Return the lobes that have the stored moments, in the color of the photographs.

    The closed form costs less than reading the file did; so moments are stored, which may be
    averaged and resampled, and lobes are not. Shapes are those of a pixel and its neighbors, as
    `olat.surface.lobe_smoothing` averages them.
    """
    integral, moment = maps.integral, maps.moment
    mixing = maps.primaries if maps.is_shared else None
    if mixing is not None:
        unmixing = np.linalg.inv(mixing).T.astype(np.float32)
        integral, moment = integral @ unmixing, moment @ unmixing
    floor = maps.shadow_floor
    smooth = smoothed_moment(integral, moment, blur_px=maps.blur_px, shadow_floor=floor)
    lobes = lobes_from_moments(integral, smooth, shadow_floor=floor)
    if mixing is None:
        return lobes
    is_lit = lobes.integral.any(axis=-1, keepdims=True)
    return replace(lobes, integral=np.where(is_lit, maps.integral, np.float32(0.0)))


def mean_lobes(maps: LobeMaps) -> CosineLobes:
    """Return one lobe a pixel: where each channel has its own, that of the sum of the channels."""
    lobes = lobes_of(maps)
    if lobes.is_shared:
        return lobes
    total = lobes.integral.sum(axis=-1, keepdims=True)
    moment = lobes.moment.sum(axis=2)
    return lobes_from_moments(np.repeat(total, 3, axis=-1), moment, shadow_floor=maps.shadow_floor)


def exponent_confidence(ratio: Plane) -> Plane:
    r"""Return the trust in an exponent n whose ratio is known to 1 %.

    It is :math:`1/(1 + (\epsilon/\ln 1.5)^2)` with :math:`\epsilon = 0.01\,(n + 2) = 0.01/(1 - r)`
    the error of :math:`\log(n + 2)`: one half at n = 39.
    """
    error = MODEL_ERROR / (1.0 - ratio)
    return np.asarray(1.0 / (1.0 + (error / HALF_CONFIDENCE) ** 2), np.float32)
