"""Corners of boards in photographs with known answers."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from olat.geometry.board import Board, display_copies, find_board
from tests.support.boards import centered, photograph, poses, view_of
from tests.support.lenses import lens_of

CHESS = Board(7, 4, 0.03)
CHARUCO = Board(7, 4, 0.03, kind="charuco")
SMALL = lens_of("barrel").at(360, 480)


def seen(board, rotation, translation, lens=SMALL):
    pose = centered(board, rotation, translation)
    return photograph(board, lens, *pose), view_of(board, lens, *pose)


@pytest.mark.parametrize("board", [CHESS, CHARUCO], ids=["chessboard", "charuco"])
def test_corners_are_found_to_a_fraction_of_a_pixel(rng, board):
    errors = []
    for rotation, translation in poses(rng, 4, distance=0.4):
        radiance, truth = seen(board, rotation, translation)
        found = find_board(radiance, board)
        assert found is not None
        assert_array_equal(np.sort(found.ids), truth.ids[np.isin(truth.ids, found.ids)])
        assert len(found.ids) >= (28 if board is CHESS else 15)
        errors.append(found.corners - truth.corners[found.ids])
    rms = np.sqrt(np.mean(np.concatenate(errors) ** 2))
    print(f"{board.kind}: corners within {rms:.3f} px")
    assert rms < 0.1


@pytest.mark.parametrize("degrees", [180.0, 150.0])
def test_a_chessboard_upside_down_keeps_its_first_corner(degrees):
    angle = np.deg2rad(degrees)
    turn = np.array(
        [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1.0]]
    )
    radiance, truth = seen(CHESS, turn, np.array([0.0, 0.0, 0.4]))
    found = find_board(radiance, CHESS)
    assert_allclose(found.corners, truth.corners, rtol=0, atol=0.3)


def test_a_board_with_two_even_counts_is_the_same_upside_down():
    assert not Board(8, 6, 0.03).is_oriented
    assert Board(9, 6, 0.03).is_oriented
    assert Board(8, 6, 0.03, kind="charuco").is_oriented


def test_part_of_a_charuco_board_is_enough():
    radiance, truth = seen(CHARUCO, np.eye(3), np.array([0.13, 0.0, 0.3]))
    found = find_board(radiance, CHARUCO)
    assert 8 <= len(found.ids) < 28
    assert_allclose(found.corners, truth.corners[found.ids], rtol=0, atol=0.3)


def test_part_of_a_chessboard_is_not_a_board():
    radiance, _ = seen(CHESS, np.eye(3), np.array([0.13, 0.0, 0.3]))
    assert find_board(radiance, CHESS) is None


@pytest.mark.parametrize("exposure", [1e-3, 1.0, 30.0])
def test_a_board_is_found_at_any_exposure(exposure):
    radiance, truth = seen(CHESS, np.eye(3), np.array([0.0, 0.0, 0.4]))
    found = find_board((radiance * exposure).astype(np.float32), CHESS)
    assert_allclose(found.corners, truth.corners, rtol=0, atol=0.2)


def test_a_board_is_found_beside_lamps_that_are_far_brighter():
    radiance, truth = seen(CHESS, np.eye(3), np.array([0.0, 0.0, 0.4]))
    radiance[:, :40] = 200.0
    found = find_board(radiance, CHESS)
    assert_allclose(found.corners, truth.corners, rtol=0, atol=0.2)


@pytest.mark.slow
def test_a_large_photograph_is_searched_small_and_read_whole():
    lens = lens_of("barrel").at(1260, 1680)
    radiance, truth = seen(CHESS, np.eye(3), np.array([0.0, 0.0, 0.4]), lens)
    found = find_board(radiance, CHESS)
    assert_allclose(found.corners, truth.corners, rtol=0, atol=0.2)


def test_noise_and_darkness_hold_no_board(rng):
    assert find_board(rng.random((240, 320, 3), np.float32), CHESS) is None
    assert find_board(np.zeros((240, 320, 3), np.float32), CHESS) is None
    assert not list(display_copies(np.full((8, 8, 3), -0.1, np.float32)))


def test_what_is_no_board_is_refused():
    with pytest.raises(ValueError, match=r"1 x 6 inner corners of 0\.02 m; at least 2 x 2"):
        Board(1, 6, 0.02)
    with pytest.raises(ValueError, match="no dictionary '5x5_10'; did you mean '5x5_100'"):
        Board(7, 4, 0.03, kind="charuco", dictionary="5x5_10")
    with pytest.raises(ValueError, match="no dictionary 'zzz'; there are 4x4_100"):
        Board(7, 4, 0.03, kind="charuco", dictionary="zzz")
