"""One motion after another."""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float32

from olat.model.shapes import Array, Flow, Plane
from olat.motion.warp import source_positions

FLOOR_PX = 0.1
"""Error of a flow that is as sure as can be [px of the full-size frame]."""


def composed(
    first: Flow,
    second: Float32[Array, "second_h second_w 2"],
    first_confidence: Plane,
    second_confidence: Float32[Array, "second_h second_w"],
) -> tuple[Flow, Plane]:
    r"""Return the motion from the first frame to the third, and trust in it.

    .. math:: h(x) = f(x) + g(x + f(x)), \qquad c_h(x) = c_f(x)\,c_g(x + f(x))

    Parameters
    ----------
    first
        Flow f from the first frame to the second [px of its grid].
    second
        Flow g from the second frame to the third, on the same grid [px of it].
    first_confidence, second_confidence
        From 0 to 1.

    Returns
    -------
    flow
        From the first frame to the third [px of the grid].
    confidence
        0 where the first flow leaves the picture, or is not a number.

    Raises
    ------
    ValueError
        If the flows are of two sizes.

    Notes
    -----
    Assumes that the second flow is smooth between pixels: it is read linearly, which keeps affine
    motion as it is. Beyond the border it stays level.
    """
    shapes = {first.shape[:2], second.shape[:2], first_confidence.shape, second_confidence.shape}
    if len(shapes) > 1:
        found = ", ".join(f"{width} x {height}" for height, width in sorted(shapes))
        raise ValueError(
            f"composition: flows and confidences are {found} px; all must have one size."
        )
    x, y = source_positions(first)
    height, width = x.shape
    inside = (x >= -0.5) & (x <= width - 0.5) & (y >= -0.5) & (y <= height - 0.5)
    then, sure = (
        cv2.remap(plane, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        for plane in (second, second_confidence)
    )
    return first + then, np.where(inside, first_confidence * sure, np.float32(0.0))


def mixed(
    found: Flow, guess: Flow, found_confidence: Plane, guess_confidence: Plane
) -> tuple[Flow, Plane]:
    r"""Return what was found of a motion, with a guess where that is as good, and trust in it.

    .. math:: \delta_i^2 = 1/c_i - 1 + 0.1^2, \qquad
              \delta_g^2 \leftarrow \delta_g^2 + \max(0, \mathrm{median}(|f - g|^2 - \delta_f^2))

    .. math:: w_i \propto \delta_i^{-2}, \qquad h = w_f f + w_g g, \qquad
              \delta_h^2 = w_f \delta_f^2 + w_g \delta_g^2 + w_f w_g |f - g|^2

    Parameters
    ----------
    found
        Flow f that was measured [px of the full-size frame].
    guess
        Flow g between the same two frames, on the same grid, as from frames before and after
        [px of the full-size frame].
    found_confidence, guess_confidence
        From 0 to 1: one half where an error of one pixel is expected.

    Returns
    -------
    flow
        Their mean by how sure each is [px of the full-size frame].
    confidence
        Of a mixture of both: less than either where the two contradict each other.

    Notes
    -----
    Assumes that what a guess in time gets wrong, it gets wrong all over the subject: its error is
    at least what it commonly differs from what was found, where that is sure.
    """
    square = np.square(found - guess).sum(axis=2)
    errors = [
        1.0 / np.maximum(confidence, np.float32(1e-6)) - np.float32(1.0 - FLOOR_PX**2)
        for confidence in (found_confidence, guess_confidence)
    ]
    sure = found_confidence > 0.5
    if sure.any():
        errors[1] += max(0.0, np.median((square - errors[0])[sure]))
    share = errors[1] / (errors[0] + errors[1])
    rest = 1.0 - share
    spread = share * errors[0] + rest * errors[1] + share * rest * square
    confidence = 1.0 / (1.0 + np.maximum(spread - np.float32(FLOOR_PX**2), 0.0))
    return found + rest[..., None] * (guess - found), confidence.astype(np.float32)
