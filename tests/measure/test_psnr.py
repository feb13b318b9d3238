from __future__ import annotations

from inspect import unwrap

import numpy as np
import pytest
from numpy.testing import assert_allclose
from skimage.metrics import peak_signal_noise_ratio

from olat.measure.psnr import psnr, rmse


def test_a_constant_difference_has_the_ratio_of_its_square(rng):
    truth = rng.uniform(0.2, 0.8, (20, 30, 3))
    assert psnr(truth + 0.1, truth).value == pytest.approx(20.0, abs=1e-9)
    assert psnr(truth + 0.1, truth, peak=10.0).value == pytest.approx(40.0, abs=1e-9)
    assert rmse(truth + 0.1, truth).value == pytest.approx(0.1, abs=1e-12)


def test_noise_of_known_spread_has_its_ratio(rng):
    truth = rng.uniform(0.0, 1.0, (200, 200, 3))
    found = psnr(truth + rng.normal(0.0, 0.01, truth.shape), truth)
    # The spread of 120,000 samples is known to 0.2 %, 0.02 dB.
    assert found.value == pytest.approx(40.0, abs=0.05)
    assert found.unit == "dB"
    assert found.aligned == "nothing"


def test_equal_pictures_have_no_error(rng):
    truth = rng.uniform(0.0, 1.0, (8, 8))
    assert psnr(truth, truth).value == np.inf


def test_it_is_that_of_scikit_image(rng):
    a, b = rng.uniform(0.0, 1.0, (2, 40, 50, 3)).astype(np.float32)
    expected = peak_signal_noise_ratio(b, a, data_range=1.0)
    # scikit-image sums in single precision.
    assert psnr(a, b).value == pytest.approx(expected, abs=1e-5)


def test_only_what_the_mask_holds_counts(rng):
    a, b = rng.uniform(0.0, 1.0, (2, 10, 12, 3))
    mask = np.zeros((10, 12), bool)
    mask[2:5, 3:9] = True
    found = psnr(a, b, mask)
    assert found.value == pytest.approx(psnr(a[2:5, 3:9], b[2:5, 3:9]).value, abs=1e-12)
    assert found.used == pytest.approx(18 / 120)


def test_what_is_no_number_does_not_count(rng):
    a, b = rng.uniform(0.0, 1.0, (2, 10, 12, 3))
    expected = psnr(a[1:], b[1:]).value
    a[0, :, 1], b[0, 0, 0] = np.nan, np.inf
    found = psnr(a, b)
    assert_allclose(found.value, expected, rtol=1e-12, atol=0)
    assert found.used == pytest.approx(0.9)


def test_pictures_of_two_sizes_are_refused():
    with pytest.raises(ValueError, match="one shape was needed"):
        # The check of shapes that tests add would be first to complain.
        unwrap(psnr)(np.zeros((3, 4)), np.zeros((4, 3)))


def test_an_empty_mask_is_refused():
    with pytest.raises(ValueError, match="no pixel is left"):
        psnr(np.zeros((3, 4)), np.zeros((3, 4)), np.zeros((3, 4), bool))


@pytest.mark.parametrize("peak", [0.0, -1.0, np.inf, np.nan])
def test_a_peak_that_is_none_is_refused(peak):
    with pytest.raises(ValueError, match="above 0 was needed"):
        psnr(np.zeros((3, 4)), np.zeros((3, 4)), peak=peak)
