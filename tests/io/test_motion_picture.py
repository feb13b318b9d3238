"""Motion over a sweep as a picture: marks stand over their frames."""

from __future__ import annotations

import numpy as np
import pytest

from olat.io.motion_picture import DOUBT, MOVED, WIDTH, picture_of_sweep_motion
from olat.io.rig_canvas import ACCENT, ALARM
from olat.model.motion import DoubtfulInterval, SweepMotion, TrackedFrame

HEAD, MOTION, AGREEMENT, ROW, FOOT, GAP = 96, 460, 300, 52, 48, 16
LEFT, RIGHT = 76, 20


def sweep(*frames: TrackedFrame, doubts: tuple[DoubtfulInterval, ...] = ()) -> SweepMotion:
    return SweepMotion(20, frames, doubts, interval=10.0)


def tracked(index: int, px: float, refusal: str = "") -> TrackedFrame:
    return TrackedFrame(index, 0.1 if refusal else 0.9, px, 2.0 * px, refusal)


CLEAN = sweep(tracked(10, 1.0), TrackedFrame(20, 1.0, 0.0, 0.0), tracked(30, 2.0))
SPOILED = sweep(
    tracked(10, 1.0),
    TrackedFrame(20, 1.0, 0.0, 0.0),
    tracked(30, 0.5, "black"),
    tracked(40, 2.0),
    doubts=(DoubtfulInterval(21, 39, (1, 2, 3, 4), 0.02),),
)


def places(picture: np.ndarray, color: tuple[int, int, int]) -> np.ndarray:
    """Return rows and columns of a color, the legend left out."""
    shown = picture[:-FOOT].astype(int)
    return np.column_stack(np.nonzero((np.abs(shown - color) <= 2).all(axis=2)))


def frame_at(column: float, motion: SweepMotion) -> float:
    first, last = motion.frames[0].frame, motion.frames[-1].frame
    margin = max(1.0, 0.02 * (last - first))
    share = (column - LEFT) / (WIDTH - RIGHT - LEFT)
    return first - margin + share * (last - first + 2 * margin)


def test_dots_stand_over_their_frames_as_high_as_the_subject_moved() -> None:
    found = places(picture_of_sweep_motion(CLEAN), MOVED)
    plot = found[(found[:, 0] > HEAD + 40) & (found[:, 0] < HEAD + MOTION - 50)]
    bottom, top = HEAD + MOTION - 56, HEAD + 40
    for index, px in ((10, 1.0), (30, 2.0)):
        near = plot[np.abs([frame_at(column, CLEAN) - index for column in plot[:, 1]]) < 0.3]
        reach = (bottom - near[:, 0]) / (bottom - top) * 4.0 * 1.15
        assert reach.max() == pytest.approx(2.0 * px, abs=0.05)
        assert reach.min() == pytest.approx(px, abs=0.08)


def test_the_reference_is_marked() -> None:
    found = places(picture_of_sweep_motion(CLEAN), ACCENT)
    assert frame_at(float(np.median(found[:, 1])), CLEAN) == pytest.approx(20.0, abs=0.1)


def test_refused_frames_are_crossed_out_and_doubtful_ones_have_a_bar() -> None:
    picture = picture_of_sweep_motion(SPOILED)
    crosses = places(picture, ALARM)
    assert len(crosses) > 30
    assert frame_at(float(crosses[:, 1].mean()), SPOILED) == pytest.approx(30.0, abs=0.1)
    bar = places(picture, DOUBT)
    assert frame_at(float(bar[:, 1].min()), SPOILED) == pytest.approx(21.0, abs=0.1)
    assert frame_at(float(bar[:, 1].max()), SPOILED) == pytest.approx(39.0, abs=0.1)
    clean = picture_of_sweep_motion(CLEAN)
    assert not len(places(clean, ALARM))
    assert not len(places(clean, DOUBT))


@pytest.mark.parametrize(
    ("first", "last", "ends"), [(None, 19, (9.0, 19.0)), (21, None, (21.0, 31.0))]
)
def test_a_doubt_without_an_end_has_a_bar_up_to_the_edge(
    first: int | None, last: int | None, ends: tuple[float, float]
) -> None:
    motion = sweep(*CLEAN.frames, doubts=(DoubtfulInterval(first, last, (1, 2, 3, 4), 0.02),))
    bar = places(picture_of_sweep_motion(motion), DOUBT)
    assert frame_at(float(bar[:, 1].min()), motion) == pytest.approx(ends[0], abs=0.1)
    assert frame_at(float(bar[:, 1].max()), motion) == pytest.approx(ends[1], abs=0.1)


def test_the_picture_grows_with_what_is_told_but_not_for_ever() -> None:
    heights = [
        len(picture_of_sweep_motion(sweep(*CLEAN.frames, doubts=SPOILED.doubts * count)))
        for count in (0, 1, 2, 50)
    ]
    assert heights[0] == HEAD + MOTION + AGREEMENT + FOOT
    assert np.diff(heights).tolist() == [ROW + GAP, ROW, 6 * ROW]


def test_one_tracking_frame_is_drawn_and_none_is_not() -> None:
    assert picture_of_sweep_motion(sweep(TrackedFrame(20, 1.0, 0.0, 0.0))).shape[1] == WIDTH
    with pytest.raises(ValueError, match="nothing to draw"):
        picture_of_sweep_motion(sweep())
