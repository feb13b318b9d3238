"""Where cameras stand, from views of a board that they share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

import cv2
import numpy as np
from jaxtyping import Float64
from scipy.spatial.transform import Rotation

from olat.geometry.board import Board, BoardView
from olat.geometry.bundle import Sighting, adjusted
from olat.geometry.camera import projected, to_slopes, undistorted
from olat.model.calibration import LensCalibration
from olat.model.shapes import Array

Views: TypeAlias = Mapping[str, Mapping[int, BoardView]]
"""Corners by camera and frame; frames of equal number were taken at once."""
SixNumbers: TypeAlias = Float64[Array, "6"]
"""A rotation vector and a shift [m]."""


@dataclass(frozen=True)
class Pose:
    """Takes places from one frame of axes to another: ``R x + t``."""

    rotation: Float64[Array, "3 3"]
    shift: Float64[Array, "3"]

    def after(self, first: Pose) -> Pose:
        """Return the pose that does first the other and then this."""
        return Pose(self.rotation @ first.rotation, self.rotation @ first.shift + self.shift)

    def inverse(self) -> Pose:
        """Return the way back."""
        return Pose(self.rotation.T, -self.rotation.T @ self.shift)


def require_oriented(board: Board) -> None:
    """Refuse a board that is the same upside down: cameras may disagree about its first corner.

    Raises
    ------
    ValueError
        If it is.
    """
    if not board.is_oriented:
        raise ValueError(
            f"poses: a chessboard with {board.columns} x {board.rows} inner corners is the same "
            "upside down, so that cameras may disagree about its first corner; one even and one "
            "odd count, or a ChArUco board, is needed."
        )


def pose_of_board(view: BoardView, lens: LensCalibration, board: Board) -> Pose:
    """Return the pose that takes the board's axes to the camera's.

    Raises
    ------
    ValueError
        If the corners are seen by no pose.
    """
    places = board.places(view.ids)
    slopes = undistorted(to_slopes(view.corners, lens), lens.distortion)
    known = np.isfinite(slopes).all(axis=1)
    if np.count_nonzero(known) >= 4:
        found, turn, shift = cv2.solvePnP(
            places[known], slopes[known], np.eye(3), np.zeros(4), flags=cv2.SOLVEPNP_IPPE
        )
        if found:
            turn, shift = cv2.solvePnPRefineLM(
                places[known], slopes[known], np.eye(3), np.zeros(4), turn, shift
            )
            return Pose(np.asarray(cv2.Rodrigues(turn)[0]), np.asarray(shift).ravel())
    raise ValueError(
        f"poses: {len(view.ids)} corners of a board are seen by no pose; at least 4 that fit the "
        "lens were needed. Check that the lens is that of the camera."
    )


def poses_from_boards(
    views: Views, lenses: Mapping[str, LensCalibration], board: Board, *, reference: str
) -> dict[str, LensCalibration]:
    """Place cameras by the views of a board that they share.

    Parameters
    ----------
    views
        Corners by camera and frame. Frames of equal number were taken at once.
    lenses
        Of each camera, without a pose.
    board
        Must look different upside down.
    reference
        The camera whose axes are those of the result.

    Returns
    -------
    lenses
        With poses: world is the reference camera, x right, y down, z forward [m]. Among their
        residuals are `pose_rms_px`, that of the camera's corners, and `pose_views`.
        `olat.geometry.placement.in_reference_frame` takes them to the world of the stage.

    Raises
    ------
    ValueError
        If the board is the same upside down, or no chain of shared views leads to a camera.

    Notes
    -----
    Assumes cameras that were triggered together, or a board that stood still. Poses are chained
    along the pairs that share most views, and then refined together: corners, cameras and boards
    in one robust bundle adjustment (Huber), with the lenses kept.

    References
    ----------
    .. [1] Zhang, A flexible new technique for camera calibration, PAMI 2000, section 3.
    .. [2] Triggs et al., Bundle adjustment - a modern synthesis, Vision Algorithms 1999.
    """
    cameras, boards = solved_poses(views, lenses, board, reference)
    return {
        camera: _placed(lenses[camera], stands, views[camera], boards, board)
        for camera, stands in cameras.items()
    }


def solved_poses(
    views: Views, lenses: Mapping[str, LensCalibration], board: Board, reference: str
) -> tuple[dict[str, Pose], dict[int, Pose]]:
    """Return the poses of cameras, from the reference's axes to theirs, and of boards.

    Raises
    ------
    ValueError
        As `poses_from_boards`.
    """
    require_oriented(board)
    seen = {
        (camera, frame): pose_of_board(view, lenses[camera], board)
        for camera, frames in views.items()
        for frame, view in frames.items()
    }
    cameras = _chained(seen, reference, tuple(views))
    return _moved_to_fit(views, lenses, board, cameras, _boards(seen, cameras))


def _chained(
    seen: Mapping[tuple[str, int], Pose], reference: str, names: tuple[str, ...]
) -> dict[str, Pose]:
    """Return poses from the reference's axes to each camera's, along shared views."""
    frames = {name: {frame for camera, frame in seen if camera == name} for name in names}
    cameras = {reference: Pose(np.eye(3), np.zeros(3))}
    while len(cameras) < len(names):
        pairs = [
            (len(frames[near] & frames[far]), near, far)
            for near in cameras
            for far in names
            if far not in cameras
        ]
        count, near, far = max(pairs, key=lambda pair: pair[0])
        if not count:
            lost = ", ".join(name for name in names if name not in cameras)
            raise ValueError(
                f"poses: no view of the board is shared by {lost} and {', '.join(cameras)}; "
                "needed is a chain of frames in which two cameras see the board at once."
            )
        steps = [
            seen[far, frame].after(seen[near, frame].inverse())
            for frame in sorted(frames[near] & frames[far])
        ]
        cameras[far] = _middle(steps).after(cameras[near])
    return cameras


def _middle(poses: list[Pose]) -> Pose:
    """Return the pose that is nearest to all others, so that one bad view does not count."""
    turns = Rotation.from_matrix(np.stack([pose.rotation for pose in poses]))
    apart = [float(np.sum((turns * turn.inv()).magnitude())) for turn in turns]
    return poses[int(np.argmin(apart))]


def _boards(seen: Mapping[tuple[str, int], Pose], cameras: Mapping[str, Pose]) -> dict[int, Pose]:
    """Return poses from the board's axes in each frame to the reference's."""
    frames: dict[int, list[Pose]] = {}
    for (camera, frame), pose in seen.items():
        frames.setdefault(frame, []).append(cameras[camera].inverse().after(pose))
    return {frame: _middle(poses) for frame, poses in frames.items()}


def _moved_to_fit(
    views: Views,
    lenses: Mapping[str, LensCalibration],
    board: Board,
    cameras: dict[str, Pose],
    boards: dict[int, Pose],
) -> tuple[dict[str, Pose], dict[int, Pose]]:
    """Return cameras and boards moved to where the corners fit best; the first camera stays."""
    reference, *movable = cameras
    block = {key: index for index, key in enumerate((*movable, *boards))}

    def sighting(camera: str, frame: int) -> Sighting:
        view, lens = views[camera][frame], lenses[camera]
        places = board.places(view.ids)

        def residuals(numbers: Float64[Array, "block 6"]) -> Float64[Array, "corner 2"]:
            way = _pose(numbers[-1])
            if camera != reference:
                way = _pose(numbers[0]).after(way)
            return np.asarray(projected(places @ way.rotation.T + way.shift, lens) - view.corners)

        keys = (frame,) if camera == reference else (camera, frame)
        return Sighting(tuple(block[key] for key in keys), residuals)

    start = np.stack(
        [_numbers(pose) for pose in (*(cameras[name] for name in movable), *boards.values())]
    )
    pairs = [(camera, frame) for camera in cameras for frame in views[camera]]
    solved = adjusted(start, [sighting(*pair) for pair in pairs])
    found = {key: _pose(solved[index]) for key, index in block.items()}
    stay = {reference: cameras[reference]}
    return stay | {name: found[name] for name in movable}, {frame: found[frame] for frame in boards}


def _placed(
    lens: LensCalibration,
    stands: Pose,
    frames: Mapping[int, BoardView],
    boards: Mapping[int, Pose],
    board: Board,
) -> LensCalibration:
    off = [
        offsets_of(lens, stands.after(boards[frame]), view, board) for frame, view in frames.items()
    ]
    told = {"pose_rms_px": rms_of(np.concatenate(off)), "pose_views": float(len(frames))}
    residuals = {**lens.residuals, **told}
    return replace(lens, rotation=stands.rotation, translation=stands.shift, residuals=residuals)


def offsets_of(
    lens: LensCalibration, way: Pose, view: BoardView, board: Board
) -> Float64[Array, "corner 2"]:
    """Return how far corners are seen from where a board in some place has them [px]."""
    places = board.places(view.ids) @ way.rotation.T + way.shift
    return np.asarray(view.corners - projected(places, lens))


def rms_of(offsets: Float64[Array, "corner 2"]) -> float:
    """Return the root mean square length of offsets."""
    return float(np.sqrt(np.mean(np.sum(offsets**2, axis=1))))


def _numbers(pose: Pose) -> SixNumbers:
    return np.concatenate([Rotation.from_matrix(pose.rotation).as_rotvec(), pose.shift])


def _pose(numbers: SixNumbers) -> Pose:
    return Pose(Rotation.from_rotvec(numbers[:3]).as_matrix(), numbers[3:].copy())
