"""Motion that another program found, brought to the grid that flow is solved on."""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float32

from olat.model.motion import TrackingFlow
from olat.model.shapes import Array

LEAST_KNOWN = 1e-3
"""Share of a pixel of the grid that must be known for its motion to be."""


def on_grid(
    found: TrackingFlow, *, shape: tuple[int, int], grid: tuple[int, int]
) -> tuple[Float32[Array, "grid_h grid_w 2"], Float32[Array, "grid_h grid_w"]]:
    r"""Average a flow over the pixels of a coarser grid, weighted by its confidence.

    .. math:: f = \sum c_i f_i \big/ \sum c_i , \qquad c = \mathrm{mean}\, c_i

    Parameters
    ----------
    found
        Of frames of the same size, or of frames that these were developed from at half size.
    shape
        Height and width of the frames [px].
    grid
        Height and width of the grid [px].

    Returns
    -------
    flow
        Level 0 where nothing is known [px of a frame of this shape].
    confidence
        From 0 to 1.

    Raises
    ------
    ValueError
        If the flow is of frames of another size.

    Notes
    -----
    Assumes that the motion is smooth over a pixel of the grid.
    """
    factor = _factor(found.shape, shape)
    size = grid[::-1]
    trusted = found.flow * (found.confidence / factor)[..., None]
    confidence = np.asarray(cv2.resize(found.confidence, size, interpolation=cv2.INTER_AREA))
    flow = np.asarray(cv2.resize(trusted, size, interpolation=cv2.INTER_AREA))
    is_known = confidence > LEAST_KNOWN
    flow = flow / np.where(is_known, confidence, 1.0)[..., None]
    flow[~is_known] = 0.0
    return flow.astype(np.float32), np.where(is_known, confidence, 0.0).astype(np.float32)


def _factor(found: tuple[int, int], shape: tuple[int, int]) -> np.float32:
    """Return how many times larger the frames were in which the motion was found."""
    if found == shape:
        return np.float32(1.0)
    if (found[0] // 2, found[1] // 2) == shape:
        return np.float32(2.0)
    raise ValueError(
        f"it is of frames of {found[1]} x {found[0]} px, but the photographs are {shape[1]} x "
        f"{shape[0]} px; needed is one size."
    )
