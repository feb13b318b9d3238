"""A mirror ball as a picture: marks lie where the highlights are."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from olat.io.ball_picture import COLORS, OUTLINE, picture_of_balls, told_of_balls
from olat.model.evidence import BallEvidence, Spot

SIDE, HEAD, GAP = 1400, 96, 16
SIZE, RADIUS = 280, 120.0
"""Of the photograph and of the ball in its middle [px]: the picture is five times as large."""


def ball(*spots: Spot, unseen: tuple[int, ...] = ()) -> BallEvidence:
    picture = np.full((SIZE, SIZE), 1e-3, np.float32)
    for spot in spots:
        cv2.circle(picture, (round(spot.x), round(spot.y)), 4, 1.0, cv2.FILLED)
    angles = np.linspace(0.0, 2.0 * np.pi, 129)
    middle = (SIZE - 1) / 2.0
    outline = middle + RADIUS * np.column_stack([np.cos(angles), np.sin(angles)])
    return BallEvidence(picture, outline, spots, unseen)


def middle_of(picture: np.ndarray, color: tuple[int, int, int]) -> tuple[float, float]:
    """Return where marks of a color lie in the photograph: the middle of their bounds."""
    shown = picture[HEAD : HEAD + SIDE, GAP : GAP + SIDE]
    # Thin lines are blended with what lies under them, which is gray.
    tint = np.ptp(shown.astype(int), axis=2) > 0.5 * np.ptp(color)
    hue = np.argmax(shown, axis=2) == np.argmax(color)
    rows, columns = np.nonzero(tint & hue)
    scale = SIDE / SIZE
    # Numbers stand below marks, so that only the upper end of the rows is that of a mark.
    x = (columns.min() + columns.max()) / 2
    return (x + 0.5) / scale - 0.5, (rows.min() + 0.5) / scale - 0.5


@pytest.mark.parametrize("verdict", ["taken", "doubted", "refused"])
def test_a_mark_lies_on_its_highlight_in_the_color_of_its_verdict(verdict) -> None:
    picture = picture_of_balls([ball(Spot(5, 90.0, 200.0, 2.0, verdict))])
    x, top = middle_of(picture, COLORS[verdict])
    assert abs(x - 90.0) < 0.5
    assert 200.0 - 7.0 < top < 200.0


def test_the_outline_is_drawn_where_the_fit_has_it() -> None:
    picture = picture_of_balls([ball()])
    x, top = middle_of(picture, OUTLINE)
    assert abs(x - (SIZE - 1) / 2.0) < 0.5
    assert abs(top - ((SIZE - 1) / 2.0 - RADIUS)) < 0.5


def test_a_number_is_left_out_where_there_is_no_room() -> None:
    crowd = [Spot(light, 140.0, 140.0, 2.0, "taken") for light in range(100, 120)]
    picture = picture_of_balls([ball(*crowd)])
    alone = picture_of_balls([ball(crowd[0])])
    marked = [(shown == COLORS["taken"]).all(axis=2).sum() for shown in (picture, alone)]
    print(f"pixels of marks: twenty in one place {marked[0]}, one {marked[1]}")
    assert marked[0] < 4 * marked[1]


def test_places_of_the_ball_stand_side_by_side() -> None:
    one, two = picture_of_balls([ball()]), picture_of_balls([ball(), ball()])
    assert one.shape == (HEAD + SIDE + GAP + 44, SIDE + 2 * GAP, 3)
    assert two.shape[1] > 1.5 * two.shape[0]


def test_a_ball_without_any_light_is_drawn_too() -> None:
    dark = BallEvidence(np.zeros((40, 40), np.float32), np.full((9, 2), 20.0), (), tuple(range(9)))
    assert picture_of_balls([dark]).max() > 100


def test_the_heading_says_why_lights_are_in_doubt() -> None:
    spots = [
        Spot(0, 90.0, 200.0, 2.0, "doubted", ("clipped",)),
        Spot(1, 95.0, 100.0, 2.0, "doubted", ("clipped", "cut")),
        Spot(2, 99.0, 150.0, 2.0, "doubted", ("rivaled",)),
        Spot(3, 150.0, 150.0, 2.0, "taken"),
    ]
    assert told_of_balls([ball(*spots, unseen=(4,))]) == (
        "4 of 5 lights, 3 of them in doubt (2 clipped, 1 cut by the outline, 1 rivaled), "
        "not seen: light 4"
    )


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("verdict", ["taken", "refused"])
def test_a_spot_that_is_nowhere_is_not_drawn_and_the_others_are(value, verdict) -> None:
    usual = Spot(5, 90.0, 200.0, 2.0, "doubted")
    one, odd = ball(usual), (Spot(6, value, 50.0, 2.0, verdict), Spot(7, 50.0, value, 2.0, verdict))
    lost = BallEvidence(one.picture, one.outline, (*odd, usual), ())
    x, _ = middle_of(picture_of_balls([lost]), COLORS["doubted"])
    assert abs(x - 90.0) < 0.5
    assert not (picture_of_balls([lost])[HEAD : HEAD + SIDE] == COLORS[verdict]).all(axis=2).any()


@pytest.mark.parametrize("radius", [np.nan, np.inf])
def test_a_spot_of_no_size_is_ringed_where_it_is(radius) -> None:
    x, _ = middle_of(
        picture_of_balls([ball(Spot(5, 90.0, 200.0, radius, "taken"))]), COLORS["taken"]
    )
    assert abs(x - 90.0) < 0.5


def test_an_outline_is_drawn_as_far_as_it_is_known() -> None:
    one = ball()
    half = np.where(one.outline[:, :1] > SIZE / 2, np.nan, one.outline)
    picture = picture_of_balls([BallEvidence(one.picture, half, (), ())])
    shown = picture[HEAD : HEAD + SIDE, GAP : GAP + SIDE].astype(int)
    _, columns = np.nonzero(shown[..., 2] - shown[..., 0] > 60)
    assert columns.size > 500
    assert columns.max() < SIDE / 2 + 5
