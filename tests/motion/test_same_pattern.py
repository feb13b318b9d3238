"""Motion to a complement from the gradients before and after it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from olat.motion.flow import flow_between, upsampled
from olat.motion.same_pattern import same_pattern_flows
from tests.support.gradient_scenes import BumpySphere, affine
from tests.support.texture import noisy, pixel_centers

SIZE = 256


@pytest.fixture(scope="module")
def shots():
    """Return a sphere under a gradient at -1 and 1, its complement at 0.2, and the way there."""
    rng = np.random.default_rng(6)
    sphere, centers = BumpySphere(SIZE, rng), pixel_centers(SIZE, SIZE)
    places = {}
    for moment in (-1.0, 0.2, 1.0):
        matrix, shift = affine(moment, 3.0)
        places[moment] = (centers - sphere.middle - shift) @ np.linalg.inv(matrix).T + sphere.middle
    seen = {
        moment: noisy(sphere.seen(own, (0, 1, 2), sign, is_binary=False), rng, 0.004)
        for (moment, own), sign in zip(places.items(), (1.0, -1.0, 1.0), strict=True)
    }
    matrix, shift = affine(0.2, 3.0)
    truth = (places[-1.0] - sphere.middle) @ matrix.T + sphere.middle + shift - centers
    mask = np.linalg.norm(places[-1.0] - sphere.middle, axis=2) < sphere.radius - 4.0
    return seen, truth, mask


def test_the_frame_in_between_is_found_where_direct_flow_is_lost(shots):
    seen, truth, mask = shots
    flow, confidence = same_pattern_flows(seen[-1.0], seen[1.0], part=0.6, preset="fine")
    error = np.linalg.norm(flow - truth, axis=2)[mask].mean()
    direct, _ = flow_between(seen[-1.0], seen[0.2], preset="fine")
    lost = np.linalg.norm(upsampled(direct, mask.shape) - truth, axis=2)[mask].mean()
    print(f"same pattern: error {error:.3f} px, direct flow to the complement {lost:.2f} px")
    assert error < 0.15
    assert lost > 1.0
    assert np.median(confidence[mask]) > 0.9


def test_half_of_the_way_is_half_of_the_flow(shots):
    seen, _, _ = shots
    whole, _ = same_pattern_flows(seen[-1.0], seen[1.0], part=1.0)
    half, _ = same_pattern_flows(seen[-1.0], seen[1.0])
    assert_array_equal(half, np.float32(0.5) * whole)


def test_a_frame_outside_of_the_two_is_refused(shots):
    seen, _, _ = shots
    with pytest.raises(ValueError, match=r"at 1\.5 of the way; needed is 0 to 1"):
        same_pattern_flows(seen[-1.0], seen[1.0], part=1.5)
