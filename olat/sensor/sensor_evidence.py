"""What flat frames read, for people to look at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from olat.model.evidence import SensorEvidence
from olat.sensor.linearity import LevelReading, departures
from olat.sensor.photon_transfer import TransferPoints

MOST_POINTS = 6000
"""Of the photon-transfer curve; more are not told apart."""


def sensor_evidence(
    readings: Sequence[LevelReading] = (), points: TransferPoints | None = None
) -> SensorEvidence:
    """Return what the linearity and the gain of a sensor were read from.

    Parameters
    ----------
    readings
        Of flat frames of several exposures.
    points
        Of the photon-transfer curve; none where no exposure has two frames.
    """
    found = [
        (channel, *departure)
        for channel in sorted({reading.channel for reading in readings})
        for departure in departures(channel, readings)
    ]
    channels, counts, percents = np.array(found, np.float64).reshape(-1, 3).T
    signal, variance = np.empty(0), np.empty(0)
    if points is not None:
        order = np.argsort(points.signal, kind="stable")
        few = order[:: max(1, -(-len(order) // MOST_POINTS))]
        signal, variance = points.signal[few], points.variance[few]
    return SensorEvidence(channels.astype(np.int64), counts, percents, signal, variance)
