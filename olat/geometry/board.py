"""Chessboards and ChArUco boards in photographs."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, TypeAlias

import cv2
import numpy as np
from jaxtyping import Float64, Int64, UInt8

from olat.geometry.camera import Pixels, Points
from olat.model.shapes import Array, Radiance

Codes: TypeAlias = UInt8[Array, "h w"]

WHITE_PERCENTILES = (99.5, 90.0, 70.0)
"""What is shown as white, tried in turn: lamps in the picture may be brighter than the board."""
LONGEST_SIDE_PX = 1600
"""Boards are looked for in pictures of this size, and refined in the photograph."""
WINDOW = 0.3
"""Half the refinement window of a chessboard: less than half a square, however it is tilted."""
FEWEST_CORNERS = 8
"""Fewer corners of a partly seen board say little about a lens."""


@dataclass(frozen=True)
class Board:
    """A flat pattern with corners at known places."""

    columns: int
    """Inner corners along the board's x."""
    rows: int
    """Inner corners along its y."""
    square: float
    """Side of a square [m]."""
    kind: Literal["chessboard", "charuco"] = "chessboard"
    marker: float = 0.75
    """Side of a ChArUco marker [share of a square]."""
    dictionary: str = "5x5_100"
    """Markers of a ChArUco board, in OpenCV's names."""

    def __post_init__(self) -> None:
        if min(self.columns, self.rows) < 2 or not self.square > 0.0:
            raise ValueError(
                f"board: {self.columns} x {self.rows} inner corners of {self.square} m; at least "
                "2 x 2 and a positive length were needed."
            )
        if self.kind == "charuco":
            _ = self._dictionary

    @property
    def window(self) -> float:
        """Return half the size of a window around a corner that holds nothing else [square]."""
        margin = 0.9 * (1.0 - self.marker) / 2.0
        return WINDOW if self.kind == "chessboard" else min(WINDOW, margin)

    @property
    def is_oriented(self) -> bool:
        """Whether the board looks different upside down."""
        return self.kind == "charuco" or (self.columns + self.rows) % 2 == 1

    def places(self, ids: Int64[Array, " corner"]) -> Points:
        """Return corners in the board's axes: x along a row, y along a column, z into it [m]."""
        y, x = np.divmod(ids, self.columns)
        return np.column_stack([x, y, np.zeros(len(ids))]) * self.square

    @cached_property
    def _dictionary(self) -> cv2.aruco.Dictionary:
        names = {
            name.removeprefix("DICT_").lower(): name
            for name in dir(cv2.aruco)
            if name.startswith("DICT_")
        }
        if self.dictionary.lower() not in names:
            near = difflib.get_close_matches(self.dictionary.lower(), names, n=1)
            raise ValueError(
                f"board: there is no dictionary {self.dictionary!r}; "
                + (f"did you mean {near[0]!r}?" if near else f"there are {', '.join(names)}.")
            )
        return cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, names[self.dictionary.lower()]))

    def detectors(self) -> Iterator[cv2.aruco.CharucoDetector]:
        """Return what finds a ChArUco board, drawn as OpenCV does now or as it did before 4.6."""
        for legacy in (False, True):
            size = (self.columns + 1, self.rows + 1)
            board = cv2.aruco.CharucoBoard(size, 1.0, self.marker, self._dictionary)
            board.setLegacyPattern(legacy)
            yield cv2.aruco.CharucoDetector(board)


@dataclass(frozen=True)
class BoardView:
    """Corners of a board that were found in a photograph."""

    ids: Int64[Array, " corner"]
    """Which corners, counted along the rows of the board from 0."""
    corners: Float64[Array, "corner 2"]
    """Where they are [px]."""


def find_board(radiance: Radiance, board: Board) -> BoardView | None:
    """Find the corners of a board in a photograph; none if it is not seen.

    Parameters
    ----------
    radiance
        Linear [diffuse white = 1].
    board
        What to look for. A chessboard must be seen whole, a ChArUco board in part.

    Returns
    -------
    view
        The corners to a fraction of a pixel, ordered so that the board is seen from its front and,
        where it is not the same upside down, so that its first inner square is black.

    Notes
    -----
    Assumes a board that is flat, sharp and evenly lit. The search is made on a display-like copy,
    since what is found in linear codes depends on the exposure.

    References
    ----------
    .. [1] Duda and Frese, Accurate detection and localization of checkerboard corners for
       calibration, BMVC 2018.
    .. [2] Garrido-Jurado et al., Automatic generation and detection of highly reliable fiducial
       markers under occlusion, Pattern Recognition 2014.
    """
    views = (find_in_codes(codes, board) for codes in display_copies(radiance))
    return next((view for view in views if view is not None), None)


def other_board(radiance: Radiance, board: Board) -> Board | None:
    """Return the chessboard that is seen where one of other counts was looked for, if any.

    Squares are easily counted in place of corners.
    """
    for columns, rows in ((board.columns - 1, board.rows - 1), (board.columns + 1, board.rows + 1)):
        if min(columns, rows) >= 2 and board.kind == "chessboard":
            other = replace(board, columns=columns, rows=rows)
            if find_board(radiance, other) is not None:
                return other
    return None


def larger_board(radiance: Radiance, board: Board) -> Board | None:
    """Return the chessboard of which the one looked for is a part, if it is; longer side first."""
    codes = next(display_copies(radiance), None)
    if codes is None or board.kind != "chessboard":
        return None
    flags = cv2.CALIB_CB_NORMALIZE_IMAGE | cv2.CALIB_CB_LARGER
    small, size = _shrunk(codes, max(codes.shape) / LONGEST_SIDE_PX), (board.columns, board.rows)
    found, corners, cells = cv2.findChessboardCornersSBWithMeta(small, size, flags)
    if not found or cells.size <= board.columns * board.rows:
        return None
    grid = np.asarray(corners, np.float64).reshape(*cells.shape, 2)
    # The outline of the board is no line of corners: beyond it, squares do not alternate.
    sides = (grid, grid[::-1], grid.swapaxes(0, 1), grid.swapaxes(0, 1)[::-1])
    if not all(_has_squares_before(side, small) for side in sides):
        return None
    rows, columns = sorted(cells.shape)
    return replace(board, columns=columns, rows=rows)


def _has_squares_before(grid: Float64[Array, "rows columns 2"], codes: Codes) -> bool:
    """Tell whether squares before the first row of corners alternate as those after it do."""
    levels = []
    for step in (0.5, -0.5):
        line = grid[0] + step * (grid[1] - grid[0])
        middles = ((line[1:] + line[:-1]) / 2.0).astype(np.float32)
        seen = cv2.remap(codes, middles[:, :1].T, middles[:, 1:].T, cv2.INTER_LINEAR)
        levels.append(np.diff(seen[0].astype(np.float64)) * (-1.0) ** np.arange(len(line) - 2))
    after, before = (float(steps.mean()) for steps in levels)
    return before * after < 0.0 and abs(before) > abs(after) / 3.0


def display_copies(radiance: Radiance) -> Iterator[Codes]:
    """Return gray 8-bit pictures in sRGB's tone, exposed for the brightest parts and then less."""
    gray = radiance.mean(axis=2)
    for percentile in WHITE_PERCENTILES:
        white = float(np.percentile(gray, percentile))
        if white > 0.0:
            linear = np.clip(gray / (1.1 * white), 0.0, 1.0)
            tone = np.where(
                linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1.0 / 2.4) - 0.055
            )
            yield np.rint(255.0 * tone).astype(np.uint8)


def find_in_codes(codes: Codes, board: Board) -> BoardView | None:
    """Find the corners of a board in a gray picture as a display shows it."""
    shrink = max(1.0, max(codes.shape) / LONGEST_SIDE_PX)
    # Markers may be too small in the small picture; a chessboard is not, and its search is slow.
    for scale in {shrink: None} if board.kind == "chessboard" else {shrink: None, 1.0: None}:
        small = _shrunk(codes, scale)
        view = _chessboard(small, board) if board.kind == "chessboard" else _charuco(small, board)
        if view is not None:
            stretch = np.array(codes.shape[::-1]) / np.array(small.shape[::-1])
            found = BoardView(view.ids, (view.corners + 0.5) * stretch - 0.5)
            return BoardView(found.ids, _refined(codes, found.corners, board.window))
    return None


def _shrunk(codes: Codes, scale: float) -> UInt8[Array, "small_h small_w"]:
    """Return a picture that many times smaller; never a larger one."""
    if scale <= 1.0:
        return codes
    size = (round(codes.shape[1] / scale), round(codes.shape[0] / scale))
    return np.asarray(cv2.resize(codes, size, interpolation=cv2.INTER_AREA))


def _chessboard(codes: Codes, board: Board) -> BoardView | None:
    size = (board.columns, board.rows)
    careful = cv2.CALIB_CB_NORMALIZE_IMAGE | cv2.CALIB_CB_EXHAUSTIVE | cv2.CALIB_CB_ACCURACY
    found, corners = cv2.findChessboardCornersSB(codes, size, flags=careful)
    if not found:
        classic = cv2.CALIB_CB_ADAPTIVE_THRESH | cv2.CALIB_CB_NORMALIZE_IMAGE
        found, corners = cv2.findChessboardCorners(codes, size, flags=classic)
    if not found:
        return None
    grid = np.asarray(corners, np.float64).reshape(board.rows, board.columns, 2)
    return BoardView(np.arange(board.rows * board.columns), _ordered(grid, codes, board))


def _ordered(grid: Float64[Array, "rows columns 2"], codes: Codes, board: Board) -> Pixels:
    """Count corners as seen from the front, from the end whose first inner square is black."""
    along, down = grid[0, -1] - grid[0, 0], grid[-1, 0] - grid[0, 0]
    if along[0] * down[1] < along[1] * down[0]:
        grid = grid[:, ::-1]
    if board.is_oriented:
        first, last = (
            cv2.getRectSubPix(codes, (1, 1), square.reshape(4, 2).mean(axis=0).astype(np.float32))
            for square in (grid[:2, :2], grid[-2:, -2:])
        )
        if first.item() > last.item():
            grid = grid[::-1, ::-1]
    return np.ascontiguousarray(grid).reshape(-1, 2)


def _charuco(codes: Codes, board: Board) -> BoardView | None:
    for detector in board.detectors():
        corners, ids, _, _ = detector.detectBoard(codes)
        found = np.asarray([] if ids is None else ids, np.int64).ravel()
        lines = min(len(np.unique(line)) for line in np.divmod(found, board.columns))
        if len(found) >= FEWEST_CORNERS and lines >= 2:
            return BoardView(found, np.asarray(corners, np.float64).reshape(-1, 2))
    return None


def _refined(codes: Codes, corners: Pixels, window: float) -> Pixels:
    """Move corners to where the edges that meet in them cross.

    References
    ----------
    .. [1] Förstner and Gülch, A fast operator for detection and precise location of distinct
       points, ISPRS 1987.
    """
    apart = np.linalg.norm(corners[:, np.newaxis] - corners, axis=2)
    np.fill_diagonal(apart, np.inf)
    half = int(np.clip(round(window * apart.min()), 2, 25))
    criteria = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_COUNT, 100, 1e-4)
    start = corners.astype(np.float32).reshape(-1, 1, 2)
    exact = cv2.cornerSubPix(codes, start, (half, half), (-1, -1), criteria)
    return np.asarray(exact, np.float64).reshape(-1, 2)
