"""The picture of a difference: what it shows, and where."""

from __future__ import annotations

import imageio.v3 as iio
import numpy as np
import pytest

from olat.api.comparison import compare
from olat.api.comparison_picture import write_difference
from olat.errors import UsageError
from olat.io.difference_picture import (
    NumberPanel,
    PicturePanel,
    left_out,
    picture_of_difference,
)

GAP, HEAD = 24, 58
"""Room beside and above the panels [px]."""


def panel(picture, column, side):
    """Return one panel of the first row."""
    left = GAP + column * (side + GAP)
    return picture[GAP // 2 + HEAD :, left : left + side][:side]


def test_what_is_too_bright_is_warm_and_what_is_too_dark_is_cold():
    off = np.zeros((64, 64))
    off[:20], off[40:] = -0.5, 0.5
    off[:, :8] = np.nan
    picture = picture_of_difference([NumberPanel("A - B", off, "signed")], columns=1)
    shown = panel(picture, 0, 512)
    dark, same, bright, unknown = (
        shown[y, x].astype(int) for y, x in ((80, 300), (240, 300), (400, 300), (240, 20))
    )
    assert dark[2] > dark[0]
    assert not same.any()
    assert bright[0] > bright[2]
    assert unknown.any()
    assert np.ptp(unknown) < 20


def test_small_pictures_are_enlarged_by_whole_pixels(rng):
    codes = rng.integers(0, 256, (50, 50, 3)).astype(np.uint8)
    picture = picture_of_difference([PicturePanel("A", codes)], columns=1)
    np.testing.assert_array_equal(panel(picture, 0, 500), codes.repeat(10, 0).repeat(10, 1))


def test_large_pictures_are_made_smaller():
    codes = np.zeros((1000, 2000, 3), np.uint8)
    panels = [PicturePanel(name, codes) for name in "AB"]
    assert picture_of_difference(panels, columns=2).shape[1] == 2 * 768 + 3 * GAP


def test_what_does_not_count_is_darker():
    codes, used = np.full((2, 2, 3), 240, np.uint8), np.array([[True, False]] * 2)
    assert left_out(codes, used)[:, :, 0].tolist() == [[240, 80]] * 2


@pytest.mark.parametrize("kind", ["picture", "albedo", "normals", "environment", "mask"])
@pytest.mark.parametrize("space", ["display", "linear"])
def test_every_kind_has_a_picture(kind, space, rng, tmp_path):
    truth = rng.uniform(0.1, 0.9, (32, 64, 3))
    other = np.clip(truth + rng.normal(0.0, 0.02, truth.shape), 0.0, 1.0)
    other[3, 4] = np.nan
    path = tmp_path / "d.png"
    found = compare(other, truth, kind=kind, space=space)
    write_difference(found, path)
    columns = 2 if kind in {"picture", "albedo"} else 3
    shown = iio.imread(path)
    assert shown.shape[1] == columns * 512 + (columns + 1) * GAP
    assert shown.std() > 10


def test_numbers_have_a_picture(rng, tmp_path):
    depth = rng.uniform(0.1, 0.2, (32, 64))
    write_difference(compare(depth, depth + 0.01, kind="number"), tmp_path / "d.png")
    assert iio.imread(tmp_path / "d.png").shape[1] == 3 * 512 + 4 * GAP


def test_equal_pictures_have_one_too(rng, tmp_path):
    truth = rng.uniform(0.1, 0.9, (32, 64, 3))
    write_difference(compare(truth, truth), tmp_path / "d.png")
    assert (tmp_path / "d.png").exists()


def test_another_suffix_is_refused(rng, tmp_path):
    truth = rng.uniform(0.1, 0.9, (32, 64, 3))
    with pytest.raises(UsageError, match=r"needed is a name in \.png"):
        write_difference(compare(truth, truth), tmp_path / "d.jpg")
