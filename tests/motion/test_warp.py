"""Pulling a frame onto the reference grid."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from olat.geometry.camera import distorted, to_pixels, to_slopes, undistorted
from olat.geometry.undistortion import undistorted_positions
from olat.model.flags import PixelFlag
from olat.model.image import RadianceImage
from olat.motion.warp import resampled, split, warped
from tests.support.lenses import lens_of
from tests.support.texture import Texture, pixel_centers

SIZE = (40, 56)
SURE = np.ones(SIZE, np.float32)


def image_of(radiance, flags=None):
    clear = np.zeros(radiance.shape[:2], np.uint8)
    return RadianceImage(radiance.astype(np.float32), clear if flags is None else flags)


def constant_flow(dx, dy, size=SIZE):
    flow = np.empty((*size, 2), np.float32)
    flow[...] = dx, dy
    return flow


def test_zero_flow_is_the_identity_bit_for_bit(rng):
    flags = rng.choice([0, 0, 0, 1, 16], SIZE).astype(np.uint8)
    image = image_of(rng.normal(size=(*SIZE, 3)), flags)
    out = warped(image, constant_flow(0, 0), SURE, confidence_floor=0.5)
    assert_array_equal(out.radiance, image.radiance)
    assert_array_equal(out.flags, flags)


def test_a_flow_to_the_right_pulls_content_to_the_left(rng):
    image = image_of(rng.normal(size=(*SIZE, 3)))
    out = warped(image, constant_flow(3, 0), SURE, confidence_floor=0.5)
    assert_array_equal(out.radiance[:, :-3], image.radiance[:, 3:])


def test_a_flow_downward_pulls_content_upward(rng):
    image = image_of(rng.normal(size=(*SIZE, 3)))
    out = warped(image, constant_flow(0, 2), SURE, confidence_floor=0.5)
    assert_array_equal(out.radiance[:-2], image.radiance[2:])


def test_fine_texture_is_seen_from_a_fraction_of_a_pixel_away(rng):
    waves = Texture.random(rng)
    points = pixel_centers(*SIZE)
    flow = constant_flow(0.37, -0.61)
    out = warped(image_of(waves.at(points)), flow, SURE, confidence_floor=0.5)
    inside = (slice(4, -4), slice(4, -4))
    expected = waves.at(points + flow)
    relative = np.abs(out.radiance - expected)[inside] / expected[inside]
    assert relative.mean() < 0.01


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.floats(-2, 2), st.floats(-2, 2))
def test_warping_is_linear(seed, first, second):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(2, *SIZE, 3)).astype(np.float32)
    flow = rng.normal(0, 3, (*SIZE, 2)).astype(np.float32)

    def pulled(radiance):
        return warped(image_of(radiance), flow, SURE, confidence_floor=0.5).radiance

    assert_allclose(
        pulled(first * a + second * b), first * pulled(a) + second * pulled(b), rtol=0, atol=2e-5
    )


def test_each_output_pixel_is_a_weighted_mean_of_its_sources(rng):
    # The adjoint spreads every output pixel over the input; what it spreads must sum to one.
    flow = rng.normal(0, 1.5, (*SIZE, 2)).astype(np.float32)
    out = warped(image_of(np.ones((*SIZE, 3))), flow, SURE, confidence_floor=0.5)
    inside = out.flags == 0
    assert_allclose(out.radiance[inside], 1.0, rtol=0, atol=1e-5)


def test_values_below_zero_stay_below_zero():
    radiance = np.zeros((*SIZE, 3))
    radiance[20, 20] = 1.0
    out = warped(image_of(radiance), constant_flow(0.5, 0), SURE, confidence_floor=0.5)
    assert out.radiance.min() < -0.05
    noise = warped(image_of(radiance - 2.0), constant_flow(0.5, 0.5), SURE, confidence_floor=0.5)
    assert noise.radiance[5:15, 5:15].max() < -1.9


def test_a_source_outside_the_picture_is_flagged_and_zero(rng):
    saturated = np.full(SIZE, PixelFlag.SATURATED, np.uint8)
    image = image_of(rng.random((*SIZE, 3)) + 1.0, saturated)
    out = warped(image, constant_flow(5, 0), SURE, confidence_floor=0.5)
    assert (out.flags[:, -5:] == PixelFlag.OUT_OF_FRAME).all()
    assert not out.radiance[:, -5:].any()
    assert (out.flags[:, :-5] == PixelFlag.SATURATED).all()


@pytest.mark.parametrize(("shift", "lost"), [(0.3, (1, 2)), (-0.3, (2, 1)), (1e-6, (0, 0))])
def test_a_place_next_to_the_border_has_no_value(rng, shift, lost):
    # The cubic takes a pixel before the place and two after it, or the other way round.
    image = image_of(rng.random((*SIZE, 3)))
    out = warped(image, constant_flow(shift, 0), SURE, confidence_floor=0.5)
    outside = out.flags == PixelFlag.OUT_OF_FRAME
    before, after = lost
    expected = np.zeros(SIZE, bool)
    expected[:, :before] = True
    expected[:, SIZE[1] - after :] = True
    assert_array_equal(outside, expected)
    assert not out.radiance[outside].any()
    assert not out.confidence[outside].any()
    assert (out.confidence[~outside] == 1.0).all()


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_no_value_depends_on_what_lies_beyond_the_border(seed):
    rng = np.random.default_rng(seed)
    # The same picture with two surroundings, cut out of a larger one.
    pictures = rng.normal(size=(2, SIZE[0] + 40, SIZE[1] + 40, 3)).astype(np.float32)
    pictures[1, 20:-20, 20:-20] = pictures[0, 20:-20, 20:-20]
    flow = rng.normal(0, 3, (SIZE[0] + 40, SIZE[1] + 40, 2)).astype(np.float32)
    # In steps that are coarser than what counts as rounding on the rim.
    flow = np.rint(256.0 * flow) / np.float32(256.0)
    flow[rng.random(flow.shape[:2]) < 0.3] = rng.integers(-3, 4, 2)
    sure = np.ones(flow.shape[:2], np.float32)
    large = [warped(image_of(p), flow, sure, confidence_floor=0.0) for p in pictures]
    cut = (slice(20, -20), slice(20, -20))
    out = warped(image_of(pictures[0][cut]), flow[cut].copy(), SURE, confidence_floor=0.0)
    there = out.flags == 0
    assert there.mean() > 0.6
    for picture in large:
        assert_allclose(out.radiance[there], picture.radiance[cut][there], rtol=0, atol=1e-4)
    # And whatever does not depend on it is there.
    same = (large[0].radiance[cut] == large[1].radiance[cut]).all(axis=-1)
    assert_array_equal(there, same)


def test_a_flow_that_is_not_a_number_leads_outside(rng):
    flow = constant_flow(0, 0)
    flow[7, 9] = np.nan
    out = warped(image_of(rng.random((*SIZE, 3))), flow, SURE, confidence_floor=0.5)
    assert out.flags[7, 9] == PixelFlag.OUT_OF_FRAME
    assert not out.radiance[7, 9].any()
    assert np.count_nonzero(out.flags) == 1


def test_low_confidence_is_flagged_as_occlusion_and_the_value_kept(rng):
    confidence = SURE.copy()
    confidence[10:20] = 0.4
    confidence[20:30] = 0.5
    image = image_of(rng.random((*SIZE, 3)))
    out = warped(image, constant_flow(0, 0), confidence, confidence_floor=0.5)
    assert (out.flags[10:20] == PixelFlag.OCCLUDED).all()
    assert not np.delete(out.flags, slice(10, 20), axis=0).any()
    assert_array_equal(out.radiance, image.radiance)
    # What is trusted less reaches two pixels farther, as the cubic does.
    assert (out.confidence[8:22] == np.float32(0.4)).all()
    assert (out.confidence[22:32] == np.float32(0.5)).all()


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_a_value_is_trusted_no_more_than_what_it_was_pulled_beside(seed):
    rng = np.random.default_rng(seed)
    confidence = rng.random(SIZE, np.float32)
    flow = constant_flow(*rng.uniform(-3, 3, 2))
    out = warped(image_of(rng.random((*SIZE, 3))), flow, confidence, confidence_floor=0.0)
    padded = np.pad(confidence, 2, constant_values=1.0)
    window = np.lib.stride_tricks.sliding_window_view(padded, (5, 5))
    inside = out.flags == 0
    assert_array_equal(out.confidence[inside], window.min(axis=(2, 3))[inside])
    assert not out.confidence[~inside].any()


def test_a_frame_that_is_only_undistorted_has_no_confidence(rng):
    image = replace(image_of(rng.random((*SIZE, 3))), confidence=SURE)
    rows, columns = np.indices(SIZE, np.float32)
    assert resampled(image, columns, rows).confidence is None


@settings(max_examples=30)
@given(st.floats(-6, 6), st.floats(-6, 6))
def test_every_value_that_a_flagged_pixel_took_part_in_is_flagged(dx, dy):
    radiance, flags = np.zeros((*SIZE, 3)), np.zeros(SIZE, np.uint8)
    radiance[20, 28] = 1.0
    flags[20, 28] = PixelFlag.SATURATED
    flags[21, 28] = PixelFlag.DEAD
    out = warped(image_of(radiance, flags), constant_flow(dx, dy), SURE, confidence_floor=0.5)
    touched = out.radiance[..., 0] != 0.0
    assert (out.flags[touched] & PixelFlag.SATURATED).all()
    assert np.count_nonzero(out.flags & PixelFlag.SATURATED) <= 16
    assert np.count_nonzero(out.flags & PixelFlag.DEAD) <= 16


@pytest.mark.parametrize("shift", [(0.5, 0.0), (0.3, 0.7), (-0.2, 0.4), (0.9, -0.6)])
def test_undershoot_beside_a_clipped_highlight_is_flagged_with_it(rng, shift):
    radiance = 0.2 + 0.01 * rng.random((*SIZE, 3))
    radiance[18:22, 25:31] = 4.0
    clipped = (radiance[..., 0] > 1.0) * np.uint8(PixelFlag.SATURATED)
    out = warped(image_of(radiance, clipped), constant_flow(*shift), SURE, confidence_floor=0.5)
    clean = out.flags == 0
    smooth = (out.radiance > 0.195) & (out.radiance < 0.215)
    print(f"lowest value beside a highlight of 4.0 on 0.2: {out.radiance.min():.3f}")
    assert out.radiance.min() < 0.1
    assert smooth[clean].all()
    # Not more than the cubic's reach is lost.
    assert np.count_nonzero(out.flags & PixelFlag.SATURATED) <= (4 + 3) * (6 + 3)


@settings(max_examples=25)
@given(st.floats(-3, 3), st.floats(-3, 3))
def test_ramps_and_parabolas_stay_where_they_are(dx, dy):
    """The closed form of Keys 1981: the error is of third order in the distance of pixels."""

    def surface(points):
        x, y = (points - (28.0, 20.0)).T / 10.0
        return np.stack([x - 2.0 * y, x * x - y, x * x + x * y - 3.0 * y * y]).T

    points = pixel_centers(*SIZE).reshape(-1, 2)
    image = image_of(surface(points).reshape(*SIZE, 3))
    out = warped(image, constant_flow(dx, dy), SURE, confidence_floor=0.5)
    expected = surface(points + np.float32([dx, dy])).reshape(*SIZE, 3)
    inside = np.s_[5:-5, 5:-5]  # on the rim, places are rounded by up to a thousandth
    assert not out.flags[inside].any()
    assert_allclose(out.radiance[inside], expected[inside], rtol=0, atol=1e-4)


def test_places_are_not_rounded_to_parts_of_a_pixel():
    ramp = np.repeat(np.arange(SIZE[1], dtype=np.float32)[None, :, None], SIZE[0], 0).repeat(3, 2)
    steps = np.linspace(0, 1, SIZE[0], dtype=np.float32) / 64
    flow = np.zeros((*SIZE, 2), np.float32)
    flow[..., 0] = steps[:, None]
    out = warped(image_of(ramp), flow, SURE, confidence_floor=0.5)
    # As many libraries do: OpenCV 4 knows 32 places between two pixels, and all rows were equal.
    assert_allclose(out.radiance[:, 20, 0], 20.0 + steps, rtol=0, atol=5e-6)


def test_shapes_that_disagree_are_refused(rng):
    image = image_of(rng.random((*SIZE, 3)))
    with pytest.raises(ValueError, match="56 x 40, 60 x 40 px; needed one size"):
        warped(
            image,
            constant_flow(0, 0, (40, 60)),
            np.ones((40, 60), np.float32),
            confidence_floor=0.5,
        )


def test_a_side_longer_than_opencv_can_address_is_refused_with_a_lens_alone():
    """Without one the cubic is our own loop, which counts as far as memory goes."""
    long = (4, 32767)
    picture, still, sure = np.ones((*long, 3)), constant_flow(0, 0, long), np.ones(long, np.float32)
    out = warped(image_of(picture), still, sure, confidence_floor=0.5)
    assert_array_equal(out.radiance, 1.0)
    places = pixel_centers(*long).astype(np.float32)
    with pytest.raises(ValueError, match="32767 x 4 px; with a lens a side may have 32766"):
        warped(image_of(picture), still, sure, confidence_floor=0.5, undistorted=places)


# A lens, in the same resampling


def seen_through(lens, waves, motion):
    """Photograph a texture that moved, and say how on the grid of the photograph."""
    shape = (lens.height, lens.width)
    pixels = pixel_centers(*shape).reshape(-1, 2)
    ideal = to_pixels(undistorted(to_slopes(pixels, lens), lens.distortion), lens)
    photograph = waves.at((ideal - motion).reshape(*shape, 2))
    moved = to_pixels(distorted(to_slopes(ideal + motion, lens), lens.distortion), lens)
    return image_of(photograph), (moved - pixels).reshape(*shape, 2).astype(np.float32)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["barrel", "pincushion"])
def test_one_resampling_undistorts_and_aligns_better_than_two(rng, name):
    lens = lens_of(name)
    waves = Texture.random(rng)
    truth = waves.at(pixel_centers(480, 640))
    image, flow = seen_through(lens, waves, np.array([3.4, -2.3]))
    sure = np.ones((480, 640), np.float32)
    positions = undistorted_positions(lens, height=480, width=640)
    once = warped(image, flow, sure, confidence_floor=0.5, undistorted=positions)
    aligned = warped(image, flow, sure, confidence_floor=0.5)
    twice = resampled(aligned, *split(positions))
    inside = (once.flags == 0) & (twice.flags == 0)
    inside[:8] = inside[-8:] = inside[:, :8] = inside[:, -8:] = False
    assert inside.mean() > 0.7

    def error(picture):
        return np.sqrt(np.mean((picture.radiance - truth)[inside] ** 2)) / truth.mean()

    print(f"{name}: relative error in one resampling {error(once):.4f}, in two {error(twice):.4f}")
    assert error(once) < 0.012
    assert error(once) < 0.75 * error(twice)


def test_without_distortion_a_lens_changes_nothing(rng):
    image = image_of(rng.normal(size=(480, 640, 3)), rng.choice([0, 0, 1], (480, 640)).astype("u1"))
    flow = rng.normal(0, 2, (480, 640, 2)).astype(np.float32)
    confidence = rng.random((480, 640), np.float32)
    positions = undistorted_positions(lens_of("none"), height=480, width=640)
    plain = warped(image, flow, confidence, confidence_floor=0.5)
    out = warped(image, flow, confidence, confidence_floor=0.5, undistorted=positions)
    assert_array_equal(out.radiance, plain.radiance)
    assert_array_equal(out.flags, plain.flags)


def test_what_the_reference_does_not_show_is_out_of_frame_in_every_frame(rng):
    # Pincushion: the corners of the straightened picture lie beyond the photograph.
    positions = undistorted_positions(lens_of("pincushion"), height=480, width=640)
    image = image_of(rng.random((480, 640, 3)))
    inward = np.zeros((480, 640, 2), np.float32)
    rows, columns = np.indices((480, 640))
    inward[..., 0], inward[..., 1] = (320 - columns) / 2, (240 - rows) / 2
    sure = np.ones((480, 640), np.float32)
    out = warped(image, inward, sure, confidence_floor=0.5, undistorted=positions)
    assert (out.flags[0, 0], out.flags[240, 320]) == (PixelFlag.OUT_OF_FRAME, 0)
    assert not out.radiance[0, 0].any()


def test_nothing_is_seen_where_the_lens_has_no_place(rng):
    positions = np.array(undistorted_positions(lens_of("none"), height=480, width=640))
    positions[100, 200] = np.nan
    image = image_of(rng.random((480, 640, 3)) + 1.0)
    out = resampled(image, *split(positions))
    assert np.argwhere(out.flags == PixelFlag.OUT_OF_FRAME).tolist() == [[100, 200]]
    assert not out.radiance[100, 200].any()


def test_flow_and_confidence_are_read_where_the_lens_shows_the_pixel():
    positions = np.stack(np.meshgrid(np.arange(56.0) + 0.25, np.arange(40.0)), axis=-1)
    ramp = np.repeat(np.arange(56.0)[None, :, None], 40, 0).repeat(3, 2)
    flow = np.zeros((*SIZE, 2), np.float32)
    flow[..., 0] = np.arange(56)
    confidence = np.broadcast_to(np.linspace(0, 1, 56, dtype=np.float32), SIZE).copy()
    out = warped(
        image_of(ramp), flow, confidence, confidence_floor=0.2, undistorted=positions.astype("f4")
    )
    # x is seen at x + 0.25, where the flow is x + 0.25 too.
    x = np.arange(4, 24)
    assert_allclose(out.radiance[20, 4:24, 0], 2.0 * x + 0.5, rtol=0, atol=1e-4)
    # The least confidence is found two pixels to the left.
    assert_allclose(out.confidence[20, 4:24], (x + 0.25 - 2.0) / 55, rtol=0, atol=1e-6)
    occluded = (out.flags & PixelFlag.OCCLUDED) != 0
    assert_array_equal(occluded[20, 4:24], (x + 0.25) / 55 < 0.2)


# Noise


def variance_of(radiance, variance, space="camera"):
    clear = np.zeros(radiance.shape[:2], np.uint8)
    return RadianceImage(radiance, clear, variance.astype(np.float32), space)


def test_the_variance_is_that_of_the_resampled_noise(rng):
    # White noise of uneven strength, warped again and again.
    sigma = rng.uniform(0.5, 2.0, (24, 32, 3))
    flow = rng.uniform(-1.5, 1.5, (24, 32, 2)).astype(np.float32)
    sure = np.ones((24, 32), np.float32)
    times = 3000
    squares = np.zeros((24, 32, 3))
    for _ in range(times):
        image = variance_of((sigma * rng.normal(size=sigma.shape)).astype(np.float32), sigma**2)
        out = warped(image, flow, sure, confidence_floor=0.5)
        squares += out.radiance.astype(float) ** 2
    inside = out.flags == 0
    ratio = (squares / times)[inside] / out.variance[inside]
    print(f"variance seen over variance told: {ratio.mean():.4f} +- {ratio.std():.4f}")
    # A variance from 3000 samples is uncertain by 2.6 %, the mean of all pixels by far less.
    assert abs(ratio.mean() - 1.0) < 0.003
    assert ratio.std() < 0.04


def test_the_variance_of_one_pixel_spreads_by_the_squared_weights_of_the_value(rng):
    flow = rng.uniform(-2.0, 2.0, (*SIZE, 2)).astype(np.float32)
    for row, column in [(20, 30), (0, 0), (39, 55), (0, 28)]:
        lone = np.zeros((*SIZE, 3), np.float32)
        lone[row, column] = 1.0
        out = warped(variance_of(lone, lone), flow, SURE, confidence_floor=0.5)
        assert_allclose(out.variance, out.radiance**2, rtol=0, atol=1e-5)


def test_on_whole_pixels_the_variance_is_copied(rng):
    variance = rng.random((*SIZE, 3)).astype(np.float32)
    image = variance_of(np.zeros((*SIZE, 3), np.float32), variance, space="rec709")
    out = warped(image, constant_flow(3, 0), SURE, confidence_floor=0.5)
    assert_array_equal(out.variance[:, :-3], variance[:, 3:])
    assert not out.variance[:, -3:].any()
    assert out.space == "rec709"


def test_an_unknown_variance_stays_with_the_pixels_it_has_a_part_in(rng):
    variance = np.ones((*SIZE, 3), np.float32)
    variance[20, 30] = np.inf
    image = variance_of(np.zeros((*SIZE, 3), np.float32), variance)
    still = warped(image, constant_flow(0, 0), SURE, confidence_floor=0.5)
    assert_array_equal(still.variance, variance)
    between = warped(image, constant_flow(0.5, 0), SURE, confidence_floor=0.5)
    assert not np.isnan(between.variance).any()
    assert np.argwhere(np.isinf(between.variance[..., 0])).tolist() == [
        [20, column] for column in range(28, 32)
    ]


def test_an_image_without_variance_has_none_after_the_warp(rng):
    out = warped(
        image_of(rng.random((*SIZE, 3))), constant_flow(0.5, 0), SURE, confidence_floor=0.0
    )
    assert out.variance is None
