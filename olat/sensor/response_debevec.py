"""What light the codes of a camera stand for, from one scene at several exposures."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from jaxtyping import Bool, UInt8

from olat.model.shapes import Array
from olat.sensor.response import ResponseTable, response_from_ratios, spread_pixels

_SIDE = 15
"""The pixels that are fitted fill a square of this side."""


def response_debevec(
    codes: Sequence[UInt8[Array, "h w 3"]],
    *,
    exposures_s: Sequence[float],
    smoothness: float = 30.0,
    is_usable: Bool[Array, "h w"] | None = None,
) -> ResponseTable:
    r"""Recover the response of a camera as a smooth curve.

    .. math:: g(z_{ij}) = \ln E_i + \ln t_j

    is solved for g at all 256 codes and for the light of some pixels, by least squares with a hat
    weight that trusts codes in the middle, and :math:`\lambda g''` held small.

    Parameters
    ----------
    codes
        Photographs of one still scene from one place.
    exposures_s
        Their exposure times [s].
    smoothness
        :math:`\lambda`: higher for noisy photographs [1].
    is_usable
        Pixels that hold the scene in all photographs; none means all.

    Returns
    -------
    response
        Light of each code and channel, see `response_from_ratios`.

    Raises
    ------
    ValueError
        If the photographs or exposures do not go together, or no curve that rises fits them.

    Notes
    -----
    Assumes that only the exposure time changes, and that pixels move by less than they are even.
    The first and the last codes hang on smoothness alone: treat them as black and clipped.

    References
    ----------
    .. [1] Debevec and Malik, Recovering high dynamic range radiance maps from photographs,
       SIGGRAPH 1997, section 2.1.
    """
    few = spread_pixels(codes, exposures_s, side=_SIDE, is_usable=is_usable)
    solver = cv2.createCalibrateDebevec(samples=_SIDE**2, lambda_=smoothness, random=False)
    curve = solver.process(few, np.asarray(exposures_s, np.float32))
    return response_from_ratios(np.asarray(curve, np.float64).reshape(256, 3))
