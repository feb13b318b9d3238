"""How much of the light a measured material reflects."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from olat.model.shapes import Array
from olat.surface.merl import MerlTable, evaluated, half_angles

_STEPS = (128, 256)
"""Directions from the normal to the horizon, and around it."""


def reflected_share(
    table: MerlTable, *, tilt_deg: float = 0.0
) -> tuple[Float64[Array, " 3"], float]:
    r"""Return the share of even light from everywhere that a camera sees reflected.

    .. math:: \int f(\omega, v)\,(n \cdot \omega)^+ \,d\omega

    Parameters
    ----------
    table
        The material.
    tilt_deg
        Angle from the normal to the camera [degree].

    Returns
    -------
    share
        Of each channel, 1 for a white that loses nothing.
    missing
        Share of the light that comes from where nothing was measured; it is left out.
    """
    # Cosines squared that are even are directions that arrive as much as each other.
    sine = np.sqrt((np.arange(_STEPS[0]) + 0.5) / _STEPS[0])
    turn = 2.0 * np.pi * (np.arange(_STEPS[1]) + 0.5) / _STEPS[1]
    radius, around = (part.ravel() for part in np.meshgrid(sine, turn, indexing="ij"))
    light = np.stack(
        [radius * np.cos(around), radius * np.sin(around), np.sqrt(1.0 - radius**2)], axis=-1
    )
    tilt = np.radians(tilt_deg)
    camera = np.array([[np.sin(tilt), 0.0, np.cos(tilt)]])
    values, is_known = evaluated(table, half_angles(np.array([[0.0, 0.0, 1.0]]), light, camera))
    return np.pi * values.mean(axis=0), float(1.0 - is_known.mean())
