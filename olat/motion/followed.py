"""How well the subject was followed into one tracking frame."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from olat.model.motion import TrackingFlow
from olat.model.shapes import Mask
from olat.motion.cells import CellFlow, SmallMask, SmallPlane, cell_flow, small_trust

SURE = 0.5
"""Confidence from which on a flow is believed."""
SPREAD_PERCENTILE = 99.0


@dataclass(frozen=True, slots=True)
class Followed:
    """What is kept of a flow to judge a sweep by."""

    agreement: float
    """Share of the subject's pixels whose flow is sure [1]."""
    median_px: float
    largest_px: float
    """99 % of the sure pixels moved less [full-size px]."""
    outside: float
    """Share of the subject's pixels that lie outside of the frame [1]."""
    against_px: float
    """How far its parts moved against the middle of its motion, but for 1 % [full-size px]."""
    cells: CellFlow
    """[full-size px]"""
    trust: SmallPlane
    """Small."""
    solved: tuple[int, int]
    """Rows and columns of the grid that the flow was solved on."""


def followed(found: TrackingFlow, subject: Mask) -> Followed:
    """Measure a flow over the subject of the reference.

    Parameters
    ----------
    found
        Flow from the reference.
    subject
        In the reference, at any size.

    Notes
    -----
    Assumes a flow that goes on smoothly where it is not sure, so that it tells where the subject
    lies outside of the frame.
    """
    rows, columns = found.confidence.shape
    inside = on_grid(subject, (rows, columns))
    sure = inside & (found.confidence >= SURE)
    moved = found.flow[sure]
    median = np.median(moved, axis=0) if len(moved) else np.zeros(2)
    length = np.linalg.norm(moved, axis=-1)
    against = np.linalg.norm(moved - median, axis=-1)
    count = max(int(inside.sum()), 1)
    return Followed(
        agreement=float(sure.sum()) / count,
        median_px=_percentile(length, 50.0),
        largest_px=_percentile(length, SPREAD_PERCENTILE),
        outside=float((_leaves(found) & inside).sum()) / count,
        against_px=_percentile(against, SPREAD_PERCENTILE),
        cells=cell_flow(found.flow, found.confidence, inside),
        trust=small_trust(found.confidence),
        solved=(rows, columns),
    )


def on_grid(mask: Mask, shape: tuple[int, int]) -> SmallMask:
    """Bring a mask to another size."""
    if mask.shape == shape:
        return mask
    size = shape[1], shape[0]
    return np.asarray(
        cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST), bool
    )


def within_frame(mask: Mask, margin: int) -> Mask:
    """Leave out what lies nearer to the edge of the picture than a margin [px]."""
    rows, columns = mask.shape
    inner = np.zeros_like(mask)
    inner[margin : rows - margin, margin : columns - margin] = True
    return np.asarray(mask & inner)


def _leaves(found: TrackingFlow) -> Mask:
    """Tell which pixels of the reference lie outside of the frame."""
    rows, columns = found.confidence.shape
    height, width = found.shape
    y, x = np.mgrid[:rows, :columns].astype(np.float32)
    across = (x + 0.5) * (width / columns) - 0.5 + found.flow[..., 0]
    down = (y + 0.5) * (height / rows) - 0.5 + found.flow[..., 1]
    leaves: Mask = (across < -0.5) | (across > width - 0.5) | (down < -0.5) | (down > height - 0.5)
    return leaves


def _percentile(values: np.ndarray, percent: float) -> float:
    return float(np.percentile(values, percent)) if values.size else 0.0
