"""Whether twice the light reads twice as much, and up to where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

LOWER_PART = 0.6
"""Share of the highest reading below which a channel's line is drawn [1]."""


@dataclass(frozen=True, slots=True)
class LevelReading:
    """What one color reads in the middle of flat frames of one exposure."""

    channel: int
    light: float
    """Exposure, in any unit that all readings share."""
    signal_dn: float
    """Mean above the dark [DN]."""
    dark_dn: float
    """Mean of the dark there [DN]."""


@dataclass(frozen=True, slots=True)
class Linearity:
    """How well readings follow light."""

    deviation_percent: float
    """Largest departure from the line, up to where the sensor is linear [%]."""
    highest_dn: float
    """Highest count that was looked at [DN]."""
    full_dn: float | None
    """Count up to which the sensor is linear; none where it is up to the highest [DN]."""


def linearity(readings: Sequence[LevelReading], *, within_percent: float) -> Linearity | None:
    r"""Compare what is read at several exposures with a straight line through the dark.

    .. math:: \delta = \frac{S}{a_c\, t} - 1, \quad a_c = \operatorname{median} \frac{S}{t}

    for the signal S above the dark at exposure t; the slope of each channel is that of its lower
    readings, up to 0.6 of the highest.

    Parameters
    ----------
    readings
        Of any channels, none of them clipped.
    within_percent
        Departure that still counts as linear [%].

    Returns
    -------
    linearity
        None where no channel has three exposures.

    Raises
    ------
    ValueError
        If readings depart from the line anywhere but at the top: then the exposures, the lamp or
        the dark are not what they are said to be.

    Notes
    -----
    Assumes a lamp that is steady over the series and exposure times that are true. Mechanical
    shutters are less exact than many sensors are linear.
    """
    points = [
        point
        for channel in sorted({r.channel for r in readings})
        for point in departures(channel, readings)
    ]
    if not points:
        return None
    counts, deviations = np.array(sorted(points)).T
    is_bad = np.abs(deviations) > within_percent
    highest = float(counts[-1])
    if not is_bad.any():
        return Linearity(float(np.abs(deviations).max()), highest, None)
    first = int(np.argmax(is_bad))
    if first == 0 or counts[first] < 0.5 * highest:
        raise ValueError(
            f"flat frames read {deviations[first]:+.3g} % off a straight line at "
            f"{counts[first]:.0f} DN, and a sensor bends at the top, {highest:.0f} DN; exposure "
            "times that are true and a steady lamp are needed"
        )
    good = np.abs(deviations[:first])
    return Linearity(float(good.max()), highest, float(counts[first - 1]))


def departures(channel: int, readings: Sequence[LevelReading]) -> list[tuple[float, float]]:
    """Return the counts of one channel and their departures from its line [DN, %].

    There are none where it has fewer than three exposures.
    """
    own = [reading for reading in readings if reading.channel == channel]
    if len({reading.light for reading in own}) < 3:
        return []
    top = max(reading.signal_dn for reading in own)
    lower = [reading for reading in own if reading.signal_dn <= LOWER_PART * top]
    lower = lower or [min(own, key=lambda reading: reading.light)]
    slope = float(np.median([reading.signal_dn / reading.light for reading in lower]))
    return [(r.signal_dn + r.dark_dn, 100.0 * (r.signal_dn / (slope * r.light) - 1.0)) for r in own]
