"""Mixing all lights by Gaussian radial basis functions: smooth surfaces, sharper than neighbors."""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Float64

from olat.light.quadrature import nearest_spacing
from olat.light.radial_system import radial_weights_of
from olat.model.shapes import Array, Directions

WIDTH: Final = 0.6
"""Of the Gaussian, over the spacing of the lights; wider ones solve worse and ring more."""


def radial_weights(
    directions: Directions, toward: Float64[Array, "n 3"]
) -> Float64[Array, "n light"]:
    r"""Return the weights of an interpolant that passes through every light.

    With Gaussians :math:`g(d) = e^{-(0.6\, d / d_0)^2}` of the angle d, the spacing
    :math:`d_0` of the lights, and a constant, the weights for a direction solve

    .. math:: \begin{pmatrix} G & 1 \\ 1 & 0 \end{pmatrix}
              \begin{pmatrix} w \\ \lambda \end{pmatrix}
              = \begin{pmatrix} g(\omega) \\ 1 \end{pmatrix} .

    Parameters
    ----------
    directions
        Unit vectors to the lights, no two the same.
    toward
        Unit vectors.

    Notes
    -----
    Some weights are negative: beside shadow edges and sharp highlights pictures overshoot, below
    zero too. They are left so, as sums of pictures stay linear; clamp the last picture only.

    References
    ----------
    .. [1] Buhmann, Radial Basis Functions, Cambridge University Press, 2003, chapter 5.
    """
    scale = WIDTH / nearest_spacing(directions)
    among = _bells(directions, directions, scale)
    return radial_weights_of(among, _bells(toward, directions, scale))


def _bells(
    first: Float64[Array, "n 3"], second: Directions, scale: float
) -> Float64[Array, "n light"]:
    angle = np.arccos(np.clip(first @ second.T, -1.0, 1.0))
    return np.asarray(np.exp(-((scale * angle) ** 2)))
