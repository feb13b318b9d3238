"""What lies between two lightings."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.light.latlong import rotation_about
from olat.model.environment import EnvironmentMap
from olat.model.lighting import (
    DistantLight,
    EnvironmentLight,
    Key,
    Lighting,
    PointLight,
    RectangleLight,
    SpotLight,
)
from olat.relight.keyframes import between, check_keys, lighting_at

MAP = EnvironmentMap(np.ones((2, 4, 3), np.float32))


def keyed(frame: int, *lights: object, ease: bool = False) -> Key:
    return Key(frame, Lighting(lights), ease)


def test_a_light_turns_evenly_along_a_great_circle() -> None:
    one, other = DistantLight((0.0, 0.0, 2.0)), DistantLight((1.0, 0.0, 0.0))
    angles = []
    for part in np.linspace(0, 1, 7):
        x, y, z = between(one, other, float(part)).toward
        assert y == 0.0
        angles.append(np.degrees(np.arctan2(x, z)))
    assert_allclose(angles, np.linspace(0, 90, 7), atol=1e-9)


def test_opposite_directions_pass_by_the_top() -> None:
    middle = between(DistantLight((1.0, 0.0, 0.0)), DistantLight((-1.0, 0.0, 0.0)), 0.5)
    assert_allclose(middle.toward, [0, 1, 0], atol=1e-9)


def test_colors_move_evenly_in_stops_and_from_black_evenly() -> None:
    one = DistantLight((0.0, 0.0, 1.0), (1.0, 4.0, 0.0))
    other = DistantLight((0.0, 0.0, 1.0), (4.0, 1.0, 1.0))
    assert_allclose(between(one, other, 0.5).color, [2.0, 2.0, 0.5])


def test_a_map_turns_the_shorter_way() -> None:
    one = EnvironmentLight(MAP, rotation_about((0.0, 1.0, 0.0), 350.0))
    other = EnvironmentLight(MAP, rotation_about((0.0, 1.0, 0.0), 10.0))
    assert_allclose(between(one, other, 0.5).rotation, np.eye(3), atol=1e-12)


def test_lamps_move_in_straight_lines() -> None:
    point = between(PointLight((0.0, 0.0, 1.0)), PointLight((1.0, 2.0, 1.0)), 0.25)
    assert point.position == (0.25, 0.5, 1.0)
    spot = between(
        SpotLight((0.0, 0.0, 1.0), cone_deg=20.0), SpotLight((0.0, 0.0, 3.0), cone_deg=40.0), 0.5
    )
    assert (spot.position, spot.cone_deg) == ((0, 0, 2), 30)
    box = between(RectangleLight((0.0, 0.0, 1.0)), RectangleLight((0.0, 2.0, 1.0), width=2.0), 0.5)
    assert (box.center, box.width) == ((0, 1, 1), 1.5)


def test_keys_are_met_and_nothing_moves_beyond_them() -> None:
    keys = [keyed(10, PointLight((0.0, 0.0, 1.0))), keyed(20, PointLight((1.0, 0.0, 1.0)))]
    places = [
        lighting_at(keys, frame).lights[0].position[0] for frame in (0.0, 10.0, 13.0, 20.0, 99.0)
    ]
    assert_allclose(places, [0, 0, 0.3, 1, 1])


def test_ease_begins_and_ends_gently() -> None:
    keys = [
        keyed(0, PointLight((0.0, 0.0, 1.0)), ease=True),
        keyed(100, PointLight((1.0, 0.0, 1.0))),
    ]
    places = [lighting_at(keys, frame).lights[0].position[0] for frame in (1.0, 50.0, 99.0)]
    assert_allclose(places, [0.000298, 0.5, 0.999702], atol=1e-6)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ([], "there are no keys"),
        ([keyed(2), keyed(2)], "frames must ascend"),
        ([keyed(1, PointLight((0, 0, 1))), keyed(2)], "the same kinds in the same order"),
        ([Key(1, Lighting(gains=np.ones((1, 3)))), keyed(2)], "only one of frames 1 and 2"),
    ],
)
def test_keys_between_which_nothing_moves_are_refused(keys: list[Key], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        check_keys(keys)
