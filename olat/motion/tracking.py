"""Motion at any moment of a sweep, from the tracking frames around it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from jaxtyping import Float32

from olat.model.motion import FrameMotion, TrackingFlow
from olat.model.shapes import Array
from olat.motion.time_curve import (
    Interpolation,
    place_between,
    subset_weights,
    window,
)
from olat.motion.tracking_kernel import FLOOR, SLOPE, blend

ROWS = 32
"""Of the grid that are worked on at once, so that those of all knots stay in the cache."""


def flow_at(
    time: float | int,
    flows: Mapping[int, TrackingFlow],
    reference: int,
    *,
    interpolation: Interpolation = "sway",
    error_px: float = 0.0,
) -> FrameMotion:
    r"""Interpolate the flow at one moment between the tracking frames around it.

    With the weights w of `olat.motion.time_curve.knot_weights` and the reference c,

    .. math:: f_{c \to t} = \sum_i w_i(t)\, f_{c \to t_i} .

    With :math:`\tau = (t - s)/(e - s)` between the nearest tracking frames s and e,
    confidence is

    .. math::
        C_t = \frac{\bar C - \tau (1 - \tau) (C_s - C_e)^2}{1 + (0.3\,b / r_0)^2}, \qquad
        \bar C = (1 - \tau)\, C_s + \tau\, C_e, \quad r_0 = 1 + 0.01\,|f_{c \to t}| ,

    where b is how far the curve bends away from the straight line between s and e [px]. Where an
    error r is expected of the curve, it is divided also by
    :math:`1 + (4\, \tau (1 - \tau)\, r / r_0)^2`: by 1 at s and e, by most midway.

    Parameters
    ----------
    time
        Moment, in the unit of the frame numbers.
    flows
        Flow from the reference to each other tracking frame, by frame number; only those that
        the moment needs are looked up, at most `olat.motion.time_curve.WINDOW`.
    reference
        Number of the reference frame, where the flow is zero and the confidence 1.
    interpolation
        Kind of curve; see `olat.motion.time_curve.knot_weights`.
    error_px
        r: what the curve is expected to leave there more than elsewhere [px].

    Returns
    -------
    FrameMotion
        On the grid of the flows. Not covered before the first and after the last tracking frame,
        where flow and confidence are those of the nearest one.

    Raises
    ------
    ValueError
        If a flow belongs to frames of another size, or was solved at another size.

    Notes
    -----
    Assumes motion that is smooth over the intervals between tracking frames; what is faster
    cannot be told from what is slower. A knot that is not sure of a pixel, compared with the best
    one on its side of the moment, loses its part there, and the curve runs through the others: a
    bad flow does not ring. In between, curves with and without it are mixed, so that no seam
    appears.

    References
    ----------
    .. [1] Wenger et al., Performance relighting and reflectance transformation with
       time-multiplexed illumination, TOG 2005.
    """
    knots = sorted({*flows, reference})
    near = window(time, knots)
    used = {knot: flows[knot] for knot in near if knot != reference}
    shape, grid = _one_size(used.values())
    is_covered = knots[0] <= time <= knots[-1]
    if len(near) == 1:
        nearest = used.get(near[0])
        if nearest is None:
            return _at_rest(flows, reference, is_covered=is_covered)
        return FrameMotion(nearest.flow, nearest.confidence, shape, is_covered=is_covered)
    table = subset_weights(time, near, interpolation=interpolation)
    parts = [used.get(knot) for knot in near]
    place = place_between(time, near)
    flow, confidence = _blended(parts, grid, table, place)
    if error_px > 0.0:
        confidence /= _doubt(flow, error_px, place % 1.0)
    return FrameMotion(flow, confidence, shape, is_covered=is_covered)


def _doubt(flow: Float32[Array, "h w 2"], error_px: float, tau: float) -> Float32[Array, "h w"]:
    """Return what confidence is divided by where the curve is expected to err."""
    error = np.float32(4.0 * tau * (1.0 - tau) * error_px)
    tolerated = FLOOR + SLOPE * np.linalg.norm(flow, axis=2)
    return np.asarray(1.0 + (error / tolerated) ** 2)


def _at_rest(flows: Mapping[int, TrackingFlow], reference: int, *, is_covered: bool) -> FrameMotion:
    """Return no motion, of the size that the flows have; of none where there are no flows."""
    known = flows[reference] if reference in flows else next(iter(flows.values()), None)
    grid = (1, 1) if known is None else known.confidence.shape
    still = np.zeros((*grid, 2), np.float32)
    shape = None if known is None else known.shape
    return FrameMotion(still, np.ones(grid, np.float32), shape, is_covered=is_covered)


def _blended(
    parts: Sequence[TrackingFlow | None],
    grid: tuple[int, int],
    table: Float32[Array, "subset knot"],
    place: float,
) -> tuple[Float32[Array, "h w 2"], Float32[Array, "h w"]]:
    """Run the curves of all pixels, some rows at a time; no flow means the reference."""
    height, width = grid
    flow, confidence = np.empty((height, 2 * width), np.float32), np.empty(grid, np.float32)
    reference = parts.index(None) if None in parts else -1
    flows = np.zeros((len(parts), ROWS, 2 * width), np.float32)
    confidences = np.ones((len(parts), ROWS, width), np.float32)
    for top in range(0, height, ROWS):
        rows = slice(top, min(top + ROWS, height))
        here = slice(0, rows.stop - top)
        for knot, known in enumerate(parts):
            if known is not None:
                flows[knot, here] = known.flow[rows].reshape(-1, 2 * width)
                confidences[knot, here] = known.confidence[rows]
        blend(
            flows[:, here],
            confidences[:, here],
            table,
            place,
            reference,
            flow[rows],
            confidence[rows],
        )
    return flow.reshape(height, width, 2), confidence


def _one_size(
    flows: Iterable[TrackingFlow],
) -> tuple[tuple[int, int] | None, tuple[int, int]]:
    """Return the one size of frame and the one grid that all flows live on; no size if none do."""
    sizes = {(flow.shape, flow.confidence.shape) for flow in flows}
    if not sizes:
        return None, (1, 1)
    (frame, grid), *others = sizes
    if others:
        found = ", ".join(f"{at[1]} x {at[0]} px of {of[1]} x {of[0]}" for of, at in sorted(sizes))
        raise ValueError(f"tracking flow: solved at {found}; needed at one size. Track again.")
    return frame, grid
