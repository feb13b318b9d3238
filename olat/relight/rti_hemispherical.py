"""Hemispherical harmonics, as RTI viewers compute them."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from olat.model.shapes import Array

TERMS = 9
LEAST_ELEVATION = 0.15
"""Lights lower than this are taken to be this high: viewers do so [rad]."""


def hemispherical_basis(directions: Float64[Array, "light 3"]) -> Float64[Array, "light 9"]:
    """Return the nine harmonics of degree 0 to 2 at unit vectors to lights.

    References
    ----------
    .. [1] Gautron, Krivanek, Pattanaik and Bouatouch, A novel hemispherical basis for accurate and
       efficient rendering, Eurographics Symposium on Rendering 2004; signs and clamp as in the
       Relight web format.
    """
    azimuth = np.arctan2(directions[:, 1], directions[:, 0])
    polar = np.minimum(np.arccos(np.clip(directions[:, 2], -1, 1)), np.pi / 2 - LEAST_ELEVATION)
    c = np.cos(polar)
    rim = np.sqrt(np.maximum(c - c * c, 0.0))
    return np.stack(
        [
            np.full_like(c, 1 / np.sqrt(2 * np.pi)),
            np.sqrt(6 / np.pi) * np.cos(azimuth) * rim,
            np.sqrt(3 / (2 * np.pi)) * (2 * c - 1),
            np.sqrt(6 / np.pi) * np.sin(azimuth) * rim,
            np.sqrt(30 / np.pi) * np.cos(2 * azimuth) * (c * c - c),
            np.sqrt(30 / np.pi) * np.cos(azimuth) * (2 * c - 1) * rim,
            np.sqrt(5 / (2 * np.pi)) * (1 - 6 * c + 6 * c * c),
            np.sqrt(30 / np.pi) * np.sin(azimuth) * (2 * c - 1) * rim,
            np.sqrt(30 / np.pi) * np.sin(2 * azimuth) * (c * c - c),
        ],
        axis=1,
    )
