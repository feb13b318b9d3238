"""The chart is found whichever way it lies, in made pictures and in a real one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from olat.io.photograph import read_photograph
from olat.model.flags import PixelFlag
from olat.sensor.chart import LARGEST_DELTA_E, _grids_of_opencv, _oriented, chart_at, find_chart
from olat.sensor.chart_reference import REFERENCES
from olat.sensor.color_matrix import fit_color_matrix
from olat.sensor.develop import radiance_from_mosaic
from tests.sensor.charts import CAMERA, UPRIGHT, colors_of_patches, picture_of_chart


def flags_of(picture: np.ndarray) -> np.ndarray:
    return np.zeros(picture.shape[:2], np.uint8)


def turned(turns: int, is_mirrored: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return a turned picture of a chart, and where the corners of its patches are in it."""
    picture = picture_of_chart()
    height, width = picture.shape[:2]
    places = np.array(UPRIGHT)
    if is_mirrored:
        picture = picture[:, ::-1]
        places = np.array([width - 1, 0]) + places * (-1, 1)
    for _ in range(turns):
        picture = np.rot90(picture)
        places = np.column_stack([places[:, 1], width - 1 - places[:, 0]])
        height, width = width, height
    return np.ascontiguousarray(picture), places


@pytest.mark.parametrize("is_mirrored", [False, True])
@pytest.mark.parametrize("turns", range(4))
def test_a_chart_is_found_and_read_whichever_way_it_lies(turns: int, is_mirrored: bool) -> None:
    picture, places = turned(turns, is_mirrored)
    chart = find_chart(picture, flags_of(picture))
    # A patch is 50 px wide.
    np.testing.assert_allclose(chart.corners, places, rtol=0, atol=2)
    np.testing.assert_allclose(chart.colors, colors_of_patches(), rtol=0, atol=1e-3)
    assert chart.is_mirrored == is_mirrored


@pytest.mark.parametrize("first", range(4))
def test_given_corners_may_start_anywhere_and_go_either_way(first: int) -> None:
    picture = picture_of_chart()
    for corners in (np.array(UPRIGHT), np.array(UPRIGHT)[::-1]):
        chart = chart_at(picture, flags_of(picture), np.roll(corners, first, axis=0))
        np.testing.assert_allclose(chart.corners, UPRIGHT)
        np.testing.assert_allclose(chart.colors, colors_of_patches(), rtol=0, atol=1e-3)
        assert not chart.is_mirrored


def test_the_matrix_of_a_made_chart_is_that_of_its_camera() -> None:
    picture = picture_of_chart()
    fit = fit_color_matrix(find_chart(picture, flags_of(picture)).colors, REFERENCES[0])
    np.testing.assert_allclose(fit.matrix, np.linalg.inv(CAMERA) * CAMERA[1].sum(), atol=0.02)
    assert fit.mean_delta_e < 0.3


def test_specks_and_dust_do_not_count() -> None:
    picture = picture_of_chart()
    random = np.random.default_rng(2)
    picture[random.random(picture.shape[:2]) < 0.03] = 5.0
    chart = chart_at(picture, flags_of(picture), np.array(UPRIGHT))
    np.testing.assert_allclose(chart.colors, colors_of_patches(), rtol=0, atol=3e-3)


def test_no_chart_is_told_with_what_was_seen() -> None:
    picture = np.random.default_rng(4).uniform(0.1, 0.4, (300, 400, 3)).astype(np.float32)
    with pytest.raises(ValueError, match=r"chart: \d+ grids of squares were seen, none with"):
        find_chart(picture, flags_of(picture))


def test_a_chessboard_is_no_color_chart() -> None:
    squares = np.kron(np.indices((9, 12)).sum(axis=0) % 2, np.ones((50, 50)))
    picture = np.repeat(squares[..., None], 3, axis=2).astype(np.float32)
    with pytest.raises(ValueError, match=r"Give its four corners, or shoot it larger"):
        find_chart(picture, flags_of(picture))


def test_a_gray_picture_of_the_chart_is_refused() -> None:
    picture = np.repeat(picture_of_chart()[..., 1:2], 3, axis=2)
    with pytest.raises(ValueError, match=r"none with the colors of a ColorChecker"):
        find_chart(picture, flags_of(picture))


def test_corners_that_miss_the_chart_are_refused() -> None:
    picture = picture_of_chart()
    off = np.array(UPRIGHT) + np.array([35.0, 0.0])
    with pytest.raises(ValueError, match=r"differ from a ColorChecker's by CIEDE2000"):
        chart_at(picture, flags_of(picture), off)
    with pytest.raises(ValueError, match=r"lie outside of the picture of 640 x 480 px"):
        chart_at(picture, flags_of(picture), np.array(UPRIGHT) * 2)


def test_a_clipped_patch_is_refused_by_name() -> None:
    picture = picture_of_chart(exposure=1.3)
    flags = np.where(picture.max(axis=2) > 1.0, np.uint8(PixelFlag.SATURATED), np.uint8(0))
    with pytest.raises(ValueError, match=r"patch 'white' is clipped or dead in \d+% of its pixels"):
        chart_at(picture, flags, np.array(UPRIGHT))


@pytest.mark.slow
@pytest.mark.parametrize("exposure", [2.0, 2.5, 4.0])
def test_a_chart_whose_colors_are_clipped_beyond_knowing_is_told_to_be_clipped(
    exposure: float,
) -> None:
    picture = picture_of_chart(exposure=exposure)
    flags = np.where(picture.max(axis=2) > 1.0, np.uint8(PixelFlag.SATURATED), np.uint8(0))
    picture = np.minimum(picture, 1.0)
    with pytest.raises(ValueError, match=r"clipped .*\d+% of its pixels.*xpose the chart less"):
        find_chart(picture, flags)
    with pytest.raises(ValueError, match=r"clipped .*\d+% of its pixels.*xpose the chart less"):
        chart_at(picture, flags, np.array(UPRIGHT))


def test_a_chart_far_away_is_refused() -> None:
    corners = np.array(UPRIGHT) * 0.08 + 100
    picture = picture_of_chart(tuple(map(tuple, corners)), noise=0.0)
    with pytest.raises(ValueError, match=r"has \d+ px; 24 or more were needed. Shoot the chart"):
        chart_at(picture, flags_of(picture), corners)


@pytest.mark.parametrize("share", [1.0, 0.6, 0.35])
@pytest.mark.parametrize("fill", [0.84, 0.92])
def test_small_and_noisy_charts_of_any_make_are_found(share: float, fill: float) -> None:
    places = (np.array(UPRIGHT) - 300) * share + 300
    picture = picture_of_chart(tuple(map(tuple, places)), noise=0.02, fill=fill)
    chart = find_chart(picture, flags_of(picture))
    # A patch is 50, 30 or 18 px wide, and not as wide for its distance as is assumed.
    np.testing.assert_allclose(chart.corners, places, rtol=0, atol=0.08 * 62 * share)
    np.testing.assert_allclose(chart.colors, colors_of_patches(), rtol=0, atol=0.006)


def test_a_chart_is_found_at_the_same_place_again() -> None:
    picture = picture_of_chart(noise=0.02)
    first, second = (find_chart(picture, flags_of(picture)) for _ in range(2))
    np.testing.assert_array_equal(first.colors, second.colors)


def test_the_detector_of_opencv_sees_the_real_chart_too(shared_data: Path) -> None:
    mosaic = read_photograph(shared_data / "raw/colorchart.dng")
    radiance, flags = radiance_from_mosaic(mosaic)[:2]
    # The detector draws random numbers, and misses the chart now and then.
    boxes = [
        box for side in (700, 850, 1000, 1200) for box in _grids_of_opencv(radiance, side=side)
    ]
    found = [_oriented(radiance, box) for box in boxes]
    misfit, corners = min(found, key=lambda pair: pair[0])
    assert misfit < LARGEST_DELTA_E
    # A patch is 90 px wide there.
    places = find_chart(radiance, flags).corners
    np.testing.assert_allclose(corners, places, rtol=0, atol=35)


def test_the_chart_of_a_real_raw_photograph(shared_data: Path) -> None:
    """A ColorChecker Passport before a window: a veil of its light lies over the picture."""
    mosaic = read_photograph(shared_data / "raw/colorchart.dng")
    radiance, flags = radiance_from_mosaic(mosaic)[:2]
    chart = find_chart(radiance, flags)
    fits = [fit_color_matrix(chart.colors, reference) for reference in REFERENCES]
    for fit in fits:
        print(
            f"raw/colorchart.dng, {fit.reference.edition}: CIEDE2000 mean {fit.mean_delta_e:.2f}, "
            f"max {fit.delta_e.max():.2f}; gray row r2 {fit.gray_row_r2:.5f}; veil "
            f"{np.round(100 * fit.veil, 2)} % of white; tilt {100 * fit.tilt:.1f} %"
        )
    best = max(fits, key=lambda fit: fit.gray_row_r2)
    assert best.reference.edition == "before_november_2014"
    assert best.gray_row_r2 >= 0.9995
    assert best.mean_delta_e < 3
    assert not chart.is_mirrored
