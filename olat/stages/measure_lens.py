"""Stage: focal lengths and distortion, from photographs of a board."""

from __future__ import annotations

import logging
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, PositiveFloat

from olat.engine.stage import Grain, Stage, Under
from olat.errors import SolveError
from olat.io.frame_expression import format_frames
from olat.model.calibration import LensCalibration
from olat.model.condition import Target
from olat.model.image import Frames, RadianceImage
from olat.model.session import Camera
from olat.model.shapes import Radiance

if TYPE_CHECKING:
    from olat.geometry.board import Board, BoardView

logger = logging.getLogger(__name__)

LITTLE_COVERAGE = 0.4
"""Share of the frame inside the hull of all corners below which the run notes it."""
LARGE_RMS_PX = 1.0
LARGE_SQUARE_M = 1.0
"""Side of a square above which the run asks whether millimeters were meant."""
PROBED, AGREEING = 5, 2
"""Views in which a larger board is looked for, and how many must show the same one."""


class MeasureLens(Stage):
    """Pinhole and distortion from views of a board (Zhang 2000, Brown 1971)."""

    grain = Grain.CAMERA
    makes = "lens"

    board: Literal["chessboard", "charuco"] = "chessboard"
    """Plain squares, seen whole in every view; or squares with markers, which may be cut off."""
    columns: Annotated[int, Field(ge=2)] = 9
    """Inner corners along a row: one less than squares."""
    rows: Annotated[int, Field(ge=2)] = 6
    """Inner corners along a column: one less than squares."""
    square: PositiveFloat = 0.025
    """Side of a square [m]. Poses of cameras scale with it; the lens does not."""
    marker: Annotated[float, Field(gt=0, lt=1)] = 0.75
    """Side of a ChArUco marker [share of a square]."""
    dictionary: str = "5x5_100"
    """Markers of a ChArUco board: bits, and how many there are."""

    def run(
        self,
        radiance: Annotated[Frames[RadianceImage], Under((Target("board"),))],
        camera: Camera,
    ) -> LensCalibration:
        """Return the lens of one camera."""
        if self.square > LARGE_SQUARE_M:
            logger.warning(
                "square = %g: the squares of the board are said to be %g m wide. Meters are meant: "
                "25 mm are 0.025.",
                self.square,
                self.square,
            )
        try:
            return self._solve(radiance)
        except ValueError as error:
            raise SolveError(f"measure_lens: camera {camera.name!r}: {error}") from error

    def pattern(self) -> Board:
        """Return the board that is looked for; `ValueError` if there is no such board."""
        from olat.geometry.board import Board

        return Board(self.columns, self.rows, self.square, self.board, self.marker, self.dictionary)

    def _solve(self, frames: Frames[RadianceImage]) -> LensCalibration:
        from olat.geometry.board import find_board
        from olat.geometry.lens_solve import FEWEST_VIEWS, lens_from_boards

        board = self.pattern()
        views: dict[int, BoardView] = {}
        sizes: dict[tuple[int, int], int] = {}
        for index, image in frames.items():
            height, width = image.radiance.shape[:2]
            sizes.setdefault((height, width), index)
            if (view := find_board(image.radiance, board)) is not None:
                views[index] = view
        if len(sizes) > 1:
            told = ", ".join(f"{w} x {h} px in frame {index}" for (h, w), index in sizes.items())
            raise ValueError(f"the photographs of the board have sizes: {told}; needed is one.")
        missing = [index for index in frames if index not in views]
        if len(views) < FEWEST_VIEWS:
            raise ValueError(_too_few(board, views, missing, frames))
        if missing:
            logger.warning(
                "No whole board was found in frames %s: not used.", format_frames(missing)
            )
        _note_part(board, [frames[index].radiance for index in [*views][:PROBED]])
        solution = lens_from_boards(views, board, height=height, width=width)
        if solution.left_out:
            logger.warning(
                "The corners in frames %s fit no lens that fits the others: left out. Look whether "
                "they are blurred, or the board was bent.",
                format_frames(solution.left_out),
            )
        _note_doubts(solution.lens)
        return solution.lens


def _note_part(board: Board, pictures: list[Radiance]) -> None:
    """Note if what was found is a part of a larger board, which may be another one each time."""
    from olat.geometry.board import larger_board

    larger = [found for picture in pictures if (found := larger_board(picture, board))]
    whole, seen = Counter(larger).most_common(1)[0] if larger else (None, 0)
    if whole is not None and seen >= AGREEING:
        logger.warning(
            "The board seems to have %d x %d corners inside; %d x %d of them were used. Set "
            "columns and rows to all of them: which part is found may differ between views.",
            whole.columns,
            whole.rows,
            board.columns,
            board.rows,
        )


def _note_doubts(lens: LensCalibration) -> None:
    coverage, rms = lens.residuals["coverage"], lens.residuals["rms_px"]
    if coverage < LITTLE_COVERAGE:
        logger.warning(
            "The boards cover %.0f %% of the frame: distortion outside of them is guessed. Take "
            "views with the board in every corner.",
            100 * coverage,
        )
    if rms > LARGE_RMS_PX:
        logger.warning(
            "Corners lie %.1f px from where the lens would put them; below %.0f px is usual. The "
            "board may be bent, or the focus changed.",
            rms,
            LARGE_RMS_PX,
        )


def _too_few(
    board: Board,
    views: dict[int, BoardView],
    missing: list[int],
    frames: Frames[RadianceImage],
) -> str:
    """Say where no board was found, and whether one of another size was."""
    from olat.geometry.board import other_board

    where = f"not in frames {format_frames(missing)}" if missing else "in every frame"
    told = (
        f"a {board.kind} with {board.columns} x {board.rows} inner corners was found in "
        f"{len(views)} of {len(frames)} photographs, {where}; at least 3 views from different "
        "directions are needed. "
    )
    other = other_board(frames[missing[0]].radiance, board) if missing and not views else None
    if other is not None:
        return told + (
            f"Frame {missing[0]} shows one with {other.columns} x {other.rows}: count the corners "
            "inside, not the squares."
        )
    return told + (
        "Set columns and rows to the corners inside the board, and see that all of it is in the "
        "picture, sharp and evenly lit, with a white rim."
    )
