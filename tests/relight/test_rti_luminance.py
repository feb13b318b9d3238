"""One color and a brightness."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from olat.relight.rti_luminance import base_colors, luminance


def test_pixels_of_one_color_come_back() -> None:
    color = np.array([1.0, 0.6, 0.2])
    level = np.random.default_rng(2).uniform(0, 0.9, (7, 4, 5))
    samples = (level[:, None] * color[None, :, None, None]).astype(np.float32)
    codes = base_colors(samples, np.linspace(0.1, 0.2, 7))
    assert_array_equal(codes, np.broadcast_to(255 * color, (4, 5, 3)))
    assert_allclose(luminance(samples, codes), level, atol=1e-6)


def test_black_pixels_are_dark_white() -> None:
    samples = np.zeros((3, 3, 2, 2), np.float32)
    codes = base_colors(samples, np.ones(3))
    assert_array_equal(codes, 255)
    assert_array_equal(luminance(samples, codes), 0)
