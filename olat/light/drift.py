"""How the lights' level changes during a capture, from its full-on frames."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from jaxtyping import Bool, Float64

from olat.light.warm_up import fading_curve, smooth_curve
from olat.model.drift import LightDrift
from olat.model.flags import PixelFlag
from olat.model.image import RadianceImage
from olat.model.shapes import Array, LightColors, Mask

FEWEST_DOUBTED = 4
"""Frames from which on one can be told to be off; of fewer it is not known which one is."""
OUTLIER = 5.0
"""Departure from the neighbors, in robust standard deviations, that is not believed."""
BEND = 4.0
"""By how much more an end may bend away than the frames next to it, as a warm-up does."""
WARM_UP = 0.085
"""Light that LEDs may lose up to the second frame; no blink is told from it [share of it]."""
SWAY = 0.05
"""How far the subject may move, relative to its size [1]."""
STEADY = 0.005
"""Share by which a level departs from its neighbors without being doubted."""
SIGMA = 1.4826
"""Standard deviation over the median of absolute departures, of a normal distribution."""

Levels = Float64[Array, "frame 3"]
Moments = Float64[Array, " frame"]
Bends = Float64[Array, "*left bend 3"]


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
    generalized cross validation; those that depart from their neighbors (`outliers`) are left out.
    Where the first bends away, as lights do that get warm within a few full-on frames, an
    exponential that fades is taken out before and added after. Before the first and after the
    last that is believed the level stays.

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
        If there is no level, or one that is believed is not positive.

    Notes
    -----
    Assumes that all lights drift alike and smoothly, as LEDs do that warm up.

    References
    ----------
    .. [1] Craven and Wahba, Smoothing noisy data with spline functions, Numerische Mathematik
       1979.
    """
    kept = ~outliers(moments, levels)
    when, known = np.asarray(moments, np.float64)[kept], levels[kept]
    if len(when) == 0 or not (known > 0.0).all():
        raise ValueError(
            f"drift: {len(moments)} full-on frames, least level {levels.min(initial=np.inf):.3g}; "
            "one at least is needed, and all levels above 0."
        )
    asked = np.clip(np.asarray(at, np.float64), when[0], when[-1])
    fades = _fades(when, known)
    curves = [
        (fading_curve if is_fading else smooth_curve)(when, channel, asked)
        for channel, is_fading in zip(known.T, fades, strict=True)
    ]
    return np.asarray(np.column_stack(curves) / known.mean(axis=0))


def gains_at(drift: LightDrift | None, frames: Sequence[int]) -> LightColors:
    """Return `drift_gains` of a capture; 1 where fewer than two full-on frames tell.

    A full-on frame has the level that it shows, also where its neighbors do not believe it.
    """
    if drift is None or len(drift.moments) < 2:
        return np.ones((len(frames), 3))
    gains = drift_gains(drift.moments, drift.levels, frames)
    mean = drift.levels[~outliers(drift.moments, drift.levels)].mean(axis=0)
    for place, frame in enumerate(frames):
        if frame in drift.moments:
            gains[place] = drift.levels[drift.moments.index(frame)] / mean
    return gains


def outliers(moments: Sequence[int], levels: Levels) -> Bool[Array, " frame"]:
    """Tell which levels depart from those of their neighbors, in any channel.

    The first and the last are held against the line through the next two, the others against the
    median of the five around them. How much off is believed, lines between the others tell. An end
    may also bend away like the level next to it, and the first lie above its line by `WARM_UP`.

    Parameters
    ----------
    moments
        Numbers of the full-on frames, increasing.
    levels
        Of these frames.

    Returns
    -------
    outliers
        All false for fewer than four frames: two that differ, or three that are not in a line,
        may show a drift just as well, and do not tell which one is off.

    Notes
    -----
    Assumes levels that change smoothly but for single frames, and lights that lose light as they
    get warm. Of a first level that is high before steady ones nobody can say whether it is the
    warm-up or a blink. It is believed (`is_guessed` tells): lights blink to the dark, and LEDs do
    lose some percent. Where that is wrong, frames up to about a third of the way to the second
    full-on frame are off; to hold the second level back over a warm-up puts as many off.
    """
    when, kept = np.asarray(moments, np.float64), np.arange(len(levels))
    # One by one, the farthest off first: it makes its neighbors look as if they were off too.
    while len(kept) >= FEWEST_DOUBTED:
        departures = _departures(when[kept], levels[kept], may_warm_up=bool(kept[0] == 0))
        if not departures.max() > 1.0:
            break
        kept = np.delete(kept, departures.argmax())
    return ~np.isin(np.arange(len(levels)), kept)


def is_guessed(moments: Sequence[int], levels: Levels) -> bool:
    """Tell whether the first level is believed for lights get warm, and not for its neighbors."""
    is_kept = ~outliers(moments, levels)
    if len(levels) < FEWEST_DOUBTED or not is_kept[0]:
        return False
    when, known = np.asarray(moments, np.float64)[is_kept], levels[is_kept]
    return len(known) >= FEWEST_DOUBTED and bool(_departure_of_first(when, known).max() > 1.0)


def _departures(when: Moments, levels: Levels, *, may_warm_up: bool) -> Moments:
    """Return how far levels are from their neighbors, in units of what is believed."""
    # Mirrored about its end points, a level that rises goes on rising.
    before, after = 2.0 * levels[0] - levels[2:0:-1], 2.0 * levels[-1] - levels[-2:-4:-1]
    padded = np.concatenate([before, levels, after])
    around = np.median(np.lib.stride_tricks.sliding_window_view(padded, 5, axis=0), axis=-1)
    # What a level has part in tells nothing of how far it is off.
    frames = np.arange(len(levels))
    others = np.broadcast_to(frames, (len(levels), len(levels)))[frames[:, np.newaxis] != frames]
    limit = _believed_by(*(each[others.reshape(len(levels), -1)] for each in (when, levels)))
    departures = (np.abs(levels - around) / limit).max(axis=1)
    departures[-1] = _departure_of_first(-when[::-1], levels[::-1]).max()
    departures[0] = np.where(
        may_warm_up & _warms_up(when, levels), 0.0, _departure_of_first(when, levels)
    ).max()
    return np.asarray(departures)


def _warms_up(when: Moments, levels: Levels) -> Bool[Array, " 3"]:
    """Tell in which channels the first level is above its line by no more than a warm-up."""
    # The second one may have blinked: then the third tells how much light was lost.
    lost = levels[0] - levels[1:3].max(axis=0)
    return np.asarray((_off_lines(when, levels)[0][0] > 0.0) & (lost < WARM_UP * levels[0]))


def _departure_of_first(when: Moments, levels: Levels) -> Float64[Array, " 3"]:
    """Return how far the first level is off the line of the next two, in the same units.

    Nothing where the second is off its own line to the same side: a blink of either, or of the
    third, puts the two off to opposite sides.
    """
    off, noisy = _off_lines(when, levels)
    off *= np.sign(off[0])
    gaps = np.diff(when[:3])
    limit = noisy[0] * _believed(np.abs(off[1:]) / noisy[1:], levels)
    bend = BEND * max(gaps[0] / gaps[1], 1.0) ** 2 * off[1]
    bends_along = off[1] > noisy[1] * _believed(np.abs(off[2:]) / noisy[2:], levels)
    return np.asarray(np.where(bends_along, 0.0, off[0] / np.maximum(limit, bend)))


def _fades(when: Moments, levels: Levels) -> Bool[Array, " 3"]:
    """Tell in which channels the first level bends away by more than noise."""
    if len(when) < FEWEST_DOUBTED:
        return np.zeros(3, bool)
    off, noisy = _off_lines(when, levels)
    return np.asarray(np.abs(off[0]) > noisy[0] * _believed(np.abs(off[1:]) / noisy[1:], levels))


def _off_lines(
    when: Float64[Array, "*left frame"], levels: Float64[Array, "*left frame 3"]
) -> tuple[Bends, Bends]:
    """Return how far each level is above the line of the next two, and how much noise that has [1].

    The noise is in units of that of a level.
    """
    gaps = np.diff(when)
    far = (gaps[..., :-1] / gaps[..., 1:])[..., np.newaxis]
    falls = levels[..., :-1, :] - levels[..., 1:, :]
    off = falls[..., :-1, :] - far * falls[..., 1:, :]
    return off, np.broadcast_to(np.sqrt(1.0 + (1.0 + far) ** 2 + far**2), off.shape)


def _believed_by(
    when: Float64[Array, "*left frame"], levels: Float64[Array, "*left frame 3"]
) -> Float64[Array, "*left 3"]:
    """Return the departure up to which another level is believed, from how these depart."""
    off, noisy = _off_lines(when, levels)
    return _believed(np.abs(off) / noisy, levels)


def _believed(
    departures: Bends, levels: Float64[Array, "*left frame 3"]
) -> Float64[Array, "*left 3"]:
    """Return the departure up to which a level is believed, from what others have."""
    noise = SIGMA * np.median(departures, axis=-2) if departures.size else np.zeros(3)
    least = STEADY * np.maximum(np.median(levels, axis=-2), np.finfo(np.float64).tiny)
    return np.asarray(np.maximum(OUTLIER * noise, least))
