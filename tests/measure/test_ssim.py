from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from skimage.metrics import structural_similarity

from olat.measure.ssim import ssim


def pictures(rng, shape):
    """Return a picture with structure and a blurred, noisy, darker one."""
    truth = gaussian_filter(rng.uniform(0.0, 1.0, shape), (2.0, 2.0, 0.0)) * 3.0 - 1.0
    other = 0.8 * gaussian_filter(truth, (1.0, 1.0, 0.0)) + rng.normal(0.0, 0.02, shape)
    return other, truth


@pytest.mark.parametrize("peak", [1.0, 4.0])
def test_it_is_that_of_scikit_image(rng, peak):
    other, truth = pictures(rng, (60, 80, 3))
    expected = structural_similarity(
        truth,
        other,
        data_range=peak,
        channel_axis=2,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )
    found = ssim(other, truth, peak=peak)
    print(f"ssim {found.value:.9f}, scikit-image {expected:.9f}")
    assert found.value == pytest.approx(expected, abs=1e-9)
    assert found.used == pytest.approx(50 * 70 / (60 * 80))


def test_equal_pictures_are_alike(rng):
    _, truth = pictures(rng, (20, 20, 3))
    assert ssim(truth, truth).value == pytest.approx(1.0, abs=1e-12)


def test_a_constant_difference_is_that_of_the_means(rng):
    # Of flat pictures only the first factor of the formula is left.
    value = ssim(np.full((16, 16), 0.4), np.full((16, 16), 0.6)).value
    assert value == pytest.approx((2 * 0.24 + 1e-4) / (0.16 + 0.36 + 1e-4), abs=1e-12)


def test_what_lies_outside_the_mask_has_no_say(rng):
    other, truth = pictures(rng, (40, 40, 3))
    mask = np.zeros((40, 40), bool)
    mask[5:30, 8:33] = True
    expected = ssim(other[5:30, 8:33], truth[5:30, 8:33]).value
    # The cut picture's border is mirrored, but windows that see it are left out.
    other[~mask] = 7.0
    truth[0, 0] = np.nan
    assert ssim(other, truth, mask).value == pytest.approx(expected, abs=1e-12)


def test_a_mask_without_room_for_a_window_is_refused(rng):
    other, truth = pictures(rng, (20, 20, 3))
    mask = np.zeros((20, 20), bool)
    mask[:10, :10] = True
    with pytest.raises(ValueError, match="no window of 11 x 11 px lies as a whole"):
        ssim(other, truth, mask)
