"""Changes of primaries against published matrices and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from olat.sensor.working_space import (
    ACESCG_FROM_REC709,
    CHROMATICITIES,
    adaptation,
    converted,
    in_space,
    matrix_to,
    variance_in_space,
    white_xyz,
    xyz_from_rgb,
)

CAMERA = np.array([[1.7, -0.6, -0.1], [-0.2, 1.5, -0.3], [0.0, -0.5, 1.5]])


def test_rec709_to_acescg_is_the_published_matrix() -> None:
    """As OpenColorIO's ACES configuration and colour-science print it (Bradford)."""
    published = [
        [0.6130974024, 0.3395231462, 0.0473794514],
        [0.0701937225, 0.9163538791, 0.0134523985],
        [0.0206155929, 0.1095697729, 0.8698146342],
    ]
    np.testing.assert_allclose(ACESCG_FROM_REC709, published, rtol=0, atol=2e-9)


def test_rec709_and_ap1_have_the_published_matrices_to_xyz() -> None:
    """IEC 61966-2-1 gives four digits; S-2014-004 ten, for AP1."""
    srgb = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    np.testing.assert_allclose(xyz_from_rgb(CHROMATICITIES["rec709"]), srgb, rtol=0, atol=6e-5)
    ap1 = [
        [0.6624541811, 0.1340042065, 0.1561876870],
        [0.2722287168, 0.6740817658, 0.0536895174],
        [-0.0055746495, 0.0040607335, 1.0103391003],
    ]
    np.testing.assert_allclose(xyz_from_rgb(CHROMATICITIES["acescg"]), ap1, rtol=0, atol=1e-9)


def test_adaptation_takes_white_to_white_and_back() -> None:
    d65, d50 = white_xyz(0.3127, 0.3290), white_xyz(0.3457, 0.3585)
    np.testing.assert_allclose(adaptation(d50, d65) @ d50, d65, rtol=1e-12)
    np.testing.assert_allclose(adaptation(d50, d65) @ adaptation(d65, d50), np.eye(3), atol=1e-12)


def test_white_stays_white_in_both_spaces() -> None:
    white = np.linalg.solve(CAMERA, np.ones(3)).astype(np.float32).reshape(1, 1, 3)
    for space in ("rec709", "acescg"):
        found = in_space(white, matrix=CAMERA, space=space)
        np.testing.assert_allclose(found, np.ones((1, 1, 3)), rtol=0, atol=1e-6)


def test_camera_space_is_left_as_it_is() -> None:
    radiance = np.full((2, 2, 3), 0.3, np.float32)
    assert in_space(radiance, matrix=CAMERA, space="camera") is radiance
    assert variance_in_space(radiance, matrix=CAMERA, space="camera") is radiance
    np.testing.assert_array_equal(matrix_to("camera", matrix=CAMERA), np.eye(3))


def test_noise_below_black_and_saturated_color_stay_signed() -> None:
    radiance = np.array([[[-0.01, 0.0, 0.02], [0.0, 0.0, 1.0]]], np.float32)
    found = in_space(radiance, matrix=CAMERA, space="rec709")
    np.testing.assert_allclose(found, radiance @ CAMERA.T, rtol=0, atol=1e-6)
    assert found[0, 1].min() < -0.09


@given(arrays(np.float32, (3, 2, 3), elements=st.floats(-2, 2, width=32)))
def test_a_display_shows_the_same_color_from_either_space(radiance: np.ndarray) -> None:
    shown = in_space(radiance, matrix=CAMERA, space="rec709")
    wide = in_space(radiance, matrix=CAMERA, space="acescg")
    back = converted(wide, source="acescg", target="rec709")
    np.testing.assert_allclose(back, shown, rtol=0, atol=2e-5)
    there = converted(shown, source="rec709", target="acescg")
    np.testing.assert_allclose(there, wide, rtol=0, atol=2e-5)
    assert converted(shown, source="rec709", target="rec709") is shown
    assert converted(shown, source="camera", target="acescg") is shown


@pytest.mark.parametrize("space", ["rec709", "acescg"])
def test_variance_is_that_of_converted_noise(space: str) -> None:
    noise = np.random.default_rng(5).normal(size=(400, 500, 3)).astype(np.float32)
    spread = np.array([0.1, 0.2, 0.3], np.float32)
    found = in_space(noise * spread, matrix=CAMERA, space=space).var(axis=(0, 1))
    told = variance_in_space(np.full((1, 1, 3), spread**2), matrix=CAMERA, space=space)[0, 0]
    # The variance of 200 000 draws has a relative standard error of 0.3 %.
    np.testing.assert_allclose(found, told, rtol=0.015)


@pytest.mark.parametrize("unknown", [np.inf, np.nan])
@pytest.mark.parametrize("matrix", [CAMERA, np.eye(3), np.diag([2.0, 1.0, 1.5])])
def test_a_variance_that_is_unknown_in_one_channel_is_infinite_in_all(
    matrix: np.ndarray, unknown: float
) -> None:
    variance = np.ones((2, 2, 3), np.float32)
    variance[1, 0, 2] = unknown
    found = variance_in_space(variance, matrix=matrix, space="rec709")
    assert np.isinf(found[1, 0]).all()
    assert np.isfinite(found).sum() == 9
