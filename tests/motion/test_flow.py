"""Dense flow against motions known in closed form, and a real scene."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from olat.model.image import RadianceImage
from olat.motion.flow import flow_between, upsampled
from olat.motion.warp import warped
from tests.support.texture import Texture, noisy, pixel_centers

SIZE = (256, 320)
MARGIN = 24


def shift(points, offset=(3.3, -1.7)):
    return np.broadcast_to(np.asarray(offset), points.shape)


def rotation(points, degrees=2.0):
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    from_center = points - np.array(SIZE[::-1]) / 2
    return from_center @ turn.T - from_center


def swell(points):
    phase = 2 * np.pi * points / np.array(SIZE[::-1])
    return np.stack([2 * np.sin(phase[..., 1]), 2 * np.cos(phase[..., 0])], axis=-1)


def pair(motion, rng, noise=0.005):
    """Return a reference, the frame that the motion leads to, and the motion."""
    texture, points = Texture.random(rng), pixel_centers(*SIZE)
    truth = motion(points)
    reference, moving = texture.at(points + truth), texture.at(points)
    return noisy(reference, rng, noise), noisy(moving, rng, noise), truth


def inner(plane):
    return plane[MARGIN:-MARGIN, MARGIN:-MARGIN]


def mean_error(flow, truth):
    """Return the mean end-point error away from the border [px]."""
    return inner(np.linalg.norm(upsampled(flow, SIZE) - truth, axis=2)).mean()


@pytest.mark.parametrize("motion", [shift, rotation, swell])
def test_half_size_flow_is_right_to_a_seventh_of_a_pixel(motion, rng):
    reference, moving, truth = pair(motion, rng)
    flow, confidence = flow_between(reference, moving, preset="standard")
    assert flow.shape == (128, 160, 2)
    assert mean_error(flow, truth) < 0.15
    assert inner(upsampled(confidence, SIZE)).mean() > 0.97


def test_full_size_flow_is_right_to_a_twentieth(rng):
    reference, moving, truth = pair(rotation, rng)
    flow, _ = flow_between(reference, moving, preset="fine")
    assert flow.shape == (*SIZE, 2)
    assert mean_error(flow, truth) < 0.05


def test_quarter_size_flow_of_a_large_picture_is_right_to_a_tenth(rng):
    texture, points = Texture.random(rng, 40), pixel_centers(512, 640)
    offset = np.array([7.4, -3.3])
    flow, _ = flow_between(texture.at(points + offset), texture.at(points), preset="draft")
    assert flow.shape == (128, 160, 2)
    error = np.linalg.norm(upsampled(flow, (512, 640)) - offset, axis=2)
    assert inner(error).mean() < 0.1


def test_a_motion_of_fifteen_pixels_is_found(rng):
    reference, moving, truth = pair(lambda points: shift(points, (13.2, -8.1)), rng)
    flow, _ = flow_between(reference, moving, preset="standard")
    assert mean_error(flow, truth) < 0.1


@pytest.mark.parametrize("gain", [0.5, 2.0, 1e-4])
def test_a_change_of_exposure_does_not_hurt(gain, rng):
    reference, moving, truth = pair(rotation, rng)
    flow, _ = flow_between(reference, np.float32(gain) * moving, preset="standard")
    assert mean_error(flow, truth) < 0.08


def test_a_picture_shifted_two_pixels_to_the_right_has_flow_plus_two(rng):
    texture, points = Texture.random(rng), pixel_centers(*SIZE)
    reference = texture.at(points)
    flow, _ = flow_between(reference, np.roll(reference, 2, axis=1), preset="standard")
    assert_allclose(np.median(flow, axis=(0, 1)), [2.0, 0.0], rtol=0, atol=0.05)


def test_a_picture_shifted_two_pixels_down_has_flow_plus_two_in_y(rng):
    reference = Texture.random(rng).at(pixel_centers(*SIZE))
    flow, _ = flow_between(reference, np.roll(reference, 2, axis=0), preset="standard")
    assert_allclose(np.median(flow, axis=(0, 1)), [0.0, 2.0], rtol=0, atol=0.05)


def test_odd_sizes_scale_the_flow_by_what_the_picture_was_reduced(rng):
    texture, points = Texture.random(rng), pixel_centers(257, 319)
    offset = np.array([4.0, -2.0])
    flow, _ = flow_between(texture.at(points + offset), texture.at(points), preset="standard")
    assert flow.shape == (129, 160, 2)
    assert_allclose(np.median(flow, axis=(0, 1)), offset, rtol=0, atol=0.03)


def test_a_small_picture_is_not_reduced(rng):
    texture, points = Texture.random(rng), pixel_centers(64, 72)
    flow, _ = flow_between(texture.at(points + 1.0), texture.at(points), preset="draft")
    assert flow.shape == (64, 72, 2)
    assert_allclose(np.median(flow, axis=(0, 1)), [1.0, 1.0], rtol=0, atol=0.05)


BLACK = np.zeros((*SIZE, 3), np.float32)


@pytest.mark.parametrize(
    ("reference", "moving"),
    [
        (BLACK, BLACK),
        (BLACK + 0.5, BLACK + 0.4),
        (BLACK - 1.0, BLACK + 1.0),
        (BLACK + np.nan, BLACK + 1.0),
    ],
    ids=["black", "flat", "negative", "not a number"],
)
def test_frames_that_show_nothing_have_no_flow_and_no_confidence(reference, moving):
    flow, confidence = flow_between(reference, moving, preset="standard")
    assert not flow.any()
    assert not confidence.any()


def test_noise_around_black_is_not_followed(rng):
    flow, confidence = flow_between(noisy(BLACK, rng), noisy(BLACK, rng), preset="standard")
    assert not flow.any()
    assert not confidence.any()


def test_a_subject_on_black_is_followed_up_to_its_rim(rng):
    texture, points = Texture.random(rng), pixel_centers(*SIZE)
    offset = np.array([6.0, 2.0])
    from_center = np.linalg.norm(points - [160.0, 128.0], axis=-1)

    def seen(moved):
        place = points - moved
        away = np.linalg.norm(place - [160.0, 128.0], axis=-1)
        return noisy(texture.at(place) * np.clip(60.0 - away, 0, 1)[..., None], rng, 0.002)

    flow, confidence = flow_between(seen(0 * offset), seen(offset), preset="standard")
    error = np.linalg.norm(upsampled(flow, SIZE) - offset, axis=2)
    assert error[from_center < 58].mean() < 0.1
    assert upsampled(confidence, SIZE)[from_center < 58].min() > 0.9
    assert not upsampled(confidence, SIZE)[from_center > 120].any()


def test_plain_skin_is_not_doubted_for_lack_of_texture():
    from_center = np.linalg.norm(pixel_centers(*SIZE) - [160.0, 128.0], axis=-1)
    reference = np.repeat(np.clip(80.0 - from_center, 0, 1)[..., None], 3, 2).astype(np.float32)
    moving = np.roll(reference, 4, axis=1)
    flow, confidence = flow_between(reference, moving, preset="standard")
    assert (upsampled(confidence, SIZE)[from_center < 75] > 0.5).mean() > 0.95
    on_the_side = (np.abs(from_center - 78) < 2) & (np.abs(pixel_centers(*SIZE)[..., 1] - 128) < 40)
    assert_allclose(np.median(upsampled(flow, SIZE)[on_the_side, 0]), 4.0, rtol=0, atol=0.4)


@pytest.mark.parametrize(("preset", "recall"), [("standard", 0.75), ("fine", 0.85)])
def test_background_that_the_foreground_covers_is_doubted(preset, recall, rng):
    foreground, background = Texture.random(rng), Texture.random(rng)
    points = pixel_centers(*SIZE)
    offset, drift = np.array([12.0, 6.0]), np.array([-3.0, 1.0])
    center = np.array([152.0, 122.0])

    def seen(near, far):
        inside = np.clip(48.5 - np.linalg.norm(points - near - center, axis=-1), 0, 1)[..., None]
        return inside * foreground.at(points - near) + (1 - inside) * background.at(points - far)

    reference, moving = seen(0 * offset, 0 * drift), seen(offset, drift)
    flow, confidence = flow_between(noisy(reference, rng), noisy(moving, rng), preset=preset)
    is_near = np.linalg.norm(points - center, axis=-1) < 48
    is_hidden = ~is_near & (np.linalg.norm(points + drift - offset - center, axis=-1) < 48)
    is_doubted = upsampled(confidence, SIZE) < 0.5
    assert is_doubted[is_hidden].mean() > recall
    # Of the rest, some of the outermost pixels are doubted because they left the picture.
    assert inner(is_doubted).mean() < 2.0 * inner(is_hidden).mean()
    error = np.linalg.norm(
        upsampled(flow, SIZE) - np.where(is_near[..., None], offset, drift), axis=2
    )
    assert error[is_doubted & is_hidden].mean() > 5.0 * error[~is_doubted].mean()


@settings(max_examples=20)
@given(
    st.integers(3, 40),
    st.integers(3, 40),
    st.integers(1, 2),
    st.floats(-0.3, 0.3),
    st.floats(-5, 5),
)
def test_a_linear_flow_field_is_upsampled_to_the_same_linear_field(
    rows, columns, odd, slope, level
):
    shape = (4 * rows - odd, 3 * columns - odd)
    ratio = np.array([shape[1] / columns, shape[0] / rows])
    # A solved pixel covers `ratio` pixels; its center lies half of that from its first edge.
    centers = (pixel_centers(rows, columns) + 0.5) * ratio - 0.5
    solved = (slope * centers + level).astype(np.float32)
    full = upsampled(solved, shape)
    expected = slope * pixel_centers(*shape) + level
    reach = int(np.ceil(ratio.max() / 2))
    within = (slice(reach, -reach), slice(reach, -reach))
    assert_allclose(full[within], expected[within], rtol=0, atol=1e-4)


def test_upsampling_confidence_keeps_its_range(rng):
    confidence = rng.random((30, 41)).astype(np.float32)
    full = upsampled(confidence, (61, 80))
    assert full.shape == (61, 80)
    assert full.min() >= confidence.min()
    assert full.max() <= confidence.max()


def test_frames_of_two_sizes_are_refused():
    with pytest.raises(ValueError, match="320 x 256 px, the moving frame 319 x 256"):
        flow_between(BLACK, BLACK[:, :-1], preset="draft")


def test_frames_smaller_than_a_patch_are_refused():
    with pytest.raises(ValueError, match="the frames are 320 x 12 px"):
        flow_between(BLACK[:12], BLACK[:12], preset="fine")


@pytest.mark.parametrize(("preset", "factor"), [("draft", 1.8), ("standard", 2.6), ("fine", 3.4)])
def test_a_real_scene_pulled_by_its_flow_looks_like_the_reference(preset, factor, shared_data):
    reference, moving = (
        np.square(cv2.imread(str(shared_data / "flow" / f"rubberwhale{number}.png")) / 255.0)
        for number in (1, 2)
    )
    reference, moving = reference.astype(np.float32), moving.astype(np.float32)
    shape = (reference.shape[0], reference.shape[1])
    flow, confidence = flow_between(reference, moving, preset=preset)
    pulled = warped(
        RadianceImage(moving, np.zeros(shape, np.uint8)),
        upsampled(flow, shape),
        upsampled(confidence, shape),
        confidence_floor=0.5,
    )
    usable = pulled.flags == 0

    def difference(radiance):
        displayed = np.sqrt(np.clip(radiance, 0, 1)) - np.sqrt(reference)
        return np.abs(displayed[usable]).mean()

    assert usable.mean() > 0.98
    assert difference(moving) / difference(pulled.radiance) > factor


def test_forward_and_backward_flow_of_a_real_scene_agree(shared_data):
    frames = [
        np.square(cv2.imread(str(shared_data / "flow" / f"rubberwhale{number}.png")) / 255.0)
        for number in (1, 2)
    ]
    _, confidence = flow_between(*(f.astype(np.float32) for f in frames), preset="fine")
    assert np.median(confidence) > 0.99
    assert (confidence < 0.5).mean() < 0.03
