"""Pulling a frame onto the reference grid."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from olat.model.flags import PixelFlag
from olat.model.image import RadianceImage
from olat.motion.warp import warped
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


@settings(max_examples=25, deadline=None)
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


def test_a_source_on_the_outer_half_of_a_border_pixel_is_in_the_picture(rng):
    image = image_of(rng.random((*SIZE, 3)))
    out = warped(image, constant_flow(-0.4, 0.4), SURE, confidence_floor=0.5)
    assert not out.flags.any()


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


@settings(max_examples=30, deadline=None)
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


def test_remap_is_not_rounded_to_parts_of_a_pixel():
    ramp = np.repeat(np.arange(SIZE[1], dtype=np.float32)[None, :, None], SIZE[0], 0).repeat(3, 2)
    steps = np.linspace(0, 1, SIZE[0], dtype=np.float32)
    flow = np.zeros((*SIZE, 2), np.float32)
    flow[..., 0] = steps[:, None] / 64
    out = warped(image_of(ramp), flow, SURE, confidence_floor=0.5)
    # OpenCV 4 knows 32 positions between two pixels: all rows would be equal.
    assert len(np.unique(out.radiance[:, 20, 0])) > 30, cv2.__version__


def test_shapes_that_disagree_are_refused(rng):
    image = image_of(rng.random((*SIZE, 3)))
    with pytest.raises(ValueError, match="56 x 40, 60 x 40 px; needed one size"):
        warped(
            image,
            constant_flow(0, 0, (40, 60)),
            np.ones((40, 60), np.float32),
            confidence_floor=0.5,
        )


def test_a_side_longer_than_opencv_can_address_is_refused():
    long = (1, 32767)
    with pytest.raises(ValueError, match="32767 x 1 px; a side may have 32766"):
        warped(
            image_of(np.zeros((*long, 3))),
            constant_flow(0, 0, long),
            np.ones(long, np.float32),
            confidence_floor=0.5,
        )
