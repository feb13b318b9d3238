"""Joint motion to a gradient and its complement, against known motions and real photographs."""

from __future__ import annotations

import time

import cv2
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from olat.motion.flow import flow_between, upsampled
from olat.motion.joint import joint_flows
from tests.support.gradient_scenes import PATTERNS, moving_head, moving_sphere


def errors(flow, truth, mask):
    """Return the end-point error inside the subject [px]."""
    return np.linalg.norm(upsampled(flow, mask.shape) - truth, axis=2)[mask]


def solved(triple, **options):
    return joint_flows(triple.gradient, triple.complement, triple.full_on, **options)


def direct_error(triple, preset="fine"):
    """Return the mean error of flow that takes a gradient for a full-on frame [px]."""
    flow, _ = flow_between(triple.full_on, triple.gradient, preset=preset)
    return float(errors(flow, triple.to_gradient, triple.mask).mean())


def rim(mask):
    return mask & (cv2.erode(mask.astype(np.uint8), np.ones((9, 9))) == 0)


@pytest.fixture(scope="module")
def sphere():
    """Color gradients, which constrain motion three times over, with noise."""
    rng = np.random.default_rng(1)
    return moving_sphere(rng).noisy(rng)


@pytest.fixture(scope="module")
def still_head():
    return moving_head(shift_px=0.0).noisy(np.random.default_rng(3))


@pytest.fixture(scope="module")
def head():
    return moving_head().noisy(np.random.default_rng(3))


@pytest.mark.slow
@pytest.mark.parametrize("pattern", PATTERNS)
def test_three_pixels_are_found_to_a_tenth_where_direct_flow_follows_shading(pattern):
    rng = np.random.default_rng(1)
    triple = moving_sphere(rng, pattern=pattern).noisy(rng)
    moved = np.linalg.norm(triple.to_gradient, axis=2)[triple.mask].mean()
    direct = direct_error(triple)
    for preset in ("standard", "fine"):
        joint = solved(triple, preset=preset)
        first = errors(joint.to_gradient, triple.to_gradient, triple.mask).mean()
        second = errors(joint.to_complement, triple.to_complement, triple.mask).mean()
        edge = errors(joint.to_gradient, triple.to_gradient, rim(triple.mask)).mean()
        print(
            f"{pattern} gradients, {preset}: motion {moved:.2f} px, joint error {first:.3f} and "
            f"{second:.3f} px ({edge:.3f} px at the outline), direct flow {direct:.2f} px"
        )
        assert max(first, second) < 0.1
    # Gray of color gradients shades less than a single gradient does, and direct flow follows skin.
    assert direct > (5.0 * max(first, second) if pattern == "color" else 1.0)


@pytest.mark.slow
def test_a_head_is_followed_and_a_turn_costs_what_the_docs_say(head):
    moved = errors(np.zeros_like(head.to_gradient), head.to_gradient, head.mask).mean()
    joint = solved(head, preset="fine")
    error = errors(joint.to_gradient, head.to_gradient, head.mask).mean()
    direct = direct_error(head)
    print(f"head, motion {moved:.2f} px: joint {error:.3f} px, direct {direct:.3f} px")
    assert error < 0.1
    assert direct > 3.0 * error
    turned = moving_head(turn=1.0).noisy(np.random.default_rng(3))
    moved = errors(np.zeros_like(head.to_gradient), turned.to_gradient, head.mask).mean()
    error = errors(solved(turned, preset="fine").to_gradient, turned.to_gradient, turned.mask)
    direct = direct_error(turned)
    print(f"turning head, motion {moved:.2f} px: joint {error.mean():.3f} px, direct {direct:.3f}")
    assert error.mean() < 0.5
    assert direct > 1.5 * error.mean()


def test_a_still_subject_does_not_move(still_head):
    joint = solved(still_head)
    motion = errors(joint.to_gradient, still_head.to_gradient, still_head.mask)
    print(f"still head: mean false motion {motion.mean():.3f} px")
    assert motion.mean() < 0.1


def test_unequal_exposures_change_no_flow(sphere):
    """Of the gradient and of the complement, by channel or not: gains make them add up."""
    plain = solved(sphere)
    tint = np.array([0.2, 0.3, 0.4], np.float32)
    for first, second in ((np.float32(0.97), np.float32(1.05)), (tint, tint), (tint, 1.0 / tint)):
        joint = joint_flows(first * sphere.gradient, second * sphere.complement, sphere.full_on)
        off = np.linalg.norm(joint.to_gradient - plain.to_gradient, axis=2)
        print(f"exposures of {first} and {second}: flow differs by {off.max():.3f} px")
        assert errors(joint.to_gradient, sphere.to_gradient, sphere.mask).mean() < 0.1
        assert errors(joint.to_complement, sphere.to_complement, sphere.mask).mean() < 0.1


def test_exposure_of_all_three_changes_no_flow(sphere):
    bright = joint_flows(*(4.0 * shot for shot in (sphere.gradient, sphere.complement, sphere[0])))
    plain = solved(sphere)
    assert_allclose(bright.to_gradient, plain.to_gradient, rtol=0, atol=1e-3)


def test_gradient_and_complement_are_interchangeable(sphere):
    there, back = (
        solved(sphere),
        joint_flows(sphere.complement, sphere.gradient, sphere.full_on),
    )
    # Equal but for the order of sums.
    assert_allclose(there.to_gradient, back.to_complement, rtol=0, atol=1e-3)
    assert_allclose(there.gradient_confidence, back.complement_confidence, rtol=0, atol=1e-3)


def test_what_the_sensor_lost_does_not_move_what_is_around_it(sphere):
    full_on, gradient = sphere.full_on.copy(), sphere.gradient.copy()
    full_on[150:166, 170:190] = np.nan
    gradient[90:100, 120:150, 0] = np.nan
    joint = joint_flows(gradient, sphere.complement, full_on)
    assert errors(joint.to_gradient, sphere.to_gradient, sphere.mask).mean() < 0.1
    assert upsampled(joint.gradient_confidence, sphere.mask.shape)[158, 180] == 0.0
    assert np.isfinite(joint.to_gradient).all()
    assert np.isfinite(joint.to_complement).all()


def test_a_dark_background_has_no_confidence(head):
    joint = solved(head)
    outside = cv2.dilate(head.mask.astype(np.uint8), np.ones((21, 21))) == 0
    assert upsampled(joint.gradient_confidence, head.mask.shape)[outside].max() == 0.0


def test_confidence_tells_how_far_off_flow_is():
    rng = np.random.default_rng(2)
    triple = moving_head(turn=1.0).noisy(rng, 0.01)
    joint = solved(triple, preset="fine")
    error = errors(joint.to_gradient, triple.to_gradient, triple.mask)
    confidence = np.maximum(joint.gradient_confidence[triple.mask], 1e-6)
    expected = np.sqrt(1.0 / confidence - 1.0)
    means = []
    for low, high in ((0.0, 0.15), (0.15, 0.3), (0.3, 0.6), (0.6, 1.5)):
        part = (expected >= low) & (expected < high)
        assert part.sum() > 100
        means.append(np.sqrt(np.square(error[part]).mean()))
        print(f"expected {low} to {high} px: {part.sum()} px, rms error {means[-1]:.3f} px")
        assert means[-1] < 3.0 * high
    assert means == sorted(means)


@pytest.mark.slow
def test_frames_that_do_not_add_up_are_not_believed(head):
    rng = np.random.default_rng(4)
    other = moving_sphere(rng)
    cases = {
        "nothing": np.zeros_like(head.complement),
        "noise": rng.normal(0.0, 0.005, head.complement.shape).astype(np.float32),
        "upside down": head.complement[::-1].copy(),
        "somebody else": other.complement,
    }
    for name, complement in cases.items():
        joint = joint_flows(head.gradient, complement, head.full_on)
        share = (upsampled(joint.complement_confidence, head.mask.shape)[head.mask] > 0.5).mean()
        print(f"complement shows {name}: {share:.1%} of the subject is believed")
        assert share < 0.05


def test_a_hand_before_the_face_is_not_believed_and_the_rest_is(head):
    gradient, inside = head.gradient.copy(), np.zeros_like(head.mask)
    gradient[150:220, 90:170] = 0.3
    inside[158:212, 98:162] = True
    joint = joint_flows(gradient, head.complement, head.full_on)
    sure = upsampled(joint.gradient_confidence, head.mask.shape) > 0.5
    away = cv2.dilate(inside.astype(np.uint8), np.ones((51, 51))) == 0
    assert sure[inside].mean() < 0.05
    assert sure[head.mask & away].mean() > 0.85


def test_black_frames_have_no_motion_and_no_confidence(rng):
    black = rng.normal(0.0, 0.01, (64, 80, 3)).astype(np.float32)
    joint = joint_flows(black, black, black)
    for plane in joint[:5]:
        assert_array_equal(plane, 0.0)
    assert joint.to_gradient.shape == (64, 80, 2)


def test_with_hints_a_motion_beyond_the_search_is_found():
    triple = moving_head(shift_px=60.0)
    cold = errors(solved(triple).to_complement, triple.to_complement, triple.mask).mean()
    hints = tuple(
        np.broadcast_to(flow[triple.mask].mean(axis=0) * 0.97, flow.shape).astype(np.float32)
        for flow in triple[3:5]
    )
    found = solved(triple, hints=hints)
    warm = errors(found.to_complement, triple.to_complement, triple.mask).mean()
    print(f"60 px: error {cold:.1f} px without hints, {warm:.2f} px with hints 2 px off")
    assert cold > 10.0
    assert warm < 0.7


def test_a_hint_that_is_off_does_not_bend_what_is_well_seen(sphere):
    hints = tuple(0.8 * flow for flow in sphere[3:5])
    joint = solved(sphere, hints=hints)
    assert errors(joint.to_gradient, sphere.to_gradient, sphere.mask).mean() < 0.1


@pytest.mark.alone
def test_it_is_fast_enough(sphere):
    solved(sphere)  # compile
    large = [cv2.resize(shot, (1400, 1400)) for shot in sphere[:3]]
    start = time.process_time()
    joint_flows(large[1], large[2], large[0], preset="fine")
    seconds = time.process_time() - start
    print(f"joint flow: {1.96 / seconds:.2f} Mpx/s, {seconds:.1f} CPU s for 2 Mpx solved")
    assert seconds < 20.0


def test_frames_of_two_sizes_are_refused(sphere):
    with pytest.raises(ValueError, match="are 320 x 320, 160 x 320, 320 x 320 px; all must have"):
        joint_flows(sphere.gradient, sphere.complement[:, :160].copy(), sphere.full_on)
    tiny = np.ones((12, 80, 3), np.float32)
    with pytest.raises(ValueError, match="80 x 12 px; motion needs 16 px"):
        joint_flows(tiny, tiny, tiny)
