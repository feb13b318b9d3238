"""Trust in a flow, and what is put where there is none."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.motion.agreement import agreement, likeness, pulled, settled, solved_back
from olat.motion.flow import flow_between, upsampled
from olat.motion.warp import source_positions
from tests.motion.photographs import bundled, moved_pair, photographed, smooth_motion

SHAPE = (120, 160)


def level(dx, dy=0.0, shape=SHAPE):
    return np.broadcast_to(np.float32([dx, dy]), (*shape, 2)).copy()


@pytest.mark.parametrize(("length", "residual"), [(0.0, 1.0), (10.0, 1.1), (10.0, 2.2), (5.0, 0.0)])
def test_confidence_is_one_half_at_one_pixel_and_a_hundredth_of_the_motion(length, residual):
    confidence = agreement(level(length), level(residual - length))
    expected = 1 / (1 + (residual / (1 + 0.01 * length)) ** 2)
    assert_allclose(confidence, expected, rtol=1e-5)


def test_the_way_back_is_read_where_the_way_there_leads():
    backward = level(-20.0)
    backward[:, :60] = 0.0
    confidence = agreement(level(20.0), backward)
    assert_allclose(confidence[:, 45:], 1.0, rtol=1e-6)
    assert confidence[:, :39].max() < 0.01


@pytest.mark.parametrize(("shape", "is_halved"), [((700, 801), True), ((400, 801), False)])
def test_the_way_back_of_large_pictures_is_solved_at_half_size(shape, is_halved):
    seen = []

    def solve(first, second, start):
        seen.append((first.shape, start[0, 0]))
        assert second.mean() == 20  # the pictures change places
        return start

    hint = level(8.0, -4.0, shape)
    pictures = np.full(shape, 20, np.uint8), np.full(shape, 10, np.uint8)
    back = solved_back(solve, *pictures, hint)
    assert_allclose(back, -hint, rtol=1e-5)
    assert seen[0][0] == ((350, 401) if is_halved else shape)
    assert_allclose(seen[0][1], [-8.0, 4.0] / np.array(2.0 if is_halved else 1.0), rtol=2e-3)


def test_a_picture_pulled_by_its_motion_is_the_reference(rng):
    picture = cv2.GaussianBlur(rng.integers(0, 255, SHAPE, np.uint8), (0, 0), 2)
    assert_allclose(pulled(np.roll(picture, 3, axis=1), level(3.0))[:, :-3], picture[:, :-3])


def test_nothing_is_unlike_itself(rng):
    picture = rng.integers(0, 255, SHAPE, np.uint8)
    assert_allclose(likeness(picture, picture, level(0.0)), 1.0, rtol=1e-6)


def test_broad_shading_is_no_reason_to_doubt_but_a_new_spot_is():
    reference = np.full(SHAPE, 120, np.uint8)
    x = np.arange(SHAPE[1])
    shaded = (reference + np.round(10 * np.sin(2 * np.pi * x / 320))).astype(np.uint8)
    assert likeness(reference, shaded, level(0.0)).min() > 0.8
    spotted = cv2.circle(reference.copy(), (80, 60), 9, 40, -1)
    like = likeness(reference, spotted, level(0.0))
    assert like[58:63, 78:83].max() < 0.1
    assert like[:, :36].min() > 0.9


def test_a_spot_of_light_is_no_reason_to_doubt():
    reference = np.full(SHAPE, 150, np.uint8)
    shining = cv2.circle(reference.copy(), (80, 60), 9, 255, -1)
    assert likeness(reference, shining, level(0.0)).min() > 0.5


def test_what_is_trusted_keeps_its_flow_to_the_bit(rng):
    flow = rng.normal(size=(*SHAPE, 2)).astype(np.float32)
    confidence = rng.uniform(0.0, 1.0, SHAPE).astype(np.float32)
    kept = confidence >= 0.5
    assert_allclose(settled(flow, confidence)[kept], flow[kept], rtol=0, atol=0)


def test_a_gap_takes_the_motion_around_it(rng):
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(np.float32)
    truth = np.stack([0.05 * x + 3.0, 2.0 - 0.03 * y], axis=-1, dtype=np.float32)
    gap = np.hypot(x - 80, y - 60) < 20
    flow = truth + np.float32(30.0) * gap[..., None] * rng.normal(size=(*SHAPE, 2)).astype(
        np.float32
    )
    filled = settled(flow, np.where(gap, 0.0, 1.0).astype(np.float32))
    error = np.linalg.norm(filled - truth, axis=2)[gap]
    garbage = np.linalg.norm(flow - truth, axis=2)[gap]
    print(f"gap of 40 px: {garbage.mean():.1f} px before, {error.mean():.2f} px after")
    # The mean of a gradient of 0.06 px/px across 40 px is off by less than 0.6 px anywhere.
    assert error.mean() < 0.35
    assert error.max() < 0.8


def test_a_flow_that_nobody_trusts_is_still(rng):
    flow = rng.normal(size=(*SHAPE, 2)).astype(np.float32)
    assert not settled(flow, np.zeros(SHAPE, np.float32)).any()


ENLARGED = 1.5


def cat(rng, *, noise=None):
    """Return two frames of a face that moves, where its left eye is, and an inner region."""
    face = bundled("chelsea")
    face = np.maximum(cv2.resize(face, None, fx=ENLARGED, fy=ENLARGED), 0.0)
    pair = moved_pair(face, smooth_motion(*face.shape[:2], 4.0, rng))
    y, x = np.mgrid[: face.shape[0], : face.shape[1]] / ENLARGED
    eye = np.hypot((x - 169.0) / 40.0, (y - 115.0) / 34.0) < 1.0
    return pair, eye


def doubted(reference, moving, preset):
    flow, confidence = flow_between(reference, moving, preset=preset)
    shape = reference.shape[:2]
    return upsampled(flow, shape), upsampled(confidence, shape) < 0.5


@pytest.mark.parametrize("preset", ["standard", "fine"])
def test_an_eye_that_closes_is_doubted_and_the_face_is_not(preset, rng):
    pair, eye = cat(rng)
    # The lid: fur from below the eye, blended in.
    codes = np.rint(255 * np.clip(pair.moving, 0, 1) ** (1 / 2.2)).astype(np.uint8)
    lid = np.roll(codes, -round(70 * ENLARGED), axis=0)
    rows, columns = np.nonzero(eye)
    center = (int(columns.min() + columns.max()) // 2, int(rows.min() + rows.max()) // 2)
    closed = cv2.seamlessClone(lid, codes, eye.astype(np.uint8) * 255, center, cv2.NORMAL_CLONE)
    closed = ((closed / np.float32(255)) ** np.float32(2.2)).astype(np.float32)
    frames = [photographed(each, rng) for each in (pair.reference, closed)]
    flow, is_doubted = doubted(*frames, preset)
    # The lid's rim looks like the rim of the eye; judged is what lies within.
    within = cv2.erode(eye.astype(np.uint8), np.ones((21, 21), np.uint8)) > 0
    error = np.linalg.norm(flow - pair.flow, axis=2)[within]
    print(
        f"blink, {preset}: {is_doubted[within].mean():.2f} of the eye and "
        f"{is_doubted[~eye].mean():.4f} of the rest doubted; "
        f"flow in the eye off by {error.mean():.2f} px"
    )
    assert is_doubted[within].mean() > 0.6
    assert is_doubted[~eye].mean() < 0.02


@pytest.mark.parametrize("size", [4.0, 12.0])
def test_a_highlight_that_slides_is_not_doubted(size, rng):
    pair, _ = cat(rng)
    y, x = np.mgrid[: pair.inside.shape[0], : pair.inside.shape[1]] / ENLARGED
    frames = []
    for picture, slide in ((pair.reference, 0.0), (pair.moving, 8.0)):
        away = np.square(x - 266.0 - slide) + np.square(y - 172.0)
        spot = np.exp(-away / (2 * size**2))[..., None].astype(np.float32)
        frames.append(photographed(picture + spot, rng))
    _, is_doubted = doubted(*frames, "standard")
    print(f"highlight of {size:.0f} px: {is_doubted[pair.inside].mean():.4f} of the face doubted")
    assert is_doubted[pair.inside].mean() < 0.01


def test_heavy_noise_is_not_doubted(rng):
    pair, _ = cat(rng)
    frames = [photographed(each, rng, 500.0, 0.01) for each in (pair.reference, pair.moving)]
    _, is_doubted = doubted(*frames, "standard")
    assert is_doubted[pair.inside].mean() < 0.01


def test_pictures_that_moved_by_more_than_the_check_allows_are_unlike(rng):
    pair, _ = cat(rng)
    codes = np.rint(255 * np.clip(pair.moving, 0, 1) ** (1 / 2.2)).astype(np.uint8)[..., 1].copy()
    x, y = source_positions(level(12.0, 5.0, codes.shape))
    moved = np.asarray(cv2.remap(codes, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))
    right = likeness(moved, codes, level(12.0, 5.0, codes.shape))
    wrong = likeness(moved, codes, level(-12.0, -5.0, codes.shape))
    assert (right < 0.5).mean() < 0.001
    assert (wrong < 0.5).mean() > 0.05
