"""A lens as a picture: corners, how far they are off, and how lines are bent."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from olat.io.lens_picture import CORNER, picture_of_lens
from olat.io.rig_canvas import ACCENT, ALARM
from olat.model.calibration import LensCalibration
from olat.model.evidence import BoardEvidence

HEAD, GAP, WIDTH, HEIGHT = 96, 16, 1000, 750
CORNERS = np.array([[100.0, 100.0], [300.0, 100.0], [300.0, 400.0], [100.0, 400.0]])
"""On a photograph of 800 x 600 px: shown 1.25 times as large."""


def lens_of(*boards: BoardEvidence, k1: float = 0.0) -> LensCalibration:
    matrix = np.array([[800.0, 0.0, 400.0], [0.0, 800.0, 300.0], [0.0, 0.0, 1.0]])
    distortion = np.array([k1, 0.0, 0.0, 0.0, 0.0])
    return LensCalibration(matrix, distortion, 600, 800, evidence=boards)


def panel(picture: np.ndarray, column: int) -> np.ndarray:
    left = GAP + column * (WIDTH + GAP)
    return picture[HEAD : HEAD + HEIGHT, left : left + WIDTH]


def places(shown: np.ndarray, color: tuple[int, int, int]) -> np.ndarray:
    """Return the pixels of a color in the photograph, x and y."""
    rows, columns = np.nonzero((np.abs(shown.astype(int) - color) < 40).all(axis=2))
    return (np.column_stack([columns, rows]) + 0.5) / 1.25 - 0.5


@pytest.mark.parametrize("is_used", [True, False])
def test_corners_lie_where_they_were_found_and_views_left_out_are_red(is_used: bool) -> None:
    usual = BoardEvidence(3, np.full((4, 2), 700.0), np.full((4, 2), 0.1))
    misses = np.zeros((4, 2)) if is_used else None
    shown = panel(picture_of_lens(lens_of(usual, BoardEvidence(8, CORNERS, misses))), 0)
    found = places(shown, CORNER if is_used else ALARM)
    for corner in CORNERS:
        near = found[np.abs(found - corner).max(axis=1) < 5.0]
        assert len(near) > 10
        np.testing.assert_allclose(near.mean(axis=0), corner, rtol=0, atol=0.5)


def test_arrows_point_to_where_corners_were_found_magnified_as_the_legend_says() -> None:
    """0.3 px rms asks for 24 px on the picture, where a pixel is 1.25: 50 times as long."""
    board = BoardEvidence(0, CORNERS, np.full((4, 2), (0.3, 0.0)))
    found = places(panel(picture_of_lens(lens_of(board)), 0), ACCENT)
    at_first = found[np.abs(found[:, 1] - 100.0) < 4.0]
    at_first = at_first[at_first[:, 0] < 200.0]
    assert at_first[:, 0].min() > 99.0
    assert at_first[:, 0].max() == pytest.approx(100.0 + 50 * 0.3, abs=1.5)


def test_lines_are_bent_as_the_lens_bends_them() -> None:
    """Barrel distortion moves the middle of the left edge by k1 r^3 f = 20 px, inwards."""
    board = BoardEvidence(0, CORNERS, np.full((4, 2), 0.1))
    straight, bent = (
        places(panel(picture_of_lens(lens_of(board, k1=k1)), 1), ACCENT) for k1 in (0.0, -0.2)
    )
    edges = [found[np.abs(found[:, 1] - 285.0) < 6.0][:, 0].min() for found in (straight, bent)]
    assert edges[0] == pytest.approx(0.0, abs=1.5)
    assert edges[1] == pytest.approx(20.0, abs=2.0)


def test_a_grid_that_turns_back_on_itself_is_drawn_as_far_as_it_goes() -> None:
    lens = lens_of(BoardEvidence(0, CORNERS, np.full((4, 2), 0.1)), k1=-1.5)
    assert picture_of_lens(lens).shape == (HEAD + HEIGHT + GAP + 48, 2 * WIDTH + 3 * GAP, 3)
    assert picture_of_lens(replace(lens, residuals={"coverage": 0.5})).any()


def test_the_legend_names_views_left_out_only_where_there_are_some() -> None:
    used = BoardEvidence(3, CORNERS, np.full((4, 2), 0.1))
    legends = [
        picture_of_lens(lens_of(*boards))[-48:]
        for boards in ((used,), (used, BoardEvidence(8, CORNERS + 150.0, None)))
    ]
    reds = [np.count_nonzero((legend == ALARM).all(axis=2)) for legend in legends]
    assert reds[0] == 0
    assert reds[1] > 20


@pytest.mark.parametrize(("height", "width"), [(6000, 400), (400, 6000), (9000, 6000)])
def test_no_lens_makes_a_picture_higher_than_a_portrait(height: int, width: int) -> None:
    lens = replace(lens_of(BoardEvidence(0, CORNERS, np.full((4, 2), 0.1))), height=height)
    assert picture_of_lens(replace(lens, width=width)).shape[0] <= HEAD + 1500 + GAP + 48


def test_numbers_of_boards_in_one_place_keep_off_corners_and_each_other() -> None:
    """Two dozen boards about one place: each number that is written is counted, or left out."""
    many = [BoardEvidence(100 + k, CORNERS, np.full((4, 2), 0.1)) for k in range(24)]
    lens = lens_of(*many)
    ink = np.array([222, 226, 233])
    few, crowd = (
        (np.abs(panel(picture_of_lens(lens_of(*boards)), 0).astype(int) - ink) < 8)
        .all(axis=2)
        .sum()
        for boards in (many[:1], many)
    )
    # Four places beside each of four corners are all that there are.
    assert 8 * few < crowd < 18 * few
    heading = picture_of_lens(lens)[50:80]
    assert np.count_nonzero(heading != picture_of_lens(lens_of(*many[:4]))[50:80]) > 500


@pytest.mark.parametrize("misses", [None, np.zeros((4, 2))])
@pytest.mark.parametrize("corners", [CORNERS, np.full((4, 2), np.nan)])
def test_lenses_without_any_view_that_fits_are_drawn_too(misses, corners) -> None:
    picture = picture_of_lens(lens_of(BoardEvidence(0, corners, misses), k1=-0.2))
    assert len(places(panel(picture, 1), ACCENT)) > 1000
    color = ALARM if misses is None else CORNER
    assert (len(places(panel(picture, 0), color)) > 40) == bool(np.isfinite(corners).all())
