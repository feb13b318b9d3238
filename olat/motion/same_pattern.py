"""Motion between frames under different light, from the frames under equal light around them."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32

from olat.model.shapes import Array, Radiance
from olat.motion.flow import FlowMethod, flow_between
from olat.motion.flow_dis import dis
from olat.motion.preparation import FlowPreset


def same_pattern_flows(
    earlier: Radiance,
    later: Float32[Array, "later_h later_w 3"],
    *,
    part: float = 0.5,
    preset: FlowPreset = "standard",
    method: FlowMethod = dis,
) -> tuple[Float32[Array, "solved_h solved_w 2"], Float32[Array, "solved_h solved_w"]]:
    r"""Find the motion to a frame in between two that are under equal light.

    .. math:: u(x) = \tau\, f(x)

    with the flow f from the earlier to the later of the two and the moment :math:`\tau` of the
    frame in between. That is how color gradients that alternate with their complements are
    followed where no full-on frame was shot: gradient, complement, gradient.

    Parameters
    ----------
    earlier, later
        Linear radiance under equal light [diffuse white = 1].
    part
        Moment of the frame in between: 0 is the earlier frame, 1 the later.
    preset, method
        See `flow_between`.

    Returns
    -------
    flow
        From the earlier frame to the one in between, on the solved grid [px of the full-size
        frame].
    confidence
        That of the flow between the two: it does not know of changes of velocity.

    Raises
    ------
    ValueError
        If the moment does not lie between the two, or the frames do not fit each other.

    Notes
    -----
    Assumes constant velocity between the two frames. With a constant acceleration g the error is
    :math:`\tau (1 - \tau) g / 2` for a time of 1 between the two.
    """
    if not 0.0 <= part <= 1.0:
        raise ValueError(
            f"same pattern: the frame in between is at {part:g} of the way; needed is 0 to 1. Take "
            "the nearest frames before and after it."
        )
    flow, confidence = flow_between(earlier, later, preset=preset, method=method)
    return np.float32(part) * flow, confidence
