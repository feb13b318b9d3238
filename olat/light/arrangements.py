"""Where the lights of a made-up stage hang."""

from __future__ import annotations

import numpy as np

from olat.model.shapes import Directions


def fibonacci_sphere(count: int) -> Directions:
    """Spread lights evenly over the sphere, along a spiral from the top to the bottom.

    Parameters
    ----------
    count
        Number of lights.

    Returns
    -------
    directions
        Unit vectors; each stands for nearly the same solid angle.

    Raises
    ------
    ValueError
        If there is not one light at least.

    References
    ----------
    .. [1] Swinbank and Purser, Fibonacci grids, QJRMS 2006, sec. 2.
    """
    if count < 1:
        raise ValueError(f"a sphere of {count} lights cannot be made; at least 1 is needed")
    index = np.arange(count)
    y = 1.0 - (2.0 * index + 1.0) / count
    azimuth = np.pi * (3.0 - np.sqrt(5.0)) * index
    radius = np.sqrt(1.0 - y * y)
    return np.stack([radius * np.sin(azimuth), y, radius * np.cos(azimuth)], axis=1)
