"""Dense inverse search: fast flow for faces and cloth."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from olat.model.shapes import Flow, Plane
from olat.motion.agreement import agreement, solved_back
from olat.motion.preparation import Codes

NOISY = 2.5
"""Noise above which larger patches pay [codes]."""
NOISE_SIGMA = 0.8
NOISE_KERNEL = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
NOISE_WINDOW = 9


class Settings(NamedTuple):
    """What differs between clean and noisy pictures."""

    patch: int
    iterations: int
    alpha: float


CLEAN = Settings(patch=8, iterations=8, alpha=60.0)
GRAINY = Settings(patch=12, iterations=14, alpha=100.0)


def dis(reference: Codes, moving: Codes, hint: Flow | None = None) -> tuple[Flow, Plane]:
    """Follow patches from coarse to fine, then smooth (see `FlowMethod`).

    Notes
    -----
    Assumes smooth motion, as of skin and cloth: solves to the finest scale and smooths more than
    OpenCV's presets. At hard edges of motion that is no gain. A hint replaces the rest from which
    the coarsest scale starts. Where noise is above 2.5 codes in the quieter quarter of the
    picture, the pictures are blurred a little and the patches are larger.

    References
    ----------
    .. [1] Kroeger et al., Fast optical flow using dense inverse search, ECCV 2016, sec. 2.
    .. [2] Immerkaer, Fast noise variance estimation, CVIU 1996.
    """
    forward = _solved(reference, moving, hint)
    backward = solved_back(_solved, reference, moving, hint)
    return forward, agreement(forward, backward)


def noise(codes: Codes) -> float:
    r"""Return the standard deviation of the noise where a picture is quietest [codes].

    .. math:: \sigma = \sqrt{\pi / 2}\; \langle |N * I| \rangle / 6 ,

    with a kernel N that no plane and no straight edge along an axis excites.

    Notes
    -----
    Assumes that a quarter of what is neither black nor white has no texture. The mean is taken
    over small neighborhoods, of which the lower quartile counts.
    """
    response = np.abs(cv2.filter2D(codes, cv2.CV_32F, NOISE_KERNEL))
    level = cv2.blur(response, (NOISE_WINDOW, NOISE_WINDOW))[::4, ::4]
    sample = codes[::4, ::4]
    level = level[(sample > 20) & (sample < 235)]
    return float(np.percentile(level, 25) * np.sqrt(np.pi / 2) / 6) if level.size else 0.0


def _solved(reference: Codes, moving: Codes, start: Flow | None) -> Flow:
    """Run dense inverse search with settings for faces and cloth."""
    settings = CLEAN
    if noise(reference) > NOISY:
        settings = GRAINY
        reference, moving = (
            np.asarray(cv2.GaussianBlur(codes, (0, 0), NOISE_SIGMA))
            for codes in (reference, moving)
        )
    solver = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    solver.setFinestScale(0)
    solver.setPatchSize(settings.patch)
    solver.setPatchStride(4)
    solver.setGradientDescentIterations(5)
    solver.setVariationalRefinementIterations(settings.iterations)
    solver.setVariationalRefinementAlpha(settings.alpha)
    # Without this a gain of 0.9 between the frames ruins the flow.
    solver.setUseMeanNormalization(True)
    if start is None:
        start = np.zeros((*reference.shape, 2), np.float32)
    return np.asarray(solver.calc(reference, moving, start.copy()))
