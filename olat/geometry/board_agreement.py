"""Which views of a board agree about where cameras stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np

from olat.geometry.board import Board, BoardView
from olat.geometry.board_poses import Views, offsets_of, rms_of, solved_poses
from olat.model.calibration import LensCalibration

FAR_PX, FAR_TIMES = 1.0, 3.0
"""A view this far off, and that many times farther than the median view, is left out."""
MOST_LEFT_OUT = 1.0 / 3.0
"""Share of a camera's views that may be left out."""


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
        As `poses_from_boards`, or if more than a third of a camera's views would be left out. It
        is not told which of the cameras moved.

    Notes
    -----
    Assumes that most views are right: that cameras and lenses stayed as they are, and that frames
    of equal number were taken at once. A board may be found wrongly where it is seen askew. Of each
    frame the worst view goes first, since it pulls the board away from where the others see it.
    """
    kept = {camera: dict(found) for camera, found in views.items()}
    gone: dict[str, set[int]] = {camera: set() for camera in views}
    while worst := _worst(kept, lenses, board, reference):
        for frame, camera in worst.items():
            del kept[camera][frame]
            gone[camera].add(frame)
        _require_most(views, gone)
        kept = _shared(kept)
    return kept, {camera: tuple(sorted(frames)) for camera, frames in gone.items() if frames}


def _worst(
    views: Views, lenses: Mapping[str, LensCalibration], board: Board, reference: str
) -> dict[int, str]:
    """Return the camera whose view is too far off, and farthest, of each frame that has one."""
    cameras, boards = solved_poses(views, lenses, board, reference)
    off: dict[tuple[str, int], float] = {}
    for camera, stands in cameras.items():
        for frame, view in views[camera].items():
            seen = offsets_of(lenses[camera], stands.after(boards[frame]), view, board)
            # Not a number where a corner would lie behind the camera.
            off[camera, frame] = float(np.nan_to_num(rms_of(seen), nan=np.inf))
    limit = max(FAR_PX, FAR_TIMES * float(np.median([*off.values()])))
    far = [place for place, distance in off.items() if not distance <= limit]
    # Later entries win: the farthest of each frame.
    return {frame: camera for camera, frame in sorted(far, key=lambda place: off[place])}


def _require_most(views: Views, gone: Mapping[str, set[int]]) -> None:
    for camera, frames in gone.items():
        if len(frames) > MOST_LEFT_OUT * len(views[camera]):
            told = ", ".join(map(str, sorted(frames)))
            raise ValueError(
                f"poses: cameras disagree about the board in frames {told}, {len(frames)} of "
                f"{len(views[camera])} that {camera!r} has; two thirds have to agree. Were all "
                "cameras triggered at once, did none of them move, is each lens its camera's?"
            )


def _shared(views: Mapping[str, Mapping[int, BoardView]]) -> dict[str, dict[int, BoardView]]:
    """Return the views of frames that two cameras share."""
    counts = Counter(frame for found in views.values() for frame in found)
    return {
        camera: {frame: view for frame, view in found.items() if counts[frame] > 1}
        for camera, found in views.items()
    }
