"""Trust in a flow: where both directions of it agree."""

from __future__ import annotations

import cv2
import numpy as np

from olat.model.shapes import Flow, Plane
from olat.motion.warp import source_positions

AGREEMENT_FLOOR = 1.0
AGREEMENT_SLOPE = 0.01


def agreement(forward: Flow, backward: Flow) -> Plane:
    r"""Return how well a flow and the flow back agree, from 0 to 1.

    With the round trip :math:`r = |f(x) + b(x + f(x))|`,

    .. math:: c = 1 / (1 + (r / r_0)^2), \qquad r_0 = 1 + 0.01\,|f(x)| .

    Parameters
    ----------
    forward, backward
        Both on one grid and in its pixels [px].
    """
    x, y = source_positions(forward)
    back = cv2.remap(backward, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    residual = np.linalg.norm(forward + back, axis=2)
    threshold = AGREEMENT_FLOOR + AGREEMENT_SLOPE * np.linalg.norm(forward, axis=2)
    return np.asarray(1.0 / (1.0 + np.square(residual / threshold)), np.float32)
