"""8-bit pictures that motion is found on."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.motion.preparation import local_contrast, prepared, solved_size
from tests.support.texture import Texture, noisy, pixel_centers

SIZE = (256, 320)
BLACK = np.zeros((*SIZE, 3), np.float32)


def textured(rng, size=SIZE):
    return Texture.random(rng, 40).at(pixel_centers(*size))


@pytest.mark.parametrize(
    ("preset", "expected"),
    [("draft", (612, 816)), ("standard", (1224, 1632)), ("fine", (2448, 3264))],
)
def test_a_preset_solves_at_its_share_of_the_frame(preset, expected):
    assert solved_size(2448, 3264, preset) == expected


def test_a_gain_between_the_frames_is_gone(rng):
    radiance = textured(rng)
    pictures = prepared(radiance, 0.37 * radiance, shape=SIZE)
    assert np.abs(pictures.reference.astype(int) - pictures.moving).max() <= 1


def test_a_ramp_of_light_is_gone_with_local_contrast_and_stays_with_gain(rng):
    radiance = textured(rng)
    ramp = np.linspace(1.0, 0.5, SIZE[1], dtype=np.float32)[None, :, None]
    left = {}
    for normalization in ("gain", "local"):
        pictures = prepared(radiance, ramp * radiance, shape=SIZE, normalization=normalization)
        difference = pictures.reference.astype(float) - pictures.moving
        left[normalization] = np.abs(difference).mean() / pictures.reference.std()
    assert left["gain"] > 0.2
    assert left["local"] < 0.05


def test_local_contrast_has_mean_128_and_a_spread_of_48(rng):
    codes = np.clip(rng.normal(90, 20, SIZE), 0, 255).astype(np.uint8)
    contrast = local_contrast(codes)
    # Of a spread of 20 codes, the floor of 4 takes a sixth.
    assert_allclose(contrast.mean(), 128.0, rtol=0, atol=1.0)
    assert_allclose(contrast.std(), 48.0 * 20 / 24, rtol=0.03)


def test_local_contrast_of_a_flat_picture_is_flat():
    assert (local_contrast(np.full(SIZE, 77, np.uint8)) == 128).all()


@pytest.mark.parametrize(
    "moving",
    [BLACK, BLACK + 0.5, BLACK + 4.0, BLACK + np.inf, -textured(np.random.default_rng(1))],
    ids=["black", "flat", "saturated", "infinite", "negative"],
)
@pytest.mark.parametrize("normalization", ["gain", "local"])
def test_a_frame_that_shows_nothing_is_no_picture(moving, normalization, rng):
    assert prepared(textured(rng), moving, shape=SIZE, normalization=normalization) is None


def test_the_window_holds_the_subject_of_both_frames(rng):
    size = (700, 900)
    reference, moving = np.zeros((2, *size, 3), np.float32)
    reference[300:450, 400:560] = textured(rng, (150, 160))
    moving[320:470, 430:590] = reference[300:450, 400:560]
    pictures = prepared(noisy(reference, rng, 0.001), noisy(moving, rng, 0.001), shape=size)
    rows, columns = pictures.subject
    assert rows.start <= 284
    assert rows.stop >= 486
    assert columns.start <= 384
    assert columns.stop >= 606
    assert (rows.stop - rows.start) * (columns.stop - columns.start) < 0.4 * size[0] * size[1]
    assert not pictures.background[300:450, 400:560].any()
    assert pictures.background[:200].all()


def test_a_lit_frame_is_solved_as_a_whole(rng):
    pictures = prepared(textured(rng), textured(rng), shape=SIZE)
    assert pictures.subject == (slice(0, SIZE[0]), slice(0, SIZE[1]))
    assert not pictures.background.any()


def test_a_small_subject_in_a_corner_keeps_a_window_that_can_be_solved(rng):
    size = (700, 900)
    frame = np.zeros((*size, 3), np.float32)
    frame[620:, 800:] = textured(rng, (80, 100))
    rows, columns = prepared(frame, frame, shape=size).subject
    assert rows.stop == size[0]
    assert columns.stop == size[1]
    assert 128 <= rows.stop - rows.start <= 256
    assert 128 <= columns.stop - columns.start <= 256
