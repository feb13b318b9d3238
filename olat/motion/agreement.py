"""Trust in a flow: where both directions of it agree."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from jaxtyping import Float32

from olat.model.shapes import Array, Flow, Plane
from olat.motion.preparation import Codes
from olat.motion.warp import source_positions

SMALLEST_HALVED = 256
"""The way back is not solved at half the size below this many pixels on the short side."""

AGREEMENT_FLOOR = 1.0
AGREEMENT_SLOPE = 0.01

LIKENESS_FLOOR = 12.0
"""Difference that shading may make [codes]."""
LIKENESS_SHIFT = 1.0
"""Error of the flow that is not a matter of likeness [px at half the solved size]."""
UNLIKE_SHARE = 0.49
"""Share of the energy of detail that is left where half of the trust is lost."""
DETAIL_NOISE = 4.0
"""What noise and shading leave of themselves in the detail [codes]."""
DETAIL_SIGMA = 2.0
SHADING_WINDOW = 33
ENERGY_WINDOW = 17
HIGHLIGHT_CODES = 225.0
HIGHLIGHT_WINDOW = 5

LEVELS = 8
"""Halvings over which a gap in the flow is filled."""


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


def pulled(codes: Codes, flow: Flow) -> Codes:
    """Return a picture as it looks from the grid that a flow starts on: what a hint explains."""
    x, y = source_positions(flow)
    return np.asarray(cv2.remap(codes, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE))


def solved_back(
    solve: Callable[[Codes, Codes, Flow | None], Flow],
    reference: Codes,
    moving: Codes,
    hint: Flow | None,
) -> Flow:
    """Solve from the moving picture to the reference, at half the size of large pictures.

    Parameters
    ----------
    solve
        Takes two pictures and a start, and returns the flow from the first to the second.
    reference, moving, hint
        As given to the method.

    Notes
    -----
    Assumes that the way back serves the check only, which asks for one pixel, and that a hint is
    smooth, so that its opposite is a hint for the way back.
    """
    height, width = reference.shape
    start = None if hint is None else -hint
    if min(height, width) < 2 * SMALLEST_HALVED:
        return solve(moving, reference, start)
    half, scale = _half(reference)
    first, second = (
        np.asarray(cv2.resize(codes, half, interpolation=cv2.INTER_AREA))
        for codes in (moving, reference)
    )
    if start is not None:
        start = np.asarray(cv2.resize(start, half, interpolation=cv2.INTER_AREA) / scale)
    flow = solve(first, second, start)
    return np.asarray(cv2.resize(flow, (width, height), interpolation=cv2.INTER_LINEAR) * scale)


def likeness(reference: Codes, moving: Codes, flow: Flow) -> Plane:
    r"""Return how much the pulled picture looks like the reference, from 0 to 1.

    With the detail r of the reference, m of the pulled picture and their difference d, and means
    :math:`\langle\cdot\rangle` over neighborhoods,

    .. math::

        c = \frac{1}{1 + (d / d_0)^2} \cdot \frac{1}{1 + (q / q_0)^4}, \qquad
        d_0 = 12 + |\nabla r|, \qquad
        q^2 = \frac{\langle d^2 \rangle}{\langle r^2 \rangle + \langle m^2 \rangle + n^2} ,

    where q is 1 for pictures that have nothing to do with each other, and :math:`q_0` is 0.7.

    Parameters
    ----------
    reference, moving
        Prepared pictures.
    flow
        Between them [px].

    Notes
    -----
    Assumes that broad changes are shading and that what is near white in either picture is a
    highlight: both move over the skin and say nothing about the flow. What appears or goes
    away, as behind an eyelid, can have a smooth flow whose two directions agree; so has motion
    beyond the search range. Solved at half the size, where noise averages out.
    """
    half, scale = _half(reference)
    first, second = (
        np.asarray(cv2.resize(codes, half, interpolation=cv2.INTER_AREA), np.float32)
        for codes in (reference, moving)
    )
    x, y = source_positions(cv2.resize(flow, half, interpolation=cv2.INTER_AREA) / scale)
    seen = cv2.remap(second, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    bright = (np.maximum(first, seen) > HIGHLIGHT_CODES).astype(np.uint8)
    is_highlight = cv2.dilate(bright, np.ones((HIGHLIGHT_WINDOW, HIGHLIGHT_WINDOW), np.uint8)) > 0
    seen = np.where(is_highlight, first, seen)
    detail, other = _detail(first), _detail(seen)
    difference = detail - other
    slope = np.hypot(*np.gradient(detail))
    like = 1.0 / (1.0 + np.square(difference / (LIKENESS_FLOOR + LIKENESS_SHIFT * slope)))
    left, least = _energy(difference), np.float32(DETAIL_NOISE**2)
    share = left / (_energy(detail) + _energy(other) + least)
    like /= 1.0 + np.square(share / UNLIKE_SHARE)
    return np.asarray(cv2.resize(like.astype(np.float32), reference.shape[::-1]))


def _detail(picture: Plane) -> Plane:
    """Take off what is broader than a neighborhood, and what is as small as noise."""
    fine = cv2.GaussianBlur(picture, (0, 0), DETAIL_SIGMA)
    return np.asarray(fine - cv2.blur(fine, (SHADING_WINDOW, SHADING_WINDOW)), np.float32)


def _energy(detail: Plane) -> Plane:
    return np.asarray(cv2.blur(detail * detail, (ENERGY_WINDOW, ENERGY_WINDOW)), np.float32)


def settled(flow: Flow, confidence: Plane) -> Flow:
    r"""Replace what is not trusted by the smooth motion around it.

    With the mean :math:`m` of what is trusted around, each weighted by its confidence,

    .. math:: f' = a f + (1 - a)\, m, \qquad a = \min(1, 2c)^2 .

    Parameters
    ----------
    flow, confidence
        As solved and checked [px].

    Notes
    -----
    Assumes that what is hidden moves as what is seen beside it. The mean is taken at the finest
    of several scales that has trusted pixels. Above a confidence of one half nothing changes.
    """
    weights = [np.asarray(np.clip(2.0 * confidence - 1.0, 0.0, 1.0), np.float32)]
    sums = [np.asarray(flow * weights[0][..., None], np.float32)]
    while len(weights) <= LEVELS and min(weights[-1].shape) > 2:
        weights.append(np.asarray(cv2.pyrDown(weights[-1]), np.float32))
        sums.append(np.asarray(cv2.pyrDown(sums[-1]), np.float32))
    mean = sums[-1] / np.maximum(weights[-1], np.float32(1e-6))[..., None]
    for weight, total in zip(weights[-2::-1], sums[-2::-1], strict=True):
        coarser = cv2.pyrUp(mean, dstsize=weight.shape[::-1])
        share = np.float32(0.05)
        mean = (total + share * coarser) / (weight + share)[..., None]
    trust = np.square(np.minimum(1.0, 2.0 * confidence))[..., None]
    return np.asarray(trust * flow + (1.0 - trust) * mean, np.float32)


def _half(codes: Codes) -> tuple[tuple[int, int], Float32[Array, "2"]]:
    """Return width and height of a picture of half the size, and how much smaller it is."""
    height, width = codes.shape
    half = (-(-width // 2), -(-height // 2))
    return half, np.array([width / half[0], height / half[1]], np.float32)
