from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from olat.io.axes_map import COLORS, PATCH_RADIANCE, axes_map
from olat.light.latlong_resampling import sampled

WAYS = np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1.0]])


@pytest.fixture(scope="module")
def drawn() -> np.ndarray:
    return axes_map(width=512)


def test_the_map_of_another_program_is_the_same_picture_rolled(drawn: np.ndarray) -> None:
    assert_array_equal(axes_map(width=512, convention="skylibs"), np.roll(drawn, 256, axis=1))


def test_blenders_map_names_its_own_axes(drawn: np.ndarray) -> None:
    theirs = axes_map(width=512, convention="blender")
    back = np.roll(theirs, -128, axis=1)
    assert not np.array_equal(back, drawn)
    # Labels differ below the names alone: colors agree above.
    assert_array_equal(back[60:110], drawn[60:110])


@pytest.mark.parametrize("number", range(6))
def test_patches_hold_letters_in_another_brightness(drawn: np.ndarray, number: int) -> None:
    """Within ten degrees of an axis stand its letters, on its color."""
    rng = np.random.default_rng(1)
    near = WAYS[number] + rng.normal(scale=0.09, size=(4000, 3))
    found = sampled(drawn, near / np.linalg.norm(near, axis=1, keepdims=True))
    is_color = np.abs(found - PATCH_RADIANCE * np.array(COLORS[number])).max(axis=1) < 0.05
    assert 0.3 < is_color.mean() < 0.9


def test_it_is_no_display_picture(drawn: np.ndarray) -> None:
    assert drawn.max() > 1.5
    assert drawn.min() > 0.0
