"""Masks at the size of the solve."""

from __future__ import annotations

import numpy as np
import pytest

from olat.errors import SolveError
from olat.stages.subject import inside


def test_a_mask_of_the_size_is_taken_as_it_is() -> None:
    mask = np.eye(4, dtype=bool)
    assert inside(mask, (4, 4)) is mask


def test_a_mask_twice_the_size_is_halved() -> None:
    mask = np.zeros((8, 12), bool)
    mask[2:6, 4:8] = True
    half = inside(mask, (4, 6))
    assert half.tolist() == mask[::2, ::2].tolist()


def test_a_mask_of_another_shape_is_refused() -> None:
    with pytest.raises(SolveError, match="mask: 300 x 100 px, but the photographs have 64 x 48 px"):
        inside(np.ones((100, 300), bool), (48, 64))
