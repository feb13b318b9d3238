"""One test for each numbered sentence of docs/conventions.md."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from olat.geometry.camera import in_camera, projected
from olat.geometry.undistortion import undistorted_positions
from olat.io.frame_expression import parse_frames
from olat.io.photograph import read_photograph
from olat.light.arrangements import fibonacci_sphere
from olat.light.environment_weights import weights_for_environment
from olat.light.latlong import directions_of_pixels, pixel_of_direction, turned
from olat.light.quadrature import solid_angles
from olat.model.calibration import LensCalibration
from olat.model.condition import ColorGradient, Olat
from olat.model.environment import EnvironmentMap
from olat.model.image import Picture, RadianceImage, RawMosaic
from olat.model.rig import LightRig
from olat.model.session import Frame
from olat.motion.flow import flow_between
from olat.motion.warp import resampled, split, warped
from olat.sensor.develop import radiance_from_mosaic, radiance_from_picture
from olat.stages.assemble_field import AssembleField
from olat.surface.lambert import normals_from_olats
from olat.surface.view import mirrored, view_directions, view_directions_of_lens
from tests.support.texture import Texture, pixel_centers

PAGE = Path(__file__).resolve().parents[1] / "docs" / "conventions.md"
X, Y, Z = np.eye(3)


def test_every_sentence_has_a_test_and_every_test_a_sentence():
    sentences = re.findall(r"^(\d+)\. ", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    tested = [match[1] for name in globals() if (match := re.match(r"test_(\d+)_", name))]
    assert sentences == [str(number) for number in range(1, len(sentences) + 1)]
    assert [str(int(number)) for number in tested] == sentences


@pytest.fixture
def photographed(tmp_path):
    """Write red, green and blue dots to a file, and read it as a photograph."""
    blue_green_red = np.zeros((5, 9, 3), np.uint8)
    blue_green_red[0, 8, 2] = 255
    blue_green_red[4, 0, 1] = 255
    blue_green_red[0, 0, 0] = 255
    cv2.imwrite(str(tmp_path / "dots.png"), blue_green_red)
    picture = read_photograph(tmp_path / "dots.png")
    assert isinstance(picture, Picture)
    return picture.codes


def linear(value, **keywords):
    """Return what one gray value reads."""
    codes = np.full((1, 1), value, np.float32)
    return radiance_from_picture(Picture(codes, np.inf), **keywords)[0][0, 0, 0]


def rig_of(directions, brightness=1.0):
    return LightRig("test", directions, np.full((len(directions), 3), brightness))


def still(radiance):
    radiance = np.asarray(radiance, np.float32)
    return RadianceImage(radiance, np.zeros(radiance.shape[:2], np.uint8))


def pulled(radiance, dx, dy):
    height, width = radiance.shape[:2]
    flow = np.full((height, width, 2), [dx, dy], np.float32)
    sure = np.ones((height, width), np.float32)
    return warped(still(radiance), flow, sure, confidence_floor=0.5).radiance


def row_and_column(direction):
    row, column = pixel_of_direction(np.asarray(direction, float)[None], 64, 128)
    return int(row[0]), int(column[0])


def test_01_a_picture_is_rows_columns_and_red_green_blue(photographed):
    assert photographed.shape == (5, 9, 3)
    assert_array_equal(photographed[0, 8], [255, 0, 0])
    assert_array_equal(photographed[4, 0], [0, 255, 0])


def test_02_the_origin_is_the_top_left(photographed):
    assert_array_equal(photographed[0, 0], [0, 0, 255])


def test_03_pixel_centers_lie_at_integers():
    ramp = np.broadcast_to(np.arange(9.0)[None, :, None], (9, 9, 3))
    assert_allclose(pulled(ramp, 0.5, 0.0)[4, 4], 4.5, rtol=0, atol=1e-6)


def test_04_the_site_of_a_pixel_is_its_place_modulo_two():
    counts = np.full((8, 8), 100, np.uint16)
    counts[0::2, 1::2] = 900
    pattern = np.array([[1, 0], [2, 1]], np.uint8)
    mosaic = RawMosaic(counts, pattern, np.zeros((2, 2), np.float32), 1000.0)
    radiance, _ = radiance_from_mosaic(mosaic, demosaic="half")
    assert_allclose(radiance[2, 2], [0.9, 0.1, 0.1], rtol=0, atol=1e-6)


def test_05_twice_the_light_reads_twice_as_much():
    assert_allclose(linear(0.5), 2 * linear(0.25), rtol=1e-6)
    codes = [Picture(np.full((1, 1), code, np.uint8), 255.0) for code in (188, 137)]
    more, less = (radiance_from_picture(one, encoding="srgb")[0].mean() for one in codes)
    assert_allclose(more, 2 * less, rtol=0.01)  # 8-bit codes are 1 % apart here


def test_06_what_lies_below_black_reads_below_zero():
    counts = np.full((8, 8), 90, np.uint16)
    black = np.full((2, 2), 100, np.float32)
    mosaic = RawMosaic(counts, np.array([[0, 1], [1, 2]], np.uint8), black, 1100.0)
    radiance, _ = radiance_from_mosaic(mosaic)
    assert_allclose(radiance, -0.01, rtol=0, atol=1e-6)
    assert (pulled(radiance, 0.3, 0.3)[2:5, 2:5] < 0).all()


def test_07_the_white_patch_reads_one():
    assert_allclose(linear(0.6, white_patch=0.6), 1.0, rtol=0, atol=1e-6)


def test_08_image_right_is_plus_x():
    # What is seen on the right looks back at the camera toward the left.
    view = view_directions(3, 3, 40.0)
    assert view[1, 2] @ X < 0 < view[1, 0] @ X


def test_09_image_up_is_plus_y():
    view = view_directions(3, 3, 40.0)
    assert view[0, 1] @ Y < 0 < view[2, 1] @ Y


def test_10_the_camera_stands_on_plus_z_of_a_right_handed_world():
    view = view_directions(3, 3, 40.0)
    right, up = view[1, 0] - view[1, 2], view[2, 1] - view[0, 1]
    toward = np.cross(right, up)
    assert_allclose(toward / np.linalg.norm(toward), Z, rtol=0, atol=1e-6)
    assert_allclose(view[1, 1], Z, rtol=0, atol=1e-6)


def test_11_a_quarter_turn_about_y_takes_z_to_x():
    assert_allclose(turned(Z, 90.0), X, rtol=0, atol=1e-12)


def solved_normal(normal):
    """Return the normal found for a white Lambert patch under lights all around."""
    lights = fibonacci_sphere(60)
    reading = np.maximum(lights @ normal, 0.0).astype(np.float32)
    strip = np.broadcast_to(reading[:, None, None, None], (60, 3, 1, 1)).copy()
    normals, _, _, _ = normals_from_olats(strip, np.zeros((60, 1, 1), np.uint8), lights)
    return normals[0, 0]


def test_12_normals_point_out_of_the_surface_in_world_axes():
    outward = np.array([0.6, -0.48, 0.64])
    assert_allclose(solved_normal(outward), outward, rtol=0, atol=1e-4)


def test_13_a_light_shines_on_the_side_that_its_direction_points_to():
    assert solved_normal(X) @ X > 0.999
    assert solved_normal(-Y) @ Y < -0.999


def test_14_lights_count_from_zero_in_rig_order():
    drive = rig_of(fibonacci_sphere(5)).pattern(Olat(0))
    assert_array_equal(drive[:, 0], [1, 0, 0, 0, 0])


def test_15_a_range_of_frames_holds_both_ends():
    assert parse_frames("0-2") == (0, 1, 2)


def test_16_color_gradients_carry_x_y_z():
    rig = rig_of(np.array([X, -Y, Z]))
    assert_allclose(
        rig.pattern(ColorGradient()), [[1, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 1]], atol=0
    )
    rest = rig.pattern(ColorGradient(complement=True))
    assert_allclose(rig.pattern(ColorGradient()) + rest, 1.0, rtol=0, atol=0)


@pytest.mark.parametrize("brightness", [0.25, 1.0, 3.0])
def test_17_a_white_patch_that_faces_its_light_reads_one(brightness):
    frame = Frame("main", 3, Olat(1), Path("unread"))
    seen = still(np.full((2, 2, 3), brightness))
    plane = AssembleField().run(seen, frame, rig_of(fibonacci_sphere(4), brightness))
    assert plane.light == 1
    assert_array_equal(plane.reflectance, 1.0)


def test_18_solid_angles_sum_to_the_sphere():
    assert_allclose(solid_angles(fibonacci_sphere(100)).sum(), 4 * np.pi, rtol=1e-9)


def test_19_a_highlight_needs_the_light_in_the_mirrored_view_direction():
    tilt = np.deg2rad(20.0)
    normals = np.array([[[np.sin(tilt), 0.0, np.cos(tilt)]]], np.float32)
    view = view_directions(1, 1, None)
    toward_light = mirrored(normals, view)[0, 0]
    assert_allclose(toward_light, [np.sin(2 * tilt), 0, np.cos(2 * tilt)], rtol=0, atol=1e-6)


def test_20_the_top_row_of_a_map_is_plus_y():
    assert row_and_column(Y + 1e-6)[0] == 0
    assert row_and_column(1e-6 - Y)[0] == 63


def test_21_the_middle_of_a_map_is_plus_z_and_a_quarter_plus_x():
    assert row_and_column(Z - 1e-6 * X)[1] == 64
    assert row_and_column(X + 1e-6 * Z)[1] == 32
    assert row_and_column(-X + 1e-6 * Z)[1] == 95


def test_22_pixel_centers_of_a_map_lie_at_half():
    direction = directions_of_pixels(4, 8)[1, 5]
    u, v = 5.5 / 8, 1.5 / 4
    theta, phi = np.pi * v, 2 * np.pi * (0.5 - u)
    expected = [np.sin(theta) * np.sin(phi), np.cos(theta), np.sin(theta) * np.cos(phi)]
    assert_allclose(direction, expected, rtol=0, atol=1e-12)


def test_23_a_uniform_map_turns_white_into_one():
    lights = fibonacci_sphere(300)
    uniform = EnvironmentMap(np.ones((32, 64, 3), np.float32))
    weights = weights_for_environment(lights, uniform).weights
    for normal in (X, -Y, np.array([0.48, 0.6, 0.64])):
        white = np.maximum(lights @ normal, 0.0) @ weights
        assert_allclose(white, 1.0, rtol=0, atol=0.01)  # 300 lights sample a cosine


def test_24_rotating_a_map_brings_its_light_from_z_to_x():
    lights = fibonacci_sphere(300)
    radiance = np.zeros((32, 64, 3), np.float32)
    radiance[15:17, 31:33] = 1.0
    environment = EnvironmentMap(radiance)
    for degrees, toward in [(0.0, Z), (90.0, X)]:
        weights = weights_for_environment(lights, environment, rotation=degrees).weights[:, 0]
        assert (weights / weights.sum()) @ lights @ toward > 0.98


def test_25_content_that_moved_right_and_down_has_positive_flow(rng):
    reference = Texture.random(rng).at(pixel_centers(96, 128))
    moving = np.roll(reference, (3, 2), axis=(0, 1))
    flow, _ = flow_between(reference, moving, preset="fine")
    assert_allclose(np.median(flow, axis=(0, 1)), [2.0, 3.0], rtol=0, atol=0.05)


def test_26_warping_pulls(rng):
    image = rng.random((8, 9, 3)).astype(np.float32)
    assert_array_equal(pulled(image, 2, 3)[1, 4], image[4, 6])


def lens(k1=0.0, **pose):
    """Return a lens whose axis is in the middle of 9 x 7 pixels."""
    matrix = np.array([[8.0, 0.0, 4.0], [0.0, 8.0, 3.0], [0.0, 0.0, 1.0]])
    return LensCalibration(matrix, np.array([k1, 0.0, 0.0, 0.0]), 7, 9, **pose)


def test_27_the_middle_of_the_picture_is_half_the_last_pixel():
    middle = view_directions_of_lens(lens(), height=7, width=9)[3, 4]
    assert_allclose(middle, Z, rtol=0, atol=1e-7)
    assert_allclose(projected(Z[None], lens()), [[(9 - 1) / 2, (7 - 1) / 2]], rtol=0, atol=0)


def test_28_a_camera_has_x_right_y_down_and_z_forward():
    right, down = projected(np.array([X + Z, Y + Z]), lens())
    assert right[0] > 4.0
    assert down[1] > 3.0
    assert_array_equal(lens().axes, [X, -Y, -Z])


def test_29_a_pose_takes_world_to_camera():
    turn = np.array([-Z, -Y, -X])
    placed = lens(rotation=turn, translation=np.array([0.0, 0.0, 2.0]))
    assert_array_equal(in_camera(np.array([X + Y]), placed), [[0.0, -1.0, 1.0]])


def test_30_undistorting_pulls_from_where_the_lens_images_a_pixel(rng):
    image = rng.random((7, 9, 3)).astype(np.float32)
    barrel = lens(k1=-0.5)
    positions = undistorted_positions(barrel, height=7, width=9)
    # Pixel 8 has the slope 0.5, which this lens images at 0.5 (1 - 0.5 / 4) = 3.5 px / 8.
    assert_allclose(positions[3, 8], [4.0 + 3.5, 3.0], rtol=0, atol=1e-6)
    pulled_out = resampled(still(image), *split(positions))
    assert_array_equal(pulled_out.radiance[3, 4], image[3, 4])
