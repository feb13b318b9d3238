"""Dense inverse search: fast flow for faces and cloth."""

from __future__ import annotations

import cv2
import numpy as np

from olat.model.shapes import Flow, Plane
from olat.motion.agreement import agreement, solved_back
from olat.motion.preparation import Codes


def dis(reference: Codes, moving: Codes, hint: Flow | None = None) -> tuple[Flow, Plane]:
    """Follow patches from coarse to fine, then smooth (see `FlowMethod`).

    Notes
    -----
    Assumes smooth motion, as of skin and cloth: solves to the finest scale and smooths more than
    OpenCV's presets. At hard edges of motion that is no gain. The way back serves the check only
    and is solved at half the size. A hint replaces the rest from which the coarsest scale starts.

    References
    ----------
    .. [1] Kroeger et al., Fast optical flow using dense inverse search, ECCV 2016, sec. 2.
    """
    forward = _solved(reference, moving, hint)
    backward = solved_back(_solved, reference, moving, hint)
    return forward, agreement(forward, backward)


def _solved(reference: Codes, moving: Codes, start: Flow | None) -> Flow:
    """Run dense inverse search with settings for faces and cloth."""
    solver = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    solver.setFinestScale(0)
    solver.setPatchSize(8)
    solver.setPatchStride(4)
    solver.setGradientDescentIterations(5)
    solver.setVariationalRefinementIterations(12)
    solver.setVariationalRefinementAlpha(60.0)
    # Without this a gain of 0.9 between the frames ruins the flow.
    solver.setUseMeanNormalization(True)
    if start is None:
        start = np.zeros((*reference.shape, 2), np.float32)
    return np.asarray(solver.calc(reference, moving, start.copy()))
