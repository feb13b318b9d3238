"""Where directions lie in pictures of the sphere."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.light.latlong import directions_of_pixels, pixel_of_direction
from olat.light.map_projections import (
    PROJECTIONS,
    has_shape,
    pixels_around,
    places_of_directions,
    required_shape,
)

X, Y, Z = np.eye(3)
HALF = np.sqrt(0.5)


def place(direction, projection, height=100, width=100):
    unit = np.asarray(direction, np.float64) / np.linalg.norm(direction)
    return places_of_directions(unit[None], projection, height, width)[0]


def test_a_latitude_longitude_place_is_the_pixel_that_a_direction_falls_into(rng):
    ways = rng.normal(size=(500, 3))
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    places = places_of_directions(ways, "latlong", 32, 64)
    row, column = pixel_of_direction(ways, 32, 64)
    assert (np.rint(places[:, 0]) % 64 == column).all()
    assert (np.clip(np.rint(places[:, 1]), 0, 31) == row).all()


def test_pixel_centers_lie_at_integers():
    places = places_of_directions(directions_of_pixels(6, 12), "latlong", 6, 12)
    assert_allclose(places[..., 0], np.tile(np.arange(12), (6, 1)), rtol=0, atol=1e-9)
    assert_allclose(places[..., 1], np.tile(np.arange(6)[:, None], 12), rtol=0, atol=1e-9)


def test_a_mirror_ball_shows_image_right_at_the_right():
    middle, reach = 49.5, 50.0
    assert_allclose(place(Z, "mirror_ball"), [middle, middle], rtol=0, atol=1e-9)
    # At 45 degrees to the view a normal mirrors it to the side: sin 45 of the radius.
    assert_allclose(place(X, "mirror_ball"), [middle + HALF * reach, middle], rtol=0, atol=1e-9)
    assert_allclose(place(-X, "mirror_ball"), [middle - HALF * reach, middle], rtol=0, atol=1e-9)
    assert_allclose(place(Y, "mirror_ball"), [middle, middle - HALF * reach], rtol=0, atol=1e-9)


def test_what_a_map_shows_right_of_its_center_a_chrome_ball_shows_at_the_left():
    """No silent mirror: from inside, light from image left stands right of +z."""
    beside = directions_of_pixels(64, 128)[31:32, 70]
    assert places_of_directions(beside, "mirror_ball", 100, 100)[0, 0] < 49.5


def test_an_angular_map_looks_along_minus_z_and_measures_angles():
    middle, reach = 49.5, 50.0
    assert_allclose(place(-Z, "angular"), [middle, middle], rtol=0, atol=1e-9)
    assert_allclose(place(X, "angular"), [middle + reach / 2, middle], rtol=0, atol=1e-9)
    assert_allclose(place(Y, "angular"), [middle, middle - reach / 2], rtol=0, atol=1e-9)


@pytest.mark.parametrize("projection", ["mirror_ball", "angular"])
def test_the_rim_of_a_disk_stays_inside(projection):
    away = -Z if projection == "mirror_ball" else Z
    x, y = place(away, projection) - 49.5
    assert 47.0 < np.hypot(x, y) < 49.0


def test_the_faces_of_a_cube_stand_in_the_order_of_openexr():
    rows = [place(way, "cube", 60, 10)[1] for way in (X, -X, Y, -Y, Z, -Z)]
    assert_allclose(rows, 4.5 + 10.0 * np.arange(6), rtol=0, atol=1e-9)


@pytest.mark.parametrize("size", [(40, 30), (30, 40)])
def test_a_cross_is_whole_around_its_middle(size):
    """Over the edges of -z the place goes on without a jump."""
    for way, along in [(X, Y), (-X, Y), (Y, X), (-Y, X)]:
        edge = way - Z + 0.3 * along
        here, there = (place(edge + shift * way, "cross", *size) for shift in (-1e-6, 1e-6))
        # The middles of the outermost pixels of two faces are a pixel apart.
        assert np.hypot(*(here - there)) == pytest.approx(1.0, abs=1e-4)


def test_shapes_are_told_apart():
    assert has_shape("latlong", 32, 64)
    assert not has_shape("latlong", 32, 60)
    assert has_shape("mirror_ball", 64, 64)
    assert has_shape("cube", 60, 10)
    assert has_shape("cross", 40, 30)
    assert has_shape("cross", 30, 40)
    for name in PROJECTIONS:
        assert required_shape(name)


def test_as_fine_as_the_middle_of_a_picture_is_a_multiple_of_4():
    assert pixels_around("cube", 60, 10) == 40
    assert pixels_around("angular", 100, 100) == 100
    assert pixels_around("mirror_ball", 100, 100) == 160  # pi / 2 * 100 = 157.1
