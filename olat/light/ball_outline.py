"""Where a ball is, from places along its outline: robust fits, and what is refused."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float64

from olat.light.ball_view import BallView, OrthographicBall, PerspectiveBall, Pinhole, Points
from olat.model.shapes import Array, Mask

SMALLEST_PX = 12.0
"""Radius below which a pixel is more than 5 degrees of mirrored direction."""
TRIES = 200
"""Triples after which one is of the ball alone, with odds of 10^11 to 1, if half of it is."""
ROUND = 0.01
"""Share of the radius by which the outline of a ball may stray from its fit."""


@dataclass(frozen=True)
class BallFit:
    """A ball, and how well its outline is known."""

    view: BallView
    rms_px: float
    """Of the outline about the fit [px]."""
    coverage: float
    """Share of the outline along which an edge was seen, 0 to 1."""


def fit_ball(points: Points, pinhole: Pinhole | None = None, *, tries: int = 0) -> BallFit:
    r"""Fit a ball to places along its outline.

    Without a camera matrix the outline is a circle, linear in :math:`(2a, 2b, R^2 - a^2 - b^2)`:

    .. math:: x^2 + y^2 = 2a\,x + 2b\,y + (R^2 - a^2 - b^2) .

    Under a pinhole it is an ellipse, whose middle is not where the center is seen. But the rays
    :math:`u` through it lie on a circular cone about the direction :math:`c` to the center, with
    :math:`\sin\alpha = R/d`, which is linear too:

    .. math:: u \cdot m = 1, \quad m = c / \cos\alpha .

    Both are solved by least squares with Tukey's weights.

    Parameters
    ----------
    points
        Along the outline, some of which may be elsewhere.
    pinhole
        Camera; none for an orthographic view.
    tries
        Triples of points to start from, the best by the median distance of all points: needed
        where something else than the ball makes up to half of them, a stand for example.

    Returns
    -------
    fit
        The `coverage` is the share of points within 1 % of the radius, or 1 px, of the fit.

    Raises
    ------
    ValueError
        If there are too few points, or they do not lie around a ball.

    References
    ----------
    .. [1] Zhang, Wong and Zhang, Camera calibration from images of spheres, TPAMI 2007, sec. 2.
    .. [2] Holland and Welsch, Robust regression using iteratively reweighted least-squares,
       Communications in Statistics 1977. The start is Rousseeuw's least median of squares,
       JASA 1984.
    """
    if len(points) < 8:
        raise ValueError(f"outline: {len(points)} places along an edge; at least 8 are needed.")
    weights = _start(points, pinhole, tries)
    for _ in range(30):
        view, residual = _weighted_fit(points, weights, pinhole)
        sigma = max(1.4826 * float(np.median(np.abs(residual))), 0.02)
        renewed = np.maximum(1.0 - (residual / (4.685 * sigma)) ** 2, 0.0) ** 2
        if np.abs(renewed - weights).max() < 1e-4:
            break
        weights = renewed
    used = weights > 0.0
    rms = float(np.sqrt(np.mean(residual[used] ** 2)))
    near = np.abs(residual) < max(1.0, ROUND * view.radius_px)
    return BallFit(view, rms, float(near.mean()))


def _start(points: Points, pinhole: Pinhole | None, tries: int) -> Float64[Array, " point"]:
    """Return the weights to start from: of all points, or of those near the best of many balls."""
    best, weights = np.inf, np.ones(len(points))
    rng = np.random.default_rng(0)
    for _ in range(tries):
        triple = np.zeros(len(points))
        triple[rng.choice(len(points), 3, replace=False)] = 1.0
        try:
            _, residual = _weighted_fit(points, triple, pinhole)
        except ValueError:
            continue
        if (middle := float(np.median(np.abs(residual)))) < best:
            best = middle
            weights = (np.abs(residual) < max(4.0 * middle, 0.5)).astype(np.float64)
    return weights


def _weighted_fit(
    points: Points, weights: Float64[Array, " point"], pinhole: Pinhole | None
) -> tuple[BallView, Float64[Array, " point"]]:
    """Return a ball, and how far outside of its outline each point lies [px]."""
    root = np.sqrt(weights)[:, np.newaxis]
    if pinhole is None:
        middle = points.mean(axis=0)
        x, y = (points - middle).T
        rows = np.column_stack([2.0 * x, 2.0 * y, np.ones(len(x))])
        a, b, rest = np.linalg.lstsq(rows * root, (x * x + y * y) * root[:, 0])[0]
        radius = math.sqrt(max(rest + a * a + b * b, 1e-12))
        center = middle + np.array([a, b])
        distance = np.linalg.norm(points - center, axis=1)
        return OrthographicBall(center, radius), distance - radius
    rays = pinhole.rays(points)
    pole = np.linalg.lstsq(rays * root, root[:, 0])[0]
    length = float(np.linalg.norm(pole))
    if length <= 1.0:
        raise ValueError(
            "outline: the edge found is not that of a ball in front of the camera; needed are "
            "places all around it."
        )
    sine = math.sqrt(1.0 - 1.0 / length**2)
    view = PerspectiveBall(pinhole, pole / length / sine)
    # u.m = cos(alpha + offset) / cos(alpha), seen at the ball's own scale.
    offset = (1.0 - rays @ pole) / math.sqrt(length**2 - 1.0)
    return view, offset * view.radius_px / math.asin(sine)


def ball_in_mask(mask: Mask, pinhole: Pinhole | None = None) -> BallFit:
    """Fit a ball to a mask that is true inside of it.

    Parameters
    ----------
    mask
        Other parts than the largest are left out, and holes are filled.
    pinhole
        Camera; none for an orthographic view.

    Raises
    ------
    ValueError
        If the mask is empty, is not that of a ball, or the ball is cut by the border or too small.

    Notes
    -----
    Assumes that a pixel is in the mask if the ball covers half of it or more.
    """
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    if count < 2:
        raise ValueError("mask: it is empty; needed is a mask that is bright inside the ball.")
    largest = labels == 1 + np.argmax(stats[1:, cv2.CC_STAT_AREA])
    outside = cv2.connectedComponents((~np.pad(largest, 1)).astype(np.uint8), connectivity=4)[1]
    solid = (outside != outside[0, 0])[1:-1, 1:-1]
    _refuse_border(
        {"left": solid[:, 0], "right": solid[:, -1], "top": solid[0], "bottom": solid[-1]}
    )
    fit = fit_ball(_cracks(solid), pinhole, tries=TRIES)
    check_ball(fit, solid.shape)
    if fit.coverage < 0.9 or fit.rms_px > max(0.6, ROUND * fit.view.radius_px):
        raise ValueError(
            f"mask: its outline strays from that of a ball ({fit.rms_px:.1f} px rms, "
            f"{fit.coverage:.0%} of it near the fit); needed is the mask of a ball."
        )
    return fit


def _cracks(mask: Mask) -> Points:
    """Return the middles of the edges between pixels in and out of a mask."""
    rows, columns = np.nonzero(mask[:, 1:] != mask[:, :-1])
    upright = np.column_stack([columns + 0.5, rows])
    rows, columns = np.nonzero(mask[1:] != mask[:-1])
    return np.concatenate([upright, np.column_stack([columns, rows + 0.5])]).astype(np.float64)


def check_ball(fit: BallFit, shape: tuple[int, int]) -> None:
    """Refuse a ball that the border cuts or that is too small.

    Raises
    ------
    ValueError
        Naming the sides, or the radius.
    """
    height, width = shape
    if fit.view.radius_px < SMALLEST_PX:
        raise ValueError(
            f"the ball has a radius of {fit.view.radius_px:.1f} px; at least {SMALLEST_PX:.0f} px "
            "are needed to tell directions. Use a longer lens, a larger ball or full size."
        )
    x, y = fit.view.outline(np.linspace(0.0, 2.0 * np.pi, 720)).T
    _refuse_border(
        {"left": x < -0.5, "right": x > width - 0.5, "top": y < -0.5, "bottom": y > height - 0.5}
    )


def _refuse_border(beyond: dict[str, np.ndarray]) -> None:
    cut = [side for side, places in beyond.items() if places.any()]
    if cut:
        raise ValueError(
            f"the ball is cut by the border of the picture ({', '.join(cut)}); its whole outline "
            "is needed. Move the ball or the camera."
        )
