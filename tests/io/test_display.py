from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import pytest

from olat.errors import FileError
from olat.io.display import (
    picture_from_flow,
    picture_from_normals,
    picture_from_phong,
    picture_from_radiance,
    picture_of_tracking,
    read_mask,
    write_png,
)
from olat.model.maps import NormalMap, PhongMaps
from olat.model.motion import TrackingFlow
from tests.support.dng import write_dng


@pytest.mark.parametrize("channels", [3, 4])
def test_a_png_comes_back_to_the_bit(
    tmp_path: Path, rng: np.random.Generator, channels: int
) -> None:
    picture = rng.integers(0, 256, (9, 7, channels), dtype=np.uint8)
    write_png(tmp_path / "a.png", picture)
    np.testing.assert_array_equal(iio.imread(tmp_path / "a.png"), picture)
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_a_mask_is_what_exceeds_half_in_any_channel(tmp_path: Path) -> None:
    codes = np.zeros((2, 4, 3), np.uint8)
    codes[0, 1:] = [[127, 127, 127], [128, 0, 0], [255, 255, 255]]
    write_png(tmp_path / "mask.png", codes)
    assert read_mask(tmp_path / "mask.png").tolist() == [[False, False, True, True], [False] * 4]


def test_real_masks_are_read(shared_data: Path) -> None:
    (path,) = (shared_data / "uw" / "gray").glob("*mask*")
    mask = read_mask(path)
    assert mask.shape == (340, 512)
    assert 0.05 < mask.mean() < 0.5, "the sphere fills a part of the picture"


def test_a_raw_file_is_no_mask(tmp_path: Path) -> None:
    path = write_dng(tmp_path / "a.dng", np.zeros((40, 60), np.uint16))
    with pytest.raises(FileError, match=r"a.dng: this is a camera RAW file; a painted mask"):
        read_mask(path)


def test_exposure_multiplies_light_not_codes() -> None:
    radiance = np.full((1, 1, 3), 0.25, np.float32)
    # sRGB codes of 0.25 and 0.5, from the standard.
    assert picture_from_radiance(radiance, 1.0)[0, 0].tolist() == [137] * 3
    assert picture_from_radiance(radiance, 2.0)[0, 0].tolist() == [188] * 3


def test_auto_exposure_looks_at_the_lit_part_only(rng: np.random.Generator) -> None:
    radiance = np.zeros((100, 100, 3), np.float32)
    radiance += 1e-5 * rng.standard_normal(radiance.shape).astype(np.float32)
    radiance[:10, :10] = 0.004
    picture = picture_from_radiance(radiance)
    # The sRGB code of 0.8.
    assert np.abs(picture[:10, :10].astype(int) - 231).max() <= 1
    assert picture[20:, 20:].max() < 30, "noise stays dark"


@pytest.mark.parametrize("value", [0.0, -1.0, np.nan])
def test_a_picture_without_light_is_black(value: float) -> None:
    assert not picture_from_radiance(np.full((4, 4, 3), value, np.float32)).any()


def test_axes_of_normals_become_red_green_blue() -> None:
    normals = np.zeros((1, 4, 3), np.float32)
    normals[0, :3] = np.eye(3)
    plane = np.ones((1, 4), np.float32)
    picture = picture_from_normals(NormalMap(normals, plane, np.zeros((1, 4), np.uint8)))
    expected = [[255, 128, 128], [128, 255, 128], [128, 128, 255], [0, 0, 0]]
    assert picture[0].tolist() == expected


@pytest.mark.parametrize("side", [16, 300, 2000])
def test_the_contact_picture_of_a_phong_fit_is_neither_tiny_nor_huge(side: int) -> None:
    plane = np.ones((side, side), np.float32)
    color = np.full((side, side, 3), 0.3, np.float32)
    phong = PhongMaps(color, color / 10, 100 * plane, plane, np.zeros((side, side), np.uint8))
    panel = min(max(side, 256), 1024)
    assert picture_from_phong(phong).shape == (2 * panel + 48, 2 * panel, 3)


def test_exponents_without_confidence_are_black() -> None:
    plane = np.ones((300, 300), np.float32)
    color = np.zeros((300, 300, 3), np.float32)
    phong = PhongMaps(color, color, plane, 0 * plane, np.zeros((300, 300), np.uint8))
    assert not picture_from_phong(phong)[324 + 24 :].any()


def test_opposite_motions_have_opposite_colors_and_rest_is_white() -> None:
    flow = np.zeros((1, 3, 2), np.float32)
    flow[0, 0, 0], flow[0, 2, 0] = 1.0, -1.0
    right, rest, left = picture_from_flow(flow, np.ones((1, 3), np.float32))[0].tolist()
    assert rest == [255, 255, 255]
    assert right == [255, 0, 0]
    assert left == [0, 255, 255]


def test_motion_is_black_where_it_is_not_known() -> None:
    """Noise beside the subject is neither shown, nor does it set the scale."""
    flow = np.zeros((2, 100, 2), np.float32)
    flow[0, :, 0] = 1.0
    flow[1, :, 1] = 500.0
    confidence = np.array([[1.0], [0.0]], np.float32) * np.ones(100, np.float32)
    picture = picture_from_flow(flow, confidence)
    assert (picture[0] == (255, 0, 0)).all()
    assert not picture[1].any()


@pytest.mark.parametrize("fine", [24, 48])
def test_pictures_of_motion_have_one_size_however_fine_it_was_solved(fine: int) -> None:
    flow = np.zeros((fine, 2 * fine, 2), np.float32)
    flow[..., 0] = 3.0
    tracking = TrackingFlow(flow, np.ones(flow.shape[:2], np.float32), (48, 96))
    picture = picture_of_tracking(tracking)
    assert picture.shape == (48, 96, 3)
    assert (picture == (255, 0, 0)).all()
    assert picture_of_tracking(replace(tracking, shape=(4000, 6000))).shape == (683, 1024, 3)


def test_the_motion_of_the_reference_is_white_and_says_that_there_is_none() -> None:
    plane = np.ones((200, 300), np.float32)
    still = TrackingFlow(np.zeros((200, 300, 2), np.float32), plane, (200, 300))
    picture = picture_of_tracking(still)
    dark = (picture < 100).all(axis=2)
    assert (picture[0] == 255).all()
    assert 200 < np.count_nonzero(dark) < 0.1 * dark.size
