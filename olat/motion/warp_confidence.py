"""How far a motion can be trusted to show one surface: where it tears, two surfaces part."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from jaxtyping import Float32

from olat.model.shapes import Array
from olat.motion.warp_kernel import tears

GridFlow: TypeAlias = Float32[Array, "grid_h grid_w 2"]
GridPlane: TypeAlias = Float32[Array, "grid_h grid_w"]

SMOOTH, TORN = 0.15, 0.45
"""Change of flow over a pixel that is one surface, and that is two [px/px]."""


def untorn(flow: GridFlow, confidence: GridPlane, *, shape: tuple[int, int]) -> GridPlane:
    r"""Lower the confidence where motion changes from pixel to pixel as no surface moves.

    .. math::

        c' = c \cdot \operatorname{clip}\left(\frac{0.45 - g}{0.45 - 0.15}, 0, 1\right), \qquad
        g = \max \frac{|f(x + s) - f(x)|}{|s|}

    over the steps s from a pixel of the grid to its four neighbors.

    Parameters
    ----------
    flow
        As it was solved [px of the full-size frame].
    confidence
        In the flow, from 0 to 1.
    shape
        Height and width of the full-size frame [px].

    Notes
    -----
    Assumes a subject that turns little. A surface that turns by the angle d about an axis in the
    picture and leans by s away from the camera has :math:`g = d \tan s`: 0.3 for a turn of 5
    degrees at a lean of 74. Where an arm passes before a shirt, flow is found on either side, and
    between the two it is a mixture that leads to neither: a pixel of the subject is pulled from the
    background, or the background from the subject. Both directions of flow may agree on that
    mixture where the step is of few pixels, so that a check of them does not see it.
    """
    size = shape[1] / flow.shape[1], shape[0] / flow.shape[0]
    steepness = tears(flow, *size)
    whole = np.clip((TORN - steepness) / np.float32(TORN - SMOOTH), 0.0, 1.0)
    return np.asarray(confidence * whole, np.float32)
