"""Views of a board that agree, and cameras that were moved between them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from olat.geometry.board import Board, BoardView
from olat.geometry.board_agreement import agreeing_views
from olat.geometry.board_poses import Pose, poses_from_boards, solved_poses
from olat.geometry.camera import in_camera, projected
from olat.geometry.placement import in_reference_frame, place_of
from olat.geometry.pose_gains import PoseGains
from tests.geometry.test_board_poses import BOARD, shared_views, without_pose
from tests.geometry.test_placement import looking_at, stage

NOISE_PX = 0.1
PLACES = {"front": [0.0, 0.0, 0.6], "left": [-0.32, 0.1, 0.5], "right": [0.3, -0.06, 0.54]}
SMALL = Board(7, 4, 0.03)


def near_stage():
    """Return three cameras half a meter from the subject."""
    matrix = np.array([[620.0, 0.0, 238.0], [0.0, 624.0, 182.0], [0.0, 0.0, 1.0]])
    return {
        name: looking_at(place, [0.0, 0.0, 0.0], matrix=matrix, height=360, width=480)
        for name, place in PLACES.items()
    }


def seen_from(cameras, rng, *, frames, off=None):
    """Hold a board around the origin; `off` is by how much [m along x] a camera sees it aside."""
    ids = np.arange(28)
    views = {name: {} for name in cameras}
    facing = Rotation.from_euler("x", 180, degrees=True)
    for frame in range(frames):
        turn = Rotation.from_rotvec(rng.uniform(-0.45, 0.45, 3)) * facing
        places = (SMALL.places(ids) - SMALL.places(ids).mean(axis=0)) @ turn.as_matrix().T
        places = places + rng.uniform(-0.03, 0.03, 3)
        for name, lens in cameras.items():
            moved = places + np.array([off(name, frame) if off else 0.0, 0.0, 0.0])
            corners = projected(in_camera(moved, lens), lens)
            corners = corners + rng.normal(0.0, NOISE_PX, corners.shape)
            views[name][frame] = BoardView(ids, corners)
    return views


def farthest_mm(views, truth):
    """Return by how much the worst camera is moved [mm]."""
    found = poses_from_boards(views, without_pose(truth), SMALL, reference="front")
    placed = in_reference_frame(found, "front", distance=0.6)
    return max(
        1e3 * np.linalg.norm(place_of(lens) - place_of(truth[name]))
        for name, lens in placed.items()
    )


@pytest.mark.slow
@pytest.mark.parametrize("millimeters", [1.0, 2.0, 6.0])
@pytest.mark.parametrize("camera", ["front", "left"])
def test_a_camera_that_moved_is_named_with_the_frames_between_which_it_did(camera, millimeters):
    truth = near_stage()

    def off(name, frame):
        return 1e-3 * millimeters if name == camera and frame >= 4 else 0.0

    views = seen_from(truth, np.random.default_rng(1), frames=8, off=off)
    print(f"{camera} moved by {millimeters} mm: places {farthest_mm(views, truth):.1f} mm off")
    with pytest.raises(ValueError, match=f"camera '{camera}' was moved between frames 3 and 4"):
        agreeing_views(views, without_pose(truth), SMALL, reference="front")


def test_of_two_cameras_it_is_not_said_which_was_moved(rng):
    truth = {name: lens for name, lens in near_stage().items() if name != "right"}
    views = seen_from(
        truth, rng, frames=6, off=lambda name, frame: 0.005 * (name == "left" and frame >= 2)
    )
    with pytest.raises(ValueError, match="'front' or 'left' was moved between frames 1 and 2"):
        agreeing_views(views, without_pose(truth), SMALL, reference="front")


@pytest.mark.slow
@pytest.mark.parametrize("camera", ["front", "left", "right"])
@pytest.mark.parametrize("bad", [(3,), (3, 5)])
def test_of_a_frame_the_view_without_which_the_others_fit_is_left_out(camera, bad):
    truth = near_stage()

    def off(name, frame):
        return 0.005 if name == camera and frame in bad else 0.0

    views = seen_from(truth, np.random.default_rng(1), frames=8, off=off)
    kept, left_out = agreeing_views(views, without_pose(truth), SMALL, reference="front")
    assert left_out == {camera: bad}
    assert {name: len(found) for name, found in kept.items()} == {
        name: 8 - len(bad) * (name == camera) for name in truth
    }
    found = farthest_mm(kept, truth)
    print(f"frames {bad} of {camera} 5 mm off, and left out: places {found:.2f} mm off")
    assert found < 0.8


def test_one_bad_view_of_three_frames_is_found(rng):
    truth = near_stage()
    views = seen_from(
        truth, rng, frames=3, off=lambda name, frame: 0.005 * (name == "left" and frame == 1)
    )
    before = farthest_mm(views, truth)
    kept, left_out = agreeing_views(views, without_pose(truth), SMALL, reference="front")
    after = farthest_mm(kept, truth)
    print(f"one view of 3 frames is 5 mm off: places {before:.2f}, without it {after:.2f} mm off")
    assert left_out == {"left": (1,)}
    assert after < 2.0 < before


@pytest.mark.slow
def test_a_camera_that_lags_is_refused(rng):
    truth = near_stage()
    lags = rng.normal(0.0, 0.003, 8)
    views = seen_from(truth, rng, frames=8, off=lambda name, frame: lags[frame] * (name == "left"))
    with pytest.raises(ValueError, match=r"that 'left' has; two thirds have to agree"):
        agreeing_views(views, without_pose(truth), SMALL, reference="front")


@pytest.mark.slow
@pytest.mark.parametrize("frames", [2, 4, 8])
def test_good_views_are_all_kept_with_lenses_that_are_slightly_wrong(frames):
    truth = near_stage()
    for seed in range(3):
        rng = np.random.default_rng(seed)
        views = seen_from(truth, rng, frames=frames)
        lenses = without_pose(truth)
        for lens in lenses.values():
            lens.matrix[:2, 2] += rng.normal(0.0, 0.3, 2)
            lens.matrix[[0, 1], [0, 1]] *= 1.0 + rng.normal(0.0, 5e-4, 2)
        kept, left_out = agreeing_views(views, lenses, SMALL, reference="front")
        assert left_out == {}
        assert {name: list(found) for name, found in kept.items()} == {
            name: list(range(frames)) for name in truth
        }


def test_gains_are_what_an_adjustment_with_another_pose_gains(rng):
    """The closed form against the long way: a camera of its own for the frames that moved."""
    truth = near_stage()
    views = seen_from(
        truth, rng, frames=5, off=lambda name, frame: 5e-4 * (name == "left" and frame > 2)
    )
    lenses = without_pose(truth)

    def gains_of(views, lenses):
        cameras, boards = solved_poses(views, lenses, SMALL, "front")
        return PoseGains(views, lenses, SMALL, cameras=cameras, boards=boards)

    gains = gains_of(views, lenses)
    split = {**views, "left": {f: views["left"][f] for f in (0, 1, 2)}}
    split["moved"] = {f: views["left"][f] for f in (3, 4)}
    fall = gains.squares - gains_of(split, {**lenses, "moved": lenses["left"]}).squares
    assert gains.gain("left", [3, 4]) == pytest.approx(fall, rel=0.02)
    # What boards and cameras can follow gains nothing.
    assert gains.gain("left", range(5)) == pytest.approx(0.0, abs=1e-3 * fall)


def test_a_view_behind_its_camera_counts_as_lost(rng):
    truth = near_stage()
    views = seen_from(truth, rng, frames=2)
    cameras, boards = solved_poses(views, without_pose(truth), SMALL, "front")
    back = Pose(cameras["left"].rotation, cameras["left"].shift - np.array([0.0, 0.0, 2.0]))
    gains = PoseGains(
        views, without_pose(truth), SMALL, cameras={**cameras, "left": back}, boards=boards
    )
    assert gains.gain("left", [1]) > 1e9
    assert gains.squares > 1e9


@pytest.mark.slow
def test_views_that_agree_with_no_others_are_left_out_by_name(rng):
    truth = stage()
    views = shared_views(truth, rng, sigma=0.1, frames=9)
    for camera, frame in (("right", 3), ("front", 5)):
        found = views[camera][frame]
        corners = found.corners + rng.normal(0.0, 30.0, found.corners.shape)
        views[camera][frame] = BoardView(found.ids, corners)
    kept, left_out = agreeing_views(views, without_pose(truth), BOARD, reference="front")
    assert left_out == {"front": (5,), "right": (3,)}
    assert 5 in kept["left"]  # two cameras still share it
    found = poses_from_boards(kept, without_pose(truth), BOARD, reference="front")
    placed = in_reference_frame(found, "front", distance=1.5)
    off = max(
        np.linalg.norm(place_of(lens) - place_of(truth[name])) for name, lens in placed.items()
    )
    print(f"with two views of 27 scattered by 30 px, cameras are off by {1e3 * off:.2f} mm")
    assert off < 0.005


@pytest.mark.slow
def test_of_two_cameras_a_bad_view_takes_its_frame_along(rng):
    truth = {name: lens for name, lens in stage().items() if name != "right"}
    views = shared_views(truth, rng, frames=8)
    views["left"][2] = BoardView(
        views["left"][2].ids, views["left"][2].corners + np.array([40.0, 0.0])
    )
    kept, left_out = agreeing_views(views, without_pose(truth), BOARD, reference="front")
    assert left_out == {"front": (2,), "left": (2,)}  # which of them is wrong cannot be told
    assert all(2 not in found for found in kept.values())


@pytest.mark.slow
def test_frames_after_which_a_camera_was_moved_are_named(rng):
    truth = stage()
    views = shared_views(truth, rng, frames=8)
    for frame in range(5, 8):
        found = views["left"][frame]
        views["left"][frame] = BoardView(found.ids, found.corners + np.array([25.0, 10.0]))
    with pytest.raises(ValueError, match="camera 'left' was moved between frames 4 and 5: corners"):
        agreeing_views(views, without_pose(truth), BOARD, reference="front")
