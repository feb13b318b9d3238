"""Pictures of a ColorChecker, made from its reference."""

from __future__ import annotations

import cv2
import numpy as np

from olat.sensor.chart_reference import REFERENCES

CAMERA = np.array([[0.55, 0.35, 0.05], [0.25, 0.9, 0.15], [0.02, 0.2, 0.6]])
"""Linear Rec.709 to the color of a camera."""
UPRIGHT = ((150.0, 90.0), (520.0, 110.0), (505.0, 350.0), (140.0, 345.0))
"""Outer corners of dark skin, bluish green, black and white [px]."""


def colors_of_patches(exposure: float = 0.7) -> np.ndarray:
    """Return what the camera reads of each patch."""
    return exposure * REFERENCES[0].rgb @ CAMERA.T


def picture_of_chart(
    corners: tuple[tuple[float, float], ...] = UPRIGHT,
    *,
    shape: tuple[int, int] = (480, 640),
    exposure: float = 0.7,
    noise: float = 0.003,
    fill: float = 0.88,
) -> np.ndarray:
    """Return linear camera color of a chart on its black board before gray, seen in perspective."""
    scale = 60
    board = np.full((4 * scale + 24, 6 * scale + 24, 3), 0.02 * exposure)
    gap = (1 - fill) * scale / 2
    for k, color in enumerate(colors_of_patches(exposure)):
        y, x = (scale * np.array(divmod(k, 6)) + 12 + gap).round().astype(int)
        side = round(fill * scale)
        board[y : y + side, x : x + side] = color
    low, across, down = 12 + gap - 0.5, 6 * scale - 2 * gap, 4 * scale - 2 * gap
    source = np.array([[0, 0], [across, 0], [across, down], [0, down]]) + low
    view = cv2.getPerspectiveTransform(source.astype(np.float32), np.array(corners, np.float32))
    height, width = shape
    ground = 0.25 * exposure * CAMERA.sum(axis=1) * np.ones((height, width, 1))
    inside = cv2.warpPerspective(np.ones(board.shape[:2]), view, (width, height))[..., None]
    seen = cv2.warpPerspective(board, view, (width, height), flags=cv2.INTER_AREA)
    picture = cv2.GaussianBlur(ground * (1 - inside) + seen * (inside > 0), (3, 3), 0.8)
    random = np.random.default_rng(7).normal(scale=noise, size=picture.shape)
    return (picture + random).astype(np.float32)
