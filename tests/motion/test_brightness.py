"""Trust in flow by the level of what it leads to."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_array_equal

from olat.motion.brightness import alike_in_level

SHAPE, GRID = (128, 160), (64, 80)
STILL, SURE = np.zeros((*GRID, 2), np.float32), np.ones(GRID, np.float32)


def dots(step: int = 8) -> np.ndarray:
    """Return a sparse bright pattern on true black."""
    picture = np.zeros((*SHAPE, 3), np.float32)
    for row in range(2):
        for column in range(2):
            picture[row::step, column::step] = 0.8
    return picture


def test_a_sparse_pattern_on_true_black_is_trusted_by_a_number() -> None:
    """More than half of what lies among its dots is 0, by which all was divided: NaN."""
    found = alike_in_level(dots(), dots(), STILL, SURE)
    assert np.isfinite(found).all()
    assert (found > 0.99).all()


def test_a_sparse_pattern_that_went_out_is_trusted_less() -> None:
    gone = dots()
    gone[:64] = 0.0
    found = alike_in_level(dots(), gone, STILL, SURE)
    assert np.median(found[4:24]) < 0.6
    assert (found[40:60] > 0.9).all()


def test_what_shows_nothing_at_all_is_not_trusted() -> None:
    assert_array_equal(alike_in_level(dots(), np.zeros_like(dots()), STILL, SURE), 0.0)
