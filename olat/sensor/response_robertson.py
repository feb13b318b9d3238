"""What light the codes of a camera stand for, code by code without an assumed shape."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from jaxtyping import Bool, UInt8

from olat.model.shapes import Array
from olat.sensor.response import ResponseTable, response_from_ratios, spread_pixels

_SIDE = 256
"""The pixels that are averaged fill a square of at most this side."""
_RARE = 1e-4
"""Share of the readings below which a code counts as not seen."""


def response_robertson(
    codes: Sequence[UInt8[Array, "h w 3"]],
    *,
    exposures_s: Sequence[float],
    passes: int = 50,
    is_usable: Bool[Array, "h w"] | None = None,
) -> ResponseTable:
    r"""Recover the response of a camera by alternating between light and curve.

    .. math:: E_i = \frac{\sum_j w(z_{ij})\, t_j\, I(z_{ij})}{\sum_j w(z_{ij})\, t_j^2}, \qquad
        I(z) = \operatorname{mean}_{ij:\,z_{ij} = z} t_j E_i

    Parameters
    ----------
    codes
        Photographs of one still scene from one place.
    exposures_s
        Their exposure times [s].
    passes
        Most alternations.
    is_usable
        Pixels that hold the scene in all photographs; none means all.

    Returns
    -------
    response
        Light of each code and channel, see `response_from_ratios`; a code that hardly any pixel
        has lies between its neighbors.

    Raises
    ------
    ValueError
        If the photographs or exposures do not go together, or no curve that rises fits them.

    Notes
    -----
    Assumes that only the exposure time changes. It bends to whatever the pixels say, so it needs
    many of them and follows noise where Debevec's curve stays smooth.

    References
    ----------
    .. [1] Robertson, Borman, Stevenson, Estimation-theoretic approach to dynamic range enhancement
       using multiple exposures, Journal of Electronic Imaging 12(2), 2003, section 4.
    """
    many = spread_pixels(codes, exposures_s, side=_SIDE, is_usable=is_usable)
    solver = cv2.createCalibrateRobertson(max_iter=passes, threshold=1e-3)
    solved = solver.process(many, np.asarray(exposures_s, np.float32))
    curve = np.array(solved, np.float64).reshape(256, 3)
    for channel in range(3):
        read = np.concatenate([picture[..., channel].ravel() for picture in many])
        curve[np.bincount(read, minlength=256) < _RARE * read.size, channel] = np.nan
    return response_from_ratios(curve)
