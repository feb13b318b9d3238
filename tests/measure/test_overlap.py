from __future__ import annotations

import numpy as np
import pytest

from olat.measure.overlap import binary_cross_entropy, dice_loss


def squares():
    """Return two squares of 100 pixels that share 50."""
    a, b = np.zeros((2, 20, 20))
    a[5:15, 5:15] = 1.0
    b[5:15, 10:20] = 1.0
    return a, b


def test_half_an_overlap_loses_half():
    a, b = squares()
    assert dice_loss(a, b).value == pytest.approx(0.5, abs=1e-6)
    assert dice_loss(a, a).value == pytest.approx(0.0, abs=1e-12)
    assert dice_loss(a, 1.0 - a).value == pytest.approx(1.0, abs=1e-6)


def test_two_empty_masks_are_equal():
    empty = np.zeros((4, 4))
    assert dice_loss(empty, empty).value == 0.0


def test_epsilon_stands_above_and_below():
    a, b = np.zeros((2, 2, 2))
    a[0, 0] = 1.0
    assert dice_loss(a, b).value == pytest.approx(1.0 - 1e-5 / (1.0 + 1e-5), abs=1e-15)


def test_surprise_is_that_of_the_definition(rng):
    p, g = rng.uniform(0.01, 0.99, (2, 6, 7))
    terms = [x * np.log(q) + (1 - x) * np.log1p(-q) for q, x in zip(p.flat, g.flat, strict=True)]
    assert binary_cross_entropy(p, g).value == pytest.approx(-sum(terms) / 42, rel=1e-12)


def test_an_even_guess_costs_one_bit(rng):
    g = (rng.random((6, 7)) > 0.5).astype(float)
    assert binary_cross_entropy(np.full((6, 7), 0.5), g).value == pytest.approx(np.log(2.0))


def test_a_certain_error_stays_finite():
    a, b = squares()
    # 100 of 400 pixels are certain and wrong, each at the logarithm of least.
    assert binary_cross_entropy(a, b).value == pytest.approx(25.0, abs=1e-12)
    assert binary_cross_entropy(a, a).value == 0.0


def test_codes_are_no_mask():
    with pytest.raises(ValueError, match="0 to 255; 0 to 1 was needed"):
        dice_loss(255.0 * squares()[0], squares()[1])
