"""What no two sites of a sensor share: offsets, dark current, response, and sites that are lost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from olat.model.shapes import Array, Mask, Plane

COLUMN_DN = 2.0
"""Standard deviation of the columns' offsets [DN]."""
SITE_DN = 0.7
"""Standard deviation of the sites' own offsets [DN]."""
RESPONSE = 0.005
"""Standard deviation of the sites' response [fraction]."""
HOT_SITES = 3e-4
"""Share of sites that fill up in the dark."""
HOT_DN = (60.0, 4000.0)
"""What they gain during the sweep's exposure [DN]."""
LOST_SITES = 6e-5
"""Share of sites that read nothing but black, and again of those that are always full."""
DUST = ((0.62, 0.30, 0.011, 0.12), (0.24, 0.71, 0.018, 0.07))
"""Grains on the sensor: row, column and radius [fraction of the width], light taken [fraction]."""


@dataclass(frozen=True)
class SensorFlaws:
    """How each site differs from the ideal one; all of it stays from frame to frame."""

    offset_dn: Plane
    """What a site reads above its black level without light or time [DN]."""
    hot_dn: Plane
    """What it gains in the dark during the sweep's exposure; grows with time [DN]."""
    response: Plane
    """Counts for light, relative to the ideal site; 0 where a site is dead or stuck [1]."""
    stuck: Mask
    """Sites that are full whatever they see."""

    @property
    def lost(self) -> Mask:
        """Sites that do not follow light: dead or stuck."""
        lost: Mask = self.response == 0.0
        return lost


def sensor_flaws(shape: tuple[int, int], *, seed: int) -> SensorFlaws:
    """Make the flaws of one copy of a sensor.

    Parameters
    ----------
    shape
        Height and width [px].
    seed
        Which copy.
    """
    rng = np.random.default_rng([seed, 3])
    height, width = shape
    offset = rng.normal(0.0, COLUMN_DN, (1, width)) + rng.normal(0.0, SITE_DN, shape)
    response = 1.0 + rng.normal(0.0, RESPONSE, shape)
    for row, column, radius, taken in DUST:
        response *= 1.0 - taken * _grain(shape, row, column, radius)
    sites = rng.permutation(height * width)
    hot_count, lost_count = (max(2, round(share * sites.size)) for share in (HOT_SITES, LOST_SITES))
    hot = np.zeros(sites.size)
    hot[sites[:hot_count]] = np.geomspace(*HOT_DN, hot_count)
    dead = sites[hot_count : hot_count + lost_count]
    full = sites[hot_count + lost_count : hot_count + 2 * lost_count]
    response.ravel()[dead] = 0.0
    response.ravel()[full] = 0.0
    stuck = np.zeros(sites.size, bool)
    stuck[full] = True
    return SensorFlaws(
        offset.astype(np.float32),
        hot.reshape(shape).astype(np.float32),
        response.astype(np.float32),
        stuck.reshape(shape),
    )


def _grain(shape: tuple[int, int], row: float, column: float, radius: float) -> Array:
    """Return the soft shadow of a grain of dust, 1 in its middle."""
    height, width = shape
    rows, columns = np.indices(shape)
    far = np.hypot(rows - row * height, columns - column * width) / (radius * width)
    shadow: Array = np.exp(-(far**4))
    return shadow
