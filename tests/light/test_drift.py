"""Levels of lights that warm up, off full-on frames of somebody who moves."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from olat.light.drift import drift_gains, gains_at, is_guessed, level_of, outliers
from olat.model.drift import LightDrift
from olat.model.flags import PixelFlag
from olat.model.image import RadianceImage

SHAPE = (120, 160)


def subject(rng):
    """Return a textured oval on black."""
    y, x = np.indices(SHAPE)
    inside = ((x - 80) / 45.0) ** 2 + ((y - 60) / 50.0) ** 2 < 1.0
    texture = cv2.GaussianBlur(rng.uniform(0.0, 1.0, SHAPE), (0, 0), 2.0)
    texture = 0.3 + 0.5 * (texture - texture.min()) / np.ptp(texture)
    return np.where(inside, texture, 0.0)[..., None] * np.array([1.0, 0.8, 0.6])


def photo_of(picture, gain, shift, rng, noise=0.01):
    """Photograph the subject, moved by some pixels."""
    move = np.array([[1.0, 0.0, shift[0]], [0.0, 1.0, shift[1]]])
    moved = cv2.warpAffine(picture, move, SHAPE[::-1]) * gain
    moved = moved + noise * rng.normal(size=moved.shape)
    return RadianceImage(moved.astype(np.float32), np.zeros(SHAPE, np.uint8))


def warm_up(frames, size=0.03):
    """Return the level of LEDs that lose part of their light as they get warm."""
    return 1.0 - size * (1.0 - np.exp(-np.asarray(frames) / 120.0))


def test_a_warm_up_of_three_percent_is_recovered_within_a_third_of_a_percent(rng):
    """Somebody sways by a pixel or two; red drifts more than blue."""
    picture, moments = subject(rng), list(range(0, 351, 21))
    size = np.array([0.036, 0.03, 0.024])
    photos = [
        photo_of(
            picture,
            np.stack([warm_up(moment, one) for one in size]),
            2.0 * np.array([np.sin(moment / 40.0), np.cos(moment / 55.0)]),
            rng,
        )
        for moment in moments
    ]
    levels = np.stack([level_of(photo, photos[8]) for photo in photos])
    asked = list(range(0, 351))
    gains = drift_gains(moments, levels, asked)
    truth = np.stack([warm_up(asked, one) for one in size], axis=1)
    truth /= truth[moments].mean(axis=0)
    error = np.abs(gains / truth - 1.0)
    print(
        f"warm-up of 3 %: recovered within {100 * error.max():.2f} %, mean {100 * error.mean():.2f}"
    )
    assert np.ptp(truth[:, 1]) > 0.025
    assert error.max() < 0.003


def test_a_blink_of_the_lights_is_not_believed(rng):
    moments = list(range(0, 200, 10))
    levels = np.repeat(warm_up(moments)[:, None], 3, axis=1) * rng.normal(1.0, 2e-4, (20, 3))
    levels[7] *= 0.9
    assert np.flatnonzero(outliers(moments, levels)).tolist() == [7]
    gains = drift_gains(moments, levels, moments)
    truth = warm_up(moments) / warm_up(moments)[np.arange(20) != 7].mean()
    np.testing.assert_allclose(gains[:, 0], truth, rtol=0, atol=1.5e-3)


ALL, BLUE = [0, 1, 2], [2]


@pytest.mark.parametrize("channels", [ALL, BLUE], ids=["all channels", "blue alone"])
@pytest.mark.parametrize("count", [4, 5, 8, 20])
@pytest.mark.parametrize("size", [0.98, 0.9, 1.1])
def test_a_blink_in_any_full_on_frame_is_not_believed(rng, channels, count, size):
    """Also in the first and the last one, beyond which the level is held."""
    moments, asked = list(range(0, 20 * count, 20)), list(range(20 * count))
    for bad in range(count):
        levels = np.repeat(warm_up(moments)[:, None], 3, axis=1)
        levels *= rng.normal(1.0, 2e-4, levels.shape)
        levels[bad, channels] *= size
        assert np.flatnonzero(outliers(moments, levels)).tolist() == [bad]
        gains = drift_gains(moments, levels, asked)
        kept = np.delete(moments, bad)
        truth = warm_up(np.clip(asked, kept[0], kept[-1])) / warm_up(kept).mean()
        # A warm-up of 3 % is joined by lines over 40 frames where fewer than six are left.
        np.testing.assert_allclose(gains, truth[:, None].repeat(3, axis=1), rtol=0, atol=2e-3)


@pytest.mark.parametrize("bad", [0, 5, -1])
def test_a_blink_costs_no_frame_a_percent(bad):
    moments, asked = list(range(0, 240, 20)), list(range(235))
    levels = np.ones((12, 3))
    levels[bad] = 0.9
    error = np.abs(drift_gains(moments, levels, asked) - 1.0).max()
    print(f"blink of 10 % in full-on frame {bad}: levels wrong by {100 * error:.3f} % at most")
    assert error < 1e-9


@pytest.mark.parametrize("noise", [0.0, 2e-4])
@pytest.mark.parametrize("count", [2, 3, 4, 5, 8, 20])
@pytest.mark.parametrize(
    "level",
    [
        lambda moment: 1.0 - 5e-4 * moment,
        lambda moment: 1.0 + 5e-4 * moment,
        lambda moment: warm_up(moment, 0.03),
        # Warm within a few full-on frames.
        lambda moment: 1.0 - 0.05 * (1.0 - np.exp(-moment / 30.0)),
    ],
    ids=["falling", "rising", "warm-up", "fast warm-up"],
)
@pytest.mark.parametrize("is_even", [True, False], ids=["even", "uneven"])
def test_steady_drift_is_believed_to_its_ends(rng, noise, count, level, is_even):
    """Gaps between full-on frames may differ; the last one stands after another subject."""
    gaps = np.full(count, 15) if is_even else rng.integers(5, 15, count)
    if not is_even:
        gaps[-1] = 100
    moments = np.cumsum(gaps) - gaps[0]
    levels = level(moments.astype(float))[:, None] * rng.normal(1.0, noise, (count, 3))
    assert not outliers(moments.tolist(), levels).any()


def fast_warm_up(moments, ratio, size):
    """Return the level of lights whose warm-up takes 20 frames over a ratio."""
    return 1.0 - size * (1.0 - np.exp(-ratio * np.asarray(moments) / 20.0))


RATIOS = [1.0, 1.3, 1.5, 2.0, 3.0]


@pytest.mark.parametrize("size", [0.03, 0.05])
@pytest.mark.parametrize("count", [6, 17, 34])
@pytest.mark.parametrize("ratio", RATIOS)
def test_a_warm_up_faster_than_full_on_frames_follow_is_recovered(rng, ratio, count, size):
    """Its time is the gap between them over the ratio: a third, and 5 % of the frame are 0.25 %."""
    moments, asked = list(range(0, 20 * count, 20)), list(range(20 * count - 19))
    worst = {}
    for noise in (0.0, 2e-4):
        levels = fast_warm_up(moments, ratio, size)[:, None] * rng.normal(1.0, noise, (count, 3))
        assert not outliers(moments, levels).any()
        truth = fast_warm_up(asked, ratio, size) / fast_warm_up(moments, ratio, size).mean()
        worst[noise] = np.abs(drift_gains(moments, levels, asked) / truth[:, None] - 1.0).max()
    print(
        f"warm-up of {size:.0%}, {ratio} gaps, {count} frames: wrong by {worst[0.0]:.2%} at most, "
        f"{worst[2e-4]:.2%} with noise"
    )
    assert worst[0.0] < 0.0045
    assert worst[2e-4] < 0.006


@pytest.mark.parametrize(
    ("gap", "count", "tau", "size"),
    [(66, 6, 40, 0.05), (66, 6, 15, 0.08), (20, 17, 14, 0.05), (10, 34, 6, 0.03)],
)
def test_a_blink_under_a_fast_warm_up_is_told_and_the_warm_up_kept(gap, count, tau, size):
    moments, asked = list(range(0, gap * count, gap)), list(range(gap * count - gap + 1))
    level = 1.0 - size * (1.0 - np.exp(-np.array(moments) / tau))
    truth = 1.0 - size * (1.0 - np.exp(-np.array(asked) / tau))
    for bad in range(1, count):
        levels = level[:, None].repeat(3, axis=1)
        levels[bad] *= 0.9
        assert np.flatnonzero(outliers(moments, levels)).tolist() == [bad]
        # Beside the second frame nothing tells how fast; beyond the last the level is held.
        if 1 < bad < count - 1:
            gains = drift_gains(moments, levels, asked)
            wrong = gains / truth[:, None] * np.delete(level, bad).mean() - 1.0
            # Five that are left may be joined by lines.
            assert np.abs(wrong).max() < (0.006 if count > 6 else 0.01)


@pytest.mark.parametrize("count", [8, 17, 34])
@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize("size", [0.98, 1.1])
def test_a_small_blink_under_a_fast_warm_up_is_told_by_eight_frames(rng, ratio, count, size):
    moments = list(range(0, 20 * count, 20))
    for bad in range(1, count - 1):
        levels = fast_warm_up(moments, ratio, 0.04)[:, None] * rng.normal(1.0, 2e-4, (count, 3))
        levels[bad] *= size
        assert np.flatnonzero(outliers(moments, levels)).tolist() == [bad]


@pytest.mark.parametrize("count", [4, 5, 8, 20])
def test_a_first_frame_that_is_higher_than_steady_ones_is_believed_but_told_to_be_a_guess(count):
    """A warm-up within one gap looks like a blink; a warm-up that bends on does not."""
    moments = list(range(0, 20 * count, 20))
    for ratio, is_guess in ((0.2, False), (1.0, False), (5.0, True), (20.0, True)):
        levels = fast_warm_up(moments, ratio, 0.05)[:, None].repeat(3, axis=1)
        assert not outliers(moments, levels).any()
        assert is_guessed(moments, levels) == is_guess


@pytest.mark.parametrize("count", [4, 5, 8, 20])
@pytest.mark.parametrize("bad", [0, -1])
def test_a_blink_at_an_end_that_is_no_warm_up_is_no_guess(rng, count, bad):
    """A first frame that is darker, or brighter by a tenth, or a last one that is off."""
    moments = list(range(0, 20 * count, 20))
    for size in (0.9, 0.98, 1.1) if bad == 0 else (0.9, 0.98, 1.02, 1.1):
        levels = rng.normal(1.0, 2e-4, (count, 3))
        levels[bad] *= size
        assert np.flatnonzero(outliers(moments, levels)).tolist() == [bad % count]
        assert not is_guessed(moments, levels)


@pytest.mark.parametrize("count", [6, 17])
def test_lights_that_get_brighter_at_first_are_believed_where_the_next_frames_do_too(rng, count):
    moments = list(range(0, 20 * count, 20))
    levels = fast_warm_up(moments, 1.2, -0.05)[:, None] * rng.normal(1.0, 2e-4, (count, 3))
    assert not outliers(moments, levels).any()
    assert not is_guessed(moments, levels)


def test_two_blinks_are_told_from_each_other(rng):
    moments = list(range(0, 240, 20))
    for first, second in ((0, 1), (0, 3), (0, 11), (5, 11), (4, 7)):
        levels = warm_up(moments)[:, None] * rng.normal(1.0, 2e-4, (12, 3))
        levels[first] *= 0.9
        levels[second] *= 1.05
        assert np.flatnonzero(outliers(moments, levels)).tolist() == [first, second]


@pytest.mark.parametrize("levels", [[1.0], [0.9, 1.0], [1.0, 0.8, 1.0], [0.9, 1.0, 1.0]])
def test_of_fewer_than_four_frames_none_is_known_to_be_off(levels):
    """Two or three levels may show a drift just as well as a blink: they are joined by lines."""
    known = np.array(levels)[:, None].repeat(3, axis=1)
    moments = list(range(0, 10 * len(levels), 10))
    assert not outliers(moments, known).any()
    gains = drift_gains(moments, known, moments)
    np.testing.assert_allclose(gains, known / known.mean(), rtol=0, atol=1e-12)


def test_a_full_on_frame_has_the_level_that_it_shows_and_others_that_of_the_curve():
    levels = np.ones((8, 3))
    levels[4] = 0.9
    drift = LightDrift(tuple(range(0, 80, 10)), levels)
    gains = gains_at(drift, [0, 39, 40, 41])
    np.testing.assert_allclose(gains[:, 1], [1.0, 1.0, 0.9, 1.0], rtol=0, atol=1e-9)


@pytest.mark.parametrize("drift", [None, LightDrift((), np.zeros((0, 3)))], ids=["none", "empty"])
def test_lights_of_which_nothing_is_known_are_taken_to_be_steady(drift):
    np.testing.assert_array_equal(gains_at(drift, [3, 5]), 1.0)
    one = LightDrift((4,), np.full((1, 3), 0.7))
    np.testing.assert_array_equal(gains_at(one, [3, 5]), 1.0)


def test_a_full_on_frame_in_the_dark_is_left_out():
    levels = np.ones((6, 3))
    levels[2] = -0.001
    gains = drift_gains(list(range(6)), levels, [0, 2, 5])
    np.testing.assert_allclose(gains, 1.0, rtol=0, atol=1e-9)


def test_few_frames_are_joined_by_lines_and_held_beyond_the_ends():
    levels = np.array([[0.9] * 3, [1.1] * 3])
    gains = drift_gains([10, 20], levels, [0, 10, 15, 20, 30])
    np.testing.assert_allclose(gains[:, 0], [0.9, 0.9, 1.0, 1.1, 1.1], rtol=0, atol=1e-12)


def test_steady_lights_have_no_drift():
    gains = drift_gains(list(range(0, 90, 10)), np.full((9, 3), 0.7), list(range(90)))
    np.testing.assert_allclose(gains, 1.0, rtol=0, atol=1e-9)


def test_clipped_pixels_do_not_tell_the_level(rng):
    picture = subject(rng)
    before = photo_of(picture, 1.0, (0, 0), rng, noise=0.0)
    radiance = np.minimum(1.2 * before.radiance, 0.6)
    flags = np.where((radiance >= 0.6).any(axis=2), np.uint8(PixelFlag.SATURATED), np.uint8(0))
    level = level_of(RadianceImage(radiance, flags), before)
    np.testing.assert_allclose(level, 1.2, rtol=1e-5, atol=0)


def test_frames_without_a_subject_in_common_are_refused():
    dark = RadianceImage(np.zeros((*SHAPE, 3), np.float32), np.zeros(SHAPE, np.uint8))
    with pytest.raises(ValueError, match="no pixel is lit and unclipped in both"):
        level_of(dark, dark)


def test_no_levels_are_refused():
    with pytest.raises(ValueError, match="0 full-on frames"):
        drift_gains([], np.zeros((0, 3)), [1])
