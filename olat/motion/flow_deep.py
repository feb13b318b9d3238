"""DeepFlow: variational flow on a fine pyramid, slow and accurate."""

from __future__ import annotations

import cv2
import numpy as np

from olat.model.shapes import Flow, Plane
from olat.motion.agreement import agreement, pulled, solved_back
from olat.motion.preparation import Codes


def deepflow(reference: Codes, moving: Codes, hint: Flow | None = None) -> tuple[Flow, Plane]:
    """Minimize a variational energy from coarse to fine (see `FlowMethod`).

    Notes
    -----
    Assumes that the motion is within reach of the pyramid. This is OpenCV's part of DeepFlow,
    which leaves out the matching of patches.

    References
    ----------
    .. [1] Weinzaepfel et al., DeepFlow: large displacement optical flow with deep matching,
       ICCV 2013, sec. 4.
    """
    forward = _solved(reference, moving, hint)
    backward = solved_back(_solved, reference, moving, hint)
    return forward, agreement(forward, backward)


def _solved(reference: Codes, moving: Codes, hint: Flow | None) -> Flow:
    if hint is not None:
        moving = pulled(moving, hint)
    solver = cv2.optflow.createOptFlow_DeepFlow()
    flow = solver.calc(reference, moving, np.zeros((*reference.shape, 2), np.float32))
    return np.asarray(flow) if hint is None else np.asarray(flow) + hint
