"""All ways to find motion keep one promise."""

from __future__ import annotations

import time

import cv2
import numpy as np
import pytest

from olat.motion.flow import flow_between, upsampled
from olat.motion.methods import flow_method
from tests.motion.photographs import mosaic, moved_pair, photographed, smooth_motion

NAMES = ("dis", "deepflow", "tvl1")
HALF_MEGAPIXEL = (612, 816)


@pytest.mark.parametrize("name", [*NAMES, "nvidia"])
@pytest.mark.parametrize("is_hinted", [False, True])
def test_a_name_leads_to_a_method_that_finds_a_small_shift(name, is_hinted, rng):
    """Flow and confidence of each pixel in single precision, whatever solved them."""
    codes = cv2.GaussianBlur(rng.integers(0, 256, (120, 168), np.uint8), (0, 0), 2.0)
    codes = cv2.normalize(codes, None, 0, 255, cv2.NORM_MINMAX)
    reference, moving = codes[:96, :128], np.ascontiguousarray(codes[1:97, 2:130])
    hint = np.full((96, 128, 2), (-1.5, -0.5), np.float32) if is_hinted else None
    flow, confidence = flow_method(name)(np.ascontiguousarray(reference), moving, hint)
    assert (flow.shape, flow.dtype) == ((96, 128, 2), np.float32)
    assert (confidence.shape, confidence.dtype) == ((96, 128), np.float32)
    inner = np.s_[16:-16, 16:-16]
    assert np.abs(np.median(flow[inner], axis=(0, 1)) - (-2.0, -1.0)).max() < 0.1
    assert np.median(confidence[inner]) > 0.9
    assert confidence.min() >= 0.0
    assert confidence.max() <= 1.0


def cat(shape, longest, rng, *, subjects=("chelsea",), gain=1.0, **noise):
    pair = moved_pair(mosaic(*shape, 1.0, subjects), smooth_motion(*shape, longest, rng))
    return pair._replace(
        reference=photographed(pair.reference, rng, **noise),
        moving=photographed((pair.moving * gain).astype(np.float32), rng, **noise),
    )


def mean_error(flow, pair):
    error = np.linalg.norm(upsampled(flow, pair.inside.shape) - pair.flow, axis=2)
    return error[pair.inside].mean()


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_moving_photograph_is_followed(name, rng):
    pair = cat((256, 320), 4.0, rng)
    flow, confidence = flow_between(
        pair.reference, pair.moving, preset="fine", method=flow_method(name)
    )
    assert mean_error(flow, pair) < (0.14 if name == "tvl1" else 0.1)
    assert np.median(confidence) > 0.98
    assert confidence.min() >= 0.0
    assert confidence.max() <= 1.0


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("preset", ["standard", "fine"])
def test_a_hint_makes_motion_beyond_the_search_range_found(name, preset, rng):
    shape, offset = (256, 512), np.float32([150.0, 40.0])
    picture = mosaic(600, 900, subjects=("gravel",))
    reference = picture[200:456, 300:812]
    moving = picture[160:416, 150:662]
    method = flow_method(name)
    inner = np.s_[60:200, 20:340]  # what the moving frame shows, too
    error = {}
    for start in (None, offset + np.float32([3.0, -2.0])):
        hint = None if start is None else np.broadcast_to(start, (64, 128, 2)).copy()
        flow, confidence = flow_between(reference, moving, preset=preset, method=method, hint=hint)
        full = upsampled(flow, shape)[inner]
        error[start is None] = np.median(np.linalg.norm(full - offset, axis=2))
        share = (upsampled(confidence, shape)[inner] > 0.5).mean()
        print(
            f"{name} {preset}, hint {start}: median {error[start is None]:.2f} px, sure {share:.2f}"
        )
    assert error[True] > 10.0
    assert error[False] < 0.1
    assert share > 0.9


ROWS = {
    "same light": {},
    "x0.5": {"gain": 0.5},
    "30 % ramp": {"gain": np.linspace(1.0, 0.7, HALF_MEGAPIXEL[1])[None, :, None]},
    "heavy noise": {"electrons": 500.0, "read": 0.01},
}


@pytest.mark.slow
@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("subject", ["chelsea", "astronaut", "ihc", "gravel", "coffee", "brick"])
def test_changes_of_light_and_noise_leave_a_tenth_of_a_pixel_at_half_a_megapixel(row, subject):
    pair = cat(HALF_MEGAPIXEL, 5.0, np.random.default_rng(5), subjects=(subject,), **ROWS[row])
    for normalization in ("gain", "local"):
        flow, _ = flow_between(
            pair.reference, pair.moving, preset="fine", normalization=normalization
        )
        error = mean_error(flow, pair)
        print(f"{subject}, {row}, {normalization}: {error:.3f} px")
        # With local contrast, dark cloth is as loud as skin, and so is its noise.
        assert error <= (0.12 if normalization == "gain" else 0.14)


@pytest.mark.slow
def test_heavy_noise_on_sky_costs_up_to_four_tenths_of_a_pixel():
    """These miss the 0.12 px of the others: half of them shows no texture above the noise."""
    for subject in ("camera", "rocket"):
        pair = cat(
            HALF_MEGAPIXEL,
            5.0,
            np.random.default_rng(5),
            subjects=(subject,),
            **ROWS["heavy noise"],
        )
        flow, _ = flow_between(pair.reference, pair.moving, preset="fine")
        error = np.linalg.norm(flow - pair.flow, axis=2)[pair.inside]
        print(f"{subject}, heavy noise: {error.mean():.3f} px, median {np.median(error):.3f} px")
        assert np.median(error) < 0.2
        assert error.mean() < 0.45


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "bounds"),
    [
        ("dis", {"x0.5": 0.12, "30 % ramp": 0.12}),
        ("deepflow", {"x0.5": 0.12, "30 % ramp": 0.12}),
        ("tvl1", {"x0.5": 0.15, "30 % ramp": 0.15}),
    ],
)
def test_a_change_of_light_ruins_no_method(name, bounds):
    for row, bound in bounds.items():
        pair = cat(HALF_MEGAPIXEL, 5.0, np.random.default_rng(5), **ROWS[row])
        begin = time.process_time()
        flow, _ = flow_between(pair.reference, pair.moving, preset="fine", method=flow_method(name))
        spent = time.process_time() - begin
        error = mean_error(flow, pair)
        print(f"{name}, {row}: {error:.3f} px, {spent:.1f} CPU s a pair at 0.5 Mpx")
        assert error <= bound
