"""TV-L1: variational flow with sharp edges of motion, slow."""

from __future__ import annotations

import cv2
import numpy as np

from olat.model.shapes import Flow, Plane
from olat.motion.agreement import agreement, pulled, solved_back
from olat.motion.preparation import Codes, local_contrast

SCALE_STEP = 0.7
SMALLEST_SCALE = 24
"""Short side of the coarsest scale [px]."""


def tv_l1(reference: Codes, moving: Codes, hint: Flow | None = None) -> tuple[Flow, Plane]:
    """Minimize total variation and absolute differences (see `FlowMethod`).

    Notes
    -----
    Assumes equal brightness: a gain or a ramp of light, which the others bear, ruins it. So local
    contrast is equalized first, and the pyramid goes down as far as the picture allows. Motion of
    many pixels that changes within few is still lost.

    References
    ----------
    .. [1] Zach et al., A duality based approach for realtime TV-L1 optical flow, DAGM 2007.
    """
    forward = _solved(reference, moving, hint)
    backward = solved_back(_solved, reference, moving, hint)
    return forward, agreement(forward, backward)


def _solved(reference: Codes, moving: Codes, hint: Flow | None) -> Flow:
    if hint is not None:
        moving = pulled(moving, hint)
    solver = cv2.optflow.DualTVL1OpticalFlow.create()
    solver.setScaleStep(SCALE_STEP)
    steps = np.log(min(reference.shape) / SMALLEST_SCALE) / -np.log(SCALE_STEP)
    solver.setScalesNumber(max(1, int(steps)))
    solver.setLambda(0.06)
    solver.setInnerIterations(10)
    solver.setOuterIterations(3)
    start = np.zeros((*reference.shape, 2), np.float32)
    flow = np.asarray(solver.calc(local_contrast(reference), local_contrast(moving), start))
    return flow if hint is None else flow + hint
