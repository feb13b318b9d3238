"""What is known of a lens, at other sizes of the picture."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from olat.model.calibration import LensCalibration


def lens(height=480, width=640):
    matrix = np.array([[500.0, 0.0, 321.0], [0.0, 510.0, 237.0], [0.0, 0.0, 1.0]])
    return LensCalibration(matrix, np.zeros(5), height, width)


def test_half_the_size_sees_the_middle_of_four_pixels_in_one():
    half = lens().at(240, 320)
    # Pixels 320 and 321 become pixel 160: what lay at 321 lies at 160.25.
    assert_array_equal(half.matrix[0], [250.0, 0.0, 160.25])
    assert_array_equal(half.matrix[1], [0.0, 255.0, 118.25])
    assert_array_equal(half.matrix[2], [0.0, 0.0, 1.0])
    assert (half.height, half.width) == (240, 320)


@pytest.mark.parametrize(("height", "width"), [(481, 641), (480, 641), (481, 640)])
def test_an_odd_last_row_does_not_change_the_scale(height, width):
    half = lens(height, width).at(height // 2, width // 2)
    assert_array_equal(half.matrix, lens().at(240, 320).matrix)
    back = lens(height // 2, width // 2).at(height, width)
    assert back.matrix[0, 0] == 1000.0


@given(st.integers(2, 9), st.integers(2, 9))
def test_scaling_back_and_forth_is_the_identity(up, down):
    there = lens().at(480 * up, 640 * up).at(480 * down, 640 * down)
    assert_allclose(there.at(480, 640).matrix, lens().matrix, rtol=1e-12)


def test_another_aspect_ratio_is_refused():
    with pytest.raises(ValueError, match="640 x 480 px, but the picture has 640 x 360 px"):
        lens().at(360, 640)


def test_the_reference_camera_looks_along_minus_z():
    assert_array_equal(lens().axes, np.diag([1.0, -1.0, -1.0]))


def test_half_a_pose_is_refused():
    with pytest.raises(ValueError, match="both a rotation and a translation"):
        LensCalibration(np.eye(3), np.zeros(5), 2, 2, rotation=np.eye(3))
