from __future__ import annotations

import cv2
import numpy as np
import pytest

from olat.light.arrangements import fibonacci_sphere
from olat.model.rig import LightRig
from olat.sensor.chart_reference import REFERENCES
from olat.synthetic.card import gray_card, irradiance
from olat.synthetic.chart import (
    BOARD_BLACK,
    BOARD_POSES,
    BOARD_WHITE,
    board,
    board_corners,
    chart,
    chart_corners,
    patch_middles,
)
from olat.synthetic.scene import PinholeCamera

CAMERA = PinholeCamera(384, 11.5, 1.6, (-0.8,))


def rig(radius: float | None = None) -> LightRig:
    directions = fibonacci_sphere(40)
    positions = None if radius is None else directions * radius
    return LightRig("forty", directions, np.full((40, 3), [0.9, 1.0, 1.1]), positions)


@pytest.mark.parametrize("view", range(len(BOARD_POSES)))
def test_the_corners_of_the_board_are_seen_where_they_project_to(view: int) -> None:
    card = board(view)
    places = CAMERA.project(card.in_world(board_corners())).T
    # All corners are in the picture, with half a square around.
    assert places.min() > 8.0
    assert places.max() < 375.0
    green = card.reflectance(CAMERA, parts=3)[..., 1]
    found = cv2.cornerSubPix(
        cv2.GaussianBlur(green, (0, 0), 0.7),
        np.ascontiguousarray(places, np.float32).reshape(-1, 1, 2),
        (5, 5),
        (-1, -1),
        (cv2.TERM_CRITERIA_COUNT + cv2.TERM_CRITERIA_EPS, 50, 1e-4),
    ).reshape(-1, 2)
    # The method itself is good to a fifth of a pixel; a wrong half pixel would stand out.
    assert np.abs((found - places).mean(axis=0)).max() < 0.06
    assert np.linalg.norm(found - places, axis=1).mean() < 0.2


def test_the_board_has_ten_by_seven_squares_and_a_white_rim() -> None:
    paint = board(0).paint
    columns, rows = np.meshgrid(np.arange(-1, 11) - 4.5, 3.0 - np.arange(-1, 8))
    gray = paint(0.022 * np.stack([columns.ravel(), rows.ravel()]))[1].reshape(9, 12)
    assert (gray == np.float32(BOARD_BLACK)).sum() == 35
    assert gray[1, 1] == np.float32(BOARD_BLACK)
    rim = np.concatenate([gray[0], gray[-1], gray[:, 0], gray[:, -1]])
    assert (rim == np.float32(BOARD_WHITE)).all()
    assert not paint(np.array([[0.14], [0.0]])).any()


def test_every_patch_of_the_chart_reflects_what_the_reference_says() -> None:
    card = chart()
    np.testing.assert_allclose(card.paint(patch_middles()).T, REFERENCES[0].rgb, rtol=0, atol=1e-7)
    seen = card.reflectance(CAMERA, parts=2)
    columns, rows = np.round(CAMERA.project(card.in_world(patch_middles()))).astype(int)
    for patch, (column, row) in enumerate(zip(columns, rows, strict=True)):
        middle = seen[row - 15 : row + 16, column - 15 : column + 16]
        np.testing.assert_allclose(
            middle, np.broadcast_to(REFERENCES[0].rgb[patch], middle.shape), rtol=0, atol=1e-6
        )


def test_the_chart_fills_most_of_the_width_and_turns_by_more_than_a_degree() -> None:
    corners = CAMERA.project(chart().in_world(chart_corners()))
    (left, top), (right, top_right), _, (_, bottom) = corners.T
    assert 300.0 < right - left < 345.0
    assert corners.min() > 15.0
    assert corners.max() < 368.0
    assert bottom > top
    assert 0.8 < np.degrees(np.arctan2(top - top_right, right - left)) < 2.5


def test_a_distant_light_gives_a_card_the_cosine() -> None:
    light, card = rig(), board(5)
    normal = card.pose.turn @ [0.0, 0.0, 1.0]
    one = np.zeros((40, 3))
    for index in (3, 17):
        one[:] = 0.0
        one[index] = 0.5
        expected = 0.5 * max(0.0, float(light.directions[index] @ normal)) * light.intensities[0]
        found = irradiance(card, CAMERA, light, one)
        np.testing.assert_allclose(found[0, 0], expected, rtol=0, atol=1e-12)


def test_a_near_light_gives_a_card_the_inverse_square_too() -> None:
    light, camera, card = rig(1.7), PinholeCamera(33, 11.5, 1.6), gray_card(0.5)
    index = int(np.argmax(light.directions[:, 2]))
    only = np.zeros((40, 3))
    only[index] = 1.0
    found = irradiance(card, camera, light, only)[..., 1]
    assert light.positions is not None
    point = np.array([*card.seen(camera).reshape(2, 33, 33)[:, 4, 29], 0.0])
    way = light.positions[index] - point
    distance = np.linalg.norm(way)
    assert found[4, 29] == pytest.approx(way[2] / distance * (1.7 / distance) ** 2, rel=1e-9)
    # In the middle, where the card passes through the origin, a light reads its intensity.
    assert found[16, 16] == pytest.approx(light.directions[index, 2], rel=1e-9)
