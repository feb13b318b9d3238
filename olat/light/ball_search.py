"""A ball found in a picture, without a mask."""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float64
from scipy.ndimage import map_coordinates

from olat.light.ball_outline import ROUND, BallFit, check_ball, fit_ball
from olat.light.ball_view import OrthographicBall, Pinhole, Points
from olat.model.shapes import Array, Plane

COARSE_PX = 320
"""Longer side of the picture that is searched for circles [px]."""
SMALLEST = 12.0
"""Radius of the smallest circle that is looked for in it [px]."""
SEEN = 0.5
"""Share of the outline along which an edge must be seen."""
ANGLES = 360
CANDIDATES = 6

Values = Float64[Array, "h w"]
Edge = Float64[Array, "edge 2"]


def ball_in_picture(luminance: Plane, pinhole: Pinhole | None = None) -> BallFit:
    """Find the one ball in a picture, by the edge all around it.

    Circles are voted for by the edges of a picture of compressed contrast: each edge votes for
    the centers on its normal, and counts one, however strong. About the best circles, the
    steepest place along each of 360 radii is taken as the outline, in a band that narrows about
    the fit; the last round reads the linear picture, whose edges blur does not move.

    Parameters
    ----------
    luminance
        Linear; of the full-on frame, or of the sum of a sweep.
    pinhole
        Camera; none for an orthographic view.

    Returns
    -------
    fit
        The `coverage` is the share of radii on which the edge lies on the fit.

    Raises
    ------
    ValueError
        If there is no ball, or the border cuts it, or it is too small.

    Notes
    -----
    Assumes that the ball stands out from what is behind it along half of its outline.

    References
    ----------
    .. [1] Duda and Hart, Use of the Hough transformation to detect lines and curves in pictures,
       Communications of the ACM 1972.
    """
    linear = np.nan_to_num(np.asarray(luminance, np.float64))
    compressed = _compressed(linear)
    found: list[BallFit] = []
    for circle in _candidates(compressed):
        fit = _refined(circle, compressed, linear, pinhole)
        if fit is not None and _is_round(fit):
            found.append(fit)
    # Highlights, the ring of a stand or of a lens are round, too, but lie inside of the ball.
    best = max(found, key=lambda fit: fit.coverage * fit.view.radius_px**0.5, default=None)
    if best is None or best.coverage < SEEN:
        seen = "nothing is round"
        if best is not None:
            seen = f"the roundest thing has an edge along {best.coverage:.0%} of its outline"
        raise ValueError(
            f"no ball was found: {seen}; an edge along {SEEN:.0%} of a circle is needed. Give a "
            "mask that is bright inside the ball."
        )
    check_ball(best, linear.shape)
    return best


def refined_ball(luminance: Plane, start: BallFit, pinhole: Pinhole | None = None) -> BallFit:
    """Move a ball that is roughly known to the edges around it in a picture.

    Parameters
    ----------
    luminance
        Linear; of the full-on frame, or of the sum of a sweep.
    start
        Of a mask, say, which may be off by 5 % of the radius.
    pinhole
        Camera; none for an orthographic view.

    Returns
    -------
    fit
        That of the edges if they are seen along half of the outline, else the start.
    """
    linear = np.nan_to_num(np.asarray(luminance, np.float64))
    radius = start.view.radius_px
    bands = [(max(4.0, 0.04 * radius), linear), *[(max(2.5, 0.015 * radius), linear)] * 2]
    fit = _followed(start, bands, linear, pinhole)
    if fit is None or fit.coverage < SEEN or not _is_round(fit):
        return start
    return fit if abs(fit.view.radius_px / radius - 1.0) < 0.05 else start


def _is_round(fit: BallFit) -> bool:
    """Tell whether edges lie on the outline of a ball."""
    return fit.rms_px < max(0.6, ROUND * fit.view.radius_px)


def _compressed(linear: Values) -> Values:
    """Return the picture in a scale in which faint edges count beside highlights."""
    rough = np.abs(cv2.Laplacian(cv2.GaussianBlur(linear, (0, 0), 1.0), cv2.CV_64F))
    peak = float(np.percentile(linear, 99.9)) or float(np.abs(linear).max()) or 1.0
    unit = max(3.0 * float(np.median(rough)), 1e-3 * peak)
    return np.asarray(np.arcsinh(linear / unit))


def _candidates(picture: Values) -> list[OrthographicBall]:
    """Return the circles that most edges vote for, in full-size pixels."""
    scale = min(1.0, COARSE_PX / max(picture.shape))
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    scale = small.shape[1] / picture.shape[1]
    smooth = cv2.GaussianBlur(small, (0, 0), 1.2)
    right, down = (cv2.Sobel(smooth, cv2.CV_64F, *order) for order in ((1, 0), (0, 1)))
    steep = np.hypot(right, down)
    floor = max(float(np.percentile(steep, 80.0)), 0.02 * float(steep.max()))
    ridge = steep >= cv2.dilate(steep, np.ones((3, 3), np.uint8)) * 0.9
    rows, columns = np.nonzero((steep > floor) & ridge)
    if len(rows) == 0:
        return []
    toward = np.column_stack([right[rows, columns], down[rows, columns]])
    toward = toward / np.linalg.norm(toward, axis=1, keepdims=True)
    places = np.column_stack([columns, rows]).astype(np.float64)
    largest = 0.75 * max(small.shape)
    votes = []
    for radius in np.geomspace(
        SMALLEST, largest, int(np.log(largest / SMALLEST) / np.log(1.03)) + 1
    ):
        count, center = _most_voted(places, toward, float(radius), small.shape)
        votes.append((count / (2.0 * np.pi * radius), float(radius), center))
    votes.sort(key=lambda vote: -vote[0])
    return [
        OrthographicBall((center + 0.5) / scale - 0.5, radius / scale)
        for _, radius, center in votes[: 2 * CANDIDATES]
    ]


def _most_voted(
    places: Points, toward: Points, radius: float, shape: tuple[int, ...]
) -> tuple[float, Float64[Array, " 2"]]:
    """Return how many edges vote for the best center of circles of a radius, and the center."""
    height, width = shape
    reach = int(radius)
    grid = np.zeros((height + 2 * reach, width + 2 * reach))
    for sign in (-1.0, 1.0):
        # Edges of one side only: a ball is brighter, or darker, than what is behind it.
        x, y = np.rint(places + sign * radius * toward + reach).astype(int).T
        kept = (x >= 0) & (y >= 0) & (x < grid.shape[1]) & (y < grid.shape[0])
        np.add.at(grid, (y[kept], x[kept]), 1.0)
    blurred = cv2.GaussianBlur(grid, (0, 0), max(1.0, 0.02 * radius))
    y, x = np.unravel_index(int(np.argmax(blurred)), blurred.shape)
    spread = 2.0 * np.pi * max(1.0, 0.02 * radius) ** 2
    return float(blurred[y, x]) * spread, np.array([x - reach, y - reach], np.float64)


def _refined(
    circle: OrthographicBall, compressed: Values, linear: Values, pinhole: Pinhole | None
) -> BallFit | None:
    """Return the ball whose outline runs through the steepest places near a circle."""
    radius = circle.radius_px
    # Compressed, a blurred edge lies too far out: it only leads to the linear one.
    shares = ((0.12, compressed), (0.06, compressed), (0.06, linear), (0.03, linear))
    bands = [(max(6.0, share * radius), picture) for share, picture in shares]
    bands += [(max(2.5, 0.015 * radius), linear)] * 2
    return _followed(BallFit(circle, 0.0, 0.0), bands, linear, pinhole)


def _followed(
    fit: BallFit, bands: list[tuple[float, Values]], linear: Values, pinhole: Pinhole | None
) -> BallFit | None:
    """Fit the steepest places in band after band; none if the ball is lost on the way."""
    angles = np.linspace(0.0, 2.0 * np.pi, ANGLES, endpoint=False)
    radius = fit.view.radius_px
    for band, picture in bands:
        points = _steepest(picture, fit.view.outline(angles), fit.view.center_px, band)
        if len(points) < ANGLES * SEEN / 2:
            return None
        try:
            fit = fit_ball(points, pinhole)
        except ValueError:
            return None
        if not 0.7 * radius < fit.view.radius_px < 1.4 * radius:
            return None
    # In a wide band, edges that are none would lie on the fit by chance only.
    edge = fit.view.outline(angles)
    wide = _steepest(linear, edge, fit.view.center_px, max(8.0, 0.08 * radius))
    return BallFit(fit.view, fit.rms_px, _coverage(fit, wide))


def _steepest(picture: Values, edge: Points, center: Float64[Array, " 2"], band: float) -> Edge:
    """Return the steepest place on each radius within a band about an outline."""
    outward = edge - center
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    blur = max(0.8, 0.1 * band)
    smooth = cv2.GaussianBlur(picture, (0, 0), blur)
    count = int(np.ceil(band / 0.25))
    offsets = np.arange(-count, count + 1) * (band / count)
    places = edge[:, np.newaxis] + offsets[:, np.newaxis] * outward[:, np.newaxis]
    # Remapping by OpenCV knows places to 1/32 px only, which the slope's top would show.
    seen = map_coordinates(smooth, np.moveaxis(places[..., ::-1], -1, 0), order=3, mode="nearest")
    slope = np.abs(np.gradient(seen, axis=1))
    height, width = picture.shape
    out = (places < 0.0).any(axis=2) | (places > [width - 1, height - 1]).any(axis=2)
    slope[out] = 0.0
    likely = slope * np.exp(-0.5 * (offsets / (0.7 * band)) ** 2)
    reach = max(1, round(1.0 / (offsets[1] - offsets[0])))
    best = np.argmax(likely[:, reach:-reach], axis=1) + reach
    each = np.arange(len(edge))
    before, top, after = (slope[each, best + step] for step in (-reach, 0, reach))
    bend = before - 2.0 * top + after
    shift = np.where(bend < 0.0, 0.5 * (before - after) / np.where(bend < 0.0, bend, 1.0), 0.0)
    step = reach * (offsets[1] - offsets[0])
    radial = offsets[best] + np.clip(shift, -1.0, 1.0) * step
    sharp = (bend < 0.0) & (top > 0.05 * np.median(top))
    return np.asarray((edge + radial[:, np.newaxis] * outward)[sharp])


def _coverage(fit: BallFit, points: Points) -> float:
    """Return the share of the outline on which an edge was found."""
    if len(points) == 0:
        return 0.0
    angles = np.linspace(0.0, 2.0 * np.pi, ANGLES, endpoint=False)
    edge = fit.view.outline(angles)
    gap = np.linalg.norm(edge[:, np.newaxis] - points[np.newaxis], axis=2).min(axis=1)
    step = np.linalg.norm(np.diff(edge[:2], axis=0))
    return float(np.mean(gap < 0.5 * step + max(0.75, 0.005 * fit.view.radius_px)))
