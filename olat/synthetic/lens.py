"""A lens that bends straight lines, in OpenCV's terms."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from olat.model.shapes import Array

Slopes = Float64[Array, "2 point"]
"""Tangents of the angles to the optical axis, to the right and down."""

STEPS = 60
"""Of the inversion at most; a lens that bends by a percent takes eight."""


def distorted(slopes: Slopes, coefficients: tuple[float, ...]) -> Slopes:
    r"""Bend rays as a lens does.

    .. math:: x_d = x\,(1 + k_1 r^2 + k_2 r^4) + 2 p_1 x y + p_2 (r^2 + 2 x^2)

    and the same for y with :math:`p_1` and :math:`p_2` exchanged.

    Parameters
    ----------
    slopes
        Of the rays before the lens.
    coefficients
        k1, k2, p1, p2; those left out are 0.

    Returns
    -------
    slopes
        Where an ideal lens would show them.

    References
    ----------
    .. [1] Brown, Close-range camera calibration, Photogrammetric Engineering 1971.
    """
    radial, tangential = _bend(slopes, coefficients)
    bent: Slopes = slopes * radial + tangential
    return bent


def undistorted(slopes: Slopes, coefficients: tuple[float, ...]) -> Slopes:
    """Find the rays that `distorted` brings to the given slopes, to rounding.

    Raises
    ------
    ValueError
        If the lens bends so much that two rays meet in one place.
    """
    straight = slopes
    for _ in range(STEPS):
        radial, tangential = _bend(straight, coefficients)
        better: Slopes = (slopes - tangential) / radial
        if np.abs(better - straight).max(initial=0.0) < 1e-15:
            return better
        straight = better
    raise ValueError(
        f"the lens distortion {coefficients} cannot be undone at slopes up to "
        f"{np.abs(slopes).max():.3g}; a lens that shows every place once was needed"
    )


def _bend(slopes: Slopes, coefficients: tuple[float, ...]) -> tuple[Slopes, Slopes]:
    """Return the factor and the shift that the lens gives to rays."""
    k1, k2, p1, p2 = (*coefficients, 0.0, 0.0, 0.0, 0.0)[:4]
    x, y = slopes
    square = x * x + y * y
    radial = 1.0 + square * (k1 + square * k2)
    shift_x = 2.0 * p1 * x * y + p2 * (square + 2.0 * x * x)
    shift_y = 2.0 * p2 * x * y + p1 * (square + 2.0 * y * y)
    return np.stack([radial, radial]), np.stack([shift_x, shift_y])
