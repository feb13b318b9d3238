"""From a camera's color to linear Rec.709 by one matrix, from the patches of a chart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from olat.model.shapes import Array, Matrix3
from olat.sensor.chart_reference import (
    COLUMNS,
    GRAYS,
    ROWS,
    ChartReference,
    PatchColors,
    lab_from_rec709,
)
from olat.sensor.delta_e import delta_e_2000
from olat.sensor.working_space import CHROMATICITIES, xyz_from_rgb

LUMINANCE = xyz_from_rgb(CHROMATICITIES["rec709"])[1]
"""CIE Y of linear Rec.709."""

LARGEST_CONDITION = 100.0
"""Of a matrix that tells three colors apart; those of real cameras are below 10."""


@dataclass(frozen=True)
class ColorFit:
    """A color matrix and how well it does."""

    matrix: Matrix3
    """Camera color to linear Rec.709; neutral keeps its reading in green."""
    reference: ChartReference
    delta_e: Float64[Array, "24"]
    """CIEDE2000 of each patch after the matrix."""
    gray_row_r2: float
    """Square of the correlation of the gray row with what the matrix expects it to read, in the
    worst channel."""
    veil: Float64[Array, "3"]
    """What the gray row would read without returning light, over what white reads, by channel."""

    tilt: float
    """By how much the light seems to change over the width of the chart, or over its height."""

    @property
    def mean_delta_e(self) -> float:
        """Mean CIEDE2000 over the patches."""
        return float(self.delta_e.mean())


def fit_color_matrix(colors: PatchColors, reference: ChartReference) -> ColorFit:
    r"""Fit a matrix without offset that leaves neutral as bright as it was.

    .. math:: \min_C \sum_k \frac{1}{Y_k} \lVert C c_k - r_k \rVert^2
        \quad\text{subject to}\quad C \sum_{\text{gray}} c_k = \sum_{\text{gray}} r_k

    with c the camera's colors, r the reference and Y its luminance, the constraint over the gray
    row. Then C is scaled so that, of what it takes to three equal channels, it keeps the green.

    Parameters
    ----------
    colors
        Camera color of the patches, in the order of the reference, in any unit.
    reference
        What they should be.

    Returns
    -------
    fit
        C does not depend on the exposure. White stays white: a neutral subject comes out with
        three equal channels, each as large as its green was, so that `white_patch` keeps its
        meaning. Differences are those of the chart at its own exposure.

    Raises
    ------
    ValueError
        If the gray row is not brighter than black or has no steps in a channel, or the colors do
        not span three dimensions.

    Notes
    -----
    Assumes linear readings, even light over the chart and no stray light. Dividing by the
    luminance gives the dark patches, whose errors are seen as well, the say that the bright ones
    would take. The gray row is constrained as a sum, and so by its bright end, which stray light
    tints least; what the reference says of the tint of its patches is honored.

    References
    ----------
    .. [1] Finlayson and Drew, Constrained least-squares regression in color spaces, Journal of
       Electronic Imaging 6(4), 1997.
    """
    luminance, target = reference.luminance, reference.rgb
    grays = colors[GRAYS]
    total = grays.sum(axis=0)
    if not (np.isfinite(colors).all() and (total > 0).all() and grays[0].min() > 0):
        raise ValueError(
            f"color matrix: white reads {np.round(grays[0], 5)}, the gray row {np.round(total, 5)} "
            "in all; light in every channel was needed. Expose the chart well."
        )
    matrix = _constrained(colors, target, 1.0 / luminance, total, target[GRAYS].sum(axis=0))
    if np.linalg.cond(matrix) > LARGEST_CONDITION:
        raise ValueError(
            f"color matrix: its condition is {np.linalg.cond(matrix):.0f}; {LARGEST_CONDITION:.0f} "
            "or less was needed. The patches do not differ in color: is the picture gray?"
        )
    delta_e = delta_e_2000(lab_from_rec709(colors @ matrix.T), reference.lab)
    r2, veil = _gray_row(grays, np.linalg.solve(matrix, target[GRAYS].T).T)
    green = np.linalg.solve(matrix, np.ones(3))[1]
    tilt = _tilt((colors @ matrix.T) @ LUMINANCE, target @ LUMINANCE)
    return ColorFit(matrix * green, reference, delta_e, r2, veil, tilt)


def _constrained(
    camera: PatchColors,
    target: PatchColors,
    weights: Float64[Array, "24"],
    source: Float64[Array, "3"],
    goal: Float64[Array, "3"],
) -> Matrix3:
    """Solve weighted least squares for a matrix that takes one color exactly to another."""
    fixed = np.outer(goal, source) / (source @ source)
    # What is left free acts on the two directions of color across the exact one.
    across = np.linalg.svd(source[np.newaxis])[2][1:]
    root = np.sqrt(weights)[:, np.newaxis]
    free = np.linalg.lstsq(
        root * (camera @ across.T), root * (target - camera @ fixed.T), rcond=None
    )[0]
    return np.asarray(fixed + free.T @ across)


def _gray_row(
    grays: Float64[Array, "6 3"], expected: Float64[Array, "6 3"]
) -> tuple[float, Float64[Array, "3"]]:
    """Return how straight the gray row is, and what it reads too much, channel by channel."""
    if not np.ptp(grays, axis=0).all():
        raise ValueError(
            "color matrix: in one channel all patches of the gray row read the same; steps from "
            "white to black were needed. Expose the chart less."
        )
    lines = [np.polyfit(wanted, read, 1) for wanted, read in zip(expected.T, grays.T, strict=True)]
    slope, intercept = np.array(lines).T
    left = grays - slope * expected - intercept
    spread = grays - grays.mean(axis=0)
    r2 = 1.0 - (left**2).sum(axis=0) / (spread**2).sum(axis=0)
    return float(r2.min()), intercept / (slope * expected[0])


def _tilt(found: Float64[Array, "24"], luminance: Float64[Array, "24"]) -> float:
    """Return the change of light over the chart, from how bright its patches came out."""
    y, x = np.divmod(np.arange(len(luminance)), COLUMNS)
    plane = np.column_stack([np.ones(len(x)), x / (COLUMNS - 1) - 0.5, y / (ROWS - 1) - 0.5])
    change = np.linalg.lstsq(luminance[:, np.newaxis] * plane, found, rcond=None)[0]
    return float(np.abs(change[1:]).max() / change[0])
