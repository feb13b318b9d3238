"""TV-L1: variational flow with sharp edges of motion, slow."""

from __future__ import annotations

import cv2
import numpy as np

from olat.model.shapes import Flow, Plane
from olat.motion.agreement import agreement
from olat.motion.preparation import Codes
from olat.motion.warp import source_positions


def tv_l1(reference: Codes, moving: Codes, hint: Flow | None = None) -> tuple[Flow, Plane]:
    """Minimize total variation and absolute differences (see `FlowMethod`).

    Notes
    -----
    Assumes equal brightness, and motion of a few pixels.

    References
    ----------
    .. [1] Zach et al., A duality based approach for realtime TV-L1 optical flow, DAGM 2007.
    """
    forward = _solved(reference, moving, hint)
    backward = _solved(moving, reference, None if hint is None else -hint)
    return forward, agreement(forward, backward)


def _solved(reference: Codes, moving: Codes, hint: Flow | None) -> Flow:
    if hint is not None:
        moving = cv2.remap(
            moving, *source_positions(hint), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
    solver = cv2.optflow.DualTVL1OpticalFlow.create()
    flow = solver.calc(reference, moving, np.zeros((*reference.shape, 2), np.float32))
    return np.asarray(flow) if hint is None else np.asarray(flow) + hint
