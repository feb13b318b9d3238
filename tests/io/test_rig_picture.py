"""A rig as a picture: every light where it is, as large and as colored as it is."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.io.rig_canvas import PANEL, Canvas, Labels
from olat.io.rig_picture import WIDTH, picture_of_rig
from olat.light.arrangements import arcs, fibonacci_sphere
from olat.light.geodesic import geodesic_sphere
from olat.model.rig import LightRig

RED, GREEN, BLUE = (np.array(color, np.uint8) for color in np.eye(3, dtype=int) * 255)
VIEWS = slice(136, 916)
MAP = slice(936, 2130)


def rig_of(directions: np.ndarray, colors: np.ndarray | None = None) -> LightRig:
    tints = np.ones((len(directions), 3)) if colors is None else colors
    return LightRig("made", np.asarray(directions, dtype=np.float64), tints)


def discs(picture: np.ndarray, color: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the middles (x, y) of the patches of a color, from the left, and their areas."""
    mask = (picture == color).all(axis=2).astype(np.uint8)
    _, _, stats, middles = cv2.connectedComponentsWithStats(mask)
    large = [place for place in range(1, len(stats)) if stats[place, cv2.CC_STAT_AREA] > 30]
    order = sorted(large, key=lambda place: middles[place][0])
    return middles[order], stats[order, cv2.CC_STAT_AREA]


def three_lights() -> np.ndarray:
    """Return the picture of a light at the right, one at the top and one at the camera."""
    nearly = np.array([[0.9, 0.1, 0.3], [0.1, 0.9, 0.3], [0.1, 0.1, 0.9]])
    # Primaries that displays show as such, and yet no dead color.
    colors = np.maximum(np.eye(3), 1e-6)
    return picture_of_rig(rig_of(nearly / np.linalg.norm(nearly, axis=1, keepdims=True), colors))


def test_a_light_at_the_right_is_right_of_the_middle_from_the_front_and_from_above() -> None:
    middles, _ = discs(three_lights()[VIEWS], RED)
    front, top, side = WIDTH * 0.17, WIDTH * 0.5, WIDTH * 0.83
    assert len(middles) == 3
    assert middles[0][0] > front + 200
    assert middles[1][0] > top + 200
    # From the image's right it stands before the subject, toward the camera at the left.
    assert side - 150 < middles[2][0] < side - 50


def test_a_light_at_the_top_is_high_from_the_front_and_from_the_side() -> None:
    middles, _ = discs(three_lights()[VIEWS], GREEN)
    assert middles[0][1] < 200
    assert middles[2][1] < 200
    assert abs(middles[1][1] - 400) < 150


def test_a_light_at_the_camera_is_near_the_camera_in_all_views() -> None:
    middles, _ = discs(three_lights()[VIEWS], BLUE)
    assert middles[1][1] > 600  # the camera is below in the view from above
    assert middles[2][0] < WIDTH * 0.83 - 200  # and at the left in that from the side


def test_on_the_map_the_camera_is_in_the_middle_and_right_is_at_the_left() -> None:
    picture = three_lights()[MAP]
    (red,), (green,), (blue,) = (discs(picture, color)[0] for color in (RED, GREEN, BLUE))
    assert abs(blue[0] - WIDTH / 2) < 120
    assert red[0] < 0.4 * WIDTH
    assert green[1] < blue[1]


def test_the_area_of_a_disc_is_the_intensity() -> None:
    colors = np.maximum(np.eye(3)[[0, 0, 0]], 1e-6) * np.array([[1.0], [2.0], [1.5]])
    directions = np.array([[-0.6, 0.0, 0.8], [0.6, 0.0, 0.8], [0.0, 0.6, 0.8]])
    _, areas = discs(picture_of_rig(rig_of(directions, colors))[MAP], RED)
    # From the left of the map: the light at the image's right, the upper one, the left one.
    assert_allclose(areas / areas[2], [2.0, 1.5, 1.0], rtol=0.12)  # smooth edges are not counted


def test_a_dead_light_is_a_cross_and_no_disc() -> None:
    colors = np.maximum(np.eye(3)[[0, 0, 0]], 1e-6)
    colors[1] = 0.0
    directions = np.array([[-0.6, 0.0, 0.8], [0.6, 0.0, 0.8], [0.0, 0.6, 0.8]])
    middles, _ = discs(picture_of_rig(rig_of(directions, colors))[MAP], RED)
    assert len(middles) == 2


def test_a_mirrored_rig_gives_the_mirrored_front_view() -> None:
    directions = fibonacci_sphere(30)[:20]
    colors = np.maximum(np.eye(3)[[0] * 20], 1e-6)
    one, other = (
        discs(picture_of_rig(rig_of(directions * [sign, 1, 1], colors))[VIEWS, 40:800], RED)[0]
        for sign in (1, -1)
    )
    # The panel is 40 to 800 wide; discs in front only, as those behind are rings.
    mirrored = np.array([[2 * 379.3 - x, y] for x, y in one])
    for place in mirrored:
        assert np.linalg.norm(other - place, axis=1).min() < 2.5


@pytest.mark.parametrize(
    "directions",
    [
        np.array([[0.0, 0, 1]]),
        np.array([[0.0, 1, 0], [0, -1, 0]]),
        arcs(24, 1, elevations=(0.0, 0.0)),
        fibonacci_sphere(1000),
    ],
    ids=["one", "poles", "ring", "thousand"],
)
def test_any_rig_can_be_drawn(directions: np.ndarray) -> None:
    picture = picture_of_rig(rig_of(directions))
    assert picture.shape[1] == WIDTH
    assert picture.max() == 255


def test_a_rig_that_is_not_located_cannot_be_drawn() -> None:
    with pytest.raises(ValueError, match="5 lights that are not located"):
        picture_of_rig(LightRig.unlocated("new", 5))


def test_labels_keep_off_each_other_and_inside_their_bounds() -> None:
    canvas = Canvas(200, 100)
    labels = Labels(canvas, (0, 0, 200, 100), size=16)
    placed = [labels.add("88", (100.0, 50.0), 6.0, (255, 255, 255)) for _ in range(6)]
    # Below, above, right and left of the disc; then there is no room.
    assert placed == [True] * 4 + [False] * 2
    assert not labels.add("88", (-20.0, 50.0), 6.0, (255, 255, 255))


def test_numbers_side_by_side_do_not_read_as_one() -> None:
    canvas = Canvas(400, 60)
    width = canvas.size_of("88", 16)[0]

    def has_room(apart: float) -> bool:
        labels = Labels(canvas, (0, 0, 400, 60), size=16, air=4.0)
        labels.keep_free((0.0, 0.0, 400.0, 20.0))
        labels.keep_free((0.0, 40.0, 400.0, 60.0))
        # A number has room to the right of its disc alone; then one to the left of the next.
        assert labels.add("88", (100.0, 30.0), 6.0, (255, 255, 255))
        labels.keep_free((200.0 + apart, 0.0, 400.0, 60.0))
        return labels.add("88", (126.0 + 2 * width + apart, 30.0), 6.0, (255, 255, 255))

    # Between discs lie 14 px + 2 numbers + apart, of which 4 px lie beside each disc.
    assert not has_room(0.0)
    assert has_room(3.0)


@pytest.mark.parametrize("panel", [0, 1, 2], ids=["front", "top", "side"])
def test_nothing_is_written_on_the_words_of_the_axes(panel: int) -> None:
    left = 40 + panel * 780
    corners = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) / np.sqrt(3.0)
    few, many = (
        picture_of_rig(rig_of(directions))[VIEWS, left : left + 760]
        for directions in (corners, geodesic_sphere(6))
    )
    y, x = np.indices(few.shape[:2])
    is_outside = np.hypot(x - 380, y - 401) > 310
    words = (np.abs(few.astype(int) - PANEL).max(axis=2) > 20) & is_outside
    assert words.sum() > 500
    around = cv2.dilate(words.astype(np.uint8), np.ones((9, 9), np.uint8)).astype(bool)
    np.testing.assert_array_equal(many[around], few[around])


def test_numbers_keep_off_the_line_of_an_axis_and_its_name() -> None:
    """A light at the left end of the axis is numbered, but not between it and the word."""
    left = np.array([[-1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    front = picture_of_rig(rig_of(left))[VIEWS, 40:800].astype(int)
    # From the name to the light, on the height of both: nothing but the ground.
    y = 390 + 11
    strip = front[y - 4 : y + 5, 60:94]
    assert (np.abs(strip - PANEL) < 4).all()


def test_words_end_where_the_canvas_says_they_do() -> None:
    canvas = Canvas(300, 60)
    left, top, right, bottom = canvas.words("Mg 12", (40.0, 20.0), size=24, color=(255, 255, 255))
    rows, columns = np.nonzero(canvas.picture[..., 0] > 128)
    assert left - 1 <= columns.min()
    assert columns.max() <= right + 1
    assert abs(rows.min() - top) <= 3
    assert rows.max() <= bottom + 8  # the g hangs below the line
