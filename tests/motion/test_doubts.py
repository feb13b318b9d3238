"""Parts that are hidden for a while are told; noise, outlines and what is always unsure are not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from olat.motion.doubts import Doubt, doubts

SHAPE = (120, 100)
SUBJECT = np.zeros(SHAPE, bool)
SUBJECT[10:110, 10:90] = True
EYES = ((40, 25, 47, 40), (40, 60, 47, 75))


def sweep(count: int = 9) -> np.ndarray:
    """Return confidences near 1, with noise."""
    rng = np.random.default_rng(1)
    return np.asarray(1.0 - 0.1 * rng.random((count, *SHAPE)), np.float32)


def hidden(trusts: np.ndarray, places: list[int], box: tuple[int, int, int, int]) -> None:
    top, left, bottom, right = box
    for place in places:
        trusts[place, top:bottom, left:right] = 0.05


def test_a_clean_sweep_has_no_doubts() -> None:
    assert doubts(sweep(), SUBJECT, band=1) == ()


@pytest.mark.parametrize("places", [[4], [4, 5], [0], [7, 8]])
def test_a_blink_is_found_in_both_eyes_and_in_the_frames_it_lasts(places: list[int]) -> None:
    trusts = sweep()
    for eye in EYES:
        hidden(trusts, places, eye)
    found = doubts(trusts, SUBJECT, band=1)
    cells = (47 - 40) * 15
    assert sorted(found, key=lambda doubt: doubt.box) == [
        Doubt(places[0], places[-1], eye, cells) for eye in EYES
    ]


def test_two_blinks_are_two() -> None:
    trusts = sweep()
    hidden(trusts, [2], EYES[0])
    hidden(trusts, [6], EYES[0])
    assert [(doubt.first, doubt.last) for doubt in doubts(trusts, SUBJECT, band=1)] == [
        (2, 2),
        (6, 6),
    ]


def test_a_hand_that_goes_across_is_one_doubt_with_the_box_of_its_way() -> None:
    trusts = sweep()
    for step in range(3):
        hidden(trusts, [3 + step], (30, 20 + 10 * step, 60, 45 + 10 * step))
    assert doubts(trusts, SUBJECT, band=1) == (Doubt(3, 5, (30, 20, 60, 65), 750),)


def test_what_is_hidden_in_nearly_all_frames_is_laid_to_the_reference() -> None:
    trusts = sweep()
    hidden(trusts, [0, 1, 2, 3, 5, 6, 7, 8], EYES[0])
    assert doubts(trusts, SUBJECT, band=1) == (Doubt(0, 8, EYES[0], 105),)


def test_what_is_often_but_not_mostly_unsure_is_not_told() -> None:
    """Smooth cloth or a highlight: followed in half of the frames."""
    trusts = sweep()
    hidden(trusts, [0, 2, 3, 6, 8], (80, 30, 100, 60))
    assert doubts(trusts, SUBJECT, band=1) == ()


def test_single_cells_and_hair_that_flickers_are_not_told(rng: np.random.Generator) -> None:
    trusts = sweep()
    trusts[:, 10:30, 10:90] *= rng.random((9, 20, 80)) ** 0.2
    low = rng.random(trusts.shape) < 0.02
    trusts[low] = 0.0
    assert doubts(trusts, SUBJECT, band=1) == ()


@pytest.mark.parametrize(("band", "is_told"), [(3, False), (1, True)])
def test_a_band_that_motion_uncovers_is_not_told(band: int, is_told: bool) -> None:
    trusts = sweep()
    outline = np.zeros(SHAPE, np.uint8)
    cv2.circle(outline, (50, 60), 25, 1, thickness=4)
    trusts[4][outline > 0] = 0.05
    assert bool(doubts(trusts, SUBJECT, band=band)) == is_told


def test_what_is_only_hard_to_follow_is_not_told() -> None:
    trusts = sweep()
    trusts[4, 40:60, 30:60] = 0.4
    assert doubts(trusts, SUBJECT, band=1) == ()


def test_outside_of_the_subject_nothing_is_told() -> None:
    trusts = sweep()
    hidden(trusts, [4], (0, 0, 9, 100))
    assert doubts(trusts, SUBJECT, band=1) == ()


def test_two_frames_do_not_tell_what_is_usual() -> None:
    trusts = sweep(2)
    hidden(trusts, [1], EYES[0])
    assert doubts(trusts, SUBJECT, band=1) == ()
