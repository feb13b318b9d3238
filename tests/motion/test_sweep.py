"""Doubtful parts of a sweep: where they lie in the picture, and from which frame to which."""

from __future__ import annotations

import numpy as np
import pytest

from olat.model.motion import DoubtfulInterval, SweepMotion, TrackingFlow
from olat.motion.followed import Followed, followed
from olat.motion.sweep import PATCH, Sweep, sweep_motion

FRAMES = (4, 10, 20, 30, 40, 50, 60)
FULL, SOLVED = (600, 800), (300, 400)
EYE = (100, 150, 120, 190)


def tracked(
    *hidden: tuple[int, int, int, int],
    full: tuple[int, int] = FULL,
    solved: tuple[int, int] = SOLVED,
) -> Followed:
    """Return the flow of a subject that is still but for boxes that are hidden [solved px]."""
    confidence = np.ones(solved, np.float32)
    for top, left, bottom, right in hidden:
        confidence[top:bottom, left:right] = 0.05
    still = np.zeros((*solved, 2), np.float32)
    return followed(TrackingFlow(still, confidence, full), np.ones(full, bool))


def swept(
    *hidden: int,
    reference: int = 30,
    frames: tuple[int, ...] = FRAMES,
    refused: tuple[int, ...] = (),
) -> SweepMotion:
    """Judge a sweep in which an eye is shut in some tracking frames."""
    found = {
        frame: tracked(*([EYE] if frame in hidden else []))
        for frame in frames
        if frame != reference
    }
    reasons = dict.fromkeys(refused, "black")
    motion, _ = sweep_motion(
        Sweep(reference, found, reasons, np.ones(FULL, bool), FULL), lambda _, otherwise: otherwise
    )
    return motion


def spans(motion: SweepMotion) -> list[tuple[int | None, int | None]]:
    return [(doubt.first, doubt.last) for doubt in motion.doubts]


def test_a_doubt_reaches_from_the_tracking_frame_before_to_the_one_after() -> None:
    (found,) = swept(20).doubts
    assert (found.first, found.last) == (11, 29)
    assert found.share == pytest.approx(20 * 40 / (300 * 400), rel=0.15)
    assert found.box == pytest.approx((200, 300, 240, 380), abs=4)


def test_a_doubt_in_the_first_or_last_frame_has_no_end() -> None:
    """Frames beyond take the motion of the nearest tracking frame."""
    assert spans(swept(4)) == [(None, 9)]
    assert spans(swept(4, 10)) == [(None, 19)]
    assert spans(swept(60)) == [(51, None)]
    assert spans(swept(50, 60)) == [(41, None)]
    assert spans(swept(4, 60)) == [(None, 9), (51, None)]


def test_tracking_frames_that_are_not_used_do_not_end_a_doubt() -> None:
    assert spans(swept(10, refused=(4,))) == [(None, 19)]
    assert spans(swept(50, refused=(60,))) == [(41, None)]
    assert spans(swept(10, refused=(20,))) == [(5, 29)]


def test_the_reference_ends_doubts_wherever_it_stands() -> None:
    assert spans(swept(20, 40)) == [(11, 29), (31, 49)]
    assert spans(swept(10, reference=4)) == [(5, 19)]
    assert spans(swept(50, reference=60)) == [(41, 59)]


@pytest.mark.parametrize("reference", [4, 30, 60])
def test_what_the_reference_alone_shows_is_doubtful_all_over(reference: int) -> None:
    others = tuple(frame for frame in FRAMES if frame != reference)
    assert spans(swept(*others, reference=reference)) == [(None, None)]


@pytest.mark.parametrize(
    ("full", "solved"),
    [((1200, 1600), (600, 800)), ((600, 800), (300, 400)), ((1200, 1600), (150, 200))],
    ids=["two px a cell", "about one px a cell", "solved small"],
)
def test_nothing_is_told_nearer_to_the_edge_than_one_patch_of_the_flow(
    full: tuple[int, int], solved: tuple[int, int]
) -> None:
    """Whatever a cell of the trust that is kept is worth."""

    def told(top: int) -> tuple[DoubtfulInterval, ...]:
        strip = (top, 60, top + 10, 160)
        found = {
            frame: tracked(*([strip] if frame == 20 else []), full=full, solved=solved)
            for frame in FRAMES
            if frame != 30
        }
        sweep = Sweep(30, found, {}, np.ones(full, bool), full)
        return sweep_motion(sweep, lambda _, otherwise: otherwise)[0].doubts

    scale = full[0] / solved[0]
    assert told(0) == ()
    # A cell is two pixels at most, of which the edge may lie anywhere.
    (found,) = told(PATCH + 3)
    top, left, bottom, right = np.array(found.box) / scale
    assert (top, bottom) == pytest.approx((PATCH + 3, PATCH + 13), abs=2.1)
    assert (left, right) == pytest.approx((60, 160), abs=2.1)
