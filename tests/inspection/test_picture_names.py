from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from olat.inspection.picture_names import (
    direction_in_name,
    is_mask,
    is_truth,
    natural,
    pattern_of,
    role_word,
)


def test_2_comes_before_10() -> None:
    names = [Path(name) for name in ("cat.10.png", "cat.2.png", "cat.0.png", "Cat.1.png")]
    assert [path.name for path in sorted(names, key=natural)] == [
        "cat.0.png",
        "Cat.1.png",
        "cat.2.png",
        "cat.10.png",
    ]


@pytest.mark.parametrize(
    ("names", "place", "pattern"),
    [
        (["cat.0", "cat.9", "cat.10"], 0, "cat.{frame}"),
        (["ID7.0001", "ID7.0349"], 1, "ID7.{frame:04d}"),
        (["IMG_100", "IMG_101"], 0, "IMG_{frame}"),
        (["01", "1"], 0, None),
    ],
)
def test_names_that_differ_in_a_number_follow_a_pattern(
    names: list[str], place: int, pattern: str | None
) -> None:
    assert pattern_of(names, place) == pattern


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("yaleB01_P00_Ambient.pgm", "dark"),
        ("dark.dng", "dark"),
        ("full_on_003.cr2", "tracking"),
        ("fullOn.png", "tracking"),
        ("gradient_inverse.png", "complement"),
        ("colorGradient.png", "gradient"),
        ("gradient_x_0007.png", "gradient_x"),
        ("anna-binary-complement-y.dng", "binary_complement_y"),
        ("0012_fullOnCrossed.dng", "full_on_crossed"),
        ("gradient_z_parallel.dng", "gradient_z_parallel"),
        ("gradient_xray.png", "gradient"),
        ("chrome_ball.png", "mirror_ball"),
        ("gray-ball.png", "gray_ball"),
        ("flatfield.tif", "flat"),
        ("portrait.png", None),
        ("darkroom.png", None),
    ],
)
def test_a_name_may_tell_a_role(name: str, word: str | None) -> None:
    assert role_word(Path(name)) == word


def test_masks_and_results_are_no_photographs() -> None:
    assert is_mask(Path("cat.mask.png"))
    assert not is_mask(Path("damask.png"))
    assert is_truth(Path("Normal_gt.png"))


def test_a_positive_azimuth_lights_the_left_of_the_image() -> None:
    right, left, up, front = (
        direction_in_name(f"yaleB01_P00{angles}")
        for angles in ("A-090E+00", "A+090E+00", "A+000E+90", "A+000E+00")
    )
    assert_allclose([right, left, up, front], [[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, 0, 1]],
                    rtol=0, atol=1e-15)  # fmt: skip
    oblique = direction_in_name("yaleB07_P00A+035E-20")
    assert oblique is not None
    assert_allclose(np.linalg.norm(oblique), 1.0, rtol=0, atol=1e-15)
    assert_allclose(oblique[1], -np.sin(np.radians(20)), rtol=0, atol=1e-15)


def test_a_name_without_angles_tells_no_direction() -> None:
    assert direction_in_name("yaleB01_P00_Ambient") is None
