"""Motion at any moment of a sweep, from the tracking frames around it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, TypeAlias

import numpy as np

from olat.model.motion import FrameMotion, TrackingFlow

Interpolation: TypeAlias = Literal["linear", "cubic"]


def flow_at(
    time: float | int,
    flows: Mapping[int, TrackingFlow],
    reference: int,
    *,
    interpolation: Interpolation = "cubic",
) -> FrameMotion:
    r"""Interpolate the flow at one moment between the tracking frames around it.

    With tracking frames at :math:`s` and :math:`e`, reference :math:`c` and
    :math:`\tau = (t - s)/(e - s)`,

    .. math:: f_{c \to t} = (1 - \tau)\, f_{c \to s} + \tau\, f_{c \to e} .

    Parameters
    ----------
    time
        Moment, in the unit of the frame numbers.
    flows
        Flow from the reference to each other tracking frame, by frame number; only those that
        the moment needs are looked up.
    reference
        Number of the reference frame, where the flow is zero and the confidence 1.
    interpolation
        ``linear`` between two tracking frames, as above, or ``cubic`` through four where there
        are four, which follows a sway better.

    Returns
    -------
    FrameMotion
        On the grid of the flows; its confidence is that of the two nearest tracking frames,
        weighted by nearness. Not covered before the first and after the last tracking frame,
        where the flow is that of the nearest one.

    Raises
    ------
    ValueError
        If a flow belongs to frames of another size, or was solved at another size.

    References
    ----------
    .. [1] Wenger et al., Performance relighting and reflectance transformation with
       time-multiplexed illumination, TOG 2005.
    """
    knots = sorted({*flows, reference})
    weights = knot_weights(time, knots, interpolation=interpolation)
    shares = knot_weights(time, knots, interpolation="linear")
    used = {knot: flows[knot] for knot in weights if knot != reference}
    shape, grid = _one_size(used.values())
    flow = np.zeros((*grid, 2), np.float32)
    confidence = np.full(grid, shares.get(reference, 0.0), np.float32)
    for knot, known in used.items():
        flow += np.float32(weights[knot]) * known.flow
        confidence += np.float32(shares.get(knot, 0.0)) * known.confidence
    is_covered = knots[0] <= time <= knots[-1]
    return FrameMotion(flow, confidence, shape, is_covered=is_covered)


def knot_weights(
    time: float | int, knots: Sequence[int], *, interpolation: Interpolation
) -> dict[int, float]:
    """Return the weight of each knot in the interpolated value; they sum to 1.

    Parameters
    ----------
    time
        Moment; outside of the knots the nearest one has all the weight.
    knots
        Increasing moments at which the value is known.
    interpolation
        ``linear``, or ``cubic``: Catmull-Rom, with each knot's slope taken between its
        neighbors. Linear in the first and the last interval.
    """
    after = bisect_right(knots, time)
    if after == 0:
        return {knots[0]: 1.0}
    if after == len(knots):
        return {knots[-1]: 1.0}
    start, end = knots[after - 1], knots[after]
    tau = (time - start) / (end - start)
    if interpolation == "linear" or not 2 <= after <= len(knots) - 2:
        return {start: 1.0 - tau, end: tau}
    before, beyond = knots[after - 2], knots[after + 1]
    # Hermite polynomials of the slopes at both ends.
    rise = (end - start) * tau * (1.0 - tau) ** 2 / (end - before)
    fall = (end - start) * tau**2 * (tau - 1.0) / (beyond - start)
    blend = tau**2 * (3.0 - 2.0 * tau)
    return {before: -rise, start: 1.0 - blend - fall, end: blend + rise, beyond: fall}


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
