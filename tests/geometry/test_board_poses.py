"""Cameras placed by views of a board that they share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.spatial.transform import Rotation

from olat.geometry.board import Board, BoardView
from olat.geometry.board_poses import pose_of_board, poses_from_boards
from olat.geometry.camera import in_camera, projected
from olat.geometry.placement import in_reference_frame, place_of
from tests.geometry.test_placement import looking_at, stage
from tests.support.boards import view_of

BOARD = Board(7, 4, 0.03)


def shared_views(cameras, rng, *, sigma=0.0, frames=8, unseen=()):
    """Hold a board near the origin, facing the cameras roughly, and look at it."""
    ids = np.arange(28)
    views = {name: {} for name in cameras}
    for frame in range(frames):
        facing = Rotation.from_euler("xyz", [180, 0, 0], degrees=True)
        turn = (Rotation.from_rotvec(rng.normal(0, 0.25, 3)) * facing).as_matrix()
        places = (BOARD.places(ids) - BOARD.places(ids).mean(axis=0)) @ turn.T
        places = places + rng.normal(0, 0.05, 3)
        for name, lens in cameras.items():
            if (name, frame) not in unseen:
                corners = projected(in_camera(places, lens), lens)
                noise = sigma * rng.normal(size=corners.shape)
                views[name][frame] = BoardView(ids, corners + noise)
    return views


def without_pose(lenses):
    return {name: replace(lens, rotation=None, translation=None) for name, lens in lenses.items()}


def test_a_board_is_found_where_it_stands(rng):
    lens = without_pose(stage())["front"]
    turn = Rotation.from_rotvec([0.3, -0.4, 0.2]).as_matrix()
    pose = pose_of_board(view_of(BOARD, lens, turn, np.array([0.1, 0.0, 0.6])), lens, BOARD)
    assert_allclose(pose.rotation, turn, rtol=0, atol=1e-6)
    assert_allclose(pose.shift, [0.1, 0.0, 0.6], rtol=0, atol=1e-6)


def test_cameras_are_placed_exactly_by_exact_corners(rng):
    truth = stage()
    found = poses_from_boards(
        shared_views(truth, rng), without_pose(truth), BOARD, reference="front"
    )
    assert_allclose(found["front"].rotation, np.eye(3), rtol=0, atol=0)
    placed = in_reference_frame(found, "front", distance=1.5)
    for name, lens in placed.items():
        assert_allclose(lens.rotation, truth[name].rotation, rtol=0, atol=1e-6)
        assert_allclose(place_of(lens), place_of(truth[name]), rtol=0, atol=1e-6)
        assert lens.residuals["pose_rms_px"] < 1e-3


@pytest.mark.slow
def test_a_chain_of_shared_views_is_enough_with_noise_and_a_bad_view(rng):
    truth = stage()
    # Left and right never see the board at once.
    unseen = {("left", n) for n in range(8)} | {("right", n) for n in range(8, 16)}
    views = shared_views(truth, rng, sigma=0.2, frames=16, unseen=unseen)
    moved = views["right"][3]
    views["right"][3] = BoardView(moved.ids, moved.corners + 6.0)
    found = poses_from_boards(views, without_pose(truth), BOARD, reference="front")
    placed = in_reference_frame(found, "front", distance=1.5)
    off = {
        name: 1000 * np.linalg.norm(place_of(lens) - place_of(truth[name]))
        for name, lens in placed.items()
    }
    print("cameras off by [mm]:", {name: round(value, 2) for name, value in off.items()})
    # The board is 60 px wide; 28 corners of the bad view still pull, but not by their squares.
    assert max(off.values()) < 15.0
    assert placed["left"].residuals["pose_rms_px"] < 0.35


def test_cameras_that_share_nothing_are_named(rng):
    truth = stage()
    unseen = {("left", n) for n in range(4)} | {
        (name, n) for n in range(4, 8) for name in ("front", "right")
    }
    views = shared_views(truth, rng, unseen=unseen)
    with pytest.raises(ValueError, match="no view of the board is shared by left and front, right"):
        poses_from_boards(views, without_pose(truth), BOARD, reference="front")


def test_a_board_that_is_the_same_upside_down_is_refused(rng):
    truth = stage()
    with pytest.raises(ValueError, match="8 x 6 inner corners is the same upside down"):
        poses_from_boards(
            shared_views(truth, rng), without_pose(truth), Board(8, 6, 0.03), reference="front"
        )


def test_corners_that_no_pose_sees_are_refused():
    lens = looking_at([0.0, 0.0, 1.0], [0.0, 0.0, 0.0])
    nowhere = BoardView(np.arange(28), np.full((28, 2), np.nan))
    with pytest.raises(ValueError, match="28 corners of a board are seen by no pose"):
        pose_of_board(nowhere, lens, BOARD)
