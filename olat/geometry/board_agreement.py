"""Which views of a board agree about where cameras stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np

from olat.geometry.board import Board, BoardView
from olat.geometry.board_moves import LEAST_NOISE_PX, require_still
from olat.geometry.board_poses import (
    Pose,
    Views,
    offsets_of,
    pose_of_board,
    rms_of,
    solved_poses,
)
from olat.geometry.pose_gains import PoseGains
from olat.model.calibration import LensCalibration

FAR_TIMES = 3.0
"""A view that is off by that many times what its camera's single views are is left out."""
MOST_LEFT_OUT = 1.0 / 3.0
"""Share of a camera's views that may be left out."""
ALIKE = 0.7
"""Views that gain at least this share of what the worst one gains go together with it."""


def agreeing_views(
    views: Views, lenses: Mapping[str, LensCalibration], board: Board, *, reference: str
) -> tuple[dict[str, dict[int, BoardView]], dict[str, tuple[int, ...]]]:
    """Leave out views that fit no place of their camera that fits the others.

    Parameters
    ----------
    views, lenses, board, reference
        As for `olat.geometry.board_poses.poses_from_boards`.

    Returns
    -------
    views
        Those that agree, of frames that two cameras still share.
    left_out
        The frames of the others by camera.

    Raises
    ------
    ValueError
        As `poses_from_boards`, if a camera was moved between frames, or if more than a third of a
        camera's views would be left out.

    Notes
    -----
    Assumes that most views are right: that cameras and lenses stayed as they are, and that frames
    of equal number were taken at once. What is far is judged by the noise: by what a view of the
    board leaves if it is fitted alone. A view that does not even fit alone goes at once. Of a frame
    with views that are too far off, the one goes without which all others would fit best, which
    need not be the farthest one: the board is pulled away from where the others see it. Of two
    views it is not known which is wrong: both go.
    """
    alone = _alone(views, lenses, board)
    limits = _limits(alone)
    kept = {camera: dict(found) for camera, found in views.items()}
    gone: dict[str, set[int]] = {camera: set() for camera in views}
    worst = [place for place, distance in alone.items() if not distance <= limits[place[0]]]
    while True:
        for camera, frame in worst:
            del kept[camera][frame]
            gone[camera].add(frame)
        _require_most(views, gone)
        kept = _shared(kept)
        if not (worst := _worst(kept, lenses, board, reference, alone)):
            break
    return kept, {camera: tuple(sorted(frames)) for camera, frames in gone.items() if frames}


def _alone(
    views: Views, lenses: Mapping[str, LensCalibration], board: Board
) -> dict[tuple[str, int], float]:
    """Return how far the corners of each view are off if it is fitted alone [px]."""
    off = {}
    for camera, found in views.items():
        for frame, view in found.items():
            way = pose_of_board(view, lenses[camera], board)
            off[camera, frame] = _off(way, lenses[camera], view, board)
    return off


def _off(way: Pose, lens: LensCalibration, view: BoardView, board: Board) -> float:
    # Not a number where a corner would lie behind the camera.
    return float(np.nan_to_num(rms_of(offsets_of(lens, way, view, board)), nan=np.inf))


def _limits(alone: Mapping[tuple[str, int], float]) -> dict[str, float]:
    """Return how far the corners of a camera's views may be off [px]."""
    limits = {}
    for camera in {camera for camera, _ in alone}:
        found = sorted(distance for (name, _), distance in alone.items() if name == camera)
        # The lower one of two, so that of two views the worse is not its own measure.
        limits[camera] = FAR_TIMES * max(LEAST_NOISE_PX, found[(len(found) - 1) // 2])
    return limits


def _worst(
    views: Views,
    lenses: Mapping[str, LensCalibration],
    board: Board,
    reference: str,
    alone: Mapping[tuple[str, int], float],
) -> list[tuple[str, int]]:
    """Return the views that most disagree with others, of frames that have one too far off."""
    cameras, boards = solved_poses(views, lenses, board, reference)
    gains = PoseGains(views, lenses, board, cameras=cameras, boards=boards)
    require_still(
        {view: off for view, off in alone.items() if view[1] in views[view[0]]}, gains, views
    )
    limits = _limits(alone)
    far = {
        frame
        for camera, stands in cameras.items()
        for frame, view in views[camera].items()
        if not _off(stands.after(boards[frame]), lenses[camera], view, board) <= limits[camera]
    }
    found = {frame: _to_drop(frame, views, gains) for frame in far}
    most = max((gain for gain, _ in found.values()), default=0.0)
    return [place for gain, places in found.values() if gain >= ALIKE * most for place in places]


def _to_drop(
    frame: int, views: Views, gains: PoseGains
) -> tuple[float, tuple[tuple[str, int], ...]]:
    """Return the view of a frame whose absence gains most, or both of two, and that gain."""
    found = [(gains.gain(camera, [frame]), camera) for camera in views if frame in views[camera]]
    gain, worst = max(found)
    named = [worst] if len(found) > 2 else [camera for _, camera in found]
    return gain, tuple((camera, frame) for camera in named)


def _require_most(views: Views, gone: Mapping[str, set[int]]) -> None:
    for camera, frames in gone.items():
        if len(frames) > MOST_LEFT_OUT * len(views[camera]):
            told = ", ".join(map(str, sorted(frames)))
            raise ValueError(
                f"poses: cameras disagree about the board in frames {told}: {len(frames)} of "
                f"the {len(views[camera])} that {camera!r} has; two thirds have to agree. Were all "
                "cameras triggered at once, did none of them move, is each lens its camera's?"
            )


def _shared(views: Mapping[str, Mapping[int, BoardView]]) -> dict[str, dict[int, BoardView]]:
    """Return the views of frames that two cameras share."""
    counts = Counter(frame for found in views.values() for frame in found)
    return {
        camera: {frame: view for frame, view in found.items() if counts[frame] > 1}
        for camera, found in views.items()
    }
