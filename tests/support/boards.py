"""Photographs of boards through known lenses, ray by ray."""

from __future__ import annotations

import cv2
import numpy as np

from olat.geometry.board import Board, BoardView
from olat.geometry.camera import projected, rays
from olat.model.calibration import LensCalibration
from tests.support.texture import pixel_centers

TEXELS = 40
"""Of the drawn board, along a square."""


def drawn(board: Board) -> np.ndarray:
    """Return a picture of a board with a white rim of one square, black 0.05 and white 0.9."""
    columns, rows = board.columns + 1, board.rows + 1
    if board.kind == "chessboard":
        y, x = np.indices((rows, columns))
        squares = ((x + y) % 2 == 1).astype(float)
        picture = np.kron(squares, np.ones((TEXELS, TEXELS)))
    else:
        names = {name.lower(): name for name in dir(cv2.aruco)}
        words = cv2.aruco.getPredefinedDictionary(
            getattr(cv2.aruco, names[f"dict_{board.dictionary}"])
        )
        charuco = cv2.aruco.CharucoBoard((columns, rows), 1.0, board.marker, words)
        picture = charuco.generateImage((columns * TEXELS, rows * TEXELS)) / 255.0
    return np.pad(0.05 + 0.85 * picture, TEXELS, constant_values=0.9)


_SLOPES: dict[bytes, np.ndarray] = {}


def seen_slopes(lens: LensCalibration) -> np.ndarray:
    """Return the slope that each pixel of a photograph sees; kept for the next photograph."""
    shape = (lens.height, lens.width)
    key = lens.matrix.tobytes() + lens.distortion.tobytes() + str(shape).encode()
    if key not in _SLOPES:
        forward = rays(pixel_centers(*shape).reshape(-1, 2), lens)
        _SLOPES[key] = (forward[:, :2] / forward[:, 2:]).reshape(*shape, 2)
    return _SLOPES[key]


def photograph(
    board: Board,
    lens: LensCalibration,
    rotation: np.ndarray,
    translation: np.ndarray,
    *,
    samples: int = 3,
) -> np.ndarray:
    """Return radiance of a board (its axes to the camera's) in front of a gray wall."""
    paint = drawn(board).astype(np.float32)
    steps = (np.arange(samples) + 0.5) / samples - 0.5
    total = np.zeros((lens.height, lens.width))
    slopes = seen_slopes(lens)
    # Within a pixel a lens is straight: no ray needs to be undistorted for each sample.
    down, right = np.gradient(slopes, axis=(0, 1))
    for dx in steps:
        for dy in steps:
            sample = (slopes + dx * right + dy * down).reshape(-1, 2)
            along = np.column_stack([sample, np.ones(len(sample))])
            # Meets the plane of the board: rotation.T (s d - t) has z = 0.
            normal = rotation[:, 2]
            reach = (translation @ normal) / (along @ normal)
            on_board = ((reach[:, None] * along - translation) @ rotation)[:, :2] / board.square
            # The first inner corner is one square from the board's edge, after the rim's square.
            place = ((on_board + 2.0) * TEXELS - 0.5).astype(np.float32)
            seen = cv2.remap(
                paint,
                np.ascontiguousarray(place[:, 0]).reshape(total.shape),
                np.ascontiguousarray(place[:, 1]).reshape(total.shape),
                cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_CONSTANT,
                borderValue=0.3,
            )
            total += seen
    gray = (total / samples**2).astype(np.float32)
    return np.repeat(gray[..., None], 3, axis=2)


def poses(rng: np.random.Generator, count: int, *, distance: float, tilt_deg: float = 30.0):
    """Return rotations and translations of boards tilted to all sides around the axis."""
    found = []
    for _ in range(count):
        tilt, roll = np.deg2rad(tilt_deg) * rng.uniform(0.5, 1.0), rng.uniform(-0.3, 0.3)
        side = rng.uniform(0.0, 2.0 * np.pi)
        turn, _ = cv2.Rodrigues(tilt * np.array([np.cos(side), np.sin(side), 0.0]))
        spin, _ = cv2.Rodrigues(np.array([0.0, 0.0, roll]))
        offset = rng.uniform(-0.12, 0.12, 3) * distance
        found.append((turn @ spin, np.array([0.0, 0.0, distance]) + offset))
    return found


def centered(board: Board, rotation: np.ndarray, translation: np.ndarray):
    """Return the pose whose board has its middle, not its first corner, at the translation."""
    middle = np.array([board.columns - 1.0, board.rows - 1.0, 0.0]) * board.square / 2.0
    return rotation, translation - rotation @ middle


def view_of(
    board: Board,
    lens: LensCalibration,
    rotation: np.ndarray,
    translation: np.ndarray,
    rng: np.random.Generator | None = None,
    sigma: float = 0.0,
) -> BoardView:
    """Return where the corners of a board are seen, with noise [px]."""
    ids = np.arange(board.columns * board.rows)
    corners = projected(board.places(ids) @ rotation.T + translation, lens)
    if rng is not None:
        corners = corners + sigma * rng.normal(size=corners.shape)
    return BoardView(ids, corners)
