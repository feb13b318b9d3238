"""Dense motion between two frames under the same light."""

from __future__ import annotations

from typing import Protocol, TypeAlias, runtime_checkable

import cv2
import numpy as np
from jaxtyping import Float32

from olat.model.shapes import Array, Flow, Plane, Radiance
from olat.motion.agreement import likeness, settled
from olat.motion.flow_dis import dis
from olat.motion.preparation import (
    Codes,
    FlowPreset,
    Normalization,
    Prepared,
    prepared,
    solved_size,
)
from olat.motion.thin_plate import polished

SolvedFlow: TypeAlias = Float32[Array, "solved_h solved_w 2"]
SolvedPlane: TypeAlias = Float32[Array, "solved_h solved_w"]

SMALLEST_FRAME = 16
"""Fewer pixels on the short side do not hold one patch on two scales."""


@runtime_checkable  # the tests check every argument as it is passed
class FlowMethod(Protocol):
    """A way to find motion between two pictures."""

    def __call__(
        self, reference: Codes, moving: Codes, hint: Flow | None = None
    ) -> tuple[Flow, Plane]:
        """Return the flow from the reference to the moving picture, and trust in it.

        Parameters
        ----------
        reference, moving
            Prepared pictures of equal exposure on one grid.
        hint
            Flow to start from [px of that grid].

        Returns
        -------
        flow
            On that grid [px of it].
        confidence
            From 0 to 1.
        """
        ...


def flow_between(
    reference: Radiance,
    moving: Float32[Array, "moving_h moving_w 3"],
    *,
    preset: FlowPreset,
    method: FlowMethod = dis,
    hint: Float32[Array, "hint_h hint_w 2"] | None = None,
    normalization: Normalization = "gain",
) -> tuple[SolvedFlow, SolvedPlane]:
    r"""Find where every reference pixel lies in another frame under the same light.

    Solved forward, :math:`f`, and backward, :math:`b`. With the round trip
    :math:`r = |f(x) + b(x + f(x))|`, the confidence is

    .. math:: c = \frac{l}{1 + (r / r_0)^2}, \qquad r_0 = s + 0.01\,|f(x)| ,

    where :math:`s` is the side of one solved pixel and :math:`l` the `likeness` of the pictures.

    Parameters
    ----------
    reference, moving
        Linear radiance; only their ratio of exposures may differ [diffuse white = 1].
    preset
        Solve at a quarter (``draft``), half (``standard``) or the full size (``fine``).
    method
        How to solve; see `olat.motion.methods.flow_method`.
    hint
        Flow to start from, on any grid that covers the frame [px of the full-size frame].
    normalization
        ``gain`` matches the levels of the pictures, ``local`` also their local contrast.

    Returns
    -------
    flow
        On a grid of the solved size; see `upsampled` [px of the full-size frame]. Where the
        confidence is below one half, it goes over into the smooth motion of what is around.
    confidence
        1 where both directions agree and the pictures are alike, 0.5 at :math:`r_0`. 0 on a black
        background, and all over where a frame is dark or flat: there the flow is 0 too.

    Raises
    ------
    ValueError
        If the frames differ in size or are too small.

    Notes
    -----
    Assumes that the light did not change but for its level: a gradient against a full-on frame
    is a matter for joint alignment. Black around the subject is left out of the solve.

    References
    ----------
    .. [1] Wenger et al., Performance relighting and reflectance transformation with
       time-multiplexed illumination, TOG 2005.
    """
    _check_pair(reference, moving)
    height, width = reference.shape[:2]
    shape = solved_size(height, width, preset)
    pictures = prepared(reference, moving, shape=shape, normalization=normalization)
    if pictures is None:
        return np.zeros((*shape, 2), np.float32), np.zeros(shape, np.float32)
    to_full_size = np.array([width / shape[1], height / shape[0]], np.float32)
    start = None if hint is None else upsampled(hint, shape) / to_full_size
    flow, confidence = _within(pictures, method, start)
    return flow * to_full_size, confidence


def _within(
    pictures: Prepared, method: FlowMethod, start: SolvedFlow | None
) -> tuple[SolvedFlow, SolvedPlane]:
    """Solve where the subject is; go on smoothly, and without confidence, beyond."""
    window = pictures.subject
    # Copies: OpenCV and a driver want rows without gaps.
    first, second = pictures.reference[window].copy(), pictures.moving[window].copy()
    flow, confidence = method(first, second, None if start is None else start[window].copy())
    confidence = confidence * likeness(first, second, flow)
    confidence[pictures.background[window]] = 0.0
    flow = polished(first, second, settled(flow, confidence), confidence)
    rows, columns = window
    height, width = pictures.reference.shape
    around = (rows.start, height - rows.stop, columns.start, width - columns.stop)
    return (
        np.asarray(cv2.copyMakeBorder(flow, *around, cv2.BORDER_REPLICATE)),
        np.asarray(cv2.copyMakeBorder(confidence, *around, cv2.BORDER_CONSTANT)),
    )


def upsampled(
    field: Float32[Array, "h w *channels"], shape: tuple[int, int]
) -> Float32[Array, "rows columns *channels"]:
    """Bring a flow or a confidence to the full-size grid; values stay as they are.

    Parameters
    ----------
    field
        On the solved grid, which covers the same picture with larger pixels.
    shape
        Height and width of the full-size frame [px].

    Notes
    -----
    Bilinear between pixel centers; level beyond the outermost ones.
    """
    if field.shape[:2] == shape:
        return field
    height, width = shape
    return cv2.resize(field, (width, height), interpolation=cv2.INTER_LINEAR)


def _check_pair(reference: Radiance, moving: Float32[Array, "moving_h moving_w 3"]) -> None:
    if reference.shape != moving.shape:
        raise ValueError(
            f"flow: the reference is {reference.shape[1]} x {reference.shape[0]} px, the moving "
            f"frame {moving.shape[1]} x {moving.shape[0]}; both must have one size."
        )
    if min(reference.shape[:2]) < SMALLEST_FRAME:
        raise ValueError(
            f"flow: the frames are {reference.shape[1]} x {reference.shape[0]} px; motion needs "
            f"{SMALLEST_FRAME} px on each side."
        )
