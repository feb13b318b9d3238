"""Trust in two flows that were found together: how far off they can be expected to be."""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float32, Float64

from olat.model.shapes import Array, Plane, Radiance
from olat.motion.joint_kernel import normal_equations

WINDOW_PX = 4.0
"""Spread of the neighborhood that supports the flow of a pixel [px]."""
STEP = 4
"""Errors are found on a grid so many times coarser."""
ALIKE_PX = 1.5
"""Spread over which residuals are averaged, so that noise goes and what does not fit stays [px]."""
FACTOR = 3.0
"""Errors found on simulated faces and spheres, over those that the equations expect [1]."""
REACH_PX = 5
"""Side of the neighborhood in which some pixel must have told something [px]."""
LEAST_CONTRAST = 1e-9


def confidences(
    full_on: Radiance, first: Radiance, second: Radiance, trust: Radiance, *, pixel_px: float
) -> tuple[Plane, Plane]:
    r"""Return the trust in the flow to the first picture and in that to the second.

    With the matrix J of the equations, summed over a window of n readings that has residuals of
    variance :math:`\sigma^2`,

    .. math:: \delta^2 = 9\,\sigma^2\,\mathrm{tr}\,(J^{-1})_{uu} / n, \qquad
              c = 1 / (1 + \delta^2 / p^2) ,

    where p is one pixel of the full-size frame.

    Parameters
    ----------
    full_on, first, second
        The pictures, moved, at one level; what is slow of their residual taken out.
    trust
        One over the noise of each reading, 0 where it does not count.
    pixel_px
        Side of a pixel of the full-size frame [px of this grid].

    Notes
    -----
    Assumes errors of neighbors to be independent, but for what of them survives an average over a
    few pixels: that is misfit, not noise, and is counted as large as it is. The factor 9 is
    measured: smoothing and shading make errors larger than noise alone would.
    """
    height, width = trust.shape[:2]
    matrix = np.empty((height, width, 10), np.float32)
    right = np.empty((height, width, 4), np.float32)
    normal_equations(full_on, first, second, trust, np.float32(np.inf), matrix, right)
    readings = 4.0 * np.pi * WINDOW_PX**2 * trust.shape[2]
    spread = _variance(trust * (full_on - first - second), trust)
    covariance = np.linalg.inv(_unpacked(_around(matrix))) * (spread / readings)[..., None, None]
    silent = cv2.dilate(trust.max(axis=2), np.ones((REACH_PX, REACH_PX), np.uint8)) <= 0.0
    sure = []
    for at in (0, 2):
        square = covariance[..., at, at] + covariance[..., at + 1, at + 1]
        square = np.minimum(square, 1e12).astype(np.float32)
        square = cv2.resize(square, (width, height), interpolation=cv2.INTER_LINEAR)
        confidence = 1.0 / (1.0 + np.float32((FACTOR / pixel_px) ** 2) * square)
        confidence[silent] = 0.0
        sure.append(np.asarray(confidence, np.float32))
    return sure[0], sure[1]


def _variance(weighed: Radiance, trust: Radiance) -> Float64[Array, "few_rows few_columns"]:
    """Return the variance of readings, as if independent, that explains residuals around."""
    single = np.square(weighed).mean(axis=2)
    alike = np.square(cv2.GaussianBlur(weighed, (0, 0), ALIKE_PX)).mean(axis=2)
    share = (trust > 0.0).astype(np.float32).mean(axis=2)
    worst = np.maximum(_around(single), 4.0 * np.pi * ALIKE_PX**2 * _around(alike))
    return np.asarray(worst / np.maximum(_around(share), 1e-6), np.float64)


def _around(
    planes: Float32[Array, "h w *more"],
) -> Float32[Array, "few_rows few_columns *more"]:
    """Average over the window, on the coarser grid."""
    height, width = planes.shape[:2]
    small = (-(-width // STEP), -(-height // STEP))
    # OpenCV takes four channels at a time.
    parts = np.split(planes, range(4, planes.shape[2], 4), axis=2) if planes.ndim > 2 else [planes]
    blurred = [
        cv2.GaussianBlur(
            cv2.resize(part, small, interpolation=cv2.INTER_AREA), (0, 0), WINDOW_PX / STEP
        )
        for part in parts
    ]
    return np.concatenate(blurred, axis=2) if planes.ndim > 2 else blurred[0]


def _unpacked(
    packed: Float32[Array, "few_rows few_columns 10"],
) -> Float64[Array, "few_rows few_columns 4 4"]:
    """Return symmetric matrices from their upper triangles, safe to invert."""
    full = np.empty((*packed.shape[:2], 4, 4))
    rows, columns = np.triu_indices(4)
    full[..., rows, columns] = packed
    full[..., columns, rows] = packed
    return full + LEAST_CONTRAST * np.eye(4)
