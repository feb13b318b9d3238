"""Sweeps without tracking frames, registered by themselves, against motion that is known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from olat.motion.flow import upsampled
from olat.motion.low_rank import registered
from tests.support.unregistered import moved_pictures, patterned_sweep, sway

SHAPE = (112, 128)
FRAMES = 40
TIMES = np.arange(FRAMES, dtype=np.float64)
INSIDE = np.zeros(SHAPE, bool)
INSIDE[8:-8, 8:-8] = True


@pytest.fixture(scope="module")
def still():
    """Return a patterned relief under lights in an order that jumps."""
    return patterned_sweep(np.random.default_rng(2), SHAPE, FRAMES)


def errors(found, truth, mask=INSIDE):
    """Return the length of the error of the flow inside the subject [px]."""
    flows = np.stack([upsampled(flow, mask.shape) for flow in found.flows])
    return np.linalg.norm((flows - truth)[:, mask], axis=-1)


def rms(lengths):
    return float(np.sqrt((lengths**2).mean()))


def test_an_affine_sway_is_found(still) -> None:
    truth = sway(SHAPE, FRAMES, 1.0)
    found = registered(moved_pictures(still, truth), times=TIMES, mask=INSIDE)
    before, after = rms(np.linalg.norm(truth[:, INSIDE], axis=-1)), rms(errors(found, truth))
    print(f"affine sway: {before:.3f} px before, {after:.3f} px after")
    assert before > 0.9
    assert after < 0.02
    assert found.moved_px == pytest.approx(before, rel=0.05)


@pytest.mark.slow
def test_motion_that_bends_is_found_too(still) -> None:
    truth = sway(SHAPE, FRAMES, 1.5, bends=True)
    found = registered(moved_pictures(still, truth), times=TIMES, mask=INSIDE)
    after = rms(errors(found, truth))
    print(f"bending sway: 1.5 px before, {after:.3f} px after")
    # The best that affine motion could do is to leave what bends.
    y, x = np.nonzero(INSIDE)
    planes = np.stack([np.ones(len(x)), x, y], axis=1)
    courses = np.moveaxis(truth[:, INSIDE], 0, 1).reshape(len(x), -1)
    bend = courses - planes @ np.linalg.lstsq(planes, courses, rcond=None)[0]
    affine = rms(np.linalg.norm(bend.reshape(len(x), -1, 2), axis=-1))
    assert after < 0.5 * affine
    assert after < 0.15


@pytest.mark.slow
def test_the_reference_does_not_move_and_may_be_chosen(still) -> None:
    truth = sway(SHAPE, FRAMES, 1.0)
    pictures = moved_pictures(still, truth)
    for reference in (None, 7):
        found = registered(pictures, times=TIMES, mask=INSIDE, reference=reference)
        assert found.reference == (FRAMES // 2 if reference is None else 7)
        np.testing.assert_allclose(found.flows[found.reference], 0.0, atol=1e-6)
    relative = truth - truth[7]
    assert rms(errors(found, relative)) < 0.09


def test_a_still_subject_is_left_exactly_alone(still) -> None:
    found = registered(still, times=TIMES, mask=INSIDE)
    assert found.moved_px == 0.0
    assert not found.flows.any()
    assert found.confidence.min() > 0.9


@pytest.mark.slow
def test_gaps_in_the_frame_numbers_are_gaps_in_time(still) -> None:
    truth = sway(SHAPE, FRAMES, 1.0)
    kept = np.r_[0:18, 24:FRAMES]
    pictures = moved_pictures(still, truth)[kept]
    truth = truth[kept] - truth[kept[len(kept) // 2]]
    found = registered(pictures, times=TIMES[kept], mask=INSIDE)
    assert rms(errors(found, truth)) < 0.09


@pytest.mark.slow
def test_the_level_of_the_lights_does_not_matter(still) -> None:
    truth = sway(SHAPE, FRAMES, 1.0)
    gains = np.random.default_rng(5).uniform(0.6, 1.5, (FRAMES, 1, 1)).astype(np.float32)
    found = registered(gains * moved_pictures(still, truth), times=TIMES, mask=INSIDE)
    assert rms(errors(found, truth)) < 0.08


@pytest.mark.slow
def test_saturated_readings_have_no_part(still) -> None:
    truth = sway(SHAPE, FRAMES, 1.0)
    pictures = moved_pictures(still, truth)
    # A burnt spot that does not move with the subject would hold the motion back.
    pictures[:, 40:70, 50:80] = np.nan
    found = registered(pictures, times=TIMES, mask=INSIDE)
    assert np.isfinite(found.flows).all()
    assert np.isfinite(found.confidence).all()
    assert rms(errors(found, truth)) < 0.08


@pytest.mark.slow
def test_a_hand_in_front_has_low_confidence_and_moves_nothing(still) -> None:
    truth = sway(SHAPE, FRAMES, 1.0)
    pictures = moved_pictures(still, truth)
    hand = np.random.default_rng(8).uniform(0.2, 0.6, (50, 60)).astype(np.float32)
    pictures[12, 30:80, 30:90] = cv2.GaussianBlur(hand, (0, 0), 1.0)
    found = registered(pictures, times=TIMES, mask=INSIDE)
    confidence = upsampled(found.confidence[12], SHAPE)
    assert np.median(confidence[40:70, 40:80]) < 0.5
    assert np.median(found.confidence) > 0.9
    assert rms(errors(found, truth)) < 0.08
    assert found.agreement.argmin() == 12


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"pictures": 7}, "7 frames; 8 are needed to tell motion from light"),
        ({"times": TIMES[::-1].copy()}, "40 times for 40 pictures; one each is needed, increasing"),
        ({"mask": np.zeros((9, 9), bool)}, "pictures of 128 x 112 px, mask of 9 x 9 px"),
        ({"reference": 40}, "reference 40 of 40 pictures; it counts from 0 to 39"),
        ({"mask": np.zeros(SHAPE, bool)}, "nothing inside the subject is lit in 40 pictures"),
        ({"mask": np.eye(*SHAPE, dtype=bool)}, "0 pixels of .* lie inside the subject; 16 are"),
    ],
)
def test_what_cannot_be_registered_is_told(still, change, words) -> None:
    given = {"pictures": still, "times": TIMES, "mask": INSIDE} | change
    if isinstance(given["pictures"], int):
        count = given["pictures"]
        given |= {"pictures": still[:count], "times": TIMES[:count]}
    with pytest.raises(ValueError, match=words):
        registered(given.pop("pictures"), **given)


def test_a_dark_sweep_is_told(still) -> None:
    with pytest.raises(ValueError, match="nothing inside the subject is lit"):
        registered(np.zeros_like(still), times=TIMES, mask=INSIDE)
