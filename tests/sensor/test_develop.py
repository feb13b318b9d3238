from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.io.raw import read_raw
from olat.model.flags import PixelFlag
from olat.model.image import Picture, RawMosaic
from olat.sensor.develop import halved, radiance_from_mosaic, radiance_from_picture

# Luminance factors of the ColorChecker's gray row, white to black, and where the row lies.
GRAY_ROW = (0.900, 0.591, 0.362, 0.198, 0.090, 0.031)
GRAY_CENTERS = ((703, 931), (813, 928), (924, 925), (1035, 924), (1147, 924), (1258, 921))


def _mosaic(counts: np.ndarray) -> RawMosaic:
    return RawMosaic(
        counts.astype(np.uint16),
        np.array([[0, 1], [1, 2]], np.uint8),
        np.full((2, 2), 100, np.float32),
        1100.0,
    )


@pytest.mark.parametrize("demosaic", ["malvar", "half"])
def test_radiance_is_the_share_of_full_scale_times_gain_over_white(demosaic: str) -> None:
    radiance, flags = radiance_from_mosaic(
        _mosaic(np.full((8, 8), 350)), white_patch=0.5, gain=3.0, demosaic=demosaic
    )
    np.testing.assert_allclose(radiance, 0.25 * 3.0 / 0.5, rtol=1e-6)
    assert not flags.any()


def test_counts_below_black_stay_negative() -> None:
    radiance, _ = radiance_from_mosaic(_mosaic(np.full((8, 8), 90)))
    np.testing.assert_allclose(radiance, -0.01, rtol=1e-5)


def test_one_full_site_spoils_all_pixels_whose_kernel_reaches_it() -> None:
    counts = np.full((12, 12), 300)
    clean, _ = radiance_from_mosaic(_mosaic(counts))
    counts[6, 5] = 1100
    radiance, flags = radiance_from_mosaic(_mosaic(counts), saturation=0.98)
    expected = np.zeros((12, 12), np.uint8)
    expected[4:9, 3:8] = PixelFlag.SATURATED
    np.testing.assert_array_equal(flags, expected)
    np.testing.assert_array_equal(radiance[flags == 0], clean[flags == 0])


def test_at_half_size_one_full_site_spoils_one_pixel() -> None:
    counts = np.full((13, 13), 300)
    counts[6, 5] = counts[12, 12] = 1100
    radiance, flags = radiance_from_mosaic(_mosaic(counts), demosaic="half")
    assert radiance.shape[:2] == flags.shape == (6, 6)
    assert np.argwhere(flags).tolist() == [[3, 2]]


def test_gray_pictures_get_three_equal_channels() -> None:
    codes = np.array([[0, 51], [102, 255]], np.uint8)
    radiance, flags = radiance_from_picture(Picture(codes, 255.0), white_patch=0.5, gain=2.0)
    np.testing.assert_allclose(radiance, np.dstack([codes] * 3) / 255 * 4, rtol=1e-6)
    assert flags.tolist() == [[0, 0], [0, PixelFlag.SATURATED]]


def test_saturation_is_counted_in_codes_of_any_channel() -> None:
    codes = np.array([[[250, 0, 0], [249, 249, 249], [0, 0, 255]]], np.uint8)
    _, flags = radiance_from_picture(Picture(codes, 255.0), encoding="srgb", saturation=250 / 255)
    assert flags.tolist() == [[PixelFlag.SATURATED, 0, PixelFlag.SATURATED]]


def test_floats_never_saturate_and_what_is_no_number_is_dead() -> None:
    codes = np.full((1, 4, 3), 50.0, np.float32)
    codes[0, 1, 2], codes[0, 2, 0] = np.nan, -np.inf
    codes[0, 3] = -0.5
    radiance, flags = radiance_from_picture(Picture(codes, np.inf))
    assert flags.tolist() == [[0, PixelFlag.DEAD, PixelFlag.DEAD, 0]]
    np.testing.assert_array_equal(radiance[0, :, 1], [50.0, 0.0, 0.0, -0.5])
    assert np.isfinite(radiance).all()


def test_the_picture_itself_is_left_alone() -> None:
    codes = np.array([[1.0, np.nan]], np.float32)
    radiance_from_picture(Picture(codes, np.inf))
    assert np.isnan(codes[0, 1])


@pytest.mark.parametrize("white_patch", [0.0, -1.0, float("nan")])
def test_a_white_patch_that_is_not_bright_is_refused(white_patch: float) -> None:
    with pytest.raises(ValueError, match="a fraction above 0 is needed"):
        radiance_from_mosaic(_mosaic(np.zeros((4, 4))), white_patch=white_patch)


@pytest.mark.parametrize("demosaic", ["malvar", "half"])
def test_the_gray_row_of_a_real_chart_is_linear(shared_data: Path, demosaic: str) -> None:
    radiance, flags = radiance_from_mosaic(
        read_raw(shared_data / "raw" / "colorchart.dng"), demosaic=demosaic
    )
    step = 2 if demosaic == "half" else 1
    windows = [
        np.s_[(y - 25) // step : (y + 25) // step, (x - 25) // step : (x + 25) // step]
        for x, y in GRAY_CENTERS
    ]
    assert not any(flags[window].any() for window in windows)
    readings = np.array([radiance[window].mean(axis=(0, 1)) for window in windows])
    r2 = [np.corrcoef(GRAY_ROW, readings[:, channel])[0, 1] ** 2 for channel in range(3)]
    print(f"gray row, {demosaic}: r2 = {r2[0]:.5f} {r2[1]:.5f} {r2[2]:.5f}")
    assert min(r2) >= 0.999


def test_halving_averages_pixels_and_keeps_every_doubt() -> None:
    radiance = np.arange(5 * 4 * 3, dtype=np.float32).reshape(5, 4, 3)
    flags = np.zeros((5, 4), np.uint8)
    flags[3, 1] = PixelFlag.SATURATED
    small, doubts = halved(radiance, flags)
    expected = radiance[:4].reshape(2, 2, 2, 2, 3).mean(axis=(1, 3))
    assert_allclose(small, expected, rtol=0, atol=1e-5)
    assert doubts.tolist() == [[0, 0], [PixelFlag.SATURATED, 0]]
