"""Differences and totals of gradients, whatever completes them."""

from __future__ import annotations

from inspect import unwrap

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.light.arrangements import fibonacci_sphere
from olat.surface.gradient_ratios import contrast, mismatch
from tests.surface.readings import normals_facing
from tests.surface.rig_gradients import lobe_sums, patterns


@pytest.mark.parametrize(("is_binary", "expected"), [(False, 2 / 3), (True, 1.0)])
def test_a_matte_surface_reads_two_thirds_of_its_normal_and_half_spheres_all_of_it(
    rng, is_binary, expected
):
    """Capture guide, section 8: Lambert, gradient pair 2/3 n, binary pair n."""
    lights = fibonacci_sphere(20000)
    normals = normals_facing(rng, (6, 8), 180.0)
    drive = patterns(lights, is_binary=is_binary)
    shots = [lobe_sums(normals, 1.0, lights, part) for part in (drive, 1.0 - drive)]
    difference, total = contrast(*shots, None)
    ratio = difference / total
    print(f"length of the ratio: {np.linalg.norm(ratio, axis=-1).mean():.5f}")
    assert_allclose(ratio, expected * normals, rtol=0, atol=6e-3)
    assert_allclose(np.linalg.norm(ratio, axis=-1), expected, rtol=0, atol=4e-3)


def test_whatever_completes_a_gradient_the_ratio_is_the_same(rng):
    gradient, complement = rng.uniform(0.1, 1.0, (2, 4, 5))
    full_on = gradient + complement
    expected = (gradient - complement) / full_on
    for given in (
        (gradient, complement, None),
        (gradient, None, full_on),
        (None, complement, full_on),
        (gradient, complement, 3.0 * full_on),
    ):
        difference, total = contrast(*given)
        assert_allclose(difference / total, expected, rtol=0, atol=1e-12)


def test_a_gradient_alone_is_refused():
    with pytest.raises(ValueError, match="nothing completes it"):
        contrast(np.ones((2, 2)), None, None)
    with pytest.raises(ValueError, match="one was needed"):
        contrast(np.ones((2, 2)), np.ones((2, 3)), None)


def test_a_set_at_two_exposures_shows_in_its_sums(rng):
    gradient, complement = rng.uniform(0.1, 1.0, (2, 20, 30, 3)).astype(np.float32)
    full_on = gradient + complement
    off = mismatch(gradient + np.float32(1.2) * complement, full_on)
    assert_allclose(off, 0.1, rtol=0, atol=0.01)
    full_on[:5] = np.nan
    full_on[5:10] = 0.0
    assert_allclose(mismatch(gradient + complement, full_on), 0.0, rtol=0, atol=1e-6)
    assert unwrap(mismatch)(gradient, np.zeros_like(gradient)) == 0.0
