"""What a color chart looked like and what the matrix makes of it, for people to look at."""

from __future__ import annotations

import cv2
import numpy as np

from olat.model.evidence import ChartEvidence
from olat.model.shapes import Radiance
from olat.sensor.chart import Chart
from olat.sensor.chart_grid import FILL, SQUARE, places, straightened
from olat.sensor.chart_reference import GRAYS, PATCHES, PatchColors
from olat.sensor.color_matrix import ColorFit

LONGEST_PX = 1000
"""Longer side of the photograph that is kept."""
CELL_PX = 190
"""Side of the cell of a patch that is kept."""


def chart_evidence(
    radiance: Radiance, chart: Chart, colors: PatchColors, fit: ColorFit, *, inner: float
) -> ChartEvidence:
    """Return a photograph of a chart, and its patches beside what they should be.

    Parameters
    ----------
    radiance
        Linear camera color.
    chart
        Where the chart is in it.
    colors
        Camera color of the patches, the mean where there are several photographs.
    fit
        The matrix that they led to.
    inner
        Side of the middle of a patch that was read [share of the patch].
    """
    developed = colors @ fit.matrix.T
    target = fit.reference.rgb
    # The fit takes the sum of the gray row to what it should be.
    level = float(target[GRAYS].sum() / developed[GRAYS].sum())
    matrix = (level * fit.matrix).astype(np.float32)
    scale = min(1.0, LONGEST_PX / max(radiance.shape[:2]))
    small = cv2.resize(radiance, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    read = places(chart.corners, (SQUARE - 0.5) * inner * FILL)
    stretch = np.array(small.shape[1::-1]) / np.array(radiance.shape[1::-1])
    return ChartEvidence(
        frame=small @ matrix.T,
        patches=(read + 0.5) * stretch - 0.5,
        straight=straightened(radiance, chart.corners, cell=CELL_PX) @ matrix.T,
        measured=level * developed,
        reference=target,
        delta_e=fit.delta_e,
        names=PATCHES,
    )
