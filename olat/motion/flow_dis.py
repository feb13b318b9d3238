"""Dense inverse search: fast flow for faces and cloth."""

from __future__ import annotations

import cv2
import numpy as np

from olat.model.shapes import Flow, Plane
from olat.motion.agreement import agreement
from olat.motion.preparation import Codes

SMALLEST_HALVED = 256
"""The way back is not solved at half the size below this many pixels on the short side."""


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
    backward = _solved_at_half_size(moving, reference, None if hint is None else -hint)
    return forward, agreement(forward, backward)


def _solved_at_half_size(reference: Codes, moving: Codes, start: Flow | None) -> Flow:
    height, width = reference.shape
    if min(height, width) < 2 * SMALLEST_HALVED:
        return _solved(reference, moving, start)
    half = (-(-width // 2), -(-height // 2))
    scale = np.array([width / half[0], height / half[1]], np.float32)
    first, second = (
        cv2.resize(codes, half, interpolation=cv2.INTER_AREA) for codes in (reference, moving)
    )
    if start is not None:
        start = cv2.resize(start, half, interpolation=cv2.INTER_AREA) / scale
    flow = _solved(np.asarray(first), np.asarray(second), start)
    return np.asarray(cv2.resize(flow, (width, height), interpolation=cv2.INTER_LINEAR) * scale)


def _solved(reference: Codes, moving: Codes, start: Flow | None) -> Flow:
    """Run dense inverse search with settings for faces and cloth."""
    solver = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    solver.setFinestScale(0)
    solver.setPatchSize(8)
    solver.setPatchStride(4)
    solver.setGradientDescentIterations(6)
    solver.setVariationalRefinementIterations(10)
    solver.setVariationalRefinementAlpha(60.0)
    # Without this a gain of 0.9 between the frames ruins the flow.
    solver.setUseMeanNormalization(True)
    if start is None:
        start = np.zeros((*reference.shape, 2), np.float32)
    return np.asarray(solver.calc(reference, moving, start.copy()))
