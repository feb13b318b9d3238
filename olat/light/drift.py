"""How the lights' level changes during a capture, from its full-on frames."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from jaxtyping import Bool, Float64
from scipy.interpolate import make_smoothing_spline

from olat.model.flags import PixelFlag
from olat.model.image import RadianceImage
from olat.model.shapes import Array, LightColors, Mask

FEWEST_SMOOTH = 6
"""Frames from which on the change is smoothed; fewer are joined by lines."""
OUTLIER = 5.0
"""Departure from the neighbors, in robust standard deviations, that is not believed."""
SWAY = 0.05
"""How far the subject may move, relative to its size [1]."""
STEADY = 0.003
"""Share by which a level departs from its neighbors without being doubted."""

Levels = Float64[Array, "frame 3"]
Moments = Float64[Array, " frame"]


def level_of(
    photo: RadianceImage, reference: RadianceImage, mask: Mask | None = None
) -> Float64[Array, " 3"]:
    r"""Return how bright a full-on frame is, relative to another one of the same subject.

    .. math:: g_c = \sum_{x \in M} I_c \Big/ \sum_{x \in M} I^0_c

    over the subject and what it may move over, :math:`M`: what leaves one place enters another.
    A frame in which something else happens stands out in time, and `drift_gains` leaves it out.

    Parameters
    ----------
    photo, reference
        Full-on frames; clipped pixels of either are left out.
    mask
        True inside the subject; else all that is brighter than a tenth of the brightest.

    Raises
    ------
    ValueError
        If nothing usable is lit in both.

    Notes
    -----
    Assumes that the same parts of the subject are seen in both frames, before a steady or black
    background.
    """
    doubtful = PixelFlag.SATURATED | PixelFlag.DEAD | PixelFlag.OUT_OF_FRAME
    usable = ((photo.flags | reference.flags) & doubtful) == 0
    bright = reference.radiance.mean(axis=2)
    if mask is None:
        mask = bright > 0.1 * float(np.percentile(bright, 99.5))
    reach = 2 * max(2, round(SWAY * float(np.sqrt(mask.sum())))) + 1
    usable &= cv2.dilate(mask.astype(np.uint8), np.ones((reach, reach), np.uint8)) > 0
    if not (usable & mask & (bright > 0.0)).any():
        raise ValueError(
            "full-on frames: no pixel is lit and unclipped in both; a subject in common is needed."
        )
    now, before = (one.radiance[usable].sum(axis=0, dtype=np.float64) for one in (photo, reference))
    return np.asarray(now / before)


def drift_gains(moments: Sequence[int], levels: Levels, at: Sequence[int]) -> LightColors:
    r"""Return the level of the lights at any frame, relative to the mean over known ones.

    Levels of full-on frames are joined by a smoothing spline, whose stiffness is chosen by
    generalized cross validation; a level that departs from its neighbors by five robust standard
    deviations is left out. Before the first and after the last one the level stays.

    Parameters
    ----------
    moments
        Numbers of the full-on frames, increasing: the clock.
    levels
        Of these frames (`level_of`).
    at
        Numbers of the frames to be told of.

    Returns
    -------
    gains
        Divide a frame by its gain to have it as under steady lights.

    Raises
    ------
    ValueError
        If there is no level, or one is not positive.

    Notes
    -----
    Assumes that all lights drift alike and smoothly, as LEDs do that warm up.

    References
    ----------
    .. [1] Craven and Wahba, Smoothing noisy data with spline functions, Numerische Mathematik
       1979.
    """
    if len(moments) == 0 or not (levels > 0.0).all():
        raise ValueError(
            f"drift: {len(moments)} full-on frames, least level {levels.min(initial=np.inf):.3g}; "
            "one at least is needed, and all levels above 0."
        )
    when = np.asarray(moments, np.float64)
    asked = np.clip(np.asarray(at, np.float64), when[0], when[-1])
    kept = ~outliers(levels)
    gains = np.empty((len(asked), 3))
    for channel in range(3):
        curve = _smooth(when[kept], levels[kept, channel], np.concatenate([when, asked]))
        gains[:, channel] = curve[len(when) :] / curve[: len(when)].mean()
    return gains


def outliers(levels: Levels) -> Bool[Array, " frame"]:
    """Tell which levels depart from those of their neighbors."""
    if len(levels) < 4:
        return np.zeros(len(levels), bool)
    mean = levels.mean(axis=1)
    # Mirrored about its end points, a level that rises goes on rising.
    before, after = 2.0 * mean[0] - mean[2:0:-1], 2.0 * mean[-1] - mean[-2:-4:-1]
    padded = np.concatenate([before, mean, after])
    around = np.median(np.lib.stride_tricks.sliding_window_view(padded, 5), axis=1)
    off = np.abs(mean - around) / around
    return np.asarray(off > max(OUTLIER * 1.4826 * float(np.median(off)), STEADY))


def _smooth(
    when: Moments, level: Moments, asked: Float64[Array, " asked"]
) -> Float64[Array, " asked"]:
    """Return the level at moments asked for."""
    if len(when) < FEWEST_SMOOTH:
        return np.asarray(np.interp(asked, when, level))
    # Splines are ill conditioned over wide spans of numbers.
    span = when[-1] - when[0]
    spline = make_smoothing_spline((when - when[0]) / span, level)
    return np.asarray(spline((asked - when[0]) / span))
