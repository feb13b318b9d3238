"""Curves through levels of lights: smooth ones, and those of lights that get warm."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64
from scipy.interpolate import make_smoothing_spline

from olat.model.shapes import Array

FEWEST_SMOOTH = 6
"""Levels from which on a curve is smoothed; fewer are joined by lines."""
FEWEST_FADING = 4
"""Levels from which on a warm-up is fitted, which has three unknowns."""
FASTEST, SLOWEST = 1.0 / 6.0, 2.0
"""Shortest and longest time of a warm-up that is told [gaps between full-on frames]."""
TIMES = 61
"""Times of a warm-up that are tried, 4 % from one to the next."""

Moments = Float64[Array, " frame"]
Asked = Float64[Array, " asked"]


def smooth_curve(when: Moments, level: Moments, asked: Asked) -> Asked:
    """Return the smoothing spline through levels, or lines where there are few, at moments.

    Parameters
    ----------
    when, level
        Known ones, moments increasing.
    asked
        Moments to be told of.

    Returns
    -------
    levels
        At these.
    """
    if len(when) < FEWEST_SMOOTH:
        return np.asarray(np.interp(asked, when, level))
    # Splines are ill conditioned over wide spans of numbers.
    span = when[-1] - when[0]
    spline = make_smoothing_spline((when - when[0]) / span, level)
    return np.asarray(spline((asked - when[0]) / span))


def fading_curve(when: Moments, level: Moments, asked: Asked) -> Asked:
    r"""Return the curve of lights that get warm within a few full-on frames, at moments.

    .. math:: L(t) = s(t) + A e^{-(t - t_0) / \tau}

    :math:`A` and :math:`\tau` are those that leave the least beside a constant; :math:`s` is the
    `smooth_curve` through what they leave. A spline alone is too stiff or swings: it is off by a
    quarter of the warm-up where :math:`\tau` is a third of the gap between full-on frames.

    Parameters
    ----------
    when, level
        Known ones, moments increasing.
    asked
        Moments to be told of.

    Returns
    -------
    levels
        At these.

    Notes
    -----
    Assumes one time of the warm-up; one shorter than a sixth of the first gap is not told from it.
    """
    if len(when) < FEWEST_FADING:
        return smooth_curve(when, level, asked)
    since, gap = when - when[0], when[1] - when[0]
    fades = np.exp(-since / np.geomspace(FASTEST * gap, SLOWEST * gap, TIMES)[:, np.newaxis])
    # A straight line through each: level against fade, both less their mean.
    apart, off = fades - fades.mean(axis=1, keepdims=True), level - level.mean()
    heights = (apart @ off) / (apart**2).sum(axis=1)
    best = int(((off - heights[:, np.newaxis] * apart) ** 2).sum(axis=1).argmin())
    height, fade = heights[best], fades[best]
    tau = -gap / np.log(fade[1])
    rest = smooth_curve(when, level - height * fade, asked)
    return np.asarray(rest + height * np.exp(-(asked - when[0]) / tau))
