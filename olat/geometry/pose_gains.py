"""By how much views of a board would fit better if a camera stood elsewhere in some frames."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from jaxtyping import Float64
from scipy.spatial.transform import Rotation

from olat.geometry.board import Board, BoardView
from olat.geometry.board_poses import Pose, SixNumbers, Views, offsets_of
from olat.geometry.bundle import LOSS_PX, NUDGE
from olat.model.calibration import LensCalibration
from olat.model.shapes import Array

SixBySix: TypeAlias = Float64[Array, "6 6"]

LOST_PX = 1e4
"""How far off a corner counts that would lie behind its camera."""
SEEN = 1e-6
"""Share of a movement's effect that boards and cameras must not be able to undo."""
TINY = 1e-9
"""Keeps a view that shows nothing at all from being divided by."""


@dataclass(frozen=True)
class _Equations:
    """What one view says about its camera and its board, in a robust sum of squares."""

    camera: SixBySix
    across: SixBySix
    board: SixBySix
    pull: SixNumbers
    """Half the slope of the sum for the camera's pose."""
    squares: float
    lost: float
    """What corners count that would lie behind the camera."""


class PoseGains:
    r"""The squares that views keep, and how they would fall.

    If a camera moves by :math:`\delta` in some frames alone, the sum of squares falls by

    .. math:: g^T (D - C M^{-1} C^T)^{-1} g

    with the slope g and the curvature D of these views, the curvature M of the whole adjustment
    and the part C that both share.

    Notes
    -----
    Assumes poses at the least sum, and movements small enough for straight lines. One adjustment is
    enough for all cameras and frames. What other cameras and boards could undo gains nothing.

    References
    ----------
    .. [1] Triggs et al., Bundle adjustment - a modern synthesis, Vision Algorithms 1999, section 9.
    """

    def __init__(
        self,
        views: Views,
        lenses: Mapping[str, LensCalibration],
        board: Board,
        *,
        cameras: Mapping[str, Pose],
        boards: Mapping[int, Pose],
    ) -> None:
        """Take poses as `olat.geometry.board_poses.solved_poses` finds them; the first stays."""
        movable = [*cameras][1:]
        self._block = {key: index for index, key in enumerate((*movable, *boards))}
        self._equations = {
            (camera, frame): _equations(
                view, lenses[camera], board, cameras[camera].after(boards[frame])
            )
            for camera in cameras
            for frame, view in views[camera].items()
        }
        self._undone = np.linalg.pinv(self._curvature(), rcond=1e-12, hermitian=True)

    @property
    def squares(self) -> float:
        """Return the robust sum of squares [px^2]."""
        return sum(view.squares + view.lost for view in self._equations.values())

    def gain(self, camera: str, frames: Collection[int]) -> float:
        """Return by how much it falls if the camera stands elsewhere in these frames [px^2]."""
        views = {frame: self._equations[camera, frame] for frame in frames}
        own = sum((view.camera for view in views.values()), np.zeros((6, 6)))
        pull = sum((view.pull for view in views.values()), np.zeros(6))
        shared = np.zeros((6, 6 * len(self._block)))
        if camera in self._block:
            shared[:, self._places(camera)] = own
        for frame, view in views.items():
            shared[:, self._places(frame)] = view.across
        left = own - shared @ self._undone @ shared.T
        # In units in which the movement's own effect is 1, so that "nothing" is a number.
        root = np.linalg.inv(np.linalg.cholesky(own + TINY * np.eye(6)))
        share, turned = np.linalg.eigh(root @ left @ root.T)
        along = turned.T @ root @ pull
        is_seen = share > SEEN
        lost = sum(view.lost for view in views.values())
        return lost + float(np.sum(along[is_seen] ** 2 / share[is_seen]))

    def _places(self, key: str | int) -> slice:
        return slice(6 * self._block[key], 6 * self._block[key] + 6)

    def _curvature(self) -> Float64[Array, "n n"]:
        whole = np.zeros((6 * len(self._block),) * 2)
        for (camera, frame), view in self._equations.items():
            at = self._places(frame)
            whole[at, at] += view.board
            if camera in self._block:
                stands = self._places(camera)
                whole[stands, stands] += view.camera
                whole[stands, at] += view.across
                whole[at, stands] += view.across.T
        return whole


def _equations(view: BoardView, lens: LensCalibration, board: Board, way: Pose) -> _Equations:
    off = -offsets_of(lens, way, view, board)
    slopes = np.empty((*off.shape, 6))
    for column in range(6):
        nudged = _nudge(column).after(way)
        slopes[..., column] = (-offsets_of(lens, nudged, view, board) - off) / NUDGE
    known = np.isfinite(off).all(axis=1) & np.isfinite(slopes).all(axis=(1, 2))
    off, slopes = off[known], slopes[known]
    weight = np.minimum(1.0, LOSS_PX / np.maximum(np.linalg.norm(off, axis=1), 1e-12))
    by_camera = slopes.reshape(-1, 6)
    weighted = (slopes * weight[:, np.newaxis, np.newaxis]).reshape(-1, 6)
    # A nudge of the board is one of the camera, turned and moved.
    x, y, z = way.shift
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    turn = np.block([[way.rotation, np.zeros((3, 3))], [cross @ way.rotation, way.rotation]])
    curvature = weighted.T @ by_camera
    return _Equations(
        camera=curvature,
        across=curvature @ turn,
        board=turn.T @ curvature @ turn,
        pull=weighted.T @ off.ravel(),
        squares=float(np.sum(weight * np.sum(off**2, axis=1))),
        lost=LOST_PX**2 * float(np.count_nonzero(~known)),
    )


def _nudge(column: int) -> Pose:
    step = np.zeros(6)
    step[column] = NUDGE
    return Pose(Rotation.from_rotvec(step[:3]).as_matrix(), step[3:])
