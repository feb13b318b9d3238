"""The color matrix against cameras whose matrix is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from olat.sensor.chart_reference import GRAYS, PATCHES, REFERENCES, lab_from_rec709
from olat.sensor.color_matrix import fit_color_matrix

SINCE, BEFORE = REFERENCES
CAMERA = np.array([[0.55, 0.35, 0.05], [0.25, 0.9, 0.15], [0.02, 0.2, 0.6]])
"""Linear Rec.709 to the color of a camera."""


@pytest.mark.parametrize("reference", REFERENCES, ids=lambda reference: reference.edition)
def test_the_reference_agrees_with_the_srgb_values_that_are_printed_on_the_case(
    reference: object,
) -> None:
    """8-bit sRGB of the 1976 chart; pigments moved since, most in the blue of yellow."""
    printed = {"dark skin": (115, 82, 68), "foliage": (87, 108, 67), "red": (175, 54, 60)}
    printed |= {"yellow": (231, 199, 31), "white": (243, 243, 242), "neutral 5": (122, 122, 121)}
    for name, codes in printed.items():
        linear = reference.rgb[PATCHES.index(name)].clip(0)
        found = 255 * np.where(
            linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055
        )
        np.testing.assert_allclose(found, codes, rtol=0, atol=18, err_msg=name)


def test_perfect_white_is_one_and_grays_return_what_is_published() -> None:
    np.testing.assert_allclose(lab_from_rec709(np.ones(3)), [100, 0, 0], rtol=0, atol=1e-9)
    # Reflectances of the gray row as the chart's makers state them.
    stated = [0.900, 0.591, 0.362, 0.198, 0.090, 0.031]
    np.testing.assert_allclose(BEFORE.luminance[GRAYS], stated, rtol=0, atol=0.016)


@given(st.floats(0.01, 10))
def test_a_linear_camera_is_undone_at_any_exposure(exposure: float) -> None:
    fit = fit_color_matrix(exposure * SINCE.rgb @ CAMERA.T, SINCE)
    np.testing.assert_allclose(fit.matrix, np.linalg.inv(CAMERA) * CAMERA[1].sum(), atol=1e-9)
    assert fit.delta_e.max() < 1e-5


@given(st.integers(0, 1000))
def test_neutral_keeps_its_green_and_the_gray_row_its_tint(seed: int) -> None:
    noise = np.random.default_rng(seed).normal(scale=0.01, size=(24, 3))
    colors = 0.3 * (SINCE.rgb @ CAMERA.T + noise)
    matrix = fit_color_matrix(colors, SINCE).matrix
    neutral = np.linalg.solve(matrix, np.ones(3))
    np.testing.assert_allclose(neutral[1], 1.0, rtol=1e-9)
    grays = matrix @ colors[GRAYS].sum(axis=0)
    np.testing.assert_allclose(
        grays / grays[1], SINCE.rgb[GRAYS].sum(axis=0) / grays_green(), rtol=1e-9
    )


def grays_green() -> float:
    return SINCE.rgb[GRAYS].sum(axis=0)[1]


def test_stray_light_is_told_by_what_black_reads_too_much() -> None:
    colors = BEFORE.rgb @ CAMERA.T
    veil = np.array([0.0, 0.012, 0.02])
    fit = fit_color_matrix(colors + veil * colors[18], BEFORE)
    # The matrix leans a little towards what the veil does to the colors.
    np.testing.assert_allclose(fit.veil, veil, rtol=0, atol=2e-3)
    assert fit.delta_e.max() > 3


@pytest.mark.parametrize("tilt", [0.0, 0.1, -0.2])
def test_light_that_falls_off_over_the_chart_is_told(tilt: float) -> None:
    across = np.tile(np.linspace(-0.5, 0.5, 6), 4)[:, np.newaxis]
    fit = fit_color_matrix(SINCE.rgb @ CAMERA.T * (1 + tilt * across), SINCE)
    # The matrix takes a part of it: colors and places on the chart are not independent.
    assert abs(tilt) * 0.7 - 1e-9 <= fit.tilt <= abs(tilt) * 1.2 + 1e-9


def test_a_coded_picture_is_betrayed_by_its_gray_row() -> None:
    fit = fit_color_matrix((SINCE.rgb @ CAMERA.T).clip(1e-4) ** (1 / 2.2), SINCE)
    assert fit.gray_row_r2 < 0.97


def test_dark_patches_count_more_than_without_weights() -> None:
    colors = SINCE.rgb @ CAMERA.T
    noise = np.random.default_rng(3).normal(scale=0.01, size=colors.shape)
    dark = np.argsort(SINCE.luminance)[:8]
    fit = fit_color_matrix(colors + noise, SINCE)
    level = (colors + noise) / CAMERA[1].sum()
    plain = np.linalg.lstsq(level, SINCE.rgb, rcond=None)[0].T
    weighted_left = np.abs(level[dark] @ fit.matrix.T - SINCE.rgb[dark]).mean()
    plain_left = np.abs(level[dark] @ plain.T - SINCE.rgb[dark]).mean()
    assert weighted_left < plain_left


def test_a_chart_without_light_is_refused() -> None:
    with pytest.raises(ValueError, match=r"white reads .* light in every channel was needed"):
        fit_color_matrix(np.zeros((24, 3)), SINCE)


def test_a_gray_picture_has_no_color_matrix() -> None:
    colors = np.repeat(SINCE.luminance[:, np.newaxis], 3, axis=1)
    noise = np.random.default_rng(1).normal(scale=1e-5, size=colors.shape)
    with pytest.raises(ValueError, match=r"condition is \d+; .* is the picture gray"):
        fit_color_matrix(colors + noise, SINCE)
